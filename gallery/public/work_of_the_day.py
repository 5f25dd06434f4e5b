"""The work of the day: each work on view has its turn before any work comes again.

The choice is a function of the date and of the works that hung when the day began. So all processes and
languages show the same work, it stays until midnight, and nothing is stored.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from datetime import date, datetime
from itertools import accumulate
from typing import Any, NamedTuple

from starlette.requests import Request

from gallery.clock import now, start_of_day, today
from gallery.db.content_version import GenerationTracker
from gallery.public import queries
from gallery.public.view_models import ShownWork
from gallery.public.work_counts import WorkCounts

# Steps of this share of a row come to every place of it, and never to the next place.
GOLDEN_RATIO = (math.sqrt(5) - 1) / 2
CHOICES = 4  # works of different organisations that the error pages choose from


class Place(NamedTuple):
    """A work, as the place among its organisation's works by id."""

    organisation_id: int
    offset: int


def rank_on(day: date, count: int) -> int:
    """The rank, below `count`, whose turn it is on `day`. In `count` days each rank has one turn."""
    step = max(1, round(count * GOLDEN_RATIO))
    while math.gcd(step, count) > 1:
        step += 1
    return day.toordinal() * step % count


def places_on(day: date, counts: Mapping[int, int], most: int) -> list[Place]:
    """The place of the work of `day`, then one place in each of the following organisations, at most `most` in all.

    `counts`: organisation id → the number of its works, without zeros.
    """
    if not counts:
        return []
    ids = sorted(counts)
    ends = list(accumulate(counts[id] for id in ids))
    rank = rank_on(day, ends[-1])
    first = bisect_right(ends, rank)
    others = [ids[(first + step) % len(ids)] for step in range(1, min(most, len(ids)))]
    return [
        Place(ids[first], rank - (ends[first] - counts[ids[first]])),
        *(Place(id, rank_on(day, counts[id])) for id in others),
    ]


class DailyWorks:
    """The works of the day as one process knows them. It asks again when the generation changes."""

    def __init__(self, content: GenerationTracker, counts: WorkCounts) -> None:
        self._content = content
        self._counts = counts
        self._generation = (-1, -1)
        self._rows: list[dict[str, Any]] = []
        self._ids: dict[tuple[Place, datetime], int] = {}
        self._asked = 0

    async def works(self, most: int = 1) -> list[ShownWork]:
        """The work of the day, if a work is on view, and with a larger `most` works of other organisations.

        At most one query for each, and one more to count what changed.
        """
        generation = await self._content.generation()
        if generation != self._generation or most > self._asked:
            self._rows = await self._choose(most)
            self._generation, self._asked = generation, most
        return [ShownWork.of(row) for row in self._rows[:most]]

    async def _choose(self, most: int) -> list[dict[str, Any]]:
        day = today()
        # What opens during the day has its turn from tomorrow on, so that the work of today stays.
        hung_at, counts = start_of_day(day), await self._counts.hung_before_today.all()
        if not counts:
            on_view = await self._counts.organisations.all()
            hung_at, counts = now(), {id: count.works for id, count in on_view.items()}
        rows = [await self._row(place, hung_at) for place in places_on(day, counts, most)]
        return [row for row in rows if row]

    async def _row(self, place: Place, hung_at: datetime) -> dict[str, Any] | None:
        """The row of the work at a place. Its id is kept for the day, because going through a large
        organisation at every change takes longer than looking up one work.
        """
        known = self._ids.get((place, hung_at))
        row = await queries.work_row(known) if known else None
        row = row or await queries.work_at(*place, hung_at)
        if row:
            self._ids = {key: id for key, id in self._ids.items() if key[1] == hung_at}
            self._ids[place, hung_at] = row["id"]
        return row


def daily_works_of(request: Request) -> DailyWorks:
    daily: DailyWorks = request.app.state.daily_works
    return daily
