"""Whether anything was written to the database: one cheap question, so that chores need not ask their own."""

from __future__ import annotations

import sqlite3
import time

from tortoise.connection import get_connection

from gallery.db.connection import sqlite_file

STALENESS = 0.4  # seconds for which an answer is used again


class WriteTracker:
    """Asks the database for a version that differs after every write of any process, this one included.

    On SQLite by `PRAGMA data_version`, on a connection of its own, because it leaves out the writes of the same
    connection (https://sqlite.org/pragma.html#pragma_data_version). On PostgreSQL by the snapshot, which lists
    the running transactions that write; an idle one has no number.
    """

    def __init__(self, database_url: str) -> None:
        file = sqlite_file(database_url)
        self._sqlite = sqlite3.connect(file, timeout=0, isolation_level=None) if file else None
        self._asked_at = float("-inf")
        self._version: object = None

    async def version(self) -> object:
        """Two answers are equal only if nothing was written between them."""
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
        except sqlite3.OperationalError:  # somebody has locked the file, to rewrite it
            return object()

    def close(self) -> None:
        if self._sqlite is not None:
            self._sqlite.close()
