"""The database: the list of models, opening it, applying migrations.

SQLite and PostgreSQL differ mostly here; search/engine.py, stats/count_writer.py and erasure.py have their own
statements for each.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.exceptions import DBConnectionError
from tortoise.models import Model
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction as tortoise_transaction

from gallery.db.migrate import Detector, Executor
from gallery.db.postgresql import CONNECT_SECONDS
from gallery.settings import Settings, SettingsError

__all__ = [
    "BACKGROUND_CONNECTION",
    "MODELS",
    "Database",
    "DatabaseOutOfDate",
    "Model",
    "QuerySet",
    "configuration",
    "in_transaction",
    "locked",
    "sqlite_file",
]

APP = "gallery"
MIGRATIONS = "gallery.migrations"
BACKGROUND_CONNECTION = "aside"  # for background writes, so that no request waits for them
MODELS = [
    "gallery.db.models",
    "gallery.monitoring.models",
    "gallery.audit.models",
    "gallery.web.models",
    "gallery.mail.models",
    "gallery.accounts.models",
    "gallery.organisations.models",
    "gallery.artists.models",
    "gallery.images.models",
    "gallery.images.profile_image_models",
    "gallery.sounds.models",
    "gallery.themes.models",
    "gallery.themes.extension_models",
    "gallery.artworks.models",
    "gallery.artworks.private_share_models",
    "gallery.artworks.import_models",
    "gallery.cases.models",
    "gallery.stats.models",
    "gallery.reviews.models",
    "gallery.api.models",
    "gallery.contact.models",
    "gallery.exhibitions.models",
    "gallery.exports.models",
    "gallery.search.models",
    "gallery.supporters.models",
]


# While one of these tables exists, `check` refuses the database.
UNFINISHED_RESTORE_TABLE = "unfinished_restore"
UNFINISHED_MOVE_TABLE = "unfinished_move"  # contains the statements that restore the foreign keys

# A page of works joins ten tables. By default, PostgreSQL's planner optimises the order of only eight, and
# may begin with all works.
PLANNER = {"join_collapse_limit": "16", "from_collapse_limit": "16"}
SQLITE_FULL = "database or disk is full"
CLOSED_MARK = "closed_for_a_move"  # in the error message of a change to a closed database, see `is_closed`


class DatabaseOutOfDate(RuntimeError):
    """The database lacks migrations that this version of the gallery needs."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"The database lacks {len(missing)} migration(s), from {missing[0]} on. Run: gallery init"
        )
        self.missing = missing


class RestoreUnfinished(RuntimeError):
    """A restore is running or was interrupted: works withdrawn after the backup may still be on view."""

    def __init__(self) -> None:
        super().__init__(
            "A restore of this database is under way or was not finished, so it may show what was withdrawn since. "
            "If none is running, move the database away and restore once more."
        )


class MoveUnfinished(RuntimeError):
    """A move into this database is running or was interrupted: some rows are missing."""

    def __init__(self) -> None:
        super().__init__(
            "A site is being moved into this database, or the move was not finished. To finish it, repeat "
            "gallery move-database with the settings of the old database."
        )


def is_closed(error: Exception) -> bool:
    """Whether a change failed because `gallery move-…` has closed the database to changes."""
    return CLOSED_MARK in str(error)


def is_outage(error: Exception) -> bool:
    """Whether the database is unreachable or a disk is full. It is not the user's mistake; a retry may succeed."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    return isinstance(error, DBConnectionError) or SQLITE_FULL in str(error)


def configuration(database_url: str) -> dict[str, Any]:
    """Tortoise's configuration for `sqlite:///path` or `postgresql://user:password@host:port/name`.

    A PostgreSQL socket folder is given as `postgresql://user@/name?host=/folder`. Raises SettingsError.
    """
    return {
        "connections": {
            "default": _connection(database_url),
            BACKGROUND_CONNECTION: _connection(database_url, most=1),
        },
        "apps": {APP: {"models": MODELS, "default_connection": "default", "migrations": MIGRATIONS}},
        "use_tz": True,
        "timezone": "UTC",
    }


def _connection(database_url: str, most: int | None = None) -> dict[str, Any]:
    """The configuration of one connection.

    On PostgreSQL this is a pool of at most `most` connections. The default is the query parameter `pool` of
    the URL, else 8.
    """
    url = urlsplit(database_url)
    if url.scheme == "sqlite":
        path = unquote(url.path[1:])
        if not path:
            raise SettingsError("GALLERY_DATABASE_URL names no file: sqlite:///path/to/gallery.sqlite3")
        return {
            "engine": "gallery.db.sqlite",
            "credentials": {
                "file_path": path,
                "journal_mode": "WAL",
                "synchronous": "NORMAL",  # with WAL, a power cut loses the last commits but corrupts nothing
                "foreign_keys": "ON",
                "busy_timeout": 15_000,  # ms
                "secure_delete": "ON",  # overwrites deleted rows with zeros; gallery/erasure.py does the rest
            },
        }
    if url.scheme in {"postgres", "postgresql"}:
        options = parse_qs(url.query)
        credentials: dict[str, Any] = {
            "host": options["host"][0] if "host" in options else (url.hostname or "localhost"),
            "port": url.port or 5432,
            "user": unquote(url.username or "postgres"),
            "password": unquote(url.password or "") or None,
            "database": unquote(url.path[1:]) or "gallery",
            "timeout": CONNECT_SECONDS,
            "minsize": 1,
            "maxsize": most or int(options.get("pool", ["8"])[0]),
            "server_settings": PLANNER,
        }
        if "sslmode" in options:
            credentials["ssl"] = options["sslmode"][0]
        return {"engine": "gallery.db.postgresql", "credentials": credentials}
    raise SettingsError(
        f"GALLERY_DATABASE_URL begins with {url.scheme or 'nothing'!r}: it takes sqlite:///… or postgresql://…"
    )


def sqlite_file(database_url: str) -> Path | None:
    """The path of the SQLite file; None for PostgreSQL."""
    url = urlsplit(database_url)
    return Path(unquote(url.path[1:])) if url.scheme == "sqlite" else None


class Database:
    """The database of one process. Inside `async with Database(settings)`, all models can be queried."""

    def __init__(self, settings: Settings) -> None:
        self._configuration = configuration(settings.database_url)
        self._context: TortoiseContext | None = None
        self._file = sqlite_file(settings.database_url)

    async def __aenter__(self) -> Database:
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        self._context = await Tortoise.init(config=self._configuration, _enable_global_fallback=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._context is not None:
            context, self._context = self._context, None
            try:
                await context.close_connections()
            finally:
                context.__exit__(None, None, None)
                EXECUTOR_CACHE.clear()  # cached SQL is in the dialect of this database

    async def missing_migrations(self) -> list[str]:
        """The names of the migrations that are not yet applied, in order."""
        return await self._executor().missing()

    async def migrate(self, upto: str | None = None) -> list[str]:
        """Apply the missing migrations, up to and including `upto`; returns their names.

        Each migration has its own transaction.
        """
        connection = get_connection("default")
        if connection.capabilities.dialect == "sqlite":
            return await self._executor().apply(upto)
        async with in_transaction() as guard:  # so that two processes cannot migrate at once
            await guard.execute_query("SELECT pg_advisory_xact_lock(7402)")
            return await self._executor().apply(upto)

    async def check(self) -> None:
        """Raises DatabaseOutOfDate if a migration is missing, RestoreUnfinished or MoveUnfinished."""
        tables = await self._tables()
        if UNFINISHED_RESTORE_TABLE in tables:
            raise RestoreUnfinished
        if UNFINISHED_MOVE_TABLE in tables:
            raise MoveUnfinished
        missing = await self.missing_migrations()
        if missing:
            raise DatabaseOutOfDate(missing)

    async def is_empty(self) -> bool:
        """Whether the database has no tables yet."""
        return not await self._tables() - {UNFINISHED_RESTORE_TABLE}

    async def begin_move(self) -> bool:
        """Mark an empty database as the target of a move; False if it has tables and no such mark."""
        if UNFINISHED_MOVE_TABLE in await self._tables():
            return True
        if not await self.is_empty():
            return False
        await get_connection("default").execute_script(
            f"CREATE TABLE {UNFINISHED_MOVE_TABLE} (statement TEXT NOT NULL)"
        )
        return True

    async def end_restore(self) -> None:
        """Allow the database to be opened again after a restore.

        Before this call, everything that was withdrawn after the backup must be withdrawn again.
        """
        await get_connection("default").execute_script(f"DROP TABLE {UNFINISHED_RESTORE_TABLE}")

    async def _tables(self) -> set[str]:
        connection = get_connection("default")
        is_file = connection.capabilities.dialect == "sqlite"
        _, rows = await connection.execute_query(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            if is_file
            else "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        return {row["name"] for row in rows}

    async def unwritten_changes(self) -> list[str]:
        """The changes of the models that no migration has yet: one line for each operation."""
        assert Tortoise.apps is not None
        writers = await Detector(Tortoise.apps, self._configuration["apps"]).changes()
        return [repr(operation) for writer in writers for operation in writer.operations]

    def _executor(self) -> Executor:
        return Executor(self._configuration["apps"])


def in_transaction(connection: str = "default") -> TransactionContext:
    """A transaction, as an async context manager. On BACKGROUND_CONNECTION, no request has to wait for it."""
    return tortoise_transaction(connection)


def locked(rows: QuerySet[Any], *, skip_locked: bool = False) -> QuerySet[Any]:
    """Lock `rows` until the transaction ends. `skip_locked`: leave out rows that another process has locked.

    SQLite needs no row locks: only one transaction at a time can write (see db/sqlite.py).
    """
    connection: BaseDBAsyncClient = get_connection("default")
    if connection.capabilities.dialect == "sqlite":
        return rows
    return rows.select_for_update(skip_locked=skip_locked)
