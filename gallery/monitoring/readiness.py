"""Whether this process can serve pages, and whether anything else is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gallery.db.connection import Database
from gallery.monitoring.signals import DISK_RED
from gallery.monitoring.state import Remembered, SiteState
from gallery.storage import Storage, StoreUnavailable

DATABASE_SECONDS = 5.0  # seconds for which the database's answer is used again
STORE_SECONDS = 60.0  # longer, because the check of a store writes and deletes files
TIMEOUT_SECONDS = 5.0

OK = "ok"
NEEDED = ("database", "migrations")  # without these no page can be served


class Readiness:
    """Examines the parts of the site, each at most once every few seconds, however often it is called."""

    def __init__(
        self, database: Database, storage: Storage, state: Callable[[], Awaitable[SiteState]]
    ) -> None:
        self._database = Remembered(lambda: examine_database(database), DATABASE_SECONDS)
        self._store = Remembered(lambda: examine_store(storage), STORE_SECONDS)
        self._state = state

    async def examine(self) -> dict[str, Any]:
        """`status` (ready, degraded, not ready) and the result for each part, as JSON without secrets."""
        checks = {
            **await self._database(),
            "store": await self._store(),
            "worker": "unknown",
            "disk": "unknown",
        }
        if checks["database"] == OK and checks["migrations"] == OK:
            state = await self._state()
            checks["worker"] = OK if state.alive else "silent"
            checks["disk"] = OK if max(state.disks.values(), default=0.0) <= DISK_RED else "nearly full"
        if any(checks[name] != OK for name in NEEDED):
            status = "not ready"
        else:
            status = "ready" if all(value == OK for value in checks.values()) else "degraded"
        return {"status": status, "checks": checks}


async def examine_database(database: Database) -> dict[str, str]:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            missing = await database.missing_migrations()
    except Exception:  # for any error of a driver, the database counts as not answering
        return {"database": "does not answer", "migrations": "unknown"}
    return {"database": OK, "migrations": "missing" if missing else OK}


async def examine_store(storage: Storage) -> str:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await storage.check()
    except (StoreUnavailable, OSError, TimeoutError):
        return "does not answer"
    return OK
