"""Counts of rows by an id. Each process stores them until a change affects them.

Counting all works of a large site takes longer than rendering a page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Generic, TypeVar

from gallery.db.content_version import GenerationTracker

T = TypeVar("T")

FEW = 8  # if more than an eighth of the ids changed, all are counted again


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
        self._known: dict[int, T] = {}
        self._touched: set[int] | None = None  # the ids to count again; None: all ids
        self._changes = 0
        self._counting = asyncio.Lock()
        content.subscribe(self.forget)

    def forget(self, touched: frozenset[str] | None) -> None:
        """Count again for the ids of these keys; None: for all ids."""
        self._changes += 1
        if touched is None:
            self._known, self._touched = {}, None
            return
        for key in touched:
            if key.startswith(self._prefix):
                id = int(key.removeprefix(self._prefix))
                self._known.pop(id, None)
                if self._touched is not None:
                    self._touched.add(id)

    async def all(self) -> dict[int, T]:
        """The counts that are not zero."""
        await self._content.generation()
        async with self._counting:
            if self._touched == set():
                return self._known
            changes, touched = self._changes, None if self._touched is None else self._touched.copy()
            if touched is not None and len(touched) > len(self._known) // FEW:
                touched = None  # counting for many ids takes longer than for all
            counted = await self._count(touched)
            counts = counted if touched is None else self._known | counted
            if changes == self._changes:  # otherwise the counts may be older than the last change
                self._known, self._touched = counts, set()
            return counts

    async def of(self, id: int) -> T | None:
        """The count for one id; None means zero."""
        await self._content.generation()
        if id not in self._known:
            changes = self._changes
            counted = await self._count([id])
            if changes != self._changes:
                return counted.get(id)
            self._known.update(counted)
        return self._known.get(id)
