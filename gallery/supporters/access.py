"""Who may do what with a supporter: curators at the desk, and the supporters themselves with their link."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.access import load_curator
from gallery.accounts.models import Person
from gallery.artists.code_pages import PRIVATE_HEADERS, code_of_page
from gallery.supporters.models import Supporter
from gallery.supporters.supporters import find_supporter


async def load_supporter(request: Request) -> tuple[Person, Supporter]:
    """The signed-in curator, and the supporter in the URL; 404 if there is none."""
    person = await load_curator(request)
    supporter = await Supporter.get_or_none(id=request.path_params["id"]).select_related("asked_by")
    if supporter is None:
        raise HTTPException(404)
    return person, supporter


async def load_own(request: Request) -> tuple[str, Supporter]:
    """The code in the URL, whose language is set, and the supporter whose link has it; else 404, or 429 above the limit."""
    code = code_of_page(request)
    supporter = await find_supporter(code)
    if supporter is None:
        raise HTTPException(404, headers=PRIVATE_HEADERS)
    return code, supporter
