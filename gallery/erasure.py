"""Erasing the bytes of deleted text from SQLite's file, its WAL and its search index.

A deletion leaves copies behind. `secure_delete` overwrites the deleted row with zeros, but not older copies
in pages that were split or moved. The search index keeps a deleted token until its segments are merged. The
WAL keeps old pages. Merging the index, VACUUM and truncating the WAL together remove all copies.
https://sqlite.org/lang_vacuum.html
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from gallery.clock import now, to_local
from gallery.db.connection import sqlite_file
from gallery.db.models import Erasure
from gallery.worker import Chore, ChoreContext

LOCK_TIMEOUT = 2.0  # seconds to wait for other connections to release their locks
# Nobody can write during VACUUM, and writers give up after 15 s. So a larger file is rewritten only at night.
MAX_DAYTIME_BYTES = 64_000_000  # size of the database file
NIGHT_HOURS = range(2, 5)  # hours in the site's time zone


async def request_erasure() -> None:
    """Have the worker erase the bytes of the text that this transaction deletes."""
    await Erasure.create(at=now())


async def erase_bytes(context: ChoreContext) -> bool:
    """Erase the bytes that deletions left; False if there are none, or if they must be erased later.

    PostgreSQL reuses the space itself; docs/operating.md says what else a keeper can do.
    """
    newest = await Erasure.all().order_by("-id").first()
    if newest is None:
        return False
    file = sqlite_file(context.settings.database_url)
    if file is not None:
        rewrite = file.stat().st_size <= MAX_DAYTIME_BYTES or to_local(now()).hour in NIGHT_HOURS
        if not await asyncio.to_thread(_erase, file, rewrite) or not rewrite:
            return False
    await Erasure.filter(id__lte=newest.id).delete()
    return True


def _erase(file: Path, rewrite: bool) -> bool:
    """Rewrite the file if `rewrite`, then empty the WAL; False if another connection prevents it."""
    with closing(sqlite3.connect(file, timeout=LOCK_TIMEOUT, isolation_level=None)) as connection:
        try:
            if rewrite:
                connection.execute("INSERT INTO search_index (search_index) VALUES ('optimize')")
                connection.execute("VACUUM")
            busy, _pages, _moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                return False
            raise
    return not busy


# The chore's `every` makes a pause, so that several deletions need only one rewrite of the file.
CHORES = [Chore("erase the bytes of deleted words", erase_bytes, every=10, concurrent=True)]
