"""The content version: a counter that grows with every change that visitors can see.

The transaction of the change also increases the counter, so no process can see only one of the two. Each
process reads the counter at most every `STALENESS` seconds, and only when a request arrives.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from tortoise.expressions import F

from gallery.clock import now
from gallery.db.models import ContentChange, ContentVersion

STALENESS = 0.5  # seconds until every process has seen a change, at most
CHANGES_KEPT = 1_000  # changes; a process that missed more drops all of its pages
MAX_KEYS = 20_000  # a change with more keys drops all pages
# The prefixes of keys, before an id.
WORK, EDITION, PROJECT, ORGANISATION, THEME = "work:", "edition:", "project:", "organisation:", "theme:"
CASE = "case:"


async def bump(keys: Collection[str] | None = None, *, rows: Collection[str] | None = None) -> None:
    """Increase the content version; call it in the transaction of the change.

    `keys`: the keys of the pages that the change affects; None if any page may have changed. In that case
    `rows` has the keys of the changed rows, for the search index; None if they are unknown.
    """
    if not await ContentVersion.filter(id=1).update(number=F("number") + 1):
        # The site's first change; another process may commit a first change at the same time.
        await ContentVersion.bulk_create([ContentVersion(id=1, number=0)], ignore_conflicts=True)
        await ContentVersion.filter(id=1).update(number=F("number") + 1)
    number = await current_number()
    await ContentChange.create(number=number, keys=_stored(keys), rows=_stored(rows))
    await ContentChange.filter(number__lte=number - CHANGES_KEPT).delete()


def _stored(keys: Collection[str] | None) -> list[str] | None:
    return sorted(keys) if keys is not None and len(keys) <= MAX_KEYS else None


async def current_number() -> int:
    """The content version stored now; 0 before the first change."""
    version = await ContentVersion.get_or_none(id=1)
    return version.number if version else 0


async def wait_for_propagation() -> None:
    """Wait until every process has seen the changes committed before this call."""
    await asyncio.sleep(STALENESS)


async def keys_changed(after: int, until: int) -> frozenset[str] | None:
    """The keys of pages affected by changes after version `after`; None if any page may have changed."""
    changes = await changes_between(after, until)
    if changes is None or any(change.keys is None for change in changes):
        return None
    return frozenset(key for change in changes for key in change.keys or ())


async def changes_between(after: int, until: int) -> list[ContentChange] | None:
    """The changes after version `after`; None if some of them are not stored any more."""
    changes = await ContentChange.filter(number__gt=after, number__lte=until)
    return changes if len(changes) == until - after else None


class GenerationTracker:
    """The generation as one process knows it: the content version, and how often time alone changed a page."""

    def __init__(self, next_change: Callable[[], Awaitable[datetime | None]]) -> None:
        self._next_change = next_change
        self._checked_at = float("-inf")
        self._number = -1
        self._next_change_at: datetime | None = None
        self._time_changes = 0
        self._reading: asyncio.Task[None] | None = None
        self._caches: list[Callable[[frozenset[str] | None], None]] = []

    def subscribe(self, forget: Callable[[frozenset[str] | None], None]) -> None:
        """Call `forget` with the affected keys (None: all) as soon as this process knows of a change."""
        self._caches.append(forget)

    async def generation(self) -> tuple[int, int]:
        """The content version, and how often time alone changed a page."""
        if self.fresh() is None:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read())
            await asyncio.shield(self._reading)
        return self._number, self._time_changes

    def fresh(self) -> tuple[int, int] | None:
        """The generation if it was read at most STALENESS seconds ago, else None. Makes no query."""
        if time.monotonic() - self._checked_at >= STALENESS:
            return None
        if self._next_change_at is not None and now() >= self._next_change_at:
            return None
        return self._number, self._time_changes

    async def _read(self) -> None:
        try:
            started_at = time.monotonic()
            number = await current_number()
            has_time_changed = self._next_change_at is not None and now() >= self._next_change_at
            if number != self._number or has_time_changed:
                is_known = not has_time_changed and 0 <= self._number < number
                touched = await keys_changed(self._number, number) if is_known else None
                self._next_change_at = await self._next_change()
                self._number = number
                self._time_changes += has_time_changed
                for forget in self._caches:
                    forget(touched)
            self._checked_at = started_at
        finally:
            self._reading = None
