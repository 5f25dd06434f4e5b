"""The numbers of works on view by organisation and by theme, kept by each process until a change touches them.

To count all works of a large site takes longer than to render a page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Generic, TypeVar

from starlette.requests import Request

from gallery.db.content_version import GenerationTracker
from gallery.public import queries
from gallery.public.view_models import ThemeWorkCount
from gallery.web.page_keys import ORGANISATION, THEME

T = TypeVar("T")


class CountsById(Generic[T]):
    """Id → count. `count` counts for some ids, or for all if it gets None."""

    def __init__(
        self,
        content: GenerationTracker,
        prefix: str,
        count: Callable[[Collection[int] | None], Awaitable[dict[int, T]]],
    ) -> None:
        self._content = content
        self._prefix = prefix
        self._count = count
        self._known: dict[int, T] | None = None
        self._touched: set[int] = set()
        self._changes = 0
        self._counting = asyncio.Lock()
        content.subscribe(self.forget)

    def forget(self, touched: frozenset[str] | None) -> None:
        """Count again for the touched ids; None: for all."""
        self._changes += 1
        if touched is None:
            self._known = None
        else:
            ids = (key.removeprefix(self._prefix) for key in touched if key.startswith(self._prefix))
            self._touched.update(map(int, ids))

    async def get(self) -> dict[int, T]:
        if self._content.fresh() is None:
            await self._content.generation()
        async with self._counting:
            if self._known is not None and not self._touched:
                return self._known
            changes, known, touched = self._changes, self._known, self._touched.copy()
            counted = await self._count(None if known is None else touched)
            if known is not None:
                counted = {id: count for id, count in known.items() if id not in touched} | counted
            if changes == self._changes:  # otherwise it may be older than the last change
                self._known = counted
                self._touched.clear()
            return counted


class WorkCounts:
    def __init__(self, content: GenerationTracker) -> None:
        self.organisations = CountsById[int](content, ORGANISATION, queries.count_by_organisation)
        self.themes = CountsById[ThemeWorkCount](content, THEME, queries.count_by_theme)


def work_counts_of(request: Request) -> WorkCounts:
    counts: WorkCounts = request.app.state.work_counts
    return counts
