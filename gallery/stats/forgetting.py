"""What a withdrawal erases from the statistics: the counts and appreciations of the works."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.artists.models import Consent
from gallery.stats.count_writer import subtract_from_sums
from gallery.stats.models import Appreciation, WorkCount


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """See gallery/withdrawals/forgetting.py."""
    await subtract_from_sums(consent.id)
    await WorkCount.filter(artwork__consent_id=consent.id).delete()
    await Appreciation.filter(artwork__consent_id=consent.id).delete()
