"""What a withdrawal erases from exhibitions: captions and sentences next to the works, and blocks that show them."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.exhibitions.blocks import forget_works
from gallery.exhibitions.models import Hanging
from gallery.web.texts import NO_TEXTS


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """See gallery/withdrawals/forgetting.py."""
    works: list[int] = await Artwork.filter(consent_id=consent.id).values_list("id", flat=True)  # type: ignore[assignment]
    await forget_works(works)
    await Hanging.filter(artwork__consent_id=consent.id).update(caption=NO_TEXTS, sentence=NO_TEXTS)
