"""Who may do what with works: members of the organisation at the desk; visitors see what is on view."""

from __future__ import annotations

from typing import NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork, Status
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation

PUBLIC_ID_MOST = 16  # characters
AROUND = ("organisation", "artist", "consent", "project", "image", "themes")


async def load_artwork(request: Request) -> tuple[Person, list[Organisation], Artwork]:
    """The work of the address with all that stands around it; 404 unless its organisation is the person's."""
    person, organisations = await load_member(request)
    artwork = (
        await Artwork.filter(
            id=request.path_params["id"],
            organisation_id__in=[organisation.id for organisation in organisations],
        )
        .first()
        .prefetch_related(*AROUND)
    )
    if artwork is None:
        raise HTTPException(404)
    return person, organisations, artwork


async def load_on_view(public_id: str, *related: str) -> Artwork:
    """The work that visitors know by `public_id`, with what is `related`; raises HTTPException 410 or 404."""
    if len(public_id) > PUBLIC_ID_MOST:
        raise HTTPException(404)
    artwork = await Artwork.all().on_view().filter(public_id=public_id).select_related(*related).first()
    if artwork is None:
        await refuse_work(public_id)
    return artwork


async def refuse_work(public_id: str) -> NoReturn:
    """410 for a work that was withdrawn, 404 for any other that is not on view."""
    withdrawn = await Artwork.filter(public_id=public_id, status=Status.WITHDRAWN).exists()
    raise HTTPException(410 if withdrawn else 404)
