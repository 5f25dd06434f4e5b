"""The worker: one chore that fails does not stop the others."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from contextlib import closing
from pathlib import Path

import pytest

from gallery.clock import now
from gallery.db import content_version, write_tracker
from gallery.db.connection import in_transaction
from gallery.db.models import Erasure
from gallery.db.write_tracker import WriteTracker
from gallery.mail.models import Mail
from gallery.storage import Storage
from gallery.worker import Chore, ChoreContext, ChoreState, Worker
from tests.conftest import Site, settings_for


@pytest.fixture
def context(tmp_path: Path) -> ChoreContext:
    settings = settings_for(tmp_path, f"sqlite:///{tmp_path / 'unused.sqlite3'}")
    return ChoreContext(settings, Storage(settings))


async def test_a_chore_that_fails_does_not_stop_others(
    context: ChoreContext, caplog: pytest.LogCaptureFixture
) -> None:
    left = 3

    async def fails(_: ChoreContext) -> bool:
        raise OSError("the disk is full")

    async def works(_: ChoreContext) -> bool:
        nonlocal left
        left -= (found := left > 0)
        return found

    with caplog.at_level(logging.ERROR, "gallery.worker"):
        await Worker(context, [Chore("fails", fails), Chore("works", works)]).run_dry()
    assert left == 0
    assert "'fails' failed" in caplog.text


async def test_dry_means_that_no_chore_has_left_work_for_another(context: ChoreContext) -> None:
    steps: list[str] = []
    waiting, to_make = 0, 2

    async def take(_: ChoreContext) -> bool:
        nonlocal waiting
        steps.append(f"take, of {waiting}")
        waiting -= (found := waiting > 0)
        return found

    async def make(_: ChoreContext) -> bool:
        nonlocal waiting, to_make
        if not to_make:
            return False
        waiting, to_make = waiting + 1, to_make - 1
        return True

    await Worker(context, [Chore("take", take), Chore("make", make)]).run_dry()
    assert (waiting, to_make) == (0, 0)
    assert steps == ["take, of 0", "take, of 2", "take, of 1", "take, of 0"]


async def test_a_chore_that_found_nothing_rests_and_others_go_on(context: ChoreContext) -> None:
    seldom = often = 0

    async def look(_: ChoreContext) -> bool:
        nonlocal seldom
        seldom += 1
        return False

    async def work(_: ChoreContext) -> bool:
        nonlocal often
        often += 1
        return True

    worker = Worker(context, [Chore("look", look, every=600), Chore("work", work)])
    for _ in range(5):
        assert await worker.round()
    assert (seldom, often) == (1, 5)


async def test_a_chore_that_waits_for_a_change_looks_again_only_after_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)
    looked, fails = 0, False

    async def look(_: ChoreContext) -> bool:
        nonlocal looked
        looked += 1
        if fails:
            raise OSError("the disk is full")
        return False

    worker = Worker(ChoreContext(site.settings, site.storage), [Chore("look", look, on_change=True)])

    async def rounds() -> int:
        nonlocal looked
        looked = 0
        for _ in range(3):
            await worker.round()
        return looked

    assert await rounds() == 1
    assert await rounds() == 0
    await content_version.bump(["work:1"])
    assert await rounds() == 1
    await worker.run_dry()
    assert await rounds() == 0
    await content_version.bump()
    fails = True
    await worker.round()
    fails = False
    worker._states["look"] = ChoreState()  # the pause after a failure is short
    assert await rounds() == 1
    worker._states["look"].no_later_than = 0.0  # the longest wait is over
    assert await rounds() == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_chore_asks_again_only_after_something_was_written(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_tracker, "STALENESS", 0.0)
    looked = 0

    async def look(_: ChoreContext) -> bool:
        nonlocal looked
        looked += 1
        return False

    with closing(WriteTracker(site.settings.database_url)) as writes:
        context = ChoreContext(site.settings, site.storage)
        worker = Worker(context, [Chore("look", look)], write_version=writes.version)

        async def rounds() -> int:
            nonlocal looked
            looked = 0
            for _ in range(3):
                worker._states["look"].not_before = 0.0  # the least pause is over
                await worker.round()
            return looked

        assert await rounds() == 1
        assert await Mail.all().count() == 0  # reading is no reason
        async with in_transaction():
            assert await Mail.filter(id=0).delete() == 0  # nor is a transaction without a change
        assert await rounds() == 0
        await Erasure.create(at=now())
        assert await rounds() == 1
        async with in_transaction():
            await Erasure.all().delete()
            await asyncio.create_task(rounds(), context=contextvars.Context())
        assert await rounds() == 1  # it is committed only now
        worker._states["look"].no_later_than = 0.0  # time alone may have brought work
        assert await rounds() == 1


async def test_a_worker_can_be_stopped(context: ChoreContext) -> None:
    async def look(_: ChoreContext) -> bool:
        return False

    running = asyncio.create_task(Worker(context, [Chore("look", look)]).run())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
