"""What a withdrawal erases from the database: each package forgets its own part, in one declared order.

tests/withdrawals/test_forgetting.py fails if no package erases a table that refers to works, artists or
consents. It also fails if a text column still holds a word of the work. Exceptions are listed in the test,
with their reasons.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import gallery.artists.forgetting
import gallery.artworks.forgetting
import gallery.cases.forgetting
import gallery.exhibitions.forgetting
import gallery.exports.forgetting
import gallery.images.forgetting
import gallery.mail.forgetting
import gallery.reviews.forgetting
import gallery.search.forgetting
import gallery.sounds.forgetting
import gallery.stats.forgetting
from gallery.artists.models import Consent
from gallery.artworks.forgetting import submissions_sent_under

ForgetConsent = Callable[[Consent, Sequence[int], Sequence[int]], Awaitable[None]]

FORGET_IN_ORDER: tuple[ForgetConsent, ...] = (
    gallery.images.forgetting.forget_consent,
    gallery.sounds.forgetting.forget_consent,
    gallery.reviews.forgetting.forget_consent,
    gallery.cases.forgetting.forget_consent,
    gallery.exhibitions.forgetting.forget_consent,
    gallery.search.forgetting.forget_consent,
    gallery.stats.forgetting.forget_consent,
    gallery.mail.forgetting.forget_consent,
    gallery.exports.forgetting.forget_consent,
    gallery.artworks.forgetting.forget_consent,
    gallery.artists.forgetting.forget_consent,
)


async def forget_consent(consent: Consent, ids: Sequence[int]) -> None:
    """Erase the data of the works of a withdrawn consent; if it was the artist's last consent, also the
    artist's data.

    Call it in the transaction of the withdrawal. `ids`: the ids of `consent` and of those that it renewed.
    The `forget_consent` of each package gets the same ids, and the ids of the submissions that were sent
    under these consents. A second call changes nothing.
    """
    sent = await submissions_sent_under(consent, ids)
    for forget in FORGET_IN_ORDER:
        await forget(consent, ids, sent)
