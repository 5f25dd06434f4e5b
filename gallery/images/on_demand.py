"""Images that are made on demand: few jobs at a time, a short queue, and one job for all equal requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

MAX_CONCURRENT = 2  # jobs at a time in one server process
MAX_WAITING = 8  # waiting jobs; one more raises QueueFull


class QueueFull(Exception):
    """Too many jobs are waiting."""


class OnDemandQueue:
    """The running and waiting jobs of one server process."""

    def __init__(self, max_concurrent: int = MAX_CONCURRENT, max_waiting: int = MAX_WAITING) -> None:
        self._semaphore = asyncio.Semaphore(max_concurrent)
        self._max_jobs = max_concurrent + max_waiting
        self._jobs: dict[str, asyncio.Task[bytes]] = {}

    async def get(self, key: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The result of `make`, or of a running or waiting job with the same key. Raises QueueFull, and
        errors of `make`.
        """
        job = self._jobs.get(key)
        if job is None:
            if len(self._jobs) >= self._max_jobs:
                raise QueueFull
            job = self._jobs[key] = asyncio.create_task(self._run(make))
            job.add_done_callback(lambda done: self._remove(key, done))
        # The first request may be cancelled; the others still need the result.
        return await asyncio.shield(job)

    async def _run(self, make: Callable[[], Awaitable[bytes]]) -> bytes:
        async with self._semaphore:
            return await make()

    def _remove(self, key: str, done: asyncio.Task[bytes]) -> None:
        del self._jobs[key]
        if not done.cancelled():
            done.exception()  # so that asyncio logs no error if all waiting requests were cancelled
