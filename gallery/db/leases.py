"""Leases: a row that one process works on says until when; a killed process loses it when the time is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any, TypeVar

from tortoise.expressions import Q
from tortoise.models import Model

from gallery.clock import now
from gallery.db.connection import QuerySet, in_transaction, locked

Row = TypeVar("Row", bound=Model)

CLOCK_ERROR = timedelta(minutes=10)  # at most, between the clocks of two machines


class LeaseLost(Exception):
    """Another worker took the row over, or somebody ended its lease: what this worker made of it is void."""


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


async def claim_first(waiting: QuerySet[Row], longest: timedelta) -> Row | None:
    """Lease the first row of `waiting` that is free; None without one.

    The row counts its `attempts`, whose number identifies the lease, and its `losses`: attempts whose worker was killed.
    """
    async with in_transaction():
        row: Any = await locked(waiting.filter(is_free(longest)).limit(1), skip_locked=True).first()
        if row is None:
            return None
        row.attempts += 1
        row.losses += row.lease_until is not None
        row.lease_until = now() + longest
        await row.save(update_fields=["attempts", "losses", "lease_until"])
        claimed: Row = row
        return claimed


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
