"""Leases: a row that one process works on says until when; a killed process loses it when the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from gallery.clock import now
from gallery.db.connection import QuerySet


@asynccontextmanager
async def lease_renewal(leased_rows: Callable[[], QuerySet[Any]], seconds: float) -> AsyncIterator[None]:
    """Renew `lease_until` of the rows, `seconds` from now, until the block ends."""
    is_over = asyncio.Event()

    async def renew() -> None:
        while not is_over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds / 3):
                    await is_over.wait()
                    return
            await leased_rows().update(lease_until=now() + timedelta(seconds=seconds))

    renewal = asyncio.create_task(renew())
    try:
        yield
    finally:
        is_over.set()
        await asyncio.wait([renewal])
