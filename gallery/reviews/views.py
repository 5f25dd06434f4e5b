"""Reviewing one work: the page, the decision, deferring the work, and the hold that keeps others from deciding."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gallery.accounts.models import Person
from gallery.artists.models import Withdrawal
from gallery.artworks.models import Artwork, Stage, Status, Submission
from gallery.artworks.snapshots import SnapshotChange, snapshot_fields, value_in
from gallery.reviews import decisions
from gallery.reviews.access import load_submitted
from gallery.reviews.decisions import (
    AlreadyDecided,
    DecisionRefused,
    UnconfirmedPersonalData,
    open_scoring_round,
)
from gallery.reviews.forms import ReviewForm
from gallery.reviews.holds import PING_LEASE, release, take_hold
from gallery.reviews.models import Decision, Opinion, ReadyReason, Review
from gallery.reviews.proposals import reviewed_fields
from gallery.reviews.queue import Queue, QueueFilter, defer, load_queue_filter
from gallery.reviews.review_page import latest_submission, new_review_form, page_with_errors, review_page
from gallery.web.edit_conflicts import EditConflict, changed_since, read_digests
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import flash, redirect, render


async def new(request: Request) -> Response:
    """A curator opens a work to decide on it, and gets the hold on the work."""
    person, artwork = await load_submitted(request)
    if artwork.status == Status.WITHDRAWN:
        withdrawal = await Withdrawal.get(consent__artworks__id=artwork.id)
        context = {"artwork": artwork, "withdrawn_at": withdrawal.at}
        return render(request, "reviews/withdrawn.html", context)
    round = await open_scoring_round(artwork) if _is_new_and_waits(artwork) else None
    if round is not None:  # scoring curators must not see the artist's name
        response = redirect(request, "rounds:show", id=round.id)
        flash(request, response, str(decisions.being_scored_sentence(round)), "hint")
        return response
    chosen = await load_queue_filter(request.query_params)
    return await review_page(request, person, artwork, await new_review_form(artwork), chosen)


async def create(request: Request) -> Response:
    """A curator decides on a work, and is redirected to the next one in the queue."""
    person, artwork = await load_submitted(request)
    chosen = await load_queue_filter(request.query_params)
    posted = await read_desk_form(request)
    form = ReviewForm(posted, offered=await ReadyReason.all().order_by("id"))
    submission = _submission_of(artwork, form)
    if not form.validate() or submission is None:
        if submission is None:
            form.refuse("decision", _("The form was incomplete. Please look at the work and decide again."))
        return await page_with_errors(request, person, artwork, form, chosen)
    try:
        made = await _decide(artwork, submission, person, form, posted)
    except AlreadyDecided as refusal:
        return await _already_decided(request, person, submission, form, chosen, refusal)
    except EditConflict as conflict:
        form.refuse("decision", str(conflict))
        changed = [
            SnapshotChange(name, value_in(submission.sent, name), value)
            for name, value in conflict.current.items()
        ]
        _person, artwork = await load_submitted(request)
        return await page_with_errors(request, person, artwork, form, chosen, changed)
    except UnconfirmedPersonalData as refusal:
        form.refuse(
            "decision", _("Nothing is decided yet: its texts contain personal data. Please check them.")
        )
        return await page_with_errors(request, person, artwork, form, chosen, to_confirm=refusal.found)
    except DecisionRefused as refusal:
        form.refuse("decision" if form.decision.data == Decision.ACCEPTED else "reason", str(refusal))
        return await page_with_errors(request, person, artwork, form, chosen)
    response = await _redirect_to_next(request, person, submission, chosen)
    messages = DECISION_MESSAGES if isinstance(made, Review) else OPINION_MESSAGES[submission.stage]
    flash(request, response, messages[made.decision] % {"title": artwork.own("title")})
    return response


async def _decide(
    artwork: Artwork,
    submission: Submission,
    person: Person,
    form: ReviewForm,
    posted: ImmutableMultiDict[str, Any],
) -> Review | Opinion:
    """Make the decision that a valid form asks for. Raises DecisionRefused."""
    decision, seen = Decision(form.decision.data or ""), form.seen.data or ""
    notes, reason = form.notes(artwork.language), form.full_reason(artwork.language)
    if decision == Decision.ACCEPTED:
        confirmed = [str(key) for key in posted.getlist("confirmed")]
        return await decisions.accept(artwork, submission, person, reason, notes, seen, confirmed)
    if decision == Decision.RETURNED:
        return await decisions.return_to_partner(artwork, submission, person, notes, reason, seen)
    concern = form.concern.data or ""
    return await decisions.decline(artwork, submission, person, reason, notes, seen, concern)


async def _already_decided(
    request: Request,
    person: Person,
    submission: Submission,
    form: ReviewForm,
    chosen: QueueFilter,
    refusal: AlreadyDecided,
) -> Response:
    """The page with the texts that were not saved; a redirect if the form was sent twice or is empty."""
    is_own = await Review.exists(submission_id=submission.id, by_id=person.id)
    if form.typed() and not is_own:
        _person, artwork = await load_submitted(request)
        return await review_page(request, person, artwork, form, chosen, too_late=str(refusal), status=422)
    response = redirect(request, "reviews:index", query=chosen.query)
    flash(request, response, str(refusal), "hint")
    return response


DECISION_MESSAGES = {
    Decision.ACCEPTED: _l("%(title)s is accepted. It can be hung."),
    Decision.RETURNED: _l("%(title)s went back to its organisation with your notes."),
    Decision.DECLINED: _l("%(title)s is declined."),
}


OPINION_MESSAGES = {
    Stage.SECOND: {
        Decision.ACCEPTED: _l("You would accept %(title)s. Another curator decides next."),
        Decision.RETURNED: _l("You would return %(title)s. Another curator decides next."),
        Decision.DECLINED: _l("You would decline %(title)s. Another curator decides next."),
    },
    Stage.DISPUTED: dict.fromkeys(
        Decision, _l("The other curator decided differently on %(title)s. Now a third one decides.")
    ),
}


async def create_deferral(request: Request) -> Response:
    """A curator puts a work at the end of their own queue, and is redirected to the next."""
    person, artwork = await load_submitted(request)
    chosen = await load_queue_filter(request.query_params)
    submission = latest_submission(artwork)
    if not submission.is_waiting:
        response: Response = redirect(request, "reviews:index", query=chosen.query)
        flash(request, response, _("This work has already been decided, or is no longer waiting."), "hint")
        return response
    response = await _redirect_to_next(request, person, submission, chosen)
    await defer(submission, person)
    await release(artwork, person)
    flash(request, response, _("%(title)s is now last in your queue.") % {"title": artwork.own("title")})
    return response


async def update_hold(request: Request) -> Response:
    """Renew the hold of an open page, or release it when the page is left; returns the changes since."""
    person, artwork = await load_submitted(request)
    posted = await read_desk_form(request)
    if posted.get("leave"):
        await release(artwork, person)
        return Response(status_code=204)
    submission = latest_submission(artwork)
    payload: dict[str, Any] = {"holder": None, "is_waiting": submission.is_waiting, "changed": False}
    if submission.is_waiting:
        hold = await take_hold(artwork, person, PING_LEASE)
        payload["holder"] = None if hold.person_id == person.id else hold.person.name
    seen = read_digests(posted.get("seen"))
    current = reviewed_fields(artwork, submission)
    payload["changed"] = bool(changed_since(seen, current, snapshot_fields(seen, current)))
    return JSONResponse(payload, headers={"cache-control": "no-store"})


def _is_new_and_waits(artwork: Artwork) -> bool:
    latest = latest_submission(artwork)
    return latest.is_waiting and not latest.is_proposal


def _submission_of(artwork: Artwork, form: ReviewForm) -> Submission | None:
    return next((sent for sent in artwork.submissions if str(sent.id) == form.submission.data), None)


async def _redirect_to_next(
    request: Request, person: Person, submission: Submission, chosen: QueueFilter
) -> Response:
    """A redirect to the next work of the queue that no other curator holds, or else to the queue."""
    following = await Queue(person, chosen).next_free(submission)
    if following is None:
        return redirect(request, "reviews:index", query=chosen.query)
    return redirect(request, "reviews:new", id=following.artwork_id, query=chosen.query)


routes = [
    Route("/desk/queue/{id:int}", new, name="reviews:new", methods=["GET"]),
    Route("/desk/queue/{id:int}", create, name="reviews:create", methods=["POST"]),
    Route("/desk/queue/{id:int}/deferral", create_deferral, name="reviews:defer", methods=["POST"]),
    Route("/desk/queue/{id:int}/hold", update_hold, name="reviews:hold", methods=["POST"]),
]
