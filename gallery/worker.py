"""The worker: chores that run until there is nothing left to do, again and again.

There is no queue: a chore asks the database for a row that is work to do. Each can be run twice without harm, so a
worker may be killed at any moment; what it held is taken up again after its lease.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gallery.clock import now
from gallery.db.models import WorkerBeat
from gallery.settings import Settings
from gallery.storage import Storage, StoreUnavailable

logger = logging.getLogger("gallery.worker")

IDLE_SECONDS = 0.5  # seconds between two looks when there was nothing to do
HEARTBEAT_SECONDS = 10.0  # seconds between two signs of life
BEATS_KEPT_FOR = timedelta(hours=1)
STORE_RETRY_SECONDS = 5.0  # seconds before a chore asks again for a store that is away


@dataclass(frozen=True)
class ChoreContext:
    """What a chore works with."""

    settings: Settings
    storage: Storage


@dataclass(frozen=True)
class Chore:
    """One kind of work. `step` does a little of it and says whether there was any."""

    name: str
    step: Callable[[ChoreContext], Awaitable[bool]]
    every: float = 0.0  # seconds to leave between two looks that found nothing
    aside: bool = False  # it is done beside the others, which need not wait for it


class Worker:
    def __init__(self, context: ChoreContext, chores: Sequence[Chore]) -> None:
        self.context = context
        self.chores = chores
        self._doing: set[str] = set()  # the names of the chores in which it is
        self._next_look = dict.fromkeys((chore.name for chore in chores), 0.0)

    async def run(self) -> None:
        """Work until cancelled. Whoever stops in order is not listed as one that fell silent."""
        aside = [chore for chore in self.chores if chore.aside]
        others = [chore for chore in self.chores if not chore.aside]
        try:
            async with asyncio.TaskGroup() as group:
                for chores in (others, *([chore] for chore in aside)):
                    group.create_task(self._keep_at(chores))
                group.create_task(self._beat())
        finally:
            with contextlib.suppress(Exception):  # it can be told from its silence
                await WorkerBeat.filter(**_worker_identity()).delete()

    async def _beat(self) -> None:
        """Say again and again that this worker is alive, and what it does just now."""
        started_at = now()
        while True:
            try:
                told = {
                    "started_at": started_at,
                    "seen_at": now(),
                    "doing": ", ".join(sorted(self._doing))[:200],
                }
                await WorkerBeat.update_or_create(told, **_worker_identity())
                await WorkerBeat.filter(seen_at__lt=now() - BEATS_KEPT_FOR).delete()
            except Exception as fault:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise asyncio.CancelledError from fault
                logger.exception("The worker could not say that it is alive")
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _keep_at(self, chores: Sequence[Chore]) -> None:
        while True:
            if not await self.round(chores):
                await asyncio.sleep(IDLE_SECONDS)

    async def run_dry(self) -> None:
        """Work until there is nothing left to do."""
        while await self.round(ignore_pauses=True):
            pass

    async def round(self, chores: Sequence[Chore] | None = None, *, ignore_pauses: bool = False) -> bool:
        """One step of every chore that is due, or of those of `chores`; whether any of them found work."""
        found = False
        clock = asyncio.get_running_loop().time
        for chore in self.chores if chores is None else chores:
            if not ignore_pauses and clock() < self._next_look[chore.name]:
                continue
            self._doing.add(chore.name)
            try:
                worked = await chore.step(self.context)
            except StoreUnavailable as away:
                logger.warning("The chore %r waits %.0f s: %s", chore.name, STORE_RETRY_SECONDS, away)
                self._next_look[chore.name] = clock() + STORE_RETRY_SECONDS
                continue
            except Exception as fault:
                task = asyncio.current_task()
                if (
                    task is not None and task.cancelling()
                ):  # the worker was asked to stop in the middle of a query
                    raise asyncio.CancelledError from fault
                # The row stays as it was and is taken up again; other chores must not wait for this one.
                logger.exception("The chore %r failed", chore.name)
                worked = False
            finally:
                self._doing.discard(chore.name)
            if not worked:
                self._next_look[chore.name] = clock() + max(chore.every, IDLE_SECONDS)
            found = found or worked
        return found


def _worker_identity() -> dict[str, Any]:
    """Where this worker runs, as its row says it."""
    return {"host": socket.gethostname()[:60], "process": os.getpid()}
