"""Leases: a worker that works on a row stores in the row until when. If it is killed, its lease ends at that time."""

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

CLOCK_ERROR = timedelta(minutes=10)  # the largest difference between the clocks of two machines


class LeaseLost(Exception):
    """Another worker has the row now, or somebody ended the lease: this worker must discard its result."""


def has_ended(field: str, longest: timedelta) -> Q:
    """The filter for rows whose lease in `field` has ended.

    A lease does not count if it ends later than a new one would: the clock was wrong when it was written.
    """
    moment = now()
    past: dict[str, Any] = {f"{field}__lt": moment}
    impossible: dict[str, Any] = {f"{field}__gt": moment + longest + CLOCK_ERROR}
    return Q(**past) | Q(**impossible)


def is_free(longest: timedelta) -> Q:
    """The filter for rows without a valid lease. `longest`: the duration of a new lease."""
    return Q(lease_until__isnull=True) | has_ended("lease_until", longest)


async def claim_first(waiting: QuerySet[Row], longest: timedelta) -> Row | None:
    """Lease the first free row of `waiting`; None if there is none.

    `attempts` is increased; its value identifies the lease. `losses` counts the attempts whose worker was
    killed.
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
    """Until the block ends, keep setting `lease_until` of the rows to `seconds` from now."""
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
