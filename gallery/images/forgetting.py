"""What a withdrawal erases from images. Their files are deleted by gallery/withdrawals/withdrawal.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.expressions import Q, Subquery

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, images_of
from gallery.db.connection import QuerySet
from gallery.images.models import Image, ImageState, Upload

ERASED_FIELDS: dict[str, Any] = {
    "placeholder": "",
    "mean_colour": "#888888",
    "perceptual_hash": "",
    "source_sha256": "",
    "source_name": "",
    "rendition_bytes": {},
}


def images_of_consent(consent_id: int) -> QuerySet[Image]:
    """All images of a consent's works, including those that are proposed or were recently replaced."""
    works = Artwork.filter(consent_id=consent_id)
    # Without a join, so that the database finds every condition in an index.
    return Image.filter(images_of(works) | Q(candidate_for_id__in=Subquery(works.values("id"))))


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """See gallery/withdrawals/forgetting.py."""
    image_ids = await images_of_consent(consent.id).values_list("id", flat=True)
    await Image.filter(id__in=image_ids).update(state=ImageState.ERASED, lease_until=None, **ERASED_FIELDS)
    await Upload.filter(artwork__consent_id=consent.id).update(metadata="")  # it contains the file name
