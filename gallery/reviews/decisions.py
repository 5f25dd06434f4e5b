"""Deciding on a submission: accept it, return it with notes, or decline it. Each decision is one Review.

If the site requires two reviews, the first curator's decision is an Opinion, and the second curator's
decision creates the Review (`stages.py`). The curator can undo the decision for ten seconds (`undo.py`), so
no mail about a review may be sent before `undo_deadline(review)`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gallery.accounts.members import ConflictOfInterest, conflict_of_interest, members_of
from gallery.accounts.models import Person
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, Status, Submission
from gallery.artworks.snapshots import field_changes, snapshot_fields
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.mail.outbox import Notification, notify
from gallery.reviews.acceptance import (
    heard_key,
    load_acceptance_blockers,
    seen_keys,
    unconfirmed_personal_data,
)
from gallery.reviews.checks.findings import CheckFinding
from gallery.reviews.holds import held_by_another
from gallery.reviews.mailed_words import mailed_words
from gallery.reviews.models import Decision, Hold, LaterCheck, Opinion, Review, Risk, ScoringRound
from gallery.reviews.proposals import (
    apply_proposal,
    image_ids,
    reviewed_fields,
    save_pictures,
    swap_pictures,
)
from gallery.reviews.stages import (
    DecisionByCurator,
    DecisionEffect,
    combined_reasons,
    effect_of_decision,
    latest_decisions,
    stage_of,
)
from gallery.web.edit_conflicts import EditConflict, changed_since, read_digests
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import offered_language, use_language
from gallery.web.page_keys import keys_of_works
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
UNDO_GRACE = timedelta(seconds=2)  # allowance for network delay: an undo pressed in time may arrive late

NEUTRAL_REASON = _l(
    "We cannot show this work here. Thank you for sending it; please ask us if you would like to know more."
)
OWN_WORK_SENTENCE = _l("You are a member of this organisation: another curator decides on its works.")
DECISION_EFFECT_SENTENCES = {
    DecisionEffect.ALREADY_SPOKEN: _l(
        "You have decided on this work. Another curator decides next, without knowing your decision."
    ),
    DecisionEffect.THIRD_NEEDED: _l(
        "You two disagree. You can join the other's decision; otherwise a third curator decides."
    ),
}


class DecisionRefused(Exception):
    """The decision cannot be made; `sentence` says why and what to do."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


class AlreadyDecided(DecisionRefused):
    """The submission no longer waits: it was decided, taken back by the organisation, or withdrawn."""


class UnderReviewByAnother(DecisionRefused):
    """Another curator is looking at the work."""


class UnconfirmedPersonalData(DecisionRefused):
    """The public texts contain personal data that no curator has confirmed; `found` lists it."""

    def __init__(self, found: Sequence[CheckFinding]) -> None:
        super().__init__(_l("Its texts contain personal data that everyone would be able to read."))
        self.found = found


@dataclass(frozen=True)
class _Request:
    """The decision that `by` asks for. If `by` is None, the decision is automatic."""

    decision: Decision
    by: Person | None
    reason: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)  # form field → what to change there
    seen: str = ""
    concern: str = ""
    confirmed: Collection[str] = ()


async def accept(
    artwork: Artwork,
    submission: Submission,
    by: Person,
    reason: str = "",
    notes: Mapping[str, str] | None = None,
    seen: str = "",
    confirmed: Collection[str] = (),
) -> Review | Opinion:
    """Accept a work, so that it may be hung. Raises DecisionRefused if it lacks something that a shown work
    must have.

    Returns an Opinion if a second curator has to decide as well. `seen`: the digests of the fields
    that the curator saw; if the work has changed since, EditConflict is raised. `confirmed`: keys of findings
    of personal data that may be shown (any other finding raises UnconfirmedPersonalData), the `heard_key` of a work
    with a voice, and the `seen_keys` of a work with several pictures.
    """
    request = _Request(Decision.ACCEPTED, by, reason, notes or {}, seen, confirmed=confirmed)
    return await _decide(artwork, submission, request)


async def return_to_partner(
    artwork: Artwork,
    submission: Submission,
    by: Person,
    notes: Mapping[str, str],
    reason: str = "",
    seen: str = "",
) -> Review | Opinion:
    """Return a work to be changed. `notes`: form field → what to change there. Raises DecisionRefused."""
    if not notes and not reason:
        raise DecisionRefused(
            _l("Please say what to change: in a note on a field, or in a few words to the organisation.")
        )
    return await _decide(artwork, submission, _Request(Decision.RETURNED, by, reason, notes, seen))


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

    `concern`: why showing the work might harm somebody; only curators read it. A concern of one curator is
    enough, even if the site requires two reviews. The organisation reads `reason`; an empty reason is
    replaced by a neutral sentence in the work's language.
    """
    if concern and not reason:
        with use_language(offered_language(artwork.language)):
            reason = str(NEUTRAL_REASON)
    if not reason:
        raise DecisionRefused(_l("Please give the organisation a reason: they will read it."))
    return await _decide(
        artwork, submission, _Request(Decision.DECLINED, by, reason, notes or {}, seen, concern)
    )


async def accept_automatically(artwork: Artwork, submission: Submission) -> Review | Opinion:
    """Accept a work of a trusted organisation; a curator looks at it later. Raises DecisionRefused."""
    return await _decide(artwork, submission, _Request(Decision.ACCEPTED, None))


async def _decide(artwork: Artwork, submission: Submission, request: _Request) -> Review | Opinion:
    """Check everything again under the work's lock, and write the opinion or the review."""
    by, opinion = request.by, None
    async with in_transaction():
        work = await locked(Artwork.filter(id=artwork.id)).get()
        await load_further_pictures([work])
        sent = await Submission.get(id=submission.id)
        await _check_waits(work, sent)
        await _check_not_under_review(work, by)
        if request.seen:
            await _check_unchanged(work, sent, request.seen)
        pictures_before = image_ids(work)
        if request.decision == Decision.ACCEPTED:
            if sent.is_proposal:
                await apply_proposal(work, sent.sent)
            await _check_acceptable(work, request.confirmed)
        opinions = await Opinion.filter(submission_id=sent.id).order_by("id")
        needed = 1 if request.concern or by is None else (await current_site()).reviews_needed
        effect = await _effect(work, request, latest_decisions(opinions), needed)
        if needed > 1:
            opinion = await Opinion.create(
                submission=sent,
                by=by,
                at=now(),
                decision=request.decision,
                reason=request.reason,
                notes=dict(request.notes),
            )
        if opinion is not None and effect == DecisionEffect.WAITS_FOR_ANOTHER:
            await _save_stage(work, sent, [*opinions, opinion], by)
            submission.stage = sent.stage
            return opinion
        await swap_pictures(work, pictures_before)
        review = await _save_review(work, sent, request, opinions)
        submission.is_waiting = False
    artwork.status = work.status
    return review


async def _save_stage(
    work: Artwork, sent: Submission, opinions: Sequence[Opinion], by: Person | None
) -> None:
    """Save that the submission waits for another curator."""
    sent.stage = stage_of(latest_decisions(opinions))
    sent.awaits_trust = False  # no automatic acceptance: a curator has looked at the work
    await sent.save(update_fields=["stage", "awaits_trust"])
    await record(Verb.WORK_DECIDED_AS_ONE_OF_TWO, work.id, organisation_id=work.organisation_id, by=by)
    await Hold.filter(artwork_id=work.id).delete()


async def _save_review(
    work: Artwork, sent: Submission, request: _Request, opinions: Sequence[Opinion]
) -> Review:
    reason, notes = combined_reasons(opinions, request.decision, request.reason, request.notes)
    if not sent.is_proposal:
        work.status = STATUS_AFTER[request.decision]
    await work.save()
    if sent.is_proposal and request.decision == Decision.ACCEPTED:
        await save_pictures(work)
    review = await Review.create(
        artwork=work,
        submission=sent,
        by=request.by,
        at=work.updated_at,  # an undo compares it with the work's `updated_at`
        decision=request.decision,
        reason=reason,
        notes=dict(notes),
    )
    verb = AUDIT_VERBS[request.decision]
    await record(verb, work.id, organisation_id=work.organisation_id, by=request.by)
    if request.concern:
        await Risk.create(review=review, concern=request.concern)
    if request.by is None:
        await LaterCheck.create(review=review)
    sent.is_waiting = sent.awaits_trust = False
    await sent.save(update_fields=["is_waiting", "awaits_trust"])
    await Hold.filter(artwork_id=work.id).delete()
    members = await members_of(work.organisation_id)
    await notify(members, await decision_news(review, work, sent))
    await content_version.bump(await keys_of_works(id=work.id))
    return review


async def _effect(
    work: Artwork, request: _Request, decisions: DecisionByCurator, needed: int
) -> DecisionEffect:
    """The effect of the decision. Raises DecisionRefused if this curator may not make it."""
    by = request.by
    if by is not None and await reviewer_interest(work, by, decisions) == ConflictOfInterest.OTHERS:
        raise DecisionRefused(OWN_WORK_SENTENCE)
    effect = effect_of_decision(decisions, by.id if by else 0, request.decision, needed)
    if effect in DECISION_EFFECT_SENTENCES:
        raise DecisionRefused(DECISION_EFFECT_SENTENCES[effect])
    return effect


async def reviewer_interest(artwork: Artwork, by: Person, decisions: DecisionByCurator) -> ConflictOfInterest:
    """Whether the curator belongs to the work's organisation and, if so, whether others can decide."""
    # One curator cannot give both reviews. If no other curator is left, a member of the organisation decides.
    first = list(decisions) if len(decisions) == 1 else []
    return await conflict_of_interest(by.id, artwork.organisation_id, but=first)


async def _check_waits(work: Artwork, sent: Submission) -> None:
    """Check that `sent` is the latest submission, waits, and is not being scored.

    Raises EditConflict if the work was submitted again, otherwise DecisionRefused.
    """
    latest = await Submission.filter(artwork_id=work.id).order_by("-number").first()
    if latest is not None and latest.id != sent.id and latest.is_waiting:
        raise EditConflict(
            {change.field: change.after for change in field_changes(sent.sent, latest.sent)},
            sentence=_l("The work has been submitted again in the meantime. Please look at it as it is now."),
        )
    if not sent.is_waiting or work.status != (Status.ACCEPTED if sent.is_proposal else Status.SUBMITTED):
        raise AlreadyDecided(_l("This work has already been decided, or is no longer waiting."))
    round = None if sent.is_proposal else await open_scoring_round(work)
    if round is not None:
        raise DecisionRefused(being_scored_sentence(round))


async def open_scoring_round(artwork: Artwork) -> ScoringRound | None:
    """The open round in which curators score the work without knowing whose it is."""
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
    return _l("%(name)s is looking at this work right now. You can decide once they have moved on.") % {
        "name": person.name
    }


async def _check_unchanged(artwork: Artwork, sent: Submission, seen: str) -> None:
    await artwork.fetch_related("artist", "consent", "project", "themes")
    current = reviewed_fields(artwork, sent)
    digests = read_digests(seen)
    names = changed_since(digests, current, snapshot_fields(digests, current))
    if names:
        raise EditConflict(
            {name: current.get(name, "") for name in names},
            sentence=_l("The work changed while you looked at it. Please look at it as it is now."),
        )


async def _check_acceptable(artwork: Artwork, confirmed: Collection[str]) -> None:
    blockers = await load_acceptance_blockers(artwork)
    if blockers:
        raise DecisionRefused(blockers[0])
    if not set(seen_keys(artwork).values()) <= set(confirmed):
        raise DecisionRefused(
            _l("Please look at each picture, compare it with its alt text, and confirm that beside it.")
        )
    if artwork.sound_id is not None and heard_key(artwork) not in confirmed:
        raise DecisionRefused(
            _l(
                "Please listen to the voice, compare it with what it is said to say, and confirm that beside it."
            )
        )
    findings = await unconfirmed_personal_data(artwork)
    if any(each.key not in confirmed for each in findings):
        raise UnconfirmedPersonalData(findings)


def undo_deadline(made: Review | Opinion) -> datetime:
    """Until this moment the curator may undo the decision. Mails about the decision are sent later."""
    return made.at + UNDO_PERIOD + UNDO_GRACE


async def decision_news(review: Review, artwork: Artwork, submission: Submission) -> Notification:
    """The mail to the organisation, sent once the decision can no longer be undone."""
    what = "change" if submission.is_proposal else "work"
    return Notification(
        f"{what}_{review.decision}",
        f"/desk/works/{artwork.id}",
        {"work": artwork.own("title"), **await mailed_words(review, artwork)},
        key=f"review:{review.id}",
        not_before=undo_deadline(review) + timedelta(seconds=1),
    )
