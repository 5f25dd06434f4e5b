"""What a withdrawal erases from the database: each package forgets its own part, in one declared order.

tests/withdrawals/test_forgetting.py fails for a table near works, artists or consents that nobody forgets, and for a
text column that still holds a word of the work, unless the test names it as kept, with the reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import gallery.artists.forgetting
import gallery.artworks.forgetting
import gallery.exhibitions.forgetting
import gallery.images.forgetting
import gallery.mail.forgetting
import gallery.reviews.forgetting
import gallery.search.forgetting
import gallery.stats.forgetting
from gallery.artists.models import Consent

ForgetConsent = Callable[[Consent, Sequence[int]], Awaitable[None]]

# Reviews find some of their rows by snapshots in submissions, which artworks erases, so they come before it.
FORGET_IN_ORDER: tuple[ForgetConsent, ...] = (
    gallery.images.forgetting.forget_consent,
    gallery.reviews.forgetting.forget_consent,
    gallery.exhibitions.forgetting.forget_consent,
    gallery.search.forgetting.forget_consent,
    gallery.stats.forgetting.forget_consent,
    gallery.mail.forgetting.forget_consent,
    gallery.artworks.forgetting.forget_consent,
    gallery.artists.forgetting.forget_consent,
)


async def forget_consent(consent: Consent, ids: Sequence[int]) -> None:
    """Erase what was stored about the works of a withdrawn consent, and with the last consent about the artist.

    Call it in the transaction of the withdrawal. `ids`: the ids of `consent` and of those that it renewed. Every
    package's `forget_consent` takes the same arguments; calling it again changes nothing.
    """
    for forget in FORGET_IN_ORDER:
        await forget(consent, ids)
