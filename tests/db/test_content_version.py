"""The content version: every process notices changes in time, also those that time alone makes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from tortoise.connection import get_connection

from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import Database, in_transaction
from gallery.db.content_version import GenerationTracker, bump, wait_for_propagation
from gallery.settings import Settings

pytestmark = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with Database(settings) as opened:
        yield opened


async def nothing() -> datetime | None:
    return None


async def test_two_clocks_notice_a_change_within_the_staleness(database: Database) -> None:
    one, other = GenerationTracker(nothing), GenerationTracker(nothing)
    before = await one.generation(), await other.generation()
    assert before == ((0, 0), (0, 0))
    async with in_transaction():
        await bump()
    await wait_for_propagation()
    assert (await one.generation(), await other.generation()) == ((1, 0), (1, 0))


async def test_a_clock_that_was_just_read_asks_nobody(database: Database) -> None:
    clock = GenerationTracker(nothing)
    assert clock.fresh() is None
    await clock.generation()
    await bump()
    assert clock.fresh() == (0, 0)
    assert await clock.generation() == (0, 0)
    await wait_for_propagation()
    assert clock.fresh() is None
    assert await clock.generation() == (1, 0)


async def test_a_change_that_is_rolled_back_is_none(database: Database) -> None:
    clock = GenerationTracker(nothing)
    await clock.generation()
    with pytest.raises(RuntimeError):
        async with in_transaction():
            await bump()
            raise RuntimeError
    await wait_for_propagation()
    assert await clock.generation() == (0, 0)


async def test_the_first_two_changes_of_a_site_may_come_at_once(database: Database) -> None:
    async def change() -> None:
        async with in_transaction():
            await bump()
            await asyncio.sleep(0.1)  # the other one waits for this transaction

    await asyncio.gather(change(), change())
    assert await content_version.current_number() == 2


async def test_the_clock_alone_changes_the_generation(database: Database) -> None:
    moments = [now() + timedelta(seconds=0.1), now() + timedelta(seconds=0.2), None]
    asked = 0

    async def next_change() -> datetime | None:
        nonlocal asked
        asked += 1
        return moments[asked - 1]

    clock = GenerationTracker(next_change)
    assert await clock.generation() == (0, 0)
    await asyncio.sleep(0.12)
    assert clock.fresh() is None
    assert await clock.generation() == (0, 1)
    await asyncio.sleep(0.12)
    assert await asyncio.gather(*(clock.generation() for _ in range(10))) == [(0, 2)] * 10
    assert asked == 3
    assert await clock.generation() == (0, 2)


async def test_many_at_once_read_once(database: Database) -> None:
    asked = 0

    async def next_change() -> datetime | None:
        nonlocal asked
        asked += 1
        return None

    clock = GenerationTracker(next_change)
    await asyncio.gather(*(clock.generation() for _ in range(50)))
    assert asked == 1


async def test_subscribers_learn_which_keys_were_touched(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)
    monkeypatch.setattr(content_version, "CHANGES_KEPT", 3)
    monkeypatch.setattr(content_version, "MAX_KEYS", 2)
    tracker, touched = GenerationTracker(nothing), list[frozenset[str] | None]()
    tracker.subscribe(touched.append)
    await bump({"a"})
    await tracker.generation()
    assert touched == [None]  # what a new process has not seen may be anything
    await bump({"a"})
    await bump({"a", "b"})
    await bump(())
    await tracker.generation()
    await tracker.generation()
    assert touched == [None, frozenset({"a", "b"})]
    for keys in ((), {"a", "b", "c"}), ({"a"}, None):  # one change has too many keys; one has none
        for each in keys:
            await bump(each)
        await tracker.generation()
        assert touched.pop() is None
    for _ in range(4):  # more changes than are kept
        await bump({"a"})
    await tracker.generation()
    assert touched.pop() is None
    assert len(touched) == 2


async def test_a_moment_that_time_changes_touches_everything(database: Database) -> None:
    moments = iter([now() + timedelta(seconds=0.1), None])

    async def next_change() -> datetime | None:
        return next(moments)

    tracker, touched = GenerationTracker(next_change), list[frozenset[str] | None]()
    tracker.subscribe(touched.append)
    await tracker.generation()
    await bump({"a"})
    await asyncio.sleep(0.12)
    await tracker.generation()
    assert touched == [None, None]


async def test_an_error_while_reading_does_not_spoil_later_reads(database: Database) -> None:
    clock = GenerationTracker(nothing)
    await get_connection("default").execute_script("ALTER TABLE content_version RENAME TO elsewhere")
    results = await asyncio.gather(*(clock.generation() for _ in range(3)), return_exceptions=True)
    assert all(isinstance(result, Exception) for result in results)
    await get_connection("default").execute_script("ALTER TABLE elsewhere RENAME TO content_version")
    assert await clock.generation() == (0, 0)


async def test_an_error_in_the_schedule_does_not_hide_a_change(database: Database) -> None:
    failing = True

    async def next_change() -> datetime | None:
        if failing:
            raise OSError("no schedule")
        return None

    clock = GenerationTracker(next_change)
    await bump()
    with pytest.raises(OSError, match="no schedule"):
        await clock.generation()
    failing = False
    assert await clock.generation() == (1, 0)


async def test_a_request_that_is_cut_off_does_not_stop_the_reading(database: Database) -> None:
    clock = GenerationTracker(nothing)
    first = asyncio.create_task(clock.generation())
    await asyncio.sleep(0)
    second = asyncio.create_task(clock.generation())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == (0, 0)


def test_the_staleness_keeps_the_promise_of_one_second() -> None:
    assert content_version.STALENESS < 1
