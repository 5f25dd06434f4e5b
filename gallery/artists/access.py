"""Who may see artists and consents: members of the organisation that holds them, and nobody else."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.artists.models import Consent
from gallery.organisations.access import load_member


async def load_consent(request: Request) -> Consent:
    """The consent of the address with its artist; 404 to all but members of the artist's organisation."""
    _, organisations = await load_member(request)
    consent = (
        await Consent.filter(
            id=request.path_params["id"],
            artist__organisation_id__in=[organisation.id for organisation in organisations],
        )
        .first()
        .prefetch_related("artist__organisation", "recorded_by")
    )
    if consent is None:
        raise HTTPException(404)
    return consent
