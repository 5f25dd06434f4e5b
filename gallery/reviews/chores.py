"""Chores: run the checks, accept works of trusted organisations, delete old reports and unused pictures."""

from __future__ import annotations

from datetime import timedelta

from tortoise.expressions import Subquery

from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.works import discard_image
from gallery.clock import now
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.db.subqueries import looked_up
from gallery.erasure import request_erasure
from gallery.images.models import Image, ImageState
from gallery.reviews.decisions import UNDO_GRACE, UNDO_PERIOD
from gallery.reviews.hints import check_next_submission
from gallery.reviews.models import Report, Review
from gallery.reviews.pairs import delete_withdrawn_pairs
from gallery.reviews.trust import accept_next_trusted
from gallery.worker import Chore, ChoreContext

REPORT_RETENTION = timedelta(days=180)


async def delete_old_reports(context: ChoreContext) -> bool:
    """Delete reports closed over half a year ago, with the e-mail addresses of their senders."""
    async with in_transaction():
        if await Report.filter(closed_at__lt=now() - REPORT_RETENTION).delete():
            await request_erasure()
    return False


async def delete_unused_candidates(context: ChoreContext) -> bool:
    """Delete one picture that was replaced, or proposed and not accepted.

    A picture is kept while a decision about it can be undone. A withdrawal erases its pictures itself.
    """
    image = next(iter(await _unused_candidates(Artwork.all())), None)
    if image is None:
        return False
    async with in_transaction():
        # Check again under the lock: the candidate may have become the work's picture a moment ago.
        work = Artwork.filter(id=image.candidate_for_id)
        await locked(work).first()
        is_claimed = image.id in [each.id for each in await _unused_candidates(work)]
        if is_claimed:
            await Image.filter(id=image.id).update(state=ImageState.ERASED)
    if is_claimed:
        await discard_image(image, context.storage)
    return is_claimed


async def _unused_candidates(works: QuerySet[Artwork]) -> list[Image]:
    """Candidates of accepted `works` that no waiting submission proposes, the oldest first."""
    lately = Review.filter(at__gt=now() - UNDO_PERIOD - UNDO_GRACE - timedelta(seconds=3)).values(
        "artwork_id"
    )
    accepted = works.filter(looked_up("id", '"image"."candidate_for_id"'), status=Status.ACCEPTED).values(
        "id"
    )
    # `gt`: the database begins with the few images that are candidates, and not with all accepted works.
    candidates = await Image.filter(candidate_for_id__gt=0, candidate_for_id__in=Subquery(accepted)).exclude(
        candidate_for_id__in=Subquery(lately)
    )
    candidates.sort(key=lambda image: image.id)  # if the database did it, SQLite would begin with all images
    waiting = await Submission.filter(
        is_waiting=True, artwork_id__in=[each.candidate_for_id for each in candidates]
    )
    needed = {submission.proposed_image_id for submission in waiting}
    return [each for each in candidates if each.id not in needed]


CHORES = [
    Chore("check submissions", check_next_submission, every=2),
    Chore("accept what needs no review", accept_next_trusted, every=2),
    Chore("forget closed reports", delete_old_reports, every=3600),
    Chore("forget pictures that were not taken", delete_unused_candidates, every=60),
    Chore("forget pairs of withdrawn works", delete_withdrawn_pairs, every=5),
]
