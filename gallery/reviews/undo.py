"""Undoing a decision: the curator who made it can take it back for ten seconds."""

from __future__ import annotations

from datetime import datetime

from gallery.accounts.models import Person
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, Stage, Status, Submission, images_in
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Image, ImageState
from gallery.mail.outbox import cancel_notification
from gallery.reviews.decisions import UNDO_GRACE, DecisionRefused, undo_deadline
from gallery.reviews.models import Decision, Hint, NearPair, Opinion, Review, Undo
from gallery.reviews.proposals import apply_proposal, image_ids, save_pictures, swap_pictures
from gallery.reviews.stages import latest_decisions, stage_of
from gallery.web.languages import lazy_gettext as _l
from gallery.web.page_keys import keys_of_works


class UndoRefused(DecisionRefused):
    """The decision cannot be undone."""


async def undo_review(review: Review, by: Person) -> Undo:
    """Take a decision back: the submission waits again, and an Undo records the decision.

    Raises UndoRefused if somebody else decided, after ten seconds, or if the work has changed since.
    """
    async with in_transaction():
        artwork = await locked(Artwork.filter(id=review.artwork_id)).get()
        await load_further_pictures([artwork])
        current = await Review.get_or_none(id=review.id).prefetch_related("submission")
        if current is None:
            raise UndoRefused(_l("This decision has already been taken back."))
        await _check_can_be_undone(current, artwork, by)
        await _restore_work(current, artwork)
        undo = await Undo.create(
            submission=current.submission,
            by=by,
            decided_at=current.at,
            at=now(),
            decision=current.decision,
            reason=current.reason,
            notes=current.notes,
        )
        await record(Verb.WORK_DECISION_UNDONE, artwork.id, organisation_id=artwork.organisation_id, by=by)
        await cancel_notification(f"review:{current.id}")
        await _reopen_pairs(current)
        await current.delete()
        submission = current.submission
        submission.is_waiting = True
        submission.stage = await _delete_last_opinion(submission, by, current.at)
        await submission.save(update_fields=["is_waiting", "stage"])
        await content_version.bump(await keys_of_works(id=artwork.id))
        return undo


async def _check_can_be_undone(review: Review, artwork: Artwork, by: Person) -> None:
    if review.by_id != by.id:
        raise UndoRefused(_l("Only the person who decided can take it back."))
    if now() > undo_deadline(review):
        raise UndoRefused(_l("It is too late to take this back: ten seconds have passed."))
    later = await Submission.exists(artwork_id=artwork.id, number__gt=review.submission.number)
    if later or artwork.updated_at != review.at or artwork.status == Status.WITHDRAWN:
        raise UndoRefused(_l("The work has changed since, so the decision cannot be taken back."))


async def _restore_work(review: Review, artwork: Artwork) -> None:
    """Give the work the status, texts and picture that it had before the decision."""
    submission = review.submission
    if not submission.is_proposal:
        if await artwork.hangings.all().exists():
            raise UndoRefused(_l("The work has been hung since, so the decision cannot be taken back."))
        artwork.status = Status.SUBMITTED
    elif review.decision == Decision.ACCEPTED:
        before = image_ids(artwork)
        await apply_proposal(artwork, submission.replaces or {})
        await swap_pictures(artwork, before)
        ids = images_in(submission.replaces or {})
        if await Image.filter(id__in=ids, state=ImageState.READY).count() != len(ids):
            raise UndoRefused(
                _l("The earlier picture no longer exists, so the decision cannot be taken back.")
            )
    await artwork.save()
    if submission.is_proposal and review.decision == Decision.ACCEPTED:
        await save_pictures(artwork)


async def _reopen_pairs(review: Review) -> None:
    """Open again the near pairs that this decision settled, and their hints."""
    pairs = NearPair.filter(review_id=review.id)
    await Hint.filter(pair_id__in=list(await pairs.values_list("id", flat=True))).update(is_open=True)
    await pairs.update(outcome=None, settled_by_id=None, settled_at=None, review_id=None)


async def undo_opinion(opinion: Opinion, by: Person) -> None:
    """Delete an opinion, without keeping a record of what it said.

    Raises UndoRefused, also if another curator has decided.
    """
    async with in_transaction():
        submission = await Submission.get(id=opinion.submission_id)
        artwork = await locked(Artwork.filter(id=submission.artwork_id)).get()
        await submission.refresh_from_db()
        latest = await Opinion.filter(submission_id=submission.id).order_by("-id").first()
        if not await Opinion.exists(id=opinion.id):
            raise UndoRefused(_l("This decision has already been taken back."))
        if opinion.by_id != by.id:
            raise UndoRefused(_l("Only the person who decided can take it back."))
        if now() > undo_deadline(opinion):
            raise UndoRefused(_l("It is too late to take this back: ten seconds have passed."))
        if not submission.is_waiting or latest is None or latest.id != opinion.id:
            raise UndoRefused(_l("The work has changed since, so the decision cannot be taken back."))
        submission.stage = await _delete_last_opinion(submission, by, opinion.at)
        await submission.save(update_fields=["stage"])
        await record(Verb.WORK_DECISION_UNDONE, artwork.id, organisation_id=artwork.organisation_id, by=by)


async def _delete_last_opinion(submission: Submission, by: Person, since: datetime) -> Stage:
    """Delete the latest opinion if `by` gave it in the decision made at `since`.

    Returns the stage after the deletion.
    """
    opinions = await Opinion.filter(submission_id=submission.id).order_by("id")
    if opinions and opinions[-1].by_id == by.id and opinions[-1].at >= since - UNDO_GRACE:
        await opinions.pop().delete()
    return stage_of(latest_decisions(opinions))
