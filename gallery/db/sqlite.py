"""Tortoise's SQLite engine, with transactions that take the write lock when they begin.

A deferred transaction that reads before it writes fails at once with "database is locked" if another process
wrote in between. A transaction that begins with IMMEDIATE waits its turn (`busy_timeout`).
https://sqlite.org/lang_transaction.html
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from tortoise.backends.base.client import TransactionContext
from tortoise.backends.sqlite.client import (
    SqliteClient,
    SqliteTransactionContext,
    SqliteTransactionWrapper,
)
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError


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
    def _in_transaction(self) -> TransactionContext:
        return ImmediateTransactionContext(ImmediateTransaction(self), self._lock)


client_class = ImmediateSqliteClient
