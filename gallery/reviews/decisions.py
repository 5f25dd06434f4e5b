"""What a curator decides on a submission: accepted, returned with notes, or declined; each is one Review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery import content_version
from gallery.accounts.models import Person
from gallery.artists.models import Consent, ConsentState
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from gallery.database import in_transaction, locked
from gallery.images.models import Image, ImageState
from gallery.languages import lazy_gettext as _l
from gallery.reviews.models import Decision, Review

STATUS_AFTER = {
    Decision.ACCEPTED: Status.ACCEPTED,
    Decision.RETURNED: Status.RETURNED,
    Decision.DECLINED: Status.DECLINED,
}


class DecisionRefused(Exception):
    """The decision cannot be made; `sentence` says why and what to do."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


class AlreadyDecided(DecisionRefused):
    """Nothing waits for a decision: it was decided before, or taken back, or withdrawn."""


async def accept(
    artwork: Artwork,
    submission: Submission,
    by: Person,
    reason: str = "",
    notes: Mapping[str, str] | None = None,
) -> Review:
    """Accept a work: it may be hung. Raises DecisionRefused while it lacks what a shown work must have."""
    return await _decide(artwork, submission, by, Decision.ACCEPTED, notes or {}, reason)


async def return_to_partner(
    artwork: Artwork, submission: Submission, by: Person, notes: Mapping[str, str], reason: str = ""
) -> Review:
    """Return a work to be mended. `notes`: form field → what to mend there. Raises DecisionRefused."""
    if not notes and not reason:
        raise DecisionRefused(
            _l("Please say what to mend: in a note on a field, or in a few words to the organisation.")
        )
    return await _decide(artwork, submission, by, Decision.RETURNED, notes, reason)


async def decline(
    artwork: Artwork, submission: Submission, by: Person, reason: str, notes: Mapping[str, str] | None = None
) -> Review:
    """Decline a work for good, with a reason. Raises DecisionRefused."""
    if not reason:
        raise DecisionRefused(_l("Please give the organisation a reason: they will read it."))
    return await _decide(artwork, submission, by, Decision.DECLINED, notes or {}, reason)


async def _decide(
    artwork: Artwork,
    submission: Submission,
    by: Person,
    decision: Decision,
    notes: Mapping[str, str],
    reason: str,
) -> Review:
    async with in_transaction():
        held = await locked(Artwork.filter(id=artwork.id)).get()
        latest = await Submission.filter(artwork_id=held.id).order_by("-number").first()
        if held.status != Status.SUBMITTED or await Review.exists(submission_id=submission.id):
            raise AlreadyDecided(_l("This work was decided already, or is no longer waiting."))
        if latest is None or latest.id != submission.id:
            raise DecisionRefused(_l("The work was sent again meanwhile. Please look at it as it is now."))
        if decision == Decision.ACCEPTED:
            await _check_acceptable(held)
        review = await Review.create(
            artwork=held,
            submission=submission,
            by=by,
            at=now(),
            decision=decision,
            reason=reason,
            notes=dict(notes),
        )
        held.status = STATUS_AFTER[decision]
        await held.save(update_fields=["status", "updated_at"])
        await content_version.bump()
    artwork.status = held.status
    return review


async def _check_acceptable(artwork: Artwork) -> None:
    image = await Image.get_or_none(id=artwork.image_id or 0)
    consent = await Consent.get_or_none(id=artwork.consent_id or 0)
    sentences = hindrances(artwork, image, consent)
    if sentences:
        raise DecisionRefused(sentences[0])


def hindrances(artwork: Artwork, image: Image | None, consent: Consent | None) -> list[Any]:
    """What keeps a work from being accepted, each as a lazy sentence; nothing where it can be."""
    sentences = []
    if image is None:
        sentences.append(_l("There is no picture. Please return the work with a note on it."))
    elif image.state == ImageState.RECEIVED:
        sentences.append(_l("The picture is being prepared. Please come back in a moment."))
    elif image.state != ImageState.READY:
        sentences.append(_l("The picture could not be prepared. Please return the work with a note on it."))
    if not artwork.alt_text:
        sentences.append(_l("There is no alt text. A work without it cannot be accepted."))
    if consent is None:
        sentences.append(_l("There is no consent. Nothing is shown without it."))
    elif not consent.for_web:
        sentences.append(_l("The consent does not cover the web. Nothing is shown without that."))
    elif not consent.covers_web():
        sentences.append(CONSENT_HINDRANCES[consent.state()])
    return sentences


CONSENT_HINDRANCES = {
    ConsentState.NOT_YET: _l("The consent is not in force yet: its first day is to come."),
    ConsentState.EXPIRED: _l("The consent has expired. The organisation needs a new one."),
    ConsentState.WITHDRAWN: _l("The consent was withdrawn. The work can no longer be shown."),
}
