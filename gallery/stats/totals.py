"""Total counts over a range of days: by day, work, theme, project, organisation or exhibition.

Each function makes one to three queries for any number of days and works. `organisations`: ids; None means
all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from tortoise.functions import Count, Sum

from gallery.db.connection import QuerySet
from gallery.stats.models import (
    Appreciation,
    ExhibitionCount,
    OrganisationCount,
    ProjectCount,
    ThemeCount,
    WorkCount,
)


@dataclass(frozen=True)
class DateRange:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def split(self, days: int) -> Iterator[DateRange]:
        """Split the range into parts of at most `days` days."""
        first = self.first
        while first <= self.last:
            yield DateRange(first, min(first + timedelta(days=days - 1), self.last))
            first += timedelta(days=days)


@dataclass
class Counts:
    """How often a page was opened, its work appreciated, and support links of its project followed."""

    seen: int = 0
    appreciated: int = 0
    followed: int = 0

    def add(self, kind: str, number: int) -> None:
        setattr(self, kind, getattr(self, kind) + number)


APPRECIATED = "appreciated"
CountsByKey = dict[Any, Counts]


def total_counts(sums: Iterable[Counts]) -> Counts:
    result = Counts()
    for each in sums:
        result = Counts(
            result.seen + each.seen,
            result.appreciated + each.appreciated,
            result.followed + each.followed,
        )
    return result


async def by_work(organisations: Collection[int] | None, span: DateRange) -> CountsByKey:
    """Counts by work id. A followed support link counts for the work from whose page it was followed."""
    return await _grouped(organisations, span, "artwork_id")


async def by_theme(organisations: Collection[int] | None, span: DateRange) -> CountsByKey:
    """Counts of the works by theme id; None for works without a theme.

    A work with two themes counts for both.
    """
    return await _grouped(organisations, span, "artwork__themes__id")


async def by_work_and_day(organisations: Collection[int] | None, span: DateRange) -> CountsByKey:
    """Counts by (day, work id)."""
    return await _grouped(organisations, span, "day", "artwork_id")


async def by_day(organisations: Collection[int] | None, span: DateRange) -> CountsByKey:
    """Counts by day: views and appreciations of works, and clicks on the support links of projects."""
    return await _summed(organisations, span, "day")


async def by_project(organisations: Collection[int] | None, span: DateRange) -> CountsByKey:
    """Counts by project id: views of its page, and support links followed there or on a work's page."""
    sums: CountsByKey = defaultdict(Counts)
    await _add(sums, _projects(organisations, span), "project_id")
    return sums


async def by_project_and_day(organisations: Collection[int] | None, span: DateRange) -> CountsByKey:
    """Counts by (day, project id)."""
    sums: CountsByKey = defaultdict(Counts)
    await _add(sums, _projects(organisations, span), "day", "project_id")
    return sums


async def by_organisation(organisations: Collection[int] | None, span: DateRange) -> CountsByKey:
    """Counts by organisation id, of the same kinds as in `by_day`."""
    return await _summed(organisations, span, "organisation_id")


async def by_exhibition(span: DateRange) -> CountsByKey:
    """Counts by exhibition id: views of its pages."""
    sums: CountsByKey = defaultdict(Counts)
    await _add(sums, ExhibitionCount.filter(**_day_filter(span)), "exhibition_id")
    return sums


async def by_theme_page(span: DateRange) -> CountsByKey:
    """Counts by theme id: views of the theme's own page."""
    sums: CountsByKey = defaultdict(Counts)
    await _add(sums, ThemeCount.filter(**_day_filter(span)), "theme_id")
    return sums


async def _summed(organisations: Collection[int] | None, span: DateRange, field: str) -> CountsByKey:
    """Counts by a field of OrganisationCount."""
    sums: CountsByKey = defaultdict(Counts)
    of_organisations = OrganisationCount.filter(**_among(organisations), **_day_filter(span))
    await _add(sums, of_organisations, field)
    field_of_work = "artwork__organisation_id" if field == "organisation_id" else field
    await _add_appreciations(sums, organisations, span, field_of_work)
    return sums


async def _grouped(organisations: Collection[int] | None, span: DateRange, *fields: str) -> CountsByKey:
    sums: CountsByKey = defaultdict(Counts)
    await _add(sums, _works(organisations, span), *fields)
    await _add_appreciations(sums, organisations, span, *fields)
    return sums


async def _add(sums: CountsByKey, rows: QuerySet[Any], *fields: str) -> None:
    """Add the counts to `sums`. The key is the value of the field, or a tuple for several `fields`."""
    grouped = rows.annotate(sum=Sum("number")).group_by(*fields, "kind").values_list(*fields, "kind", "sum")
    for *values, kind, number in await grouped:
        sums[_key(values)].add(kind, number)


async def _add_appreciations(
    sums: CountsByKey, organisations: Collection[int] | None, span: DateRange, *fields: str
) -> None:
    rows = _appreciations(organisations, span).annotate(sum=Count("token")).group_by(*fields)
    for *values, number in await rows.values_list(*fields, "sum"):
        sums[_key(values)].add(APPRECIATED, number)


def _key(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)


def _works(organisations: Collection[int] | None, span: DateRange) -> QuerySet[WorkCount]:
    return WorkCount.filter(**_among(organisations, "artwork__"), **_day_filter(span))


def _projects(organisations: Collection[int] | None, span: DateRange) -> QuerySet[ProjectCount]:
    return ProjectCount.filter(**_among(organisations, "project__"), **_day_filter(span))


def _appreciations(organisations: Collection[int] | None, span: DateRange) -> QuerySet[Appreciation]:
    return Appreciation.filter(is_there=True, **_among(organisations, "artwork__"), **_day_filter(span))


def _among(organisations: Collection[int] | None, prefix: str = "") -> dict[str, list[int]]:
    return {} if organisations is None else {f"{prefix}organisation_id__in": list(organisations)}


def _day_filter(span: DateRange) -> dict[str, date]:
    return {"day__gte": span.first, "day__lte": span.last}
