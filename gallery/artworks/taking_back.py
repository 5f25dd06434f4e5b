"""Taking a work back from the curators before they decide, and ending its showing for its artist afterwards."""

from __future__ import annotations

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork, Status, Submission, TakingBack
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.web.languages import gettext as _


class NothingToTakeBack(Exception):
    """No submission of the work waits; `sentence` says what came of it."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def take_back(artwork: Artwork, by: Person | None) -> TakingBack:
    """Take what waits for the curators back: it can be changed again, and nobody decides on it.

    A work that was returned before is so again, with its notes; a change proposed to an accepted work leaves that as
    it is. Raises NothingToTakeBack, also where a curator was quicker.
    """
    async with in_transaction():
        held = await locked(Artwork.filter(id=artwork.id)).first()
        waiting = await Submission.filter(artwork_id=artwork.id, is_waiting=True).order_by("-number").first()
        if held is None or waiting is None or held.status not in {Status.SUBMITTED, Status.ACCEPTED}:
            raise NothingToTakeBack(_("There is nothing to take back: it was decided, or never submitted."))
        waiting.is_waiting = False
        await waiting.save(update_fields=["is_waiting"])
        if held.status == Status.SUBMITTED:
            was_returned = await held.reviews.filter(decision=Status.RETURNED).exists()
            held.status = artwork.status = Status.RETURNED if was_returned else Status.DRAFT
            await held.save(update_fields=["status", "updated_at"])
        await record(Verb.WORK_TAKEN_BACK, held.id, organisation_id=held.organisation_id, by=by)
        return await TakingBack.create(submission=waiting, by=by, at=now())
