"""Pieces of pictures that are cut on demand: few at once, a short waiting line, and each only once for all who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

MAX_CONCURRENT = 2  # child processes of one server process
MAX_WAITING = 8  # others that may wait for them


class QueueFull(Exception):
    """The waiting line is full."""


class OnDemandQueue:
    """What one process is just cutting, and who waits for it."""

    def __init__(self, at_once: int = MAX_CONCURRENT, line: int = MAX_WAITING) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most = at_once + line
        self._being_cut: dict[str, asyncio.Task[bytes]] = {}

    async def get(self, key: str, cut: Callable[[], Awaitable[bytes]]) -> bytes:
        """What `cut` makes, or what somebody else's is just making for the same key. Raises Busy, and what `cut` raises."""
        task = self._being_cut.get(key)
        if task is None:
            if len(self._being_cut) >= self._most:
                raise QueueFull
            task = self._being_cut[key] = asyncio.create_task(self._in_turn(cut))
            task.add_done_callback(lambda done: self._forget(key, done))
        # Whoever asked first may go away; the others still want it.
        return await asyncio.shield(task)

    async def _in_turn(self, cut: Callable[[], Awaitable[bytes]]) -> bytes:
        async with self._places:
            return await cut()

    def _forget(self, key: str, done: asyncio.Task[bytes]) -> None:
        del self._being_cut[key]
        if not done.cancelled():
            done.exception()  # it was told to those who waited; if they are gone, to nobody
