"""What the worker does for reviews: look at what was sent before a curator comes, and forget old reports."""

from __future__ import annotations

from datetime import timedelta

from tortoise.expressions import Subquery

from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.works import discard
from gallery.clock import now
from gallery.images.models import Image
from gallery.reviews.decisions import ON_THE_WAY, UNDO_FOR
from gallery.reviews.hints import check_next
from gallery.reviews.models import Report, Review
from gallery.reviews.trust import accept_next
from gallery.worker import Chore, Workshop

FORGOTTEN_AFTER = timedelta(days=180)


async def forget_closed(workshop: Workshop) -> bool:
    """Delete reports that were closed half a year ago, with the address of whoever sent them."""
    await Report.filter(closed_at__lt=now() - FORGOTTEN_AFTER).delete()
    return False


async def forget_candidates(workshop: Workshop) -> bool:
    """Delete one picture that was proposed and not taken, or whose place another took, once no decision about it can be
    taken back. What a withdrawal erased is the withdrawal's own."""
    lately = Review.filter(at__gt=now() - UNDO_FOR - ON_THE_WAY - timedelta(seconds=3)).values("artwork_id")
    candidates = (
        await Image.filter(candidate_for_id__in=Subquery(Artwork.filter(status=Status.ACCEPTED).values("id")))
        .exclude(candidate_for_id__in=Subquery(lately))
        .order_by("id")
    )
    waiting = await Submission.filter(
        is_waiting=True, artwork_id__in=[each.candidate_for_id for each in candidates]
    )
    needed = {submission.proposed_image_id for submission in waiting}
    image = next((each for each in candidates if each.id not in needed), None)
    if image is not None:
        await discard(image, workshop.storage)
    return image is not None


CHORES = [
    Chore("check submissions", check_next, every=2),
    Chore("accept what needs no review", accept_next, every=2),
    Chore("forget closed reports", forget_closed, every=3600),
    Chore("forget pictures that were not taken", forget_candidates, every=5),
]
