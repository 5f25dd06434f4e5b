"""Counting database queries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection


@contextmanager
def counted_queries() -> Iterator[list[str]]:
    """Record every statement that the connection runs within the block."""
    connection: BaseDBAsyncClient = get_connection("default")
    kind, ran = type(connection), []
    original = kind.execute_query

    async def execute_query(self: Any, query: str, values: Any = None) -> Any:
        ran.append(query)
        return await original(self, query, values)

    kind.execute_query = execute_query  # type: ignore[method-assign]
    try:
        yield ran
    finally:
        kind.execute_query = original  # type: ignore[method-assign]
