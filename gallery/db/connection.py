"""The database: where the models are, how it is opened and brought up to date; SQLite and PostgreSQL differ only here."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tortoise import Tortoise
from tortoise.backends.base.client import BaseDBAsyncClient, TransactionContext
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.connection import get_connection
from tortoise.context import TortoiseContext
from tortoise.models import Model
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction as tortoise_transaction

from gallery.db.migrate import Detector, Executor
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
BACKGROUND_CONNECTION = (
    "aside"  # a connection of its own, for what is written beside requests: nobody waits for it
)
MODELS = [
    "gallery.db.models",
    "gallery.audit.models",
    "gallery.web.models",
    "gallery.mail.models",
    "gallery.accounts.models",
    "gallery.organisations.models",
    "gallery.artists.models",
    "gallery.images.models",
    "gallery.images.profile_image_models",
    "gallery.themes.models",
    "gallery.themes.extension_models",
    "gallery.artworks.models",
    "gallery.artworks.private_share_models",
    "gallery.artworks.import_models",
    "gallery.stats.models",
    "gallery.reviews.models",
    "gallery.api.models",
    "gallery.exhibitions.models",
    "gallery.search.models",
]


UNFINISHED_RESTORE_TABLE = (
    "unfinished_restore"  # a table: while it is there, `check` lets nobody open the database
)


class DatabaseOutOfDate(RuntimeError):
    """The database lacks migrations that this version of the gallery needs."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"The database lacks {len(missing)} migration(s), from {missing[0]} on. Run: gallery init"
        )
        self.missing = missing


class RestoreUnfinished(RuntimeError):
    """A copy is being brought back, or was left half brought back: it still shows what was withdrawn after it."""

    def __init__(self) -> None:
        super().__init__(
            "A restore of this database is under way or was not finished, so it may show what was withdrawn since. "
            "If none is running, move the database away and restore once more."
        )


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
    """One connection's part of it; on PostgreSQL a pool of `most`, or as many as the address says."""
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
                "synchronous": "NORMAL",  # in WAL mode a power cut cannot corrupt, only lose the last moment
                "foreign_keys": "ON",
                "busy_timeout": 15_000,  # ms
                "secure_delete": "ON",  # zeroes what is deleted; gallery/erasure.py does the rest
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
            "minsize": 1,
            "maxsize": most or int(options.get("pool", ["8"])[0]),
        }
        if "sslmode" in options:
            credentials["ssl"] = options["sslmode"][0]
        return {"engine": "tortoise.backends.asyncpg", "credentials": credentials}
    raise SettingsError(
        f"GALLERY_DATABASE_URL begins with {url.scheme or 'nothing'!r}: it takes sqlite:///… or postgresql://…"
    )


def sqlite_file(database_url: str) -> Path | None:
    """Where the database lies, if it is a file."""
    url = urlsplit(database_url)
    return Path(unquote(url.path[1:])) if url.scheme == "sqlite" else None


class Database:
    """The open database of one process. `async with Database(settings)`; models work anywhere in the process."""

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
                EXECUTOR_CACHE.clear()  # it keeps SQL in the dialect of the database that was open

    async def missing_migrations(self) -> list[str]:
        """The names of the migrations that the database still lacks, in their order."""
        return await self._executor().missing()

    async def migrate(self, upto: str | None = None) -> list[str]:
        """Apply what is missing, or no more than `upto`, each migration in its transaction; returns their names."""
        connection = get_connection("default")
        if connection.capabilities.dialect == "sqlite":
            return await self._executor().apply(upto)
        async with in_transaction() as guard:  # two servers that start at once do not both migrate
            await guard.execute_query("SELECT pg_advisory_xact_lock(7402)")
            return await self._executor().apply(upto)

    async def check(self) -> None:
        """Raises DatabaseOutOfDate unless every migration has been applied, and RestoreUnfinished."""
        if UNFINISHED_RESTORE_TABLE in await self._tables():
            raise RestoreUnfinished
        missing = await self.missing_migrations()
        if missing:
            raise DatabaseOutOfDate(missing)

    async def is_empty(self) -> bool:
        """Whether it holds nothing yet."""
        return not await self._tables() - {UNFINISHED_RESTORE_TABLE}

    async def end_restore(self) -> None:
        """Let the database be opened: what was withdrawn after the copy is withdrawn in it, too."""
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
        """What the models say and the migrations do not yet: one line for each operation."""
        assert Tortoise.apps is not None
        writers = await Detector(Tortoise.apps, self._configuration["apps"]).changes()
        return [repr(operation) for writer in writers for operation in writer.operations]

    async def write_migration(self) -> list[str]:
        """Write the migration for `unwritten_changes`; returns the paths of the files."""
        assert Tortoise.apps is not None
        return await Detector(Tortoise.apps, self._configuration["apps"]).write()

    def _executor(self) -> Executor:
        return Executor(self._configuration["apps"])


def in_transaction(connection: str = "default") -> TransactionContext:
    """`async with in_transaction():` all or nothing; on the connection ASIDE, nobody waits for it meanwhile."""
    return tortoise_transaction(connection)


def locked(rows: QuerySet[Any], *, skip_held: bool = False) -> QuerySet[Any]:
    """`rows` locked until the transaction ends; with `skip_held`, without those that another process holds.

    On SQLite a transaction is the only writer from its beginning (see `sqlite_engine`), so nothing is added.
    """
    connection: BaseDBAsyncClient = get_connection("default")
    if connection.capabilities.dialect == "sqlite":
        return rows
    return rows.select_for_update(skip_locked=skip_held)
