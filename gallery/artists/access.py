"""Who may see artists and consents: only members of the organisation that recorded them."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.models import Person
from gallery.artists.models import Artist, Consent
from gallery.organisations.access import load_member


async def load_consent(request: Request) -> Consent:
    """The consent in the URL, with its artist; 404 for everybody outside the artist's organisation."""
    _, organisations = await load_member(request)
    consent = (
        await Consent.filter(
            id=request.path_params["id"],
            artist__organisation_id__in=[organisation.id for organisation in organisations],
        )
        .first()
        .prefetch_related("artist__organisation", "recorded_by", "signed_forms__by", "follows", "followed_by")
    )
    if consent is None:
        raise HTTPException(404)
    return consent


async def load_artist(request: Request) -> tuple[Person, Artist]:
    """The artist in the URL; 404 for everybody outside the artist's organisation."""
    person, organisations = await load_member(request)
    artist = await Artist.filter(
        id=request.path_params["id"], organisation_id__in=[each.id for each in organisations]
    ).first()
    if artist is None:
        raise HTTPException(404)
    return person, artist
