"""Who may do what with works at the desk: members of the organisation only. Curators have their queue."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork
from gallery.organisations.access import load_member
from gallery.organisations.models import Organisation

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
