"""What a curator decides on a submission: accepted, returned with notes, or declined; each is one Review.

Where the site asks for two reviews, the first of them is an Opinion, and the Review comes of the second (`stages.py`). For
ten seconds its curator may take a decision back. Whoever tells the organisation of it waits until
`can_be_undone_until(review)` has passed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gallery.accounts.members import ConflictOfInterest, conflict_of_interest, members_of
from gallery.accounts.models import Person
from gallery.artists.models import Consent, ConsentState
from gallery.artworks.models import Artwork, Stage, Status, Submission
from gallery.artworks.snapshots import SnapshotChange, changed_since, field_changes, snapshot_of
from gallery.artworks.works import TEXT_FIELDS
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Image, ImageState
from gallery.mail.outbox import Notification, cancel_notification, notify
from gallery.reviews.checks import personal_data
from gallery.reviews.checks.findings import CheckFinding
from gallery.reviews.holds import held_by_another
from gallery.reviews.models import (
    Decision,
    Hint,
    Hold,
    LaterCheck,
    NearPair,
    Opinion,
    Review,
    Risk,
    ScoringRound,
    Undo,
    WavedOff,
)
from gallery.reviews.stages import (
    DecisionByCurator,
    DecisionEffect,
    combined_reasons,
    effect_of_decision,
    latest_decisions,
    stage_of,
)
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import use_language
from gallery.web.rendering import shown_moment
from gallery.web.site_settings import load_site as current_site

STATUS_AFTER = {
    Decision.ACCEPTED: Status.ACCEPTED,
    Decision.RETURNED: Status.RETURNED,
    Decision.DECLINED: Status.DECLINED,
}
AUDIT_VERBS = {
    Decision.ACCEPTED: Verb.WORK_ACCEPTED,
    Decision.RETURNED: Verb.WORK_RETURNED,
    Decision.DECLINED: Verb.WORK_DECLINED,
}

UNDO_PERIOD = timedelta(seconds=10)
UNDO_GRACE = timedelta(seconds=2)  # an undo that was pressed in time may arrive a little later

NEUTRAL_REASON = _l(
    "We cannot show this work here. Thank you for sending it; please ask us if you wish to know more."
)


class DecisionRefused(Exception):
    """The decision cannot be made; `sentence` says why and what to do."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


class AlreadyDecided(DecisionRefused):
    """Nothing waits for a decision: it was decided before, or taken back, or withdrawn."""


class UnderReviewByAnother(DecisionRefused):
    """Another curator looks at the work just now."""


class WorkChangedDuringReview(DecisionRefused):
    """The work says something else than what the curator saw; `changes` says what."""

    def __init__(self, sentence: Any, changes: Sequence[SnapshotChange]) -> None:
        super().__init__(sentence)
        self.changes = changes


class UnconfirmedPersonalData(DecisionRefused):
    """The words that everybody would read hold the data `found`, and nobody confirmed that they may."""

    def __init__(self, found: Sequence[CheckFinding]) -> None:
        super().__init__(_l("Its words hold personal data that everybody would read."))
        self.found = found


class UndoRefused(DecisionRefused):
    """The decision stands."""


async def accept(
    artwork: Artwork,
    submission: Submission,
    by: Person,
    reason: str = "",
    notes: Mapping[str, str] | None = None,
    seen: str = "",
    confirmed: Collection[str] = (),
) -> Review | Opinion:
    """Accept a work: it may be hung. Raises DecisionRefused while it lacks what a shown work must have.

    An Opinion is returned where another curator has to decide as well.
    `seen`: the fingerprint of what the curator saw; with it a work that changed since is refused.
    `confirmed`: the keys of personal data that may be shown; with others in its words, OpenPersonalData is raised.
    """
    return await _decide(
        artwork, submission, by, Decision.ACCEPTED, notes or {}, reason, seen, confirmed=confirmed
    )


async def return_to_partner(
    artwork: Artwork,
    submission: Submission,
    by: Person,
    notes: Mapping[str, str],
    reason: str = "",
    seen: str = "",
) -> Review | Opinion:
    """Return a work to be mended. `notes`: form field → what to mend there. Raises DecisionRefused."""
    if not notes and not reason:
        raise DecisionRefused(
            _l("Please say what to change: in a note on a field, or in a few words to the organisation.")
        )
    return await _decide(artwork, submission, by, Decision.RETURNED, notes, reason, seen)


async def decline(
    artwork: Artwork,
    submission: Submission,
    by: Person,
    reason: str,
    notes: Mapping[str, str] | None = None,
    seen: str = "",
    concern: str = "",
) -> Review | Opinion:
    """Decline a work for good, with a reason. Raises DecisionRefused.

    `concern`: why showing it might harm somebody, for curators only. One curator who has one is enough, also where two
    reviews are asked for. The organisation then reads `reason`, or, where that is empty, a neutral sentence in the
    language of the work.
    """
    if concern and not reason:
        with use_language(artwork.language):
            reason = str(NEUTRAL_REASON)
    if not reason:
        raise DecisionRefused(_l("Please give the organisation a reason: they will read it."))
    return await _decide(artwork, submission, by, Decision.DECLINED, notes or {}, reason, seen, concern)


async def accept_automatically(artwork: Artwork, submission: Submission) -> Review | Opinion:
    """Accept a work of a trusted organisation without a curator, who looks at it later. Raises DecisionRefused likewise."""
    return await _decide(artwork, submission, None, Decision.ACCEPTED, {}, "", "")


async def _decide(
    artwork: Artwork,
    submission: Submission,
    by: Person | None,
    decision: Decision,
    notes: Mapping[str, str],
    reason: str,
    seen: str,
    concern: str = "",
    confirmed: Collection[str] = (),
) -> Review | Opinion:
    async with in_transaction():
        held = await locked(Artwork.filter(id=artwork.id)).get()
        latest = await Submission.filter(artwork_id=held.id).order_by("-number").first()
        sent = await Submission.get(id=submission.id)
        if latest is not None and latest.id != sent.id and latest.is_waiting:
            raise WorkChangedDuringReview(
                _l("The work was sent again meanwhile. Please look at it as it is now."),
                field_changes(sent.sent, latest.sent),
            )
        waits_as = Status.ACCEPTED if sent.is_proposal else Status.SUBMITTED
        if not sent.is_waiting or held.status != waits_as:
            raise AlreadyDecided(_l("This work was decided already, or is no longer waiting."))
        scored = None if sent.is_proposal else await open_scoring_round(held)
        if scored is not None:
            raise DecisionRefused(being_scored_sentence(scored))
        await _check_not_under_review(held, by)
        if seen:
            await _check_unchanged(held, sent, seen)
        picture_before = held.image_id
        if decision == Decision.ACCEPTED:
            if sent.is_proposal:
                apply_proposal(held, sent.sent)
            await _check_acceptable(held)
            open_data = await unconfirmed_personal_data(held)
            if any(each.key not in confirmed for each in open_data):
                raise UnconfirmedPersonalData(open_data)
        opinion = None
        opinions = await Opinion.filter(submission_id=sent.id).order_by("id")
        needed = 1 if concern or by is None else (await current_site()).reviews_needed
        voices = latest_decisions(opinions)
        if by is not None and await reviewer_interest(held, by, voices) == ConflictOfInterest.OTHERS:
            raise DecisionRefused(OWN_WORK_SENTENCE)
        follows = effect_of_decision(voices, by.id if by else 0, decision, needed)
        if follows in DECISION_EFFECT_SENTENCES:
            raise DecisionRefused(DECISION_EFFECT_SENTENCES[follows])
        if needed > 1:
            opinion = await Opinion.create(
                submission=sent, by=by, at=now(), decision=decision, reason=reason, notes=dict(notes)
            )
        if opinion is not None and follows == DecisionEffect.KEPT:
            sent.stage = submission.stage = stage_of(latest_decisions([*opinions, opinion]))
            sent.awaits_trust = False  # a curator has looked at it
            await sent.save(update_fields=["stage", "awaits_trust"])
            await record(
                Verb.WORK_DECIDED_AS_ONE_OF_TWO, held.id, organisation_id=held.organisation_id, by=by
            )
            await Hold.filter(artwork_id=held.id).delete()
            return opinion
        reason, notes = combined_reasons(opinions, decision, reason, notes)
        if not sent.is_proposal:
            held.status = STATUS_AFTER[decision]
        await _swap_pictures(held, picture_before)
        await held.save()
        review = await Review.create(
            artwork=held,
            submission=sent,
            by=by,
            at=held.updated_at,  # an undo sees by it whether the work changed later
            decision=decision,
            reason=reason,
            notes=dict(notes),
        )
        await record(AUDIT_VERBS[decision], held.id, organisation_id=held.organisation_id, by=by)
        if concern:
            await Risk.create(review=review, concern=concern)
        if by is None:
            await LaterCheck.create(review=review)
        sent.is_waiting = submission.is_waiting = sent.awaits_trust = False
        await sent.save(update_fields=["is_waiting", "awaits_trust"])
        await Hold.filter(artwork_id=held.id).delete()
        await notify(await members_of(held.organisation_id), decision_news(review, held, sent))
        await content_version.bump()
    artwork.status = held.status
    return review


OWN_WORK_SENTENCE = _l("You are a member of this organisation: another curator decides on its works.")


async def reviewer_interest(artwork: Artwork, by: Person, voices: DecisionByCurator) -> ConflictOfInterest:
    """Whether the work is of the curator's own organisation, so that somebody else has to decide."""
    # The first of two cannot be the second as well: where nobody else is left, the member decides.
    spoken = list(voices) if len(voices) == 1 else []
    return await conflict_of_interest(by.id, artwork.organisation_id, but=spoken)


DECISION_EFFECT_SENTENCES = {
    DecisionEffect.SPOKEN: _l(
        "You have decided on this work. Another curator decides next, without knowing how you did."
    ),
    DecisionEffect.THIRD_NEEDED: _l(
        "You two disagree. You can join the other's decision; otherwise a third curator decides."
    ),
}


async def open_scoring_round(artwork: Artwork) -> ScoringRound | None:
    """The round in which the work is scored without knowing whose it is, while it is open."""
    rounds = ScoringRound.filter(closes_at__gt=now(), theme__artworks__id=artwork.id)
    return await rounds.order_by("-closes_at").first()


def being_scored_sentence(round: ScoringRound) -> Any:
    return _l(
        "The works of this theme are being scored until %(moment)s. They can be decided on after that."
    ) % {"moment": shown_moment(round.closes_at)}


async def _check_not_under_review(artwork: Artwork, by: Person | None) -> None:
    hold = await held_by_another(artwork.id, by)
    if hold is not None:
        raise UnderReviewByAnother(under_review_sentence(hold.person))


def under_review_sentence(person: Person) -> Any:
    return _l("%(name)s is looking at this work just now. You can decide when they have moved on.") % {
        "name": person.name
    }


async def _check_unchanged(artwork: Artwork, sent: Submission, seen: str) -> None:
    await artwork.fetch_related("artist", "consent", "project", "themes")
    current = reviewed_fields(artwork, sent)
    names = changed_since(seen, current)
    if names:
        raise WorkChangedDuringReview(
            _l("The work changed while you looked at it. Please look at it as it is now."),
            [SnapshotChange(name, sent.sent.get(name, ""), current[name]) for name in names],
        )


def reviewed_fields(artwork: Artwork, submission: Submission) -> dict[str, str]:
    """What a curator decides on: the work as it stands, with what a proposal would change.

    Artist, consent, project and themes must be fetched.
    """
    current = snapshot_of(artwork)
    return {**current, **_proposed_fields(submission.sent)} if submission.is_proposal else current


def _proposed_fields(sent: Mapping[str, str]) -> dict[str, str]:
    """Of what was sent, the fields that a proposal can change."""
    return {name: sent[name] for name in (*TEXT_FIELDS, "year", "picture") if name in sent}


def apply_proposal(artwork: Artwork, sent: Mapping[str, str]) -> None:
    """Let the work say and show what a proposal would have it."""
    for name, text in _proposed_fields(sent).items():
        if name == "picture":
            artwork.image_id = int(text) if text else artwork.image_id
        else:
            setattr(artwork, name, (int(text) if text else None) if name == "year" else text)


async def _swap_pictures(held: Artwork, before: int | None) -> None:
    """Of a work whose picture is another than `before` now, have that stay aside for as long as the decision can be taken
    back. Its files leave public storage, since it is on view no more."""
    if held.image_id != before:
        await Image.filter(id=before or 0).update(candidate_for_id=held.id)
        await Image.filter(id=held.image_id or 0).update(candidate_for_id=None)


def undo_deadline(review: Review) -> datetime:
    """The moment until which its curator may take a decision back: nobody is told of it before."""
    return review.at + UNDO_PERIOD + UNDO_GRACE


def decision_news(review: Review, artwork: Artwork, submission: Submission) -> Notification:
    """What the organisation is told, once the decision can no longer be taken back."""
    what = "change" if submission.is_proposal else "work"
    return Notification(
        f"{what}_{review.decision}",
        f"/desk/works/{artwork.id}",
        {"work": artwork.title},
        key=f"review:{review.id}",
        not_before=undo_deadline(review) + timedelta(seconds=1),
    )


async def undo(review: Review, by: Person) -> Undo:
    """Take a decision back: the submission waits again, and an Undo keeps what it was.

    Raises UndoRefused to anybody but its curator, after ten seconds, and once something happened to the work since.
    """
    async with in_transaction():
        held = await locked(Artwork.filter(id=review.artwork_id)).get()
        review_now = await Review.get_or_none(id=review.id).prefetch_related("submission")
        if review_now is None:
            raise UndoRefused(_l("This decision was taken back already."))
        if review_now.by_id != by.id:
            raise UndoRefused(_l("Only whoever decided can take it back."))
        if now() > undo_deadline(review_now):
            raise UndoRefused(_l("It is too late to take this back: ten seconds have passed."))
        submission = review_now.submission
        later = await Submission.exists(artwork_id=held.id, number__gt=submission.number)
        if later or held.updated_at != review_now.at or held.status == Status.WITHDRAWN:
            raise UndoRefused(_l("The work changed since, so the decision stands."))
        if not submission.is_proposal:
            if await held.hangings.all().exists():
                raise UndoRefused(_l("The work was hung meanwhile, so the decision stands."))
            held.status = Status.SUBMITTED
        elif review_now.decision == Decision.ACCEPTED:
            picture_before = held.image_id
            apply_proposal(held, submission.replaces or {})
            await _swap_pictures(held, picture_before)
            if not await Image.exists(id=held.image_id or 0, state=ImageState.READY):
                raise UndoRefused(_l("The picture before is gone, so the decision stands."))
        await held.save()
        undone = await Undo.create(
            submission=submission,
            by=by,
            decided_at=review_now.at,
            at=now(),
            decision=review_now.decision,
            reason=review_now.reason,
            notes=review_now.notes,
        )
        await record(Verb.WORK_DECISION_UNDONE, held.id, organisation_id=held.organisation_id, by=by)
        await cancel_notification(f"review:{review_now.id}")
        pairs = NearPair.filter(review_id=review_now.id)
        await Hint.filter(pair_id__in=list(await pairs.values_list("id", flat=True))).update(is_open=True)
        await pairs.update(outcome=None, settled_by_id=None, settled_at=None, review_id=None)
        await review_now.delete()
        submission.is_waiting = True
        submission.stage = await _delete_last_opinion(submission, by, review_now.at)
        await submission.save(update_fields=["is_waiting", "stage"])
        await content_version.bump()
        return undone


async def undo_opinion(opinion: Opinion, by: Person) -> None:
    """Take back what one would decide, as if it had never been said. Raises UndoRefused likewise, and once another decided."""
    async with in_transaction():
        submission = await Submission.get(id=opinion.submission_id)
        held = await locked(Artwork.filter(id=submission.artwork_id)).get()
        await submission.refresh_from_db()
        latest = await Opinion.filter(submission_id=submission.id).order_by("-id").first()
        if not await Opinion.exists(id=opinion.id):
            raise UndoRefused(_l("This decision was taken back already."))
        if opinion.by_id != by.id:
            raise UndoRefused(_l("Only whoever decided can take it back."))
        if now() > opinion.at + UNDO_PERIOD + UNDO_GRACE:
            raise UndoRefused(_l("It is too late to take this back: ten seconds have passed."))
        if not submission.is_waiting or latest is None or latest.id != opinion.id:
            raise UndoRefused(_l("The work changed since, so the decision stands."))
        submission.stage = await _delete_last_opinion(submission, by, opinion.at)
        await submission.save(update_fields=["stage"])
        await record(Verb.WORK_DECISION_UNDONE, held.id, organisation_id=held.organisation_id, by=by)


async def _delete_last_opinion(submission: Submission, by: Person, since: datetime) -> Stage:
    """Delete what `by` said last, if it was said in the decision of `since`; the stage that is left."""
    opinions = await Opinion.filter(submission_id=submission.id).order_by("id")
    if opinions and opinions[-1].by_id == by.id and opinions[-1].at >= since - UNDO_GRACE:
        await opinions.pop().delete()
    return stage_of(latest_decisions(opinions))


async def unconfirmed_personal_data(artwork: Artwork) -> list[CheckFinding]:
    """What in the words of a work lets anybody reach somebody, and was not waved off."""
    texts = {name: getattr(artwork, name) for name in TEXT_FIELDS}
    found = [each for each in personal_data.check(texts) if each.rule in personal_data.CONTACT_RULES]
    if not found:
        return []
    waved = {str(key) for key in await WavedOff.filter(artwork_id=artwork.id).values_list("key", flat=True)}
    return [each for each in found if each.key not in waved]


async def _check_acceptable(artwork: Artwork) -> None:
    image = await Image.get_or_none(id=artwork.image_id or 0)
    consent = await Consent.get_or_none(id=artwork.consent_id or 0)
    sentences = acceptance_blockers(artwork, image, consent)
    if sentences:
        raise DecisionRefused(sentences[0])


def acceptance_blockers(artwork: Artwork, image: Image | None, consent: Consent | None) -> list[Any]:
    """What keeps a work from being accepted, each as a lazy sentence; nothing where it can be."""
    sentences = []
    if image is None:
        sentences.append(_l("There is no picture. Please return the work with a note on it."))
    elif image.state != ImageState.READY:
        sentences.append(image.state.curator_label)
    if not artwork.alt_text:
        sentences.append(_l("There is no alt text. A work without it cannot be accepted."))
    if consent is None:
        sentences.append(_l("There is no consent. Nothing is shown without it."))
    elif not consent.for_web:
        sentences.append(_l("The consent does not cover the web. Nothing is shown without that."))
    elif not consent.covers_web():
        sentences.append(CONSENT_BLOCKERS[consent.state()])
    return sentences


CONSENT_BLOCKERS = {
    ConsentState.NOT_YET: _l("The consent is not in force yet: its first day is to come."),
    ConsentState.EXPIRED: _l("The consent has expired. The organisation needs a new one."),
    ConsentState.WITHDRAWN: _l("The consent was withdrawn. The work can no longer be shown."),
}
