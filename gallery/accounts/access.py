"""Who may use the desk, and in which role. Each feature's own rules are in its access.py."""

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
    """Nobody is signed in; the response redirects to the sign-in page, which then redirects back."""


class SecondFactorRequired(Exception):
    """The grace period of a curator or keeper is over; they must set up a second factor first."""


async def set_guest_language(request: Request) -> None:
    """Set the language of a page without sign-in: query parameter `language`, else the browser's."""
    wanted = request.query_params.get("language") or accepted_language(
        request.headers.get("accept-language", "")
    )
    set_language(wanted)


def next_page(request: Request) -> str:
    """The path to open after signing in, from the query parameter `next`; always a path of this site."""
    wanted = request.query_params.get("next", "")
    is_ours = wanted.startswith(f"{DESK}/") and "\\" not in wanted and wanted.isprintable()
    return wanted if is_ours else pages_of(request).url("desk")


async def load_person(request: Request) -> Person:
    """The signed-in person; the page uses their language. Raises SignInRequired, SecondFactorRequired."""
    person = await load_signed_in(request)
    due = request.state.second_factor_due
    if due is not None and due <= now():
        raise SecondFactorRequired
    return person


async def load_signed_in(request: Request) -> Person:
    """The signed-in person, even without a required second factor, so that they can set one up.

    Raises SignInRequired.
    """
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
    """The signed-in curator or keeper; 404 for members."""
    person = await load_person(request)
    if not person.is_curator:
        raise HTTPException(404)
    return person


async def load_keeper(request: Request) -> Person:
    """The signed-in keeper; 404 for everybody else."""
    person = await load_person(request)
    if person.role != Role.KEEPER:
        raise HTTPException(404)
    return person
