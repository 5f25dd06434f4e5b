"""The year ahead: for curators all that is to be done on which day, for visitors what comes and which calls are open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.accounts.access import load_curator
from gallery.artworks.models import not_replaced
from gallery.clock import local, now, start_of, today
from gallery.exhibitions.models import Edition
from gallery.exhibitions.talks import talks_of
from gallery.public import queries
from gallery.public.views import LISTED_MOST, enter, show
from gallery.themes.models import Theme
from gallery.themes.series import next_day, proposed_call
from gallery.web.languages import Spoken, spoken
from gallery.web.rendering import render

AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is on one day of the desk's calendar. `kind` names the sentence that the page says."""

    day: date
    kind: str  # call_opens, call_closes, occasion, comes_again, call_proposed, opens, closes, talk
    title: Spoken
    theme_id: int | None = None
    exhibition_id: int | None = None
    until: date | None = None  # the last day, of an occasion of several


async def index(request: Request) -> Response:
    """A curator sees the year ahead: occasions, calls and exhibitions, and when a call is best opened."""
    await load_curator(request)
    first, last = today(), today() + AHEAD
    entries = [*await of_themes(first, last), *await of_exhibitions(first, last)]
    entries.sort(key=lambda entry: (entry.day, entry.kind, entry.title.text))
    months = [
        (month, list(group)) for month, group in groupby(entries, lambda entry: entry.day.replace(day=1))
    ]
    return render(request, "exhibitions/calendar.html", {"months": months})


async def of_themes(first: date, last: date) -> list[Entry]:
    """The days of themes from `first` to `last`, and of those that come again without being made yet."""
    themes = await Theme.all().order_by("occurs_on", "id")
    latest: dict[int, Theme] = {}  # of each series
    entries = []
    for theme in themes:
        latest[theme.first_of_series] = theme
        title = spoken(theme, "title")
        if theme.occurs_on:
            entries.append(Entry(theme.occurs_on, "occasion", title, theme.id, until=theme.occurs_until))
            if not theme.call_opens_on:
                entries.append(Entry(proposed_call(theme.occurs_on)[0], "call_proposed", title, theme.id))
        if theme.call_opens_on:
            entries.append(Entry(theme.call_opens_on, "call_opens", title, theme.id))
        if theme.call_closes_on:
            entries.append(Entry(theme.call_closes_on, "call_closes", title, theme.id))
    for theme in latest.values():
        if day := next_day(theme):
            entries.append(Entry(day, "comes_again", spoken(theme, "title"), theme.id))
    return [
        entry
        for entry in entries
        if first <= entry.day <= last or (entry.until and entry.day < first <= entry.until)
    ]


async def of_exhibitions(first: date, last: date) -> list[Entry]:
    """The openings, closings and talks, from `first` to `last`, of what is published."""
    window = start_of(first), start_of(last + timedelta(days=1))
    editions = await Edition.filter(
        Q(opens_at__gte=window[0], opens_at__lt=window[1])
        | Q(closes_at__gte=window[0], closes_at__lt=window[1])
        | Q(talks__isnull=False),
        not_replaced(),
    ).order_by("id")
    talks = {
        (edition.exhibition_id, talk.key): Entry(
            day, "talk", spoken(talk, "title"), exhibition_id=edition.exhibition_id
        )
        for edition in editions
        for talk in talks_of(edition.talks)
        if first <= (day := local(talk.starts_at).date()) <= last and _holds_at(edition, talk.starts_at)
    }
    entries = [*talks.values()]
    for edition in editions:
        for kind, moment in (("opens", edition.opens_at), ("closes", edition.closes_at)):
            if moment is None or not _holds_at(edition, moment):
                continue
            if first <= (day := local(moment).date()) <= last:
                title = spoken(edition, "title")
                entries.append(Entry(day, kind, title, exhibition_id=edition.exhibition_id))
    return entries


def _holds_at(edition: Edition, moment: datetime) -> bool:
    """Whether no other edition has taken its place by then."""
    return edition.shown_until is None or moment < edition.shown_until


async def visit(request: Request) -> Response:
    """A visitor sees which occasions and exhibitions come, and for which of them works are taken now."""
    enter(request)
    day = today()
    coming = (
        await Theme.filter(
            Q(occurs_on__gte=day, occurs_on__lte=day + AHEAD)
            | Q(occurs_on__lte=day, occurs_until__gte=day)
            | Q(occurs_on__isnull=True, call_closes_on__gte=day)
        )
        .order_by("occurs_on", "id")
        .limit(LISTED_MOST)
    )
    open_now = await queries.exhibitions(
        Q(opens_at__lte=now(), closes_at__gt=now()), order="closes_at", limit=LISTED_MOST
    )
    to_open = await queries.exhibitions(queries.TO_OPEN(), order="opens_at", limit=LISTED_MOST)
    return show(
        request,
        "public/calendar.html",
        coming=coming,
        open_now=open_now,
        to_open=to_open,
        talks=await queries.talks_from(start_of(day), LISTED_MOST),
        day=day,
    )


routes = [
    Route("/desk/calendar", index, name="calendar:index", methods=["GET"]),
    Route("/{language:language}/calendar", visit, name="visits:calendar", methods=["GET"]),
]
