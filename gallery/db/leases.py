"""Leases: a row that one process works on says until when; a killed process loses it when the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from tortoise.expressions import Q

from gallery.clock import now
from gallery.db.connection import QuerySet

CLOCK_ERROR = timedelta(minutes=10)  # at most, between the clocks of two machines


def has_ended(field: str, longest: timedelta) -> Q:
    """Rows whose lease in `field` has ended.

    A lease that ends later than any that could be taken now was taken by a clock that has been set back since.
    """
    moment = now()
    past: dict[str, Any] = {f"{field}__lt": moment}
    impossible: dict[str, Any] = {f"{field}__gt": moment + longest + CLOCK_ERROR}
    return Q(**past) | Q(**impossible)


def is_free(longest: timedelta) -> Q:
    """Rows without a lease, or whose lease has ended. `longest`: the time for which a lease is taken."""
    return Q(lease_until__isnull=True) | has_ended("lease_until", longest)


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
