"""What a withdrawal erases from exhibitions: the captions and sentences next to the works."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.artists.models import Consent
from gallery.exhibitions.models import Hanging
from gallery.web.texts import NO_TEXTS


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """See gallery/withdrawals/forgetting.py."""
    await Hanging.filter(artwork__consent_id=consent.id).update(caption=NO_TEXTS, sentence=NO_TEXTS)
