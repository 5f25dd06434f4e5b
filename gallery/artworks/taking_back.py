"""Taking a submission back before curators decide on it."""

from __future__ import annotations

from gallery.accounts.models import Person
from gallery.artworks.models import LOCKED_STATUSES, Artwork, Status, Submission, TakingBack
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.web.languages import gettext as _


class NothingToTakeBack(Exception):
    """The work has no submission that waits for review; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def take_back(artwork: Artwork, by: Person | None) -> TakingBack:
    """Take back the waiting submission, so that the organisation can change the work again.

    No curator decides on the submission any more. A work that was returned before becomes returned again,
    with its notes. After a proposal is taken back, the accepted work is unchanged. Raises NothingToTakeBack,
    also if a curator has decided in the meantime.
    """
    async with in_transaction():
        current = await locked(Artwork.filter(id=artwork.id)).first()
        waiting = await Submission.filter(artwork_id=artwork.id, is_waiting=True).order_by("-number").first()
        if current is None or waiting is None or current.status not in LOCKED_STATUSES:
            raise NothingToTakeBack(_("There is nothing to take back: it was decided, or never submitted."))
        waiting.is_waiting = False
        await waiting.save(update_fields=["is_waiting"])
        if current.status == Status.SUBMITTED:
            was_returned = await current.reviews.filter(decision=Status.RETURNED).exists()
            current.status = artwork.status = Status.RETURNED if was_returned else Status.DRAFT
            await current.save(update_fields=["status", "updated_at"])
        await record(Verb.WORK_TAKEN_BACK, current.id, organisation_id=current.organisation_id, by=by)
        return await TakingBack.create(submission=waiting, by=by, at=now())
