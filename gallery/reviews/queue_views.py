"""The queue at the curator's desk: the works that wait for review, and the lists of decided ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from babel.dates import format_timedelta
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import RawSQL
from tortoise.functions import Count

from gallery.accounts.models import Person
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork, Status, Submission
from gallery.cases.models import CaseVersion, VersionState
from gallery.clock import now
from gallery.organisations.models import Organisation
from gallery.reviews.access import load_curator
from gallery.reviews.forms import BulkReviewForm
from gallery.reviews.models import Hint, Hold, LaterCheck, Review
from gallery.reviews.profile_images import unseen_profile_images
from gallery.reviews.queue import (
    NO_FILTER_QUERY,
    Queue,
    QueueFilter,
    filter_options,
    last_filter_query,
    load_by_slug,
    load_queue_filter,
    save_last_filter,
    works_of_theme,
)
from gallery.reviews.undo_views import load_undoable
from gallery.themes.models import Theme
from gallery.web.forms import one_line
from gallery.web.languages import babel_locale
from gallery.web.languages import lazy_gettext as _l
from gallery.web.list_pages import ListPage, fetch_page, page_within
from gallery.web.rendering import redirect, render

PER_PAGE = 50
MAX_NAME_LENGTH = 80  # characters; the limit of a search for an organisation's name

# Reviews get their ids in the order of their times.
IS_LAST_OF_WORK = RawSQL(
    'NOT EXISTS (SELECT 1 FROM "review" "later"'
    ' WHERE "later"."artwork_id" = "review"."artwork_id" AND "later"."id" > "review"."id")'
)
TABS = (Status.SUBMITTED, Status.RETURNED, Status.ACCEPTED, Status.DECLINED)


FILTER_WORDS = {
    "theme": _l("Theme"),
    "organisation": _l("Organisation"),
    "age": _l("Waiting for"),
    "hint": _l("Hints"),
    "language": _l("Language"),
}


@dataclass(frozen=True)
class QueueRow:
    """A work in one of the lists. The fields from `submission` on are set only for works that wait."""

    artwork: Artwork
    since: datetime  # when the work was sent, or decided
    submission_number: int
    submission: Submission | None = None
    put_off_at: datetime | None = None
    hold: Hold | None = None  # the hold of another curator, if there is one
    hint_count: int = 0

    @property
    def time(self) -> str:
        """The time since `since`, in words."""
        elapsed = now() - self.since
        if elapsed.days:  # with this threshold, nine days are “9 days”, not “1 week”
            return format_timedelta(elapsed, granularity="day", threshold=1e6, locale=babel_locale())
        return format_timedelta(elapsed, granularity="minute", locale=babel_locale())


async def index(request: Request) -> Response:
    """A curator sees what waits for review, the oldest first, or what was decided, the latest first."""
    person = await load_curator(request)
    if not request.query_params and (last := await last_filter_query(person)):
        return redirect(request, "reviews:index", query=last)
    return await queue_page(request, person, BulkReviewForm())


async def queue_page(request: Request, person: Person, form: BulkReviewForm, status: int = 200) -> Response:
    """The page of the chosen list, with `form` for a decision on several of its works."""
    tab = _requested_status(request)
    waiting = await Queue(person, QueueFilter()).count()
    context: dict[str, Any] = {"options": None, "decided": None}
    if tab == Status.SUBMITTED:
        chosen = await load_queue_filter(request.query_params)
        await save_last_filter(person, chosen)
        queue = Queue(person, chosen)
        count = await queue.count() if chosen.query else waiting
        page, pages = page_within(request.query_params, count, PER_PAGE)
        rows = await _waiting_rows(queue, page)
        name = one_line(request.query_params.get("name", ""))[:MAX_NAME_LENGTH]
        options = await filter_options(queue, waiting, name)
        context |= {"count": count, "page": page, "pages": pages, "options": options, "name": name}
    else:
        chosen = QueueFilter(
            theme=await load_by_slug(Theme, request.query_params.get("theme", "")),
            organisation=await load_by_slug(Organisation, request.query_params.get("organisation", "")),
        )
        context["decided"] = decided = await _decided(tab, chosen, request.query_params)
        rows = [QueueRow(each.artwork, each.at, each.submission.number) for each in decided.rows]
    context |= {
        "tab": tab,
        "tabs": TABS,
        "waiting": waiting,
        "rows": rows,
        "chosen": chosen,
        "chosen_options": chosen.values,
        "filter_words": FILTER_WORDS,
        "later": await LaterCheck.filter(looked_at__isnull=True).count(),
        "waiting_cases": await CaseVersion.filter(state=VersionState.WAITING).count(),
        "new_profile_images": await unseen_profile_images().count(),
        "address": _address(request),
        "form": form,
        "undoable": await load_undoable(person),
    }
    return render(request, "reviews/index.html", context, status=status)


async def _waiting_rows(queue: Queue, page: int) -> list[QueueRow]:
    ids, put_off_at = await queue.ids((page - 1) * PER_PAGE, PER_PAGE)
    waiting = await Submission.filter(id__in=ids).select_related(
        "artwork__image", "artwork__artist", "artwork__organisation"
    )
    # prefetch_related on the submissions would read each work a second time.
    await Artwork.fetch_for_list([each.artwork for each in waiting], "themes")
    submissions = {submission.id: submission for submission in waiting}
    holds = (
        await Hold.filter(artwork_id__in=[each.artwork_id for each in waiting], until__gt=now())
        .exclude(person_id=queue.curator.id)
        .select_related("person")
    )
    hold_of = {hold.artwork_id: hold for hold in holds}
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
            hold_of.get(submissions[id].artwork_id),
            hint_counts.get(id, 0),
        )
        for id in ids
    ]


async def _decided(tab: Status, chosen: QueueFilter, query: Mapping[str, str]) -> ListPage[Review]:
    """A page of the last reviews of the works in this state, each with its work; the latest first."""
    reviews = Review.annotate(is_last=IS_LAST_OF_WORK).filter(is_last=True, artwork__status=tab)
    if chosen.theme is not None:
        reviews = reviews.filter(artwork_id__in=works_of_theme(chosen.theme))
    if chosen.organisation is not None:
        reviews = reviews.filter(artwork__organisation_id=chosen.organisation.id)
    page = await fetch_page(
        reviews.order_by("-id").prefetch_related(
            "submission", "artwork__image", "artwork__artist", "artwork__organisation", "artwork__themes"
        ),
        query,
        PER_PAGE,
    )
    await load_as_sent([each.artwork for each in page.rows])
    return page


def _requested_status(request: Request) -> Status:
    wanted = request.query_params.get("status", Status.SUBMITTED)
    if wanted not in TABS:
        raise HTTPException(404)
    return Status(wanted)


def _address(request: Request) -> Callable[..., str]:
    """A function that returns this list's URL with some query parameters changed; None removes one."""

    def address(**changed: object) -> str:
        parameters = {**request.query_params, "page": None, "filter": None, "name": None, **changed}
        given = {name: value for name, value in parameters.items() if value}
        return f"/desk/queue?{urlencode(given) if given else NO_FILTER_QUERY}"

    return address


routes = [
    Route("/desk/queue", index, name="reviews:index", methods=["GET"]),
]
