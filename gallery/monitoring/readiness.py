"""Whether this process can serve, and what else is not as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from gallery.db.connection import Database
from gallery.monitoring.signals import DISK_RED
from gallery.monitoring.state import Remembered, SiteState
from gallery.storage import Storage, StoreUnavailable

DATABASE_SECONDS = 5.0  # for which an answer of the database is used again
STORE_SECONDS = 60.0  # the check of a store writes and deletes files
TIMEOUT_SECONDS = 5.0

OK = "ok"
NEEDED = ("database", "migrations")  # without these no page can be served


class Readiness:
    """Examines the parts of the site, each at most every few seconds however often it is asked."""

    def __init__(
        self, database: Database, storage: Storage, state: Callable[[], Awaitable[SiteState]]
    ) -> None:
        self._database = Remembered(lambda: examine_database(database), DATABASE_SECONDS)
        self._store = Remembered(lambda: examine_store(storage), STORE_SECONDS)
        self._state = state

    async def examine(self) -> dict[str, Any]:
        """`status` (ready, degraded, not ready) and what each part answers, as JSON without any secret."""
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
    except Exception:  # whatever a driver raises: the database does not answer
        return {"database": "does not answer", "migrations": "unknown"}
    return {"database": OK, "migrations": "missing" if missing else OK}


async def examine_store(storage: Storage) -> str:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await storage.check()
    except (StoreUnavailable, OSError, TimeoutError):
        return "does not answer"
    return OK
