"""Whether anything was written to the database: one cheap query, which saves chores their own queries."""

from __future__ import annotations

import sqlite3
import time

from tortoise.connection import get_connection

from gallery.db.connection import sqlite_file

STALENESS = 0.4  # seconds for which a version is used again


class WriteTracker:
    """Asks the database for a version that changes with every write of any process, including this one.

    SQLite: `PRAGMA data_version` on a separate connection, because it ignores writes of its own connection
    (https://sqlite.org/pragma.html#pragma_data_version). PostgreSQL: the snapshot, which lists running
    transactions that have written something.
    """

    def __init__(self, database_url: str) -> None:
        file = sqlite_file(database_url)
        self._sqlite = sqlite3.connect(file, timeout=0, isolation_level=None) if file else None
        self._asked_at = float("-inf")
        self._version: object = None

    async def version(self) -> object:
        """The current version. Two versions are equal only if nothing was written between them."""
        asked_at = time.monotonic()
        if asked_at - self._asked_at >= STALENESS:
            self._version = await self._ask()
            self._asked_at = asked_at
        return self._version

    async def _ask(self) -> object:
        if self._sqlite is None:
            _, rows = await get_connection("default").execute_query(
                "SELECT pg_current_snapshot()::text AS snapshot"
            )
            return rows[0]["snapshot"]
        try:
            return self._sqlite.execute("PRAGMA data_version").fetchall()
        except sqlite3.OperationalError:  # the file is locked because it is being rewritten
            return object()

    def close(self) -> None:
        if self._sqlite is not None:
            self._sqlite.close()
