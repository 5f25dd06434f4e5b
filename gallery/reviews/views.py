"""The queue at the curator's desk: what waits for review, and the page on which one work is looked at and decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_timedelta
from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tortoise.functions import Count, Max

from gallery.accounts.access import load_person
from gallery.accounts.members import ConflictOfInterest
from gallery.accounts.models import Person
from gallery.artists.models import Withdrawal
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.hashtags import hashtags_with_match
from gallery.artworks.models import LOCKED_STATUSES, Artwork, Stage, Status, Submission
from gallery.artworks.snapshots import changed_since, diff_passages, field_changes, fingerprint
from gallery.clock import now
from gallery.images.models import Image
from gallery.numbers import page_number, whole_numbers
from gallery.organisations.models import Organisation
from gallery.reviews import decisions, hints
from gallery.reviews.access import load_curator, load_hint, load_submitted
from gallery.reviews.checks.findings import CheckFinding
from gallery.reviews.checks.wording import wording_list
from gallery.reviews.decisions import (
    AlreadyDecided,
    DecisionRefused,
    UnconfirmedPersonalData,
    UndoRefused,
    WorkChangedDuringReview,
    open_scoring_round,
)
from gallery.reviews.forms import (
    NOTED_FIELDS,
    SNAPSHOT_WORDS,
    BulkReviewForm,
    ReviewForm,
    VetoForm,
    WaveOffForm,
    describe_personal_data,
)
from gallery.reviews.holds import PAGE_LEASE, PING_LEASE, release, take_hold
from gallery.reviews.models import Decision, Hint, Hold, LaterCheck, Opinion, ReadyReason, Review, Undo
from gallery.reviews.profile_images import unseen_profile_images
from gallery.reviews.queue import (
    NO_FILTER_QUERY,
    Queue,
    QueueFilter,
    filter_options,
    last_filter_query,
    load_by_slug,
    narrowing,
    put_off,
    save_last_filter,
)
from gallery.reviews.stages import latest_decisions
from gallery.themes.models import Theme
from gallery.web.forms import read_desk_form
from gallery.web.languages import babel_locale, lazy_gettext, ngettext
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render

PER_PAGE = 50
TABS = (Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED, Status.DECLINED)


@dataclass(frozen=True)
class QueueRow:
    """A work in a list of the queue."""

    artwork: Artwork
    since: datetime  # sent, or decided
    submission_number: int
    submission: Submission | None = None  # where it waits
    put_off_at: datetime | None = None
    hold: Hold | None = None  # somebody else's
    hint_count: int = 0

    @property
    def time(self) -> str:
        """How long ago that was, in words."""
        passed = now() - self.since
        if passed.days:  # nine days are nine days, not a week
            return format_timedelta(passed, granularity="day", threshold=1e6, locale=babel_locale())
        return format_timedelta(passed, granularity="minute", locale=babel_locale())


async def index(request: Request) -> Response:
    """A curator sees what waits for review, the oldest first, or what was decided, the latest first."""
    person = await load_curator(request)
    if not request.query_params and (last := await last_filter_query(person)):
        return redirect(request, "reviews:index", query=last)
    return await queue_page(request, person, BulkReviewForm())


async def queue_page(request: Request, person: Person, form: BulkReviewForm, status: int = 200) -> Response:
    tab = _tab(request)
    page = page_number(request.query_params)
    counts = await _counts(Queue(person, QueueFilter()))
    if tab == Status.SUBMITTED:
        chosen = await narrowing(request.query_params)
        await save_last_filter(person, chosen)
        queue = Queue(person, chosen)
        count = await queue.count() if chosen.query else counts[tab]
        page, pages = _within(page, count)
        rows = await _waiting_rows(queue, page)
        found = await filter_options(queue, counts[tab])
    else:
        chosen = QueueFilter(
            theme=await load_by_slug(Theme, request.query_params.get("theme", "")),
            organisation=await load_by_slug(Organisation, request.query_params.get("organisation", "")),
        )
        count, page, pages, rows = await _decided_rows(tab, chosen, page)
        found = {}
    context = {
        "tab": tab,
        "tabs": TABS,
        "counts": counts,
        "rows": rows,
        "count": count,
        "page": page,
        "pages": pages,
        "chosen": chosen,
        "options": found,
        "chosen_options": {
            "theme": chosen.theme.slug if chosen.theme else "",
            "organisation": chosen.organisation.slug if chosen.organisation else "",
            "age": chosen.age,
            "hint": chosen.hint,
            "language": chosen.language,
        },
        "filter_words": FILTER_WORDS,
        "later": await LaterCheck.filter(looked_at__isnull=True).count(),
        "new_emblems": await unseen_profile_images().count(),
        "address": _address(request),
        "form": form,
        "undoable": await _undoable(person),
    }
    return render(request, "reviews/index.html", context, status=status)


FILTER_WORDS = {
    "theme": lazy_gettext("Theme"),
    "organisation": lazy_gettext("Organisation"),
    "age": lazy_gettext("Waiting for"),
    "hint": lazy_gettext("Hints"),
    "language": lazy_gettext("Language"),
}


async def _waiting_rows(queue: Queue, page: int) -> list[QueueRow]:
    ids, put_off_at = await queue.ids((page - 1) * PER_PAGE, PER_PAGE)
    found = await Submission.filter(id__in=ids).select_related(
        "artwork__image", "artwork__artist", "artwork__organisation"
    )
    # A prefetch through the submission would read each work once more.
    await Artwork.fetch_for_list([each.artwork for each in found], "themes")
    submissions = {submission.id: submission for submission in found}
    holds = (
        await Hold.filter(artwork_id__in=[each.artwork_id for each in found], until__gt=now())
        .exclude(person_id=queue.curator.id)
        .select_related("person")
    )
    held = {hold.artwork_id: hold for hold in holds}
    counted = (
        await Hint.filter(submission_id__in=ids, is_open=True)
        .annotate(number=Count("id"))
        .group_by("submission_id")
        .values_list("submission_id", "number")
    )
    hint_counts = {id: int(str(number)) for id, number in counted}
    return [
        QueueRow(
            submissions[id].artwork,
            submissions[id].at,
            submissions[id].number,
            submissions[id],
            put_off_at.get(id),
            held.get(submissions[id].artwork_id),
            hint_counts.get(id, 0),
        )
        for id in ids
    ]


async def _decided_rows(tab: Status, chosen: QueueFilter, page: int) -> tuple[int, int, int, list[QueueRow]]:
    works = Artwork.filter(status=tab)
    if chosen.theme is not None:
        works = works.filter(themes__id=chosen.theme.id)
    if chosen.organisation is not None:
        works = works.filter(organisation_id=chosen.organisation.id)
    count = await works.count()
    page, pages = _within(page, count)
    found: list[Any] = (
        await works.annotate(since=Max("reviews__at"), submission_number=Max("submissions__number"))
        .order_by("-since", "id")
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
        .prefetch_related("image", "artist", "organisation", "themes")
    )
    await load_as_sent(found)
    rows = [QueueRow(work, _moment(work.since), work.submission_number) for work in found if work.since]
    return count, page, pages, rows


async def new(request: Request) -> Response:
    """A curator sees a work with its story, consent, project, hints and history, holds it, and can decide on it."""
    person, artwork = await load_submitted(request)
    if artwork.status == Status.WITHDRAWN:
        ended = await Withdrawal.get(consent__artworks__id=artwork.id)
        return render(request, "reviews/withdrawn.html", {"artwork": artwork, "withdrawn_at": ended.at})
    scored = await open_scoring_round(artwork) if _is_new_and_waits(artwork) else None
    if scored is not None:  # here it would say whose it is
        response = redirect(request, "rounds:show", id=scored.id)
        flash(request, response, str(decisions.being_scored_sentence(scored)), "hint")
        return response
    chosen = await narrowing(request.query_params)
    submission = latest_submission(artwork)
    form = ReviewForm(
        offered=await ReadyReason.all().order_by("id"),
        data={
            "submission": submission.id,
            "seen": fingerprint(decisions.reviewed_fields(artwork, submission)),
        },
    )
    return await _work_page(request, person, artwork, form, chosen)


async def create(request: Request) -> Response:
    """A curator decides on a work and comes to the next that waits."""
    person, artwork = await load_submitted(request)
    chosen = await narrowing(request.query_params)
    posted = await read_desk_form(request)
    form = ReviewForm(posted, offered=await ReadyReason.all().order_by("id"))
    submission = _submission_of(artwork, form)
    if not form.validate() or submission is None:
        if submission is None:
            form.refuse("decision", _("The form was not whole. Please look at the work and decide again."))
        return await _page_with_errors(request, person, artwork, form, chosen)
    decision, seen = Decision(form.decision.data or ""), form.seen.data or ""
    notes, reason = form.notes(artwork.language), form.told_reason(artwork.language)
    try:
        if decision == Decision.ACCEPTED:
            confirmed = [str(key) for key in posted.getlist("confirmed")]
            made = await decisions.accept(artwork, submission, person, reason, notes, seen, confirmed)
        elif decision == Decision.RETURNED:
            made = await decisions.return_to_partner(artwork, submission, person, notes, reason, seen)
        else:
            concern = form.concern.data or ""
            made = await decisions.decline(artwork, submission, person, reason, notes, seen, concern)
    except AlreadyDecided as refusal:
        is_own = await Review.exists(submission_id=submission.id, by_id=person.id)  # the form sent twice
        if form.typed() and not is_own:
            _person, artwork = await load_submitted(request)
            return await _work_page(request, person, artwork, form, chosen, too_late=str(refusal), status=422)
        response: Response = redirect(request, "reviews:index", query=chosen.query)
        flash(request, response, str(refusal), "hint")
        return response
    except WorkChangedDuringReview as refusal:
        form.refuse("decision", str(refusal))
        _person, artwork = await load_submitted(request)
        return await _page_with_errors(request, person, artwork, form, chosen, refusal)
    except UnconfirmedPersonalData as refusal:
        form.refuse(
            "decision", _("Nothing is decided yet: its words hold personal data. Please look at them.")
        )
        return await _page_with_errors(request, person, artwork, form, chosen, to_confirm=refusal.found)
    except DecisionRefused as refusal:
        form.refuse("reason" if decision != Decision.ACCEPTED else "decision", str(refusal))
        return await _page_with_errors(request, person, artwork, form, chosen)
    response = await _redirect_to_next(request, person, submission, chosen)
    words = DECISION_MESSAGES if isinstance(made, Review) else OPINION_MESSAGES[submission.stage]
    flash(request, response, words[decision] % {"title": artwork.title})
    return response


DECISION_MESSAGES = {
    Decision.ACCEPTED: lazy_gettext("%(title)s is accepted. It can be hung."),
    Decision.RETURNED: lazy_gettext("%(title)s went back to its organisation with your notes."),
    Decision.DECLINED: lazy_gettext("%(title)s is declined."),
}


OPINION_MESSAGES = {
    Stage.SECOND: {
        Decision.ACCEPTED: lazy_gettext("You would accept %(title)s. Another curator decides next."),
        Decision.RETURNED: lazy_gettext("You would return %(title)s. Another curator decides next."),
        Decision.DECLINED: lazy_gettext("You would decline %(title)s. Another curator decides next."),
    },
    Stage.DISPUTED: dict.fromkeys(
        Decision, lazy_gettext("The other curator decided differently on %(title)s. Now a third one decides.")
    ),
}


async def defer(request: Request) -> Response:
    """A curator puts a work off to the end of their own queue and comes to the next."""
    person, artwork = await load_submitted(request)
    chosen = await narrowing(request.query_params)
    submission = latest_submission(artwork)
    if not submission.is_waiting:
        response: Response = redirect(request, "reviews:index", query=chosen.query)
        flash(request, response, _("This work was decided already, or is no longer waiting."), "hint")
        return response
    response = await _redirect_to_next(request, person, submission, chosen)
    await put_off(submission, person)
    await release(artwork, person)
    flash(request, response, _("%(title)s comes last in your queue now.") % {"title": artwork.title})
    return response


async def hold(request: Request) -> Response:
    """A page that is looked at renews its hold, or lets go of it when it is left; it hears what changed."""
    person, artwork = await load_submitted(request)
    posted = await read_desk_form(request)
    if posted.get("leave"):
        await release(artwork, person)
        return Response(status_code=204)
    submission = latest_submission(artwork)
    told: dict[str, Any] = {"holder": None, "is_waiting": submission.is_waiting, "changed": False}
    if submission.is_waiting:
        held = await take_hold(artwork, person, PING_LEASE)
        told["holder"] = None if held.person_id == person.id else held.person.name
    seen = str(posted.get("seen", ""))
    told["changed"] = bool(changed_since(seen, decisions.reviewed_fields(artwork, submission)))
    return JSONResponse(told, headers={"cache-control": "no-store"})


async def undo(request: Request) -> Response:
    """A curator takes decisions of the last seconds back and looks at the work again."""
    person = await load_curator(request)
    posted = await read_desk_form(request)
    undone: list[Artwork] = []
    refusals: list[str] = []
    reviews = await Review.filter(id__in=_ids(posted, "review")).order_by("id").prefetch_related("artwork")
    await load_as_sent([review.artwork for review in reviews])
    for review in reviews:
        try:
            await decisions.undo(review, person)
            undone.append(review.artwork)
        except UndoRefused as refusal:
            refusals.append(f"{review.artwork.title}: {refusal}")
    said = Opinion.filter(id__in=_ids(posted, "opinion"), by_id=person.id).order_by("id")
    for opinion in await said.prefetch_related("submission__artwork"):
        artwork = opinion.submission.artwork
        try:
            await decisions.undo_opinion(opinion, person)
            undone.append(artwork)
        except UndoRefused as refusal:
            refusals.append(f"{artwork.title}: {refusal}")
    if len(undone) == 1 and not refusals:
        response: Response = redirect(request, "reviews:new", id=undone[0].id)
    else:
        response = redirect(request, "reviews:index", query=NO_FILTER_QUERY)
    sentences = refusals[:3]
    if undone:
        number = len(undone)
        done = ngettext("The decision is taken back.", "%(num)s decisions are taken back.", number)
        sentences.insert(0, done % {"num": number})
    told = " ".join(sentences) or _("This decision was taken back already.")
    flash(request, response, told, "done" if undone and not refusals else "hint")
    return response


def _ids(posted: ImmutableMultiDict[str, Any], name: str) -> list[int]:
    return whole_numbers(posted.getlist(name))[:PER_PAGE]


async def wave_off(request: Request) -> Response:
    """A curator says why a hint does not matter, or lets it stand again."""
    person, hint = await load_hint(request)
    posted = await read_desk_form(request)
    chosen = await narrowing(request.query_params)
    response = redirect(request, "reviews:new", id=hint.artwork_id, fragment="hints", query=chosen.query)
    if posted.get("again"):
        await hints.reopen(hint)
        return response
    form = WaveOffForm(posted)
    if not form.validate():
        request.path_params["id"] = hint.artwork_id
        _person, artwork = await load_submitted(request)
        submission = latest_submission(artwork)
        seen = fingerprint(decisions.reviewed_fields(artwork, submission))
        work_form = ReviewForm(
            offered=await ReadyReason.all().order_by("id"), data={"submission": submission.id, "seen": seen}
        )
        return await _work_page(
            request, person, artwork, work_form, chosen, wave_off=(hint.id, form), status=422
        )
    await hints.wave_off(hint, person, form.reason.data or "")
    return response


async def wording(request: Request) -> Response:
    """Anybody at the desk reads the list behind the hints on wording, with its sources."""
    await load_person(request)
    return render(request, "reviews/wording.html", {"wording": wording_list()})


async def _page_with_errors(
    request: Request,
    person: Person,
    artwork: Artwork,
    form: ReviewForm,
    chosen: QueueFilter,
    meanwhile: WorkChangedDuringReview | None = None,
    to_confirm: Sequence[CheckFinding] = (),
) -> Response:
    # The page shows the work as it is now, so the next decision is on its latest submission.
    submission = latest_submission(artwork)
    form.submission.data = str(submission.id)
    form.seen.data = fingerprint(decisions.reviewed_fields(artwork, submission))
    return await _work_page(
        request, person, artwork, form, chosen, meanwhile=meanwhile, to_confirm=to_confirm, status=422
    )


async def _work_page(
    request: Request,
    person: Person,
    artwork: Artwork,
    form: ReviewForm,
    chosen: QueueFilter,
    *,
    meanwhile: WorkChangedDuringReview | None = None,
    to_confirm: Sequence[CheckFinding] = (),
    too_late: str = "",
    wave_off: tuple[int, WaveOffForm] | None = None,
    status: int = 200,
) -> Response:
    submission = latest_submission(artwork)
    queue = Queue(person, chosen)
    holder = None
    is_looked_at = "prefetch" not in request.headers.get("sec-purpose", "")
    said = await Opinion.filter(submission__artwork_id=artwork.id).order_by("id").select_related("by")
    said_now = [each for each in said if each.submission_id == submission.id]
    mine = next((each for each in reversed(said_now) if each.by_id == person.id), None)
    has_spoken = mine is not None and submission.stage == Stage.SECOND
    interest = await decisions.reviewer_interest(artwork, person, latest_decisions(said_now))
    may_decide = not has_spoken and interest != ConflictOfInterest.OTHERS
    if submission.is_waiting and is_looked_at and may_decide:
        held = await take_hold(artwork, person, PAGE_LEASE)
        holder = None if held.person_id == person.id else held.person
    found = await hints.describe_hints(await hints.current_hints(submission))
    around = await queue.around(submission)
    undone = await Undo.filter(submission__artwork_id=artwork.id).prefetch_related("by")
    if submission.is_waiting and submission.stage != Stage.DISPUTED:
        # Who decides second must not know what the first did.
        said = [each for each in said if each.submission_id != submission.id or each.by_id == person.id]
    proposed = field_changes(submission.replaces or {}, submission.sent) if submission.is_proposal else []
    picture_now = artwork.image
    await apply_waiting_proposal(artwork, submission)
    context = {
        "artwork": artwork,
        "hashtags": hashtags_with_match(list(artwork.themes), artwork.story, artwork.story_translation),
        "picture_now": picture_now if picture_now and artwork.image_id != picture_now.id else None,
        "form": form,
        "is_past": artwork.status not in LOCKED_STATUSES,
        "number": submission.number,
        "is_waiting": submission.is_waiting,
        "is_proposal": submission.is_proposal,
        "proposed": _passages(proposed),
        "meanwhile": _passages(meanwhile.changes) if meanwhile else [],
        "to_confirm": [(each.key, describe_personal_data(each), each.excerpt) for each in to_confirm],
        "too_late": too_late,
        "holder": holder,
        "is_private_shared": submission.is_waiting and submission.private_share is not None,
        "hindrances": decisions.acceptance_blockers(artwork, artwork.image, artwork.consent),
        "hints": found,
        "wave_off": wave_off or (0, WaveOffForm()),
        "history": sorted(
            [*artwork.submissions, *artwork.reviews, *undone, *said, *artwork.vetoes],
            key=lambda event: event.at,
        ),
        "stage": submission.stage if submission.is_waiting else None,
        "mine": mine if submission.is_waiting else None,
        "interest": interest,
        "may_decide": may_decide,
        "has_spoken": has_spoken and submission.is_waiting,
        "voices": _latest_opinions(said_now) if submission.stage == Stage.DISPUTED else [],
        "noted_fields": NOTED_FIELDS,
        "snapshot_words": SNAPSHOT_WORDS,
        "query": f"?{chosen.query}" if chosen.query else "",
        "queue_query": chosen.query or NO_FILTER_QUERY,
        "following": around.following,
        "preceding": around.preceding,
        "coming": around.following.artwork if around.following else None,
        "position": around.position,
        "count": around.count,
        "deferral": around.deferral,
        "undoable": await _undoable(person),
        "standing_veto": next((each for each in artwork.vetoes if each.lifted_at is None), None),
        "veto_form": VetoForm(),
    }
    return render(request, "reviews/new.html", context, status=status)


def _latest_opinions(opinions: Sequence[Opinion]) -> list[Opinion]:
    """What each curator said last, in the order in which they first spoke."""
    return list({each.by_id: each for each in opinions}.values())


async def apply_waiting_proposal(artwork: Artwork, submission: Submission) -> None:
    """Have the work look as the page shows it: with the words and the picture that a waiting proposal would give it."""
    if submission.is_proposal and submission.is_waiting:
        decisions.apply_proposal(artwork, submission.sent)
        if submission.proposed_image_id is not None:
            artwork.image = await Image.get_or_none(id=submission.proposed_image_id)


def _passages(differences: Sequence[Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(each.field, diff_passages(each.before, each.after)) for each in differences]


def _is_new_and_waits(artwork: Artwork) -> bool:
    latest = latest_submission(artwork)
    return latest.is_waiting and not latest.is_proposal


def latest_submission(artwork: Artwork) -> Submission:
    submission: Submission = artwork.submissions[-1]
    return submission


def _submission_of(artwork: Artwork, form: ReviewForm) -> Submission | None:
    return next((sent for sent in artwork.submissions if str(sent.id) == form.submission.data), None)


async def _redirect_to_next(
    request: Request, person: Person, submission: Submission, chosen: QueueFilter
) -> Response:
    """On to the next work in turn that nobody else looks at, or to the queue when there is none."""
    following = await Queue(person, chosen).next_free(submission)
    if following is None:
        return redirect(request, "reviews:index", query=chosen.query)
    return redirect(request, "reviews:new", id=following.artwork_id, query=chosen.query)


@dataclass(frozen=True)
class Undoable:
    """A decision that can still be taken back: a Review, or what one of two would decide."""

    artwork: Artwork
    decision: Decision
    seconds: int
    review: Review | None = None
    opinion: Opinion | None = None


async def _undoable(person: Person) -> Undoable | None:
    """The curator's latest decision, while it can be taken back."""
    mine: dict[str, Any] = {"by_id": person.id, "at__gt": now() - decisions.UNDO_PERIOD}
    review = await Review.filter(**mine).order_by("-at").select_related("artwork").first()
    said = Opinion.filter(**mine, submission__is_waiting=True)
    opinion = await said.order_by("-at").select_related("submission__artwork").first()
    if opinion is not None and (review is None or opinion.at > review.at):
        left = _seconds_left(opinion.at)
        return Undoable(opinion.submission.artwork, opinion.decision, left, opinion=opinion)
    if review is None:
        return None
    await load_as_sent([review.artwork])
    return Undoable(review.artwork, review.decision, _seconds_left(review.at), review=review)


def _seconds_left(since: datetime) -> int:
    return max(1, round((since + decisions.UNDO_PERIOD - now()).total_seconds()))


def _tab(request: Request) -> Status:
    wanted = request.query_params.get("status", Status.SUBMITTED)
    if wanted not in TABS:
        raise HTTPException(404)
    return Status(wanted)


def _within(page: int, count: int) -> tuple[int, int]:
    """The page, not beyond the last, and how many there are."""
    pages = max(1, -(-count // PER_PAGE))
    return min(page, pages), pages


def _address(request: Request) -> Any:
    """Gives the address of this list with some of its parameters changed; None leaves one out."""

    def address(**changed: object) -> str:
        parameters = {**request.query_params, "page": None, "filter": None, **changed}
        kept = {name: value for name, value in parameters.items() if value}
        return f"/desk/queue?{urlencode(kept) if kept else NO_FILTER_QUERY}"

    return address


def _moment(value: Any) -> datetime:
    """A moment as an aggregate gives it: SQLite gives text."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    assert isinstance(moment, datetime)
    return moment


async def _counts(queue: Queue) -> dict[str, int]:
    """How many works each list holds."""
    rows = (
        await Artwork.filter(status__in=list(TABS))
        .annotate(number=Count("id"))
        .group_by("status")
        .values("status", "number")
    )
    waiting = await queue.count()
    decided = {row["status"]: row["number"] for row in rows}
    return {**dict.fromkeys(TABS, 0), **decided, Status.SUBMITTED: waiting}


routes = [
    Route("/desk/queue", index, name="reviews:index", methods=["GET"]),
    Route("/desk/queue/undo", undo, name="reviews:undo", methods=["POST"]),
    Route("/desk/queue/wording", wording, name="reviews:wording", methods=["GET"]),
    Route("/desk/queue/hints/{id:int}", wave_off, name="reviews:wave_off", methods=["POST"]),
    Route("/desk/queue/{id:int}", new, name="reviews:new", methods=["GET"]),
    Route("/desk/queue/{id:int}", create, name="reviews:create", methods=["POST"]),
    Route("/desk/queue/{id:int}/deferral", defer, name="reviews:defer", methods=["POST"]),
    Route("/desk/queue/{id:int}/hold", hold, name="reviews:hold", methods=["POST"]),
]
