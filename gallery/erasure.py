"""Erasing the bytes of deleted words from SQLite's file, its WAL and its search index.

A deletion leaves copies behind. `secure_delete` zeroes a row where it lies, but not the copies in pages that were split
or moved earlier; the search index keeps a deleted token until its segments are merged; the WAL keeps old pages. Merging
the index, VACUUM and a truncated WAL together leave none. https://sqlite.org/lang_vacuum.html
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from tortoise import fields
from tortoise.models import Model

from gallery.clock import now, to_local
from gallery.db.connection import sqlite_file
from gallery.worker import Chore, ChoreContext

LOCK_TIMEOUT = 2.0  # seconds to wait for other connections
# Nobody can write while the file is written anew, for up to 15 s until they give up. A larger file waits for the night.
MAX_DAYTIME_BYTES = 64_000_000  # bytes
NIGHT_HOURS = range(2, 5)  # hours of the site's clocks


class Erasure(Model):
    """Private words were deleted, and their bytes are still to be erased. The row is the job."""

    id = fields.IntField(primary_key=True)
    at = fields.DatetimeField()

    class Meta:
        table = "erasure"


async def request_erasure() -> None:
    """Have the worker erase the bytes of what this transaction deletes."""
    await Erasure.create(at=now())


async def erase_bytes(context: ChoreContext) -> bool:
    """Erase what deletions left; False where there is nothing to do, or it has to be tried again.

    PostgreSQL reuses the space by itself: docs/operating.md says what a keeper can do beyond that.
    """
    newest = await Erasure.all().order_by("-id").first()
    if newest is None:
        return False
    file = sqlite_file(context.settings.database_url)
    if file is not None:
        anew = file.stat().st_size <= MAX_DAYTIME_BYTES or to_local(now()).hour in NIGHT_HOURS
        if not await asyncio.to_thread(_erase, file, anew) or not anew:
            return False
    await Erasure.filter(id__lte=newest.id).delete()
    return True


def _erase(file: Path, anew: bool) -> bool:
    """Empty the WAL, and before that write the whole file `anew`; False where somebody else reads or writes it."""
    with closing(sqlite3.connect(file, timeout=LOCK_TIMEOUT, isolation_level=None)) as connection:
        try:
            if anew:
                connection.execute("INSERT INTO search_index (search_index) VALUES ('optimize')")
                connection.execute("VACUUM")
            busy, _pages, _moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                return False
            raise
    return not busy


# A pause between two looks, so that several deletions are one rewrite.
CHORES = [Chore("erase the bytes of deleted words", erase_bytes, every=10, concurrent=True)]
