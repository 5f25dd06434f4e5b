"""A serving process's objects for monitoring, and the background tasks of monitoring."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gallery.db.connection import Database
from gallery.monitoring.alarms import watch_workers
from gallery.monitoring.metrics import Metrics
from gallery.monitoring.readiness import Readiness
from gallery.monitoring.state import STATE_SECONDS, Remembered, read_state
from gallery.monitoring.watchdog import watching
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.worker import ChoreContext


class Monitor:
    readiness: Readiness  # set when the database is open

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._context = ChoreContext(settings, storage)
        self.metrics = Metrics(settings)
        self.state = Remembered(lambda: read_state(settings), STATE_SECONDS)

    @asynccontextmanager
    async def running(self, database: Database) -> AsyncIterator[None]:
        """Measure and watch inside the `async with` block."""
        self.readiness = Readiness(database, self._context.storage, self.state)
        tasks = [
            asyncio.create_task(self.metrics.measure_lag()),
            asyncio.create_task(watch_workers(self._context)),
        ]
        try:
            with watching() if self._context.settings.development else contextlib.nullcontext():
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
