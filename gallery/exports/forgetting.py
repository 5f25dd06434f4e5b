"""What a withdrawal ends: the organisation's exports, because they contain the work.

Their files are deleted together with the files of the work.
"""

from __future__ import annotations

from collections.abc import Sequence

from gallery.artists.models import Artist, Consent
from gallery.exports.exports import drop_exports


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """See gallery/withdrawals/forgetting.py."""
    artist = await Artist.get(id=consent.artist_id)
    await drop_exports(artist.organisation_id)
