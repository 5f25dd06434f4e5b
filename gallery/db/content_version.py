"""The content version: one counter that moves with every change of what visitors see.

It moves in the transaction of the change itself, so that no process of the site can see the one without the other.
Each process reads it at most every `STALENESS` seconds, and only when it is asked for something.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime

from tortoise.expressions import F

from gallery.clock import now
from gallery.db.models import ContentVersion

STALENESS = 0.5  # seconds; a withdrawal is complete on every process within this


async def bump() -> None:
    """Say that what visitors see has changed; call it in the transaction that changes it."""
    if not await ContentVersion.filter(id=1).update(number=F("number") + 1):
        await ContentVersion.create(id=1, number=1)


async def settle() -> None:
    """Wait until every process has noticed what was committed before this call."""
    await asyncio.sleep(STALENESS)


class GenerationTracker:
    """What one process knows of the content version, and of the next moment at which the clock changes a page."""

    def __init__(self, next_change: Callable[[], Awaitable[datetime | None]]) -> None:
        self._next_change = next_change
        self._checked_at = float("-inf")
        self._number = -1
        self._changes_at: datetime | None = None
        self._edges = 0
        self._reading: asyncio.Task[None] | None = None

    async def generation(self) -> tuple[int, int]:
        """A value that differs whenever a public page could: (content version, clock changes passed)."""
        if self.fresh() is None:
            if self._reading is None:
                self._reading = asyncio.create_task(self._read())
            await asyncio.shield(self._reading)
        return self._number, self._edges

    def fresh(self) -> tuple[int, int] | None:
        """The generation without waiting, where it is known and no older than STALENESS."""
        if time.monotonic() - self._checked_at >= STALENESS:
            return None
        if self._changes_at is not None and now() >= self._changes_at:
            return None
        return self._number, self._edges

    async def _read(self) -> None:
        try:
            asked_at = time.monotonic()
            record = await ContentVersion.get_or_none(id=1)
            number = record.number if record else 0
            edge_passed = self._changes_at is not None and now() >= self._changes_at
            if number != self._number or edge_passed:
                self._changes_at = await self._next_change()
                self._number = number
                self._edges += edge_passed
            self._checked_at = asked_at
        finally:
            self._reading = None
