"""Tortoise's SQLite engine, with transactions that take the write lock at once, and more connections for reading.

A deferred transaction that reads before it writes fails at once with "database is locked" if another process
wrote in between. A transaction that begins with IMMEDIATE waits its turn (`busy_timeout`).
https://sqlite.org/lang_transaction.html

Tortoise has one connection, so every query of a process would wait for the slowest query and for each
transaction. Queries outside of transactions have separate connections, which see everything committed before
they begin (https://sqlite.org/wal.html#concurrency).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
from tortoise.backends.base.client import TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
    translate_exceptions,
)
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError

READERS = 3  # connections for reading, each with a thread


class ImmediateTransaction(SqliteTransactionWrapper):
    async def begin(self) -> None:
        try:
            await self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            raise TransactionManagementError(error) from error
        except asyncio.CancelledError:
            await self._connection.rollback()  # the connection's thread has begun the transaction anyway
            raise


class ImmediateTransactionContext(SqliteTransactionContext):
    """Releases the connection's lock if the transaction cannot begin, but only if the lock was acquired."""

    async def __aenter__(self) -> Any:
        await self._trxlock.acquire()
        try:
            await self.ensure_connection()
            await self.connection.begin()
        except BaseException:
            self._trxlock.release()
            raise
        self.token = get_connections().set(self.connection_name, self.connection)
        return self.connection


class ImmediateSqliteClient(SqliteClient):
    def __init__(self, file_path: str, **kwargs: Any) -> None:
        super().__init__(file_path, **kwargs)
        self._readers: list[aiosqlite.Connection] = []
        self._idle: list[aiosqlite.Connection] = []
        self._free = asyncio.Semaphore(READERS)

    def _in_transaction(self) -> TransactionContext:
        return ImmediateTransactionContext(ImmediateTransaction(self), self._lock)

    async def close(self) -> None:
        readers, self._readers, self._idle = self._readers, [], []
        for reader in readers:
            await reader.close()
        await super().close()

    async def execute_query(self, query: str, values: list[Any] | None = None) -> tuple[int, Sequence[Any]]:
        if not is_reading(query):
            answer: tuple[int, Sequence[Any]] = await super().execute_query(query, values)
            return answer
        rows = await self._read(query, values)
        return len(rows), rows

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        if is_reading(query):
            return list(map(dict, await self._read(query, values)))
        found: list[dict[str, Any]] = await super().execute_query_dict(query, values)
        return found

    @translate_exceptions
    async def _read(self, query: str, values: list[Any] | None) -> list[Any]:
        async with self._reader() as reader:
            self.log.debug("%s: %s", query, values)
            return list(await reader.execute_fetchall(query.replace("\x00", "'||CHAR(0)||'"), values))

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[aiosqlite.Connection]:
        async with self._free:
            reader = self._idle.pop() if self._idle else await self._open_reader()
            try:
                yield reader
            finally:
                if reader in self._readers:  # otherwise the client was closed in the meantime
                    self._idle.append(reader)

    async def _open_reader(self) -> aiosqlite.Connection:
        if self._connection is None:  # the first connection creates the database file
            await self.create_connection(with_db=True)
        reader = await aiosqlite.connect(self.filename, isolation_level=None)
        self._readers.append(reader)
        reader.row_factory = sqlite3.Row
        for pragma in (f"busy_timeout={self.pragmas.get('busy_timeout', 0)}", "query_only=ON"):
            await (await reader.execute(f"PRAGMA {pragma}")).close()
        return reader


def is_reading(query: str) -> bool:
    return query.lstrip()[:6].upper() == "SELECT"


client_class = ImmediateSqliteClient
