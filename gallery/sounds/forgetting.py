"""What a withdrawal erases from sounds. Their files are deleted by gallery/withdrawals/withdrawal.py."""

from __future__ import annotations

from collections.abc import Sequence

from tortoise.expressions import Subquery

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.db.connection import QuerySet
from gallery.sounds.models import Sound, SoundState


def sounds_of_consent(consent_id: int) -> QuerySet[Sound]:
    """The sounds of a consent's works."""
    return Sound.filter(id__in=Subquery(Artwork.filter(consent_id=consent_id).values("sound_id")))


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """See gallery/withdrawals/forgetting.py."""
    sounds = await sounds_of_consent(consent.id).values_list("id", flat=True)
    await Sound.filter(id__in=sounds).update(
        state=SoundState.ERASED, lease_until=None, peaks=[], source_sha256="", file_bytes={}
    )
