"""Who may enter the desk, and as what. Each feature's own rules stand in its own access.py."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery import site
from gallery.accounts.models import Person, Role
from gallery.accounts.sessions import current_session
from gallery.audit.acting import act_as
from gallery.languages import accepted_language, set_language


class SignInNeeded(Exception):
    """The page is for people who signed in: they are sent to do so and come back."""


async def speak_to_guest(request: Request) -> None:
    """Let a page for somebody without account speak the browser's language."""
    wanted = request.query_params.get("language") or accepted_language(
        request.headers.get("accept-language", "")
    )
    set_language(wanted)


async def load_person(request: Request) -> Person:
    """The person at this desk; the page speaks their language. Raises SignInNeeded."""
    session = await current_session(request)
    if session is None:
        raise SignInNeeded
    await site.read_anew()
    request.state.session = session
    request.state.person = session.person
    act_as(session.person.id)
    set_language(session.person.language)
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
