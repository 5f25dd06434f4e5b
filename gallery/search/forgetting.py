"""What a withdrawal erases from the search index: the entries of the withdrawn works."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.artists.models import Consent
from gallery.search.models import SearchEntry


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """See gallery/withdrawals/forgetting.py."""
    await SearchEntry.filter(artwork__consent_id=consent.id).delete()
