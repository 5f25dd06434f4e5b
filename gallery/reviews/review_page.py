"""The page on which a curator looks at one work and decides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from gallery.accounts.members import ConflictOfInterest
from gallery.accounts.models import Person
from gallery.artworks.hashtags import hashtags_with_match
from gallery.artworks.models import (
    FIRST,
    LOCKED_STATUSES,
    Artwork,
    Stage,
    Submission,
    further_pictures_in,
    images_in,
)
from gallery.artworks.snapshots import SnapshotChange, diff_passages, field_changes, snapshot_fields
from gallery.artworks.works import text_values, translated_into
from gallery.images.models import Image
from gallery.reviews import decisions, hints
from gallery.reviews.acceptance import acceptance_blockers, heard_key, seen_keys
from gallery.reviews.checks.findings import CheckFinding
from gallery.reviews.forms import (
    NOTED_FIELDS,
    DismissForm,
    LiftForm,
    ReviewForm,
    VetoForm,
    describe_personal_data,
    snapshot_label,
)
from gallery.reviews.holds import PAGE_LEASE, take_hold
from gallery.reviews.models import Opinion, ReadyReason, Undo, Veto
from gallery.reviews.proposals import apply_proposal, reviewed_fields
from gallery.reviews.queue import NO_FILTER_QUERY, Queue, QueueFilter
from gallery.reviews.stages import latest_decisions
from gallery.reviews.undo_views import load_undoable
from gallery.web.edit_conflicts import seen_field
from gallery.web.languages import gettext as _
from gallery.web.rendering import render


async def new_review_form(artwork: Artwork) -> ReviewForm:
    """An empty review form for the work's latest submission, with the digests of its current fields."""
    submission = latest_submission(artwork)
    seen = _seen_field(artwork, submission)
    ready = await ReadyReason.all().order_by("id")
    return ReviewForm(offered=ready, data={"submission": submission.id, "seen": seen})


def _seen_field(artwork: Artwork, submission: Submission) -> str:
    shown = reviewed_fields(artwork, submission)
    return seen_field(shown, snapshot_fields(shown))


async def page_with_errors(
    request: Request,
    person: Person,
    artwork: Artwork,
    form: ReviewForm,
    chosen: QueueFilter,
    changed: Sequence[SnapshotChange] = (),
    to_confirm: Sequence[CheckFinding] = (),
) -> Response:
    # The page shows the work as it is now, so the next decision is about its latest submission.
    submission = latest_submission(artwork)
    form.submission.data = str(submission.id)
    form.seen.data = _seen_field(artwork, submission)
    return await review_page(
        request, person, artwork, form, chosen, changed=changed, to_confirm=to_confirm, status=422
    )


async def review_page(
    request: Request,
    person: Person,
    artwork: Artwork,
    form: ReviewForm,
    chosen: QueueFilter,
    *,
    changed: Sequence[SnapshotChange] = (),
    to_confirm: Sequence[CheckFinding] = (),
    too_late: str = "",
    dismissal: tuple[int, DismissForm] | None = None,
    veto_form: VetoForm | LiftForm | None = None,
    status: int = 200,
) -> Response:
    """The page of one work. Takes the hold on the work, unless the browser only prefetches the page.

    `changed`: changes since the curator opened the page. `to_confirm`: personal data found in the texts.
    `too_late`: a message that another curator has decided; the page keeps what was typed. `dismissal`: a
    hint's id and its refused form. `veto_form`: the refused form of a veto.
    """
    submission = latest_submission(artwork)
    opinions = await Opinion.filter(submission__artwork_id=artwork.id).order_by("id").select_related("by")
    deciding = await _deciding_context(person, artwork, submission, opinions)
    is_looked_at = "prefetch" not in request.headers.get("sec-purpose", "")
    holder = None
    if submission.is_waiting and is_looked_at and deciding["may_decide"]:
        hold = await take_hold(artwork, person, PAGE_LEASE)
        holder = None if hold.person_id == person.id else hold.person
    shown_hints = await hints.describe_hints(await hints.current_hints(submission))
    context = {
        **deciding,
        **await _queue_context(Queue(person, chosen), submission),
        "history": await _history(artwork, submission, opinions, person),
        **await _work_context(artwork, submission),
        "form": form,
        "changed": _passages(changed),
        "to_confirm": [(each.key, describe_personal_data(each), each.excerpt) for each in to_confirm],
        "heard": request.state.fields.getlist("confirmed") if hasattr(request.state, "fields") else [],
        "too_late": too_late,
        "holder": holder,
        "hints": shown_hints,
        "dismissal": dismissal or (0, DismissForm()),
        "veto_form": veto_form or (LiftForm() if current_veto(artwork) else VetoForm()),
        "undoable": await load_undoable(person),
    }
    return render(request, "reviews/new.html", context, status=status)


async def _deciding_context(
    person: Person, artwork: Artwork, submission: Submission, opinions: Sequence[Opinion]
) -> dict[str, Any]:
    """The template context: whether this curator may decide now, and the other opinions if visible."""
    current = [each for each in opinions if each.submission_id == submission.id]
    mine = next((each for each in reversed(current) if each.by_id == person.id), None)
    has_spoken = mine is not None and submission.stage == Stage.SECOND
    interest = await decisions.reviewer_interest(artwork, person, latest_decisions(current))
    latest = {each.by_id: each for each in current}  # in the order of each curator's first opinion
    return {
        "stage": submission.stage if submission.is_waiting else None,
        "mine": mine if submission.is_waiting else None,
        "interest": interest,
        "may_decide": not has_spoken and interest != ConflictOfInterest.OTHERS,
        "has_spoken": has_spoken and submission.is_waiting,
        "latest_opinions": list(latest.values()) if submission.stage == Stage.DISPUTED else [],
    }


async def _history(
    artwork: Artwork, submission: Submission, opinions: Sequence[Opinion], person: Person
) -> list[Any]:
    """Submissions, reviews, undone decisions, opinions and vetoes, the oldest first."""
    undone = await Undo.filter(submission__artwork_id=artwork.id).prefetch_related("by")
    if submission.is_waiting and submission.stage != Stage.DISPUTED:
        # The second curator must not learn what the first decided.
        opinions = [
            each for each in opinions if each.submission_id != submission.id or each.by_id == person.id
        ]
    events = [*artwork.submissions, *artwork.reviews, *undone, *opinions, *artwork.vetoes]
    return sorted(events, key=lambda event: event.at)


async def _queue_context(queue: Queue, submission: Submission) -> dict[str, Any]:
    position = await queue.position_of(submission)
    query = queue.filter.query
    return {
        "query": f"?{query}" if query else "",
        "queue_query": query or NO_FILTER_QUERY,
        "following": position.following,
        "preceding": position.preceding,
        "coming": position.following.artwork if position.following else None,
        "position": position.position,
        "count": position.count,
        "deferral": position.deferral,
    }


async def _work_context(artwork: Artwork, submission: Submission) -> dict[str, Any]:
    """The template context of the work. A waiting proposal is applied to `artwork`."""
    proposed = field_changes(submission.replaces or {}, submission.sent) if submission.is_proposal else []
    compared = await _compared_pictures(artwork, submission)
    await _apply_waiting_proposal(artwork, submission)
    return {
        "artwork": artwork,
        "hashtags": hashtags_with_match(list(artwork.themes), *artwork.story.values()),
        "translated_into": translated_into(text_values(artwork)),
        "compared_pictures": compared,
        "is_past": artwork.status not in LOCKED_STATUSES,
        "number": submission.number,
        "is_waiting": submission.is_waiting,
        "is_proposal": submission.is_proposal,
        "proposed": _passages(proposed),
        "is_private_shared": submission.is_waiting and submission.private_share is not None,
        "blockers": acceptance_blockers(artwork, artwork.image, artwork.sound, artwork.consent),
        "heard_key": heard_key(artwork),
        "pictures": list(artwork.all_pictures()) if artwork.more_pictures else [],
        "seen_keys": seen_keys(artwork),
        "noted_fields": NOTED_FIELDS,
        "snapshot_label": partial(snapshot_label, numbers=picture_numbers(artwork)),
        "current_veto": current_veto(artwork),
    }


def current_veto(artwork: Artwork) -> Veto | None:
    """The veto on a work that was not lifted. The vetoes must be fetched."""
    return next((each for each in artwork.vetoes if each.lifted_at is None), None)


async def _compared_pictures(artwork: Artwork, submission: Submission) -> list[tuple[Image, str]]:
    """The images that a waiting proposal would replace or remove, and the new one, each with what it is."""
    if not (submission.is_proposal and submission.is_waiting):
        return []
    after, kept = images_in(submission.sent), {FIRST, *further_pictures_in(submission.sent)}
    compared = [
        (each.image, _("On view now") if each.id in kept else _("Would be removed"))
        for each in artwork.all_pictures()
        if after and each.image.id not in after
    ]
    proposed = await Image.get_or_none(id=submission.proposed_image_id or 0)
    return [*compared, *([(proposed, _("Proposed"))] if proposed else [])]


def picture_numbers(artwork: Artwork) -> dict[int, int]:
    """Id of a further picture → its number in the work."""
    return {each.id: number for number, each in enumerate(artwork.later_pictures, 2)}


async def _apply_waiting_proposal(artwork: Artwork, submission: Submission) -> None:
    """Apply the texts and the picture of a waiting proposal to the work, without saving it."""
    if submission.is_proposal and submission.is_waiting:
        await apply_proposal(artwork, submission.sent)


def _passages(differences: Sequence[Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(each.field, diff_passages(each.before, each.after)) for each in differences]


def latest_submission(artwork: Artwork) -> Submission:
    submission: Submission = artwork.submissions[-1]
    return submission
