"""The calendar of the coming year, for curators (with the calls they should open) and for visitors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.accounts.access import load_curator
from gallery.artworks.models import edition_is_not_replaced, edition_is_open
from gallery.clock import start_of_day, to_local, today
from gallery.exhibitions.models import Edition
from gallery.exhibitions.talks import talks_of
from gallery.public import page_cards, queries
from gallery.public.pages import MAX_LISTED, render_page, set_page_language
from gallery.public.view_models import ShownWork
from gallery.public.work_counts import work_counts_of
from gallery.themes.models import Theme
from gallery.themes.series import next_occurrence, proposed_call
from gallery.web.languages import LocalizedText, localized
from gallery.web.rendering import render, settings_of

AHEAD = timedelta(days=366)
BACK = timedelta(days=92)  # the visitors' list begins with the month of this day


class YearEntry(NamedTuple):
    """An entry of the visitors' list. `kind` selects what the page shows of `what`."""

    day: date
    kind: str  # theme, exhibition, talk
    what: Any  # Theme; ShownExhibition; Talk and its ShownExhibition

    def month(self) -> date:
        return self.day.replace(day=1)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """An entry of the curators' calendar. `kind` selects the sentence on the page."""

    day: date
    kind: str  # call_opens, call_closes, occasion, comes_again, call_proposed, opens, closes, talk
    title: LocalizedText
    theme_id: int | None = None
    exhibition_id: int | None = None
    until: date | None = None  # the last day, if the occasion has several days


async def index(request: Request) -> Response:
    """A curator sees the coming year: occasions, calls and exhibitions, and when a call should open."""
    await load_curator(request)
    first, last = today(), today() + AHEAD
    entries = [*await theme_days(first, last), *await edition_days(first, last)]
    entries.sort(key=lambda entry: (entry.day, entry.kind, entry.title.text))
    months = [
        (month, list(group)) for month, group in groupby(entries, lambda entry: entry.day.replace(day=1))
    ]
    return render(request, "exhibitions/calendar.html", {"months": months})


async def theme_days(first: date, last: date) -> list[CalendarEntry]:
    """The occasions and calls of themes from `first` to `last`, and the next date of each yearly theme."""
    themes = await Theme.all().order_by("occurs_on", "id")
    latest: dict[int, Theme] = {}  # series → its theme with the latest date
    entries = []
    for theme in themes:
        latest[theme.first_of_series] = theme
        title = localized(theme, "title")
        if theme.occurs_on:
            entries.append(
                CalendarEntry(theme.occurs_on, "occasion", title, theme.id, until=theme.occurs_until)
            )
            if not theme.call_opens_on:
                entries.append(
                    CalendarEntry(proposed_call(theme.occurs_on)[0], "call_proposed", title, theme.id)
                )
        if theme.call_opens_on:
            entries.append(CalendarEntry(theme.call_opens_on, "call_opens", title, theme.id))
        if theme.call_closes_on:
            entries.append(CalendarEntry(theme.call_closes_on, "call_closes", title, theme.id))
    for theme in latest.values():
        if day := next_occurrence(theme):
            entries.append(CalendarEntry(day, "comes_again", localized(theme, "title"), theme.id))
    return [
        entry
        for entry in entries
        if first <= entry.day <= last or (entry.until and entry.day < first <= entry.until)
    ]


async def edition_days(first: date, last: date) -> list[CalendarEntry]:
    """The openings, closings and talks of published exhibitions from `first` to `last`."""
    window = start_of_day(first), start_of_day(last + timedelta(days=1))
    editions = await Edition.filter(
        Q(opens_at__gte=window[0], opens_at__lt=window[1])
        | Q(closes_at__gte=window[0], closes_at__lt=window[1])
        | Q(talks__isnull=False),
        edition_is_not_replaced(),
    ).order_by("id")
    talks = {
        (edition.exhibition_id, talk.key): CalendarEntry(
            day, "talk", localized(talk, "title"), exhibition_id=edition.exhibition_id
        )
        for edition in editions
        for talk in talks_of(edition.talks)
        if first <= (day := to_local(talk.starts_at).date()) <= last
        and not edition.is_replaced(talk.starts_at)
    }
    entries = [*talks.values()]
    for edition in editions:
        for kind, moment in (("opens", edition.opens_at), ("closes", edition.closes_at)):
            if moment is None or edition.is_replaced(moment):
                continue
            if first <= (day := to_local(moment).date()) <= last:
                title = localized(edition, "title")
                entries.append(CalendarEntry(day, kind, title, exhibition_id=edition.exhibition_id))
    return entries


def covers_beside(
    shown: Iterable[ShownWork], hung: Mapping[int, Sequence[ShownWork]]
) -> dict[int, ShownWork]:
    """Edition id → its first work that is neither in `shown` nor another's, so that no picture is shown twice."""
    seen = {work.id for work in shown}
    covers: dict[int, ShownWork] = {}
    for edition, works in hung.items():
        if cover := next((work for work in works if work.id not in seen), None):
            covers[edition] = cover
            seen.add(cover.id)
    return covers


async def show(request: Request) -> Response:
    """A visitor sees the year by month: the past season, what is on now, and what comes."""
    set_page_language(request)
    day = today()
    first = (day - BACK).replace(day=1)
    themes = (
        await Theme.filter(
            Q(occurs_on__gte=first, occurs_on__lte=day + AHEAD)
            | Q(occurs_on__lte=day, occurs_until__gte=day)
            | Q(occurs_on__isnull=True, call_closes_on__gte=day)
        )
        .order_by("occurs_on", "id")
        .limit(MAX_LISTED)
    )
    exhibitions = await queries.exhibitions(
        Q(edition_is_open() & Q(opens_at__gte=start_of_day(first)))
        | queries.is_open()
        | queries.is_upcoming(),
        order="opens_at",
        limit=MAX_LISTED,
    )
    talks = await queries.talks_from(start_of_day(first), MAX_LISTED)
    samples = await queries.sample_works(themes, await work_counts_of(request).themes.all())
    hung = await queries.works_by_edition([each for each in exhibitions if each.has_opened], 2)
    covers = covers_beside(samples.values(), hung)
    entries = [
        *(YearEntry(_day_in_list(theme.occurs_on, first), "theme", theme) for theme in themes),
        *(
            YearEntry(_day_in_list(to_local(shown.opens_at).date(), first), "exhibition", shown)
            for shown in exhibitions
        ),
        *(YearEntry(to_local(talk[0].starts_at).date(), "talk", talk) for talk in talks),
    ]
    entries.sort(key=lambda entry: entry.day)
    coming = (theme for theme in themes if theme.occurs_on and theme.occurs_on > day)
    return render_page(
        request,
        "public/calendar.html",
        works=[*samples.values(), *covers.values()],
        months=[(month, list(group)) for month, group in groupby(entries, YearEntry.month)],
        samples=samples,
        covers=covers,
        next_theme=next(coming, None),
        day=day,
        share_images=await page_cards.card_of("calendar", settings_of(request)),
    )


def _day_in_list(day: date | None, first: date) -> date:
    """The day by which an entry is sorted: today, if it has none or began before the list."""
    return day if day and day >= first else today()


routes = [
    Route("/desk/calendar", index, name="calendar:index", methods=["GET"]),
    Route("/{language:language}/calendar", show, name="public:calendar", methods=["GET"]),
]
