"""What a withdrawal erases from mails about the works."""

from __future__ import annotations

from collections.abc import Sequence

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.mail.models import Mail, MailState

BATCH_SIZE = 500  # maximum URL paths in one query


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """Delete unsent mails about the works, and erase the titles of the works from the other mails.

    See gallery/withdrawals/forgetting.py.
    """
    works = await Artwork.filter(consent_id=consent.id).values_list("id", flat=True)
    for start in range(0, len(works), BATCH_SIZE):
        mails = Mail.filter(path__in=[f"/desk/works/{id}" for id in works[start : start + BATCH_SIZE]])
        await mails.filter(state=MailState.UNSENT).delete()
        await mails.update(facts={"work": ""})
