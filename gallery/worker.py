"""The worker: it runs all chores in a loop.

There is no queue: a chore searches the database for a row that needs work. Every chore can safely run twice,
so a worker may be killed at any moment. When its lease on a row ends, another worker takes the row over. A
chore that found nothing searches again only after something was written, or after LOOK_SECONDS.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import DBConnectionError

from gallery.clock import now
from gallery.db.connection import is_outage
from gallery.db.content_version import GenerationTracker
from gallery.db.models import WorkerBeat
from gallery.settings import Settings
from gallery.storage import Storage, StoreUnavailable

logger = logging.getLogger("gallery.worker")

IDLE_SECONDS = 0.5  # pause after a round without work
HEARTBEAT_SECONDS = 10.0
BEATS_KEPT_FOR = timedelta(hours=1)
LOOK_SECONDS = 30.0  # longest pause of a chore although nothing was written: time alone brings work, too
LONGEST_WAIT = 300.0  # longest pause of a chore that waits for a change of what visitors see
OUTAGE_SECONDS = 5.0  # pause of a chore while the store or database is unreachable or a disk is full


@dataclass(frozen=True)
class ChoreContext:
    """The settings and the storage that a chore uses."""

    settings: Settings
    storage: Storage


@dataclass(frozen=True)
class Chore:
    """One kind of work. `step` does a small piece of it and returns whether there was anything to do."""

    name: str
    step: Callable[[ChoreContext], Awaitable[bool]]
    every: float = 0.0  # least pause in seconds after a step that found no work
    concurrent: bool = False  # runs concurrently with the other chores, which need not wait for it
    # If True: after a step without work, the chore waits until something that visitors see may have changed,
    # or for LONGEST_WAIT. Other chores wait until anything was written, or for LOOK_SECONDS.
    on_change: bool = False

    @property
    def pause(self) -> float:
        """The longest pause in seconds after the chore found no work."""
        return LONGEST_WAIT if self.on_change else max(self.every, LOOK_SECONDS)


@dataclass
class ChoreState:
    """When a chore runs next, in seconds of the loop's clock."""

    not_before: float = 0.0
    no_later_than: float = 0.0  # before that, it runs if `version` has changed
    version: object = None  # the write version before the step that found no work


async def no_change() -> datetime | None:
    return None


async def always_written() -> object:
    return object()


class Worker:
    """Runs chores. `next_change`: returns the next moment when time alone changes what visitors see.

    `write_version`: see WriteTracker.version.
    """

    def __init__(
        self,
        context: ChoreContext,
        chores: Sequence[Chore],
        next_change: Callable[[], Awaitable[datetime | None]] = no_change,
        write_version: Callable[[], Awaitable[object]] = always_written,
    ) -> None:
        self.context = context
        self.chores = chores
        self._content = GenerationTracker(next_change)
        self._write_version = write_version
        self._doing: set[str] = set()  # the names of the running chores
        self._failures = 0  # number of steps that raised an error
        self._failed_at: datetime | None = None  # time of the last one
        self._states = {chore.name: ChoreState() for chore in chores}

    async def run(self) -> None:
        """Work until cancelled.

        A worker that is stopped normally deletes its heartbeat, so it is not listed as missing.
        """
        concurrent = [chore for chore in self.chores if chore.concurrent]
        others = [chore for chore in self.chores if not chore.concurrent]
        try:
            async with asyncio.TaskGroup() as group:
                for chores in (others, *([chore] for chore in concurrent)):
                    group.create_task(self._run_chores(chores))
                group.create_task(self._beat())
        finally:
            with contextlib.suppress(Exception):  # another worker deletes the row later
                await WorkerBeat.filter(**_worker_identity()).delete()

    async def _beat(self) -> None:
        """Update the heartbeat every HEARTBEAT_SECONDS."""
        started_at = now()
        while True:
            try:
                values = {
                    "started_at": started_at,
                    "seen_at": now(),
                    "doing": ", ".join(sorted(self._doing))[:200],
                    "failures": self._failures,
                    "failed_at": self._failed_at,
                }
                await WorkerBeat.update_or_create(values, **_worker_identity())
                await WorkerBeat.filter(seen_at__lt=now() - BEATS_KEPT_FOR).delete()
            except Exception as fault:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise asyncio.CancelledError from fault
                logger.error("The worker could not write its heartbeat", exc_info=not is_outage(fault))
            await asyncio.sleep(HEARTBEAT_SECONDS)

    async def _run_chores(self, chores: Sequence[Chore]) -> None:
        while True:
            if not await self.round(chores):
                await asyncio.sleep(IDLE_SECONDS)

    async def run_dry(self) -> None:
        """Run each chore until it finds nothing to do, then all in turn until none finds anything.

        Asking all chores after each step of one takes much longer. What is held by somebody else is found by every
        second step of its chore, so that waiting for a chore alone to find nothing might never end.
        """
        for chore in self.chores:
            while await self.round([chore], ignore_pauses=True):
                pass
        while await self.round(ignore_pauses=True):
            pass

    async def round(self, chores: Sequence[Chore] | None = None, *, ignore_pauses: bool = False) -> bool:
        """Run one step of each of `chores` (default: all) that is due; returns whether any found work."""
        found_work = False
        clock = asyncio.get_running_loop().time
        chores = self.chores if chores is None else chores
        for chore in chores:
            state = self._states[chore.name]
            if clock() < state.not_before and not ignore_pauses:
                continue
            least_pause = max(chore.every, IDLE_SECONDS)
            try:
                version = await (self._content.generation() if chore.on_change else self._write_version())
                if clock() < state.no_later_than and version == state.version and not ignore_pauses:
                    continue
                self._doing.add(chore.name)
                worked = await chore.step(self.context)
                if worked:
                    state.no_later_than = 0
                else:
                    state.version = version
                    state.not_before = clock() + (0 if chore.on_change else least_pause)
                    state.no_later_than = clock() + chore.pause
            except Exception as fault:
                task = asyncio.current_task()
                # The error may come from a query that was interrupted because the worker stops.
                if task is not None and task.cancelling():
                    raise asyncio.CancelledError from fault
                if isinstance(fault, StoreUnavailable) or is_outage(fault):
                    logger.warning("The chore %r waits %.0f s: %s", chore.name, OUTAGE_SECONDS, fault)
                    # All chores need the database. A full disk or an unreachable store need not stop the other chores.
                    for each in chores if isinstance(fault, DBConnectionError) else [chore]:
                        state = self._states[each.name]
                        state.not_before = state.no_later_than = clock() + OUTAGE_SECONDS
                    continue
                # The chore will try its row again. The other chores go on.
                logger.exception("The chore %r failed", chore.name)
                self._failures, self._failed_at = self._failures + 1, now()
                state.not_before = state.no_later_than = clock() + least_pause
                worked = False
            finally:
                self._doing.discard(chore.name)
            found_work = found_work or worked
        return found_work


def _worker_identity() -> dict[str, Any]:
    """The columns that identify this worker in WorkerBeat: host and process id."""
    return {"host": socket.gethostname()[:60], "process": os.getpid()}
