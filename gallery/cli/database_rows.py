"""The rows of a database in one form for both engines, without the ORM: for `gallery move-database`.

A row is a tuple of None, int, str, bytes, date and datetime (in UTC). It is the same for both engines:
booleans are 0 and 1, and JSON is text with sorted keys.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from gallery.db.connection import (
    CLOSED_MARK,
    UNFINISHED_MOVE_TABLE,
    UNFINISHED_RESTORE_TABLE,
    configuration,
    sqlite_file,
)

BATCH_SIZE = 2000  # rows of each database in memory
CLOSE_ATTEMPTS = 5  # it waits for running transactions, and PostgreSQL aborts one of two in a deadlock

# These tables belong to one database and are not copied: migrations, the search index, workers, marks.
OWN_TABLES = frozenset(
    {"tortoise_migrations", "search_entry", "search_word", "index_pass", "worker_beat"}
    | {UNFINISHED_MOVE_TABLE, UNFINISHED_RESTORE_TABLE}
)

Row = tuple[Any, ...]
Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class Table:
    name: str
    columns: Mapping[str, str]  # name → type as the engine calls it; sorted by name
    key: tuple[str, ...]  # the columns of the primary key; without one, all columns of the table

    def key_of(self, row: Row) -> Row:
        values = dict(zip(self.columns, row, strict=True))
        return tuple(values[name] for name in self.key)

    @property
    def quoted_columns(self) -> str:
        return ", ".join(f'"{name}"' for name in self.columns)


def canonical_json(text: str) -> str:
    """JSON with sorted keys, and 1000 for 1e3: PostgreSQL stores keys and numbers in its own form."""
    return json.dumps(
        json.loads(text, parse_float=_number), ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


def _number(text: str) -> float | int:
    number = float(text)
    return int(number) if number.is_integer() else number


def utc(moment: datetime | str) -> datetime:
    """Convert a moment to UTC; in SQLite the ORM stores moments as text."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def converter(conversions: Sequence[Convert | None]) -> Callable[[Sequence[Any]], Row]:
    """A function that converts the values of a row that are not null."""
    needed = [(place, convert) for place, convert in enumerate(conversions) if convert is not None]

    def convert_row(row: Sequence[Any]) -> Row:
        values = list(row)
        for place, convert in needed:
            if values[place] is not None:
                values[place] = convert(values[place])
        return tuple(values)

    return convert_row


class RowStore(ABC):
    """One database, opened for a move."""

    tables: Mapping[str, Table]  # the tables that are copied, by name

    @abstractmethod
    def snapshot(self) -> Any:
        """An async context manager in which all reads see the database as it was at the beginning."""

    @abstractmethod
    async def read(self, table: Table, after: Row | None, until: Row | None = None) -> list[Row]:
        """The rows with keys greater than `after`, in the order of their keys.

        Without `until`, at most BATCH_SIZE rows; otherwise all rows up to this key.
        """

    @abstractmethod
    async def delete(self, table: Table, keys: Collection[Row]) -> None: ...

    @abstractmethod
    async def insert(self, table: Table, rows: Collection[Row]) -> None: ...

    @abstractmethod
    async def count(self, table: Table) -> int: ...

    @abstractmethod
    async def last_ids(self) -> dict[str, int]:
        """Table → the last id that it gave to a row, for tables with numbered rows."""

    @abstractmethod
    async def set_last_ids(self, ids: Mapping[str, int]) -> None: ...

    @abstractmethod
    async def release_references(self) -> None:
        """Switch foreign keys off, until `restore_references`."""

    @abstractmethod
    async def restore_references(self) -> None:
        """Switch foreign keys on and remove the mark of an unfinished move, in one transaction.

        Raises an error of the engine if a referenced row is missing.
        """

    @abstractmethod
    async def close_to_changes(self) -> None:
        """Refuse changes of all processes from now on; returns after all running transactions are committed."""

    @abstractmethod
    async def reopen(self) -> None:
        """Accept changes again."""

    async def batches(self, table: Table) -> AsyncIterator[list[Row]]:
        """All rows of a table in the order of their keys."""
        after: Row | None = None
        while rows := await self.read(table, after):
            yield rows
            after = table.key_of(rows[-1])

    async def digest(self, table: Table) -> tuple[int, str]:
        """The number of rows, and SHA-256 of all rows in the order of their keys."""
        count, digest = 0, hashlib.sha256()
        async for rows in self.batches(table):
            count += len(rows)
            for row in rows:
                digest.update(repr(row).encode(errors="surrogatepass"))
        return count, digest.hexdigest()


class SQLiteRows(RowStore):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.tables = {}
        names = connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        for (name,) in names.fetchall():
            if name not in OWN_TABLES:
                columns = connection.execute("SELECT name, type, pk FROM pragma_table_info(?)", (name,))
                self.tables[name] = _table(name, columns.fetchall())
        self._read = {
            name: converter([_from_sqlite(type) for type in table.columns.values()])
            for name, table in self.tables.items()
        }
        self._written = {
            name: converter([_to_sqlite(type) for type in table.columns.values()])
            for name, table in self.tables.items()
        }

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        self._connection.execute("BEGIN")
        try:
            self._connection.execute("SELECT count(*) FROM sqlite_master")
            yield
        finally:
            self._connection.rollback()

    async def read(self, table: Table, after: Row | None, until: Row | None = None) -> list[Row]:
        key = ", ".join(f'"{name}"' for name in table.key)
        marks = ", ".join("?" * len(table.key))
        bounds = [
            f"({key}) {sign} ({marks})" for sign, bound in ((">", after), ("<=", until)) if bound is not None
        ]
        rows = self._connection.execute(
            f'SELECT {table.quoted_columns} FROM "{table.name}"'
            f"{' WHERE ' + ' AND '.join(bounds) if bounds else ''} ORDER BY {key}"
            f"{f' LIMIT {BATCH_SIZE}' if until is None else ''}",
            [*(after or ()), *(until or ())],
        )
        return [self._read[table.name](row) for row in rows]

    async def delete(self, table: Table, keys: Collection[Row]) -> None:
        where = " AND ".join(f'"{name}" = ?' for name in table.key)
        with self._connection:
            self._connection.executemany(f'DELETE FROM "{table.name}" WHERE {where}', keys)

    async def insert(self, table: Table, rows: Collection[Row]) -> None:
        marks = ", ".join("?" * len(table.columns))
        with self._connection:
            self._connection.executemany(
                f'INSERT INTO "{table.name}" ({table.quoted_columns}) VALUES ({marks})',
                map(self._written[table.name], rows),
            )

    async def count(self, table: Table) -> int:
        return int(self._connection.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0])

    async def last_ids(self) -> dict[str, int]:
        rows = self._connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
        return {name: last for name, last in rows if name in self.tables}

    async def set_last_ids(self, ids: Mapping[str, int]) -> None:
        with self._connection:
            self._connection.executemany(
                "DELETE FROM sqlite_sequence WHERE name = ?", [(name,) for name in ids]
            )
            self._connection.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", ids.items())

    async def release_references(self) -> None:
        self._connection.execute("PRAGMA foreign_keys = OFF")

    async def restore_references(self) -> None:
        broken = self._connection.execute("PRAGMA foreign_key_check").fetchone()
        if broken is not None:
            raise sqlite3.IntegrityError(
                f"a row of {broken[0]} refers to a row of {broken[2]} that is missing"
            )
        with self._connection:
            self._connection.execute(f"DROP TABLE {UNFINISHED_MOVE_TABLE}")

    async def close_to_changes(self) -> None:
        # RAISE would look like a broken constraint, such as a slug in use. Calling a function that does not
        # exist raises a different error, which contains the function's name.
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for name, change in self._changes():
                self._connection.execute(
                    f'CREATE TRIGGER IF NOT EXISTS "{CLOSED_MARK}_{name}_{change}" BEFORE {change} ON "{name}" '
                    f"BEGIN SELECT {CLOSED_MARK}(); END"
                )

    async def reopen(self) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            for name, change in self._changes():
                self._connection.execute(f'DROP TRIGGER IF EXISTS "{CLOSED_MARK}_{name}_{change}"')

    def _changes(self) -> list[tuple[str, str]]:
        return [(name, change) for name in self.tables for change in ("INSERT", "UPDATE", "DELETE")]


def _from_sqlite(type: str) -> Convert | None:
    conversions: dict[str, Convert] = {"TIMESTAMP": utc, "DATE": date.fromisoformat, "JSON": canonical_json}
    return conversions.get(type)


def _to_sqlite(type: str) -> Convert | None:
    if type == "TIMESTAMP":
        return lambda moment: moment.isoformat(" ")  # in the format of the ORM
    return date.isoformat if type == "DATE" else None


class PostgreSQLRows(RowStore):
    def __init__(self, connection: asyncpg.Connection, columns: Sequence[Sequence[Any]]) -> None:
        """`columns`: (table, column, type, position in the primary key or 0) of all tables."""
        self._connection = connection
        names = dict.fromkeys(row[0] for row in columns if row[0] not in OWN_TABLES)
        self.tables = {name: _table(name, [row[1:] for row in columns if row[0] == name]) for name in names}
        self._read = {
            name: converter([_from_postgresql(type) for type in table.columns.values()])
            for name, table in self.tables.items()
        }
        self._written = {
            name: converter([bool if type == "boolean" else None for type in table.columns.values()])
            for name, table in self.tables.items()
        }

    def snapshot(self) -> Any:
        return self._connection.transaction(isolation="repeatable_read", readonly=True)

    async def read(self, table: Table, after: Row | None, until: Row | None = None) -> list[Row]:
        # Sort texts by bytes, as SQLite does; the database's own collation may differ.
        key = ", ".join(
            f'"{name}"' + (' COLLATE "C"' if _is_text(table.columns[name]) else "") for name in table.key
        )
        bounds, values = list[str](), list[Any]()
        for sign, bound in ((">", after), ("<=", until)):
            if bound is not None:
                marks = ", ".join(f"${len(values) + place}" for place in range(1, len(bound) + 1))
                bounds.append(f"({key}) {sign} ({marks})")
                values += bound
        rows = await self._connection.fetch(
            f'SELECT {table.quoted_columns} FROM "{table.name}"'
            f"{' WHERE ' + ' AND '.join(bounds) if bounds else ''} ORDER BY {key}"
            f"{f' LIMIT {BATCH_SIZE}' if until is None else ''}",
            *values,
        )
        return [self._read[table.name](list(row)) for row in rows]

    async def delete(self, table: Table, keys: Collection[Row]) -> None:
        where = " AND ".join(f'"{name}" = ${place}' for place, name in enumerate(table.key, 1))
        await self._connection.executemany(f'DELETE FROM "{table.name}" WHERE {where}', keys)

    async def insert(self, table: Table, rows: Collection[Row]) -> None:
        await self._connection.copy_records_to_table(
            table.name, records=list(map(self._written[table.name], rows)), columns=list(table.columns)
        )

    async def count(self, table: Table) -> int:
        return int(await self._connection.fetchval(f'SELECT count(*) FROM "{table.name}"'))

    async def last_ids(self) -> dict[str, int]:
        found = {}
        for name in self.tables:
            if sequence := await self._sequence(name):
                row = await self._connection.fetchrow(f"SELECT last_value, is_called FROM {sequence}")
                found[name] = row["last_value"] if row["is_called"] else 0
        return found

    async def set_last_ids(self, ids: Mapping[str, int]) -> None:
        for name, last in ids.items():
            if last and (sequence := await self._sequence(name)):
                await self._connection.execute("SELECT setval($1::text::regclass, $2)", sequence, last)

    async def _sequence(self, name: str) -> str | None:
        if "id" not in self.tables[name].columns:
            return None
        sequence: str | None = await self._connection.fetchval(
            "SELECT pg_get_serial_sequence($1, 'id')", f'"{name}"'
        )
        return sequence

    async def release_references(self) -> None:
        # Only a superuser could disable foreign keys, so they are dropped. The mark stores how to create them
        # again.
        async with self._connection.transaction():
            keys = await self._connection.fetch(
                "SELECT conrelid::regclass::text AS name, quote_ident(conname) AS key, "
                "pg_get_constraintdef(oid) AS definition FROM pg_constraint "
                "WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
            )
            for row in keys:
                made = f"ALTER TABLE {row['name']} ADD CONSTRAINT {row['key']} {row['definition']}"
                await self._connection.execute(f"INSERT INTO {UNFINISHED_MOVE_TABLE} VALUES ($1)", made)
                await self._connection.execute(f"ALTER TABLE {row['name']} DROP CONSTRAINT {row['key']}")

    async def restore_references(self) -> None:
        async with self._connection.transaction():
            for row in await self._connection.fetch(f"SELECT statement FROM {UNFINISHED_MOVE_TABLE}"):
                await self._connection.execute(row["statement"])
            await self._connection.execute(f"DROP TABLE {UNFINISHED_MOVE_TABLE}")
        await self._connection.execute("ANALYZE")

    async def close_to_changes(self) -> None:
        for attempt in range(1, CLOSE_ATTEMPTS + 1):
            try:
                async with self._connection.transaction():
                    await self._connection.execute(
                        f"CREATE OR REPLACE FUNCTION {CLOSED_MARK}() RETURNS trigger LANGUAGE plpgsql AS "
                        f"$$ BEGIN RAISE EXCEPTION '{CLOSED_MARK}' USING ERRCODE = 'insufficient_privilege'; END $$"
                    )
                    for name in sorted(self.tables):
                        await self._connection.execute(
                            f'CREATE OR REPLACE TRIGGER {CLOSED_MARK} BEFORE INSERT OR UPDATE OR DELETE ON "{name}" '
                            f"FOR EACH STATEMENT EXECUTE FUNCTION {CLOSED_MARK}()"
                        )
                return
            except asyncpg.DeadlockDetectedError:
                if attempt == CLOSE_ATTEMPTS:
                    raise

    async def reopen(self) -> None:
        await self._connection.execute(f"DROP FUNCTION IF EXISTS {CLOSED_MARK}() CASCADE")


def _is_text(type: str) -> bool:
    return type in {"character varying", "text", "character"}


def _from_postgresql(type: str) -> Convert | None:
    conversions: dict[str, Convert] = {
        "boolean": int,
        "timestamp with time zone": utc,
        "jsonb": canonical_json,
    }
    return conversions.get(type)


def _table(name: str, columns: Sequence[Sequence[Any]]) -> Table:
    """`columns`: (name, type, position in the primary key or 0)."""
    key = tuple(column[0] for column in sorted(columns, key=lambda each: each[2]) if column[2])
    types = dict(sorted((column[0], column[1]) for column in columns))
    return Table(name, types, key or tuple(types))


@asynccontextmanager
async def open_rows(database_url: str) -> AsyncIterator[RowStore]:
    """Open a database without the ORM. Its tables must exist."""
    file = sqlite_file(database_url)
    if file is not None:
        # Without implicit transactions: the code begins each transaction itself.
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", timeout=60, uri=True)) as opened:
            opened.execute("PRAGMA secure_delete = ON")
            yield SQLiteRows(opened)
        return
    credentials = configuration(database_url)["connections"]["default"]["credentials"]
    options = {name: value for name, value in credentials.items() if name not in {"minsize", "maxsize"}}
    connection = await asyncpg.connect(**options)
    try:
        columns = await connection.fetch(
            """SELECT c.table_name, c.column_name, c.data_type, coalesce(k.ordinal_position, 0)::int
            FROM information_schema.columns c
            LEFT JOIN (information_schema.key_column_usage k JOIN information_schema.table_constraints t
                ON t.constraint_name = k.constraint_name AND t.table_schema = k.table_schema
                AND t.table_name = k.table_name AND t.constraint_type = 'PRIMARY KEY')
            ON k.table_schema = c.table_schema AND k.table_name = c.table_name AND k.column_name = c.column_name
            WHERE c.table_schema = 'public'"""
        )
        yield PostgreSQLRows(connection, columns)
    finally:
        await connection.close()


def different_keys(table: Table, ours: Collection[Row], theirs: Collection[Row]) -> list[Row]:
    """The keys of rows in `theirs` that are missing or different in `ours`."""
    wanted = set(ours)
    return [table.key_of(row) for row in theirs if row not in wanted]
