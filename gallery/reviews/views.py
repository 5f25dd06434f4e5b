"""The queue at the curator's desk: what waits for review, and the page on which one work is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_timedelta
from babel.units import format_unit
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.functions import Count, Max

from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from gallery.languages import babel_locale, lazy_gettext
from gallery.languages import gettext as _
from gallery.organisations.models import Organisation
from gallery.pages import flash, redirect, render
from gallery.reviews import decisions
from gallery.reviews.access import load_curator, load_submitted
from gallery.reviews.decisions import AlreadyDecided, DecisionRefused
from gallery.reviews.forms import NOTED_FIELDS, ReviewForm
from gallery.reviews.models import Decision
from gallery.themes.models import Theme

PER_PAGE = 50

TABS = {
    Status.SUBMITTED: lazy_gettext("Waiting"),
    Status.RETURNED: lazy_gettext("Returned"),
    Status.ACCEPTED: lazy_gettext("Accepted"),
    Status.DECLINED: lazy_gettext("Declined"),
}


@dataclass(frozen=True)
class Waiting:
    """A work in a list of the queue."""

    artwork: Artwork
    since: datetime  # sent, or decided
    submission_number: int

    @property
    def time(self) -> str:
        """How long ago that was, in words."""
        passed = now() - self.since
        if passed.days:  # nine days are nine days, not a week
            return format_unit(passed.days, "duration-day", locale=babel_locale())
        return format_timedelta(passed, granularity="minute", locale=babel_locale())


async def index(request: Request) -> Response:
    """A curator sees what waits for review, the oldest first, or what was decided, the latest first."""
    await load_curator(request)
    status = _status(request)
    theme = await _named(Theme, request, "theme")
    organisation = await _named(Organisation, request, "organisation")
    chosen = Artwork.filter(status=status)
    if theme is not None:
        chosen = chosen.filter(themes__id=theme.id)
    if organisation is not None:
        chosen = chosen.filter(organisation_id=organisation.id)
    count = await chosen.count()
    pages = max(1, -(-count // PER_PAGE))
    page = min(_page_number(request), pages)
    since, order = ("submissions__at", "since") if status == Status.SUBMITTED else ("reviews__at", "-since")
    works: list[Any] = (
        await chosen.annotate(since=Max(since), submission_number=Max("submissions__number"))
        .order_by(order, "id")
        .offset((page - 1) * PER_PAGE)
        .limit(PER_PAGE)
        .prefetch_related("image", "artist", "organisation", "themes")
    )
    context = {
        "status": status,
        "tabs": TABS,
        "counts": await _counts(),
        "rows": [Waiting(work, _moment(work.since), work.submission_number) for work in works],
        "count": count,
        "page": page,
        "pages": pages,
        "theme": theme,
        "organisation": organisation,
        "themes": await _themes_of(status),
        "organisations": await _organisations_of(status),
        "address": _address(request),
    }
    return render(request, "reviews/index.html", context)


async def new(request: Request) -> Response:
    """A curator sees a work with its story, consent, project and history, and can decide on it."""
    _person, artwork = await load_submitted(request)
    form = ReviewForm(data={"submission": latest_of(artwork).id})
    return render(request, "reviews/new.html", _work_page(artwork, form))


async def create(request: Request) -> Response:
    """A curator decides on a work and comes to the next that waits."""
    person, artwork = await load_submitted(request)
    form = ReviewForm(await request.form())
    submission = _submission_of(artwork, form)
    if not form.validate() or submission is None:
        if submission is None:
            form.refuse("decision", _("The form was not whole. Please look at the work and decide again."))
        return _refused(request, artwork, form)
    decision, reason = Decision(form.decision.data or ""), form.reason.data or ""
    try:
        if decision == Decision.ACCEPTED:
            await decisions.accept(artwork, submission, person, reason, form.notes())
        elif decision == Decision.RETURNED:
            await decisions.return_to_partner(artwork, submission, person, form.notes(), reason)
        else:
            await decisions.decline(artwork, submission, person, reason, form.notes())
    except AlreadyDecided as refusal:
        response: Response = redirect(request, "reviews:index")
        flash(request, response, str(refusal), "hint")
        return response
    except DecisionRefused as refusal:
        form.refuse("reason" if decision != Decision.ACCEPTED else "decision", str(refusal))
        return _refused(request, artwork, form)
    response = await _next(request)
    flash(request, response, DONE[decision] % {"title": artwork.title})
    return response


DONE = {
    Decision.ACCEPTED: lazy_gettext("%(title)s is accepted. It can be hung."),
    Decision.RETURNED: lazy_gettext("%(title)s went back to its organisation with your notes."),
    Decision.DECLINED: lazy_gettext("%(title)s is declined."),
}


def _refused(request: Request, artwork: Artwork, form: ReviewForm) -> Response:
    # The page shows the work as it is now, so the next decision is on its latest submission.
    form.submission.data = str(latest_of(artwork).id)
    return render(request, "reviews/new.html", _work_page(artwork, form), status=422)


def _work_page(artwork: Artwork, form: ReviewForm) -> dict[str, Any]:
    return {
        "artwork": artwork,
        "form": form,
        "number": latest_of(artwork).number,
        "is_waiting": artwork.status == Status.SUBMITTED,
        "hindrances": decisions.hindrances(artwork, artwork.image, artwork.consent),
        "history": sorted([*artwork.submissions, *artwork.reviews], key=lambda event: event.at),
        "noted_fields": NOTED_FIELDS,
    }


def latest_of(artwork: Artwork) -> Submission:
    submission: Submission = artwork.submissions[-1]
    return submission


def _submission_of(artwork: Artwork, form: ReviewForm) -> Submission | None:
    return next((sent for sent in artwork.submissions if str(sent.id) == form.submission.data), None)


async def _next(request: Request) -> Response:
    """On to the work that waits longest, or to the queue when none does."""
    waiting = (
        await Artwork.filter(status=Status.SUBMITTED)
        .annotate(since=Max("submissions__at"))
        .order_by("since", "id")
        .first()
    )
    if waiting is None:
        return redirect(request, "reviews:index")
    return redirect(request, "reviews:new", id=waiting.id)


def _status(request: Request) -> Status:
    wanted = request.query_params.get("status", Status.SUBMITTED)
    if wanted not in set(TABS):
        raise HTTPException(404)
    return Status(wanted)


async def _named(model: Any, request: Request, name: str) -> Any:
    """The theme or organisation that the list is narrowed to; 404 for one that does not exist."""
    slug = request.query_params.get(name, "")
    if not slug:
        return None
    record = await model.get_or_none(slug=slug[:60])
    if record is None:
        raise HTTPException(404)
    return record


def _page_number(request: Request) -> int:
    wanted = request.query_params.get("page", "1")
    return max(1, int(wanted)) if wanted.isascii() and wanted.isdecimal() and len(wanted) < 7 else 1


def _address(request: Request) -> Any:
    """Gives the address of this list with some of its parameters changed; None leaves one out."""

    def address(**changed: object) -> str:
        parameters = {**request.query_params, "page": None, **changed}
        kept = {name: value for name, value in parameters.items() if value}
        return f"{request.url.path}?{urlencode(kept)}" if kept else request.url.path

    return address


def _moment(value: Any) -> datetime:
    """A moment as an aggregate gives it: SQLite gives text."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    assert isinstance(moment, datetime)
    return moment


async def _counts() -> dict[str, int]:
    """How many works each list holds."""
    rows = (
        await Artwork.filter(status__in=list(TABS))
        .annotate(number=Count("id"))
        .group_by("status")
        .values("status", "number")
    )
    return {**dict.fromkeys(TABS, 0), **{row["status"]: row["number"] for row in rows}}


async def _themes_of(status: Status) -> list[tuple[Theme, int]]:
    """The themes that works of this list belong to, each with how many."""
    rows = (
        await Artwork.filter(status=status, themes__id__isnull=False)
        .annotate(number=Count("id"))
        .group_by("themes__id")
        .values("themes__id", "number")
    )
    numbers = {row["themes__id"]: row["number"] for row in rows}
    themes = await Theme.filter(id__in=list(numbers)).order_by("-occurs_on", "id")
    return [(theme, numbers[theme.id]) for theme in themes]


async def _organisations_of(status: Status) -> list[tuple[Organisation, int]]:
    """The organisations that works of this list came from, each with how many."""
    rows = (
        await Artwork.filter(status=status)
        .annotate(number=Count("id"))
        .group_by("organisation_id")
        .values("organisation_id", "number")
    )
    numbers = {row["organisation_id"]: row["number"] for row in rows}
    organisations = await Organisation.filter(id__in=list(numbers)).order_by("slug")
    return [(organisation, numbers[organisation.id]) for organisation in organisations]


routes = [
    Route("/desk/queue", index, name="reviews:index", methods=["GET"]),
    Route("/desk/queue/{id:int}", new, name="reviews:new", methods=["GET"]),
    Route("/desk/queue/{id:int}", create, name="reviews:create", methods=["POST"]),
]
