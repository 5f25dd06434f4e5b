"""The desk's statistics page and its CSV download."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork, Status, edition_is_not_replaced
from gallery.clock import now, today
from gallery.db.connection import Model
from gallery.exhibitions.models import Edition
from gallery.numbers import page_number
from gallery.organisations.models import Organisation, Project
from gallery.stats import totals
from gallery.stats.access import StatsScope, load_stats_scope
from gallery.stats.csv_export import export_csv
from gallery.stats.forms import DEFAULT_DAYS, DateRangeForm, last_days
from gallery.stats.plots import bar_plot, buckets
from gallery.stats.totals import Counts, DateRange, total_counts
from gallery.themes.models import Theme
from gallery.web.languages import gettext as _
from gallery.web.list_pages import ListPage, fetch_page
from gallery.web.rendering import pages_of, render, shown_date

WORKS_LISTED = 200  # the newest works; the CSV file has all works
PAGE_SIZE = 60  # organisations or exhibitions on one page


async def index(request: Request) -> Response:
    """Show views, appreciations and followed links: partners see their organisation's, curators see all."""
    scope = await load_stats_scope(request)
    form = requested_range(request)
    if not form.is_valid():
        context = {"scope": scope, "form": form, "spans": preset_ranges(), "query": "", "counted": None}
        return render(request, "stats/index.html", context, status=422)
    span = form.span
    by_day = await totals.by_day(scope.ids, span)
    chart_buckets = buckets(by_day, span)
    whole = total_counts(by_day.values())
    context = {
        "scope": scope,
        "form": form,
        "spans": preset_ranges(),
        "span": span,
        "query": urlencode(
            {"first": span.first, "last": span.last}
            | ({"organisation": scope.chosen.id} if scope.chosen else {})
        ),
        "counted": whole,
        "begins": await _begins_sentence(scope) if whole == Counts() else "",
        "buckets": chart_buckets,
        "plots": [
            ("seen", _("Works seen"), whole.seen, bar_plot(chart_buckets, lambda each: each.seen)),
            (
                "appreciated",
                _("Thanks to artists"),
                whole.appreciated,
                bar_plot(chart_buckets, lambda each: each.appreciated),
            ),
            (
                "followed",
                _("Project links followed"),
                whole.followed,
                bar_plot(chart_buckets, lambda each: each.followed),
            ),
        ],
        **(
            await _gallery_context(request.query_params, span)
            if scope.is_sitewide
            else await _organisation_context(scope, span)
        ),
    }
    return render(request, "stats/index.html", context)


async def _begins_sentence(scope: StatsScope) -> str:
    """When counting begins, if visitors have not seen any of the works yet; else ""."""
    works = Artwork.filter(first_shown_at__isnull=False)
    if (ids := scope.ids) is not None:
        works = works.filter(organisation_id__in=ids)
    first = await works.order_by("first_shown_at").first()
    opens_at = first.first_shown_at if first else None
    if opens_at is None:
        return _("Counting begins on the day on which visitors first see a work. None has been on view yet.")
    if opens_at > now():
        return _("Counting begins on %(day)s, when visitors first see a work.") % {
            "day": shown_date(opens_at)
        }
    return ""


async def download(request: Request) -> Response:
    """Download the statistics as CSV, per day and work."""
    scope = await load_stats_scope(request)
    form = requested_range(request)
    if not form.is_valid():
        return await index(request)
    span = form.span
    name = f"figures-{span.first}-{span.last}.csv"
    return StreamingResponse(
        export_csv(scope, span, pages_of(request), scope.person.language),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"},
    )


def requested_range(request: Request) -> DateRangeForm:
    """The range of days in the query parameters, by default the last thirty days."""
    query = request.query_params
    if "first" in query or "last" in query:
        return DateRangeForm(query)
    span = last_days(DEFAULT_DAYS)
    return DateRangeForm(ImmutableMultiDict({"first": str(span.first), "last": str(span.last)}))


def preset_ranges() -> list[tuple[str, DateRange]]:
    """Ranges that the page offers as links."""
    day = today()
    return [
        (_("7 days"), last_days(7)),
        (_("30 days"), last_days(30)),
        (_("90 days"), last_days(90)),
        (_("this year"), DateRange(day.replace(month=1, day=1), day)),
        (_("12 months"), last_days(365)),
    ]


async def _organisation_context(scope: StatsScope, span: DateRange) -> dict[str, Any]:
    """The works, themes and projects of the organisations, newest first. They are never ranked by views."""
    by_work = await totals.by_work(scope.ids, span)
    newest = sorted(by_work, reverse=True)[:WORKS_LISTED]
    works = await Artwork.filter(id__in=newest).exclude(status=Status.WITHDRAWN).order_by("-id")
    if not scope.is_member:
        await load_as_sent(works)
    return {
        "works": [(work, by_work[work.id]) for work in works],
        "has_more_works": len(by_work) > WORKS_LISTED,
        "works_listed": WORKS_LISTED,
        "themes": await _rows_with_counts(Theme, await totals.by_theme(scope.ids, span)),
        "projects": await _rows_with_counts(Project, await totals.by_project(scope.ids, span)),
    }


async def _gallery_context(query: Mapping[str, str], span: DateRange) -> dict[str, Any]:
    """The statistics of the whole gallery, for curators: a page of organisations, and one of exhibitions."""
    organisations = await fetch_page(Organisation.all().order_by("id"), query, PAGE_SIZE)
    by_organisation = await totals.by_organisation([each.id for each in organisations.rows], span)
    by_exhibition = await totals.by_exhibition(span)
    newest = sorted(by_exhibition, reverse=True)
    number = page_number({"page": query.get("exhibitions", "")})
    listed = newest[(number - 1) * PAGE_SIZE :][:PAGE_SIZE]
    published = Edition.filter(edition_is_not_replaced(), exhibition_id__in=listed)
    # Two editions can be current: the edition that visitors see, which comes last here, and an edition that
    # opens later.
    current = {
        edition.exhibition_id: edition for edition in await published.order_by("-exhibition_id", "-opens_at")
    }
    return {
        "organisations": [(each, by_organisation.get(each.id, Counts())) for each in organisations.rows],
        "organisations_page": organisations,
        "exhibitions_page": ListPage(listed, number, len(newest) > number * PAGE_SIZE),
        "exhibitions": [(edition, by_exhibition[edition.exhibition_id]) for edition in current.values()],
        "theme_pages": await _rows_with_counts(Theme, await totals.by_theme_page(span)),
    }


async def _rows_with_counts(model: type[Model], counted: Mapping[Any, Counts]) -> list[tuple[Any, Counts]]:
    """The rows of `model` whose ids are in `counted`, each with its counts; newest first."""
    ids: Collection[int] = [id for id in counted if id is not None]
    return [(row, counted[row.pk]) for row in await model.filter(id__in=ids).order_by("-id")]


routes = [
    Route("/desk/figures", index, name="figures:index", methods=["GET"]),
    Route("/desk/figures.csv", download, name="figures:download", methods=["GET"]),
]
