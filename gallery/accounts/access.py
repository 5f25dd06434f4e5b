"""Who may enter the desk, and as what. Each feature's own rules stand in its own access.py."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts import second_factors
from gallery.accounts.models import Person, Role
from gallery.accounts.sessions import current_session
from gallery.audit.current_user import set_current_user_id
from gallery.clock import now
from gallery.web import site_settings
from gallery.web.languages import accepted_language, set_language
from gallery.web.rendering import DESK, pages_of, settings_of


class SignInRequired(Exception):
    """The page is for people who signed in: they are sent to do so and come back."""


class SecondFactorRequired(Exception):
    """A curator's or keeper's days without a second factor are over: first they set one up."""


async def set_guest_language(request: Request) -> None:
    """Let a page for somebody without account speak the browser's language."""
    wanted = request.query_params.get("language") or accepted_language(
        request.headers.get("accept-language", "")
    )
    set_language(wanted)


def next_page(request: Request) -> str:
    """The page of this desk that was asked for before signing in; never another site."""
    wanted = request.query_params.get("next", "")
    is_ours = wanted.startswith(f"{DESK}/") and "\\" not in wanted and wanted.isprintable()
    return wanted if is_ours else pages_of(request).url("desk")


async def load_person(request: Request) -> Person:
    """The person at this desk; the page speaks their language. Raises SignInNeeded, SecondFactorNeeded."""
    person = await load_signed_in(request)
    due = request.state.second_factor_due
    if due is not None and due <= now():
        raise SecondFactorRequired
    return person


async def load_signed_in(request: Request) -> Person:
    """The same for the pages on which a second factor is set up. Raises SignInNeeded."""
    session = await current_session(request)
    if session is None:
        raise SignInRequired
    await site_settings.reload()
    request.state.session = session
    request.state.person = session.person
    set_current_user_id(session.person.id)
    set_language(session.person.language)
    request.state.second_factor_due = await second_factors.due_at(session.person, settings_of(request))
    return session.person


async def load_curator(request: Request) -> Person:
    """The curator (or keeper) at this desk; 404 to members, for whom the page does not exist."""
    person = await load_person(request)
    if not person.is_curator:
        raise HTTPException(404)
    return person


async def load_keeper(request: Request) -> Person:
    """The keeper at this desk; 404 to everybody else."""
    person = await load_person(request)
    if person.role != Role.KEEPER:
        raise HTTPException(404)
    return person
