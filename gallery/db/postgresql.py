"""Tortoise's PostgreSQL engine, with one exception for an unreachable server.

asyncpg raises many kinds of errors while a server stops, starts or refuses connections. All become
DBConnectionError.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections
from tortoise.exceptions import DBConnectionError

CONNECT_SECONDS = 10  # after this time without an answer, the server counts as unreachable

AWAY = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # the server is stopping or starting
    asyncpg.InsufficientResourcesError,  # no disk space, or too many connections
)


@contextmanager
def converted_errors() -> Iterator[None]:
    """Convert the errors of an unreachable server to DBConnectionError."""
    try:
        yield
    except AWAY as error:
        raise DBConnectionError(f"{type(error).__name__}: {error}") from error
    except asyncpg.InterfaceError as error:
        if "closed" not in str(error):  # a programming error
            raise
        raise DBConnectionError(str(error)) from error


class PostgresqlTransactionContext(TransactionContextPooled):
    async def __aenter__(self) -> Any:
        with converted_errors():
            await self.ensure_connection()
            pool = self.client._parent._pool
            self.client._connection = await pool.acquire()
            try:
                await self.client.begin()
            except BaseException:
                await pool.release(self.client._connection)  # Tortoise would never release it
                raise
        self.token = get_connections().set(self.connection_name, self.client)
        return self.client

    async def __aexit__(self, *error: Any) -> None:
        with converted_errors():
            await super().__aexit__(*error)


class PostgresqlClient(AsyncpgDBClient):
    def _in_transaction(self) -> TransactionContext:
        return PostgresqlTransactionContext(TransactionWrapper(self), self._pool_init_lock)

    async def _translate_exceptions(self, *call: Any, **keywords: Any) -> Any:
        with converted_errors():
            return await super()._translate_exceptions(*call, **keywords)


client_class = PostgresqlClient
