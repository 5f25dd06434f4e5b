"""The worker: one chore that fails does not stop the others."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from gallery.storage import Storage
from gallery.worker import Chore, ChoreContext, Worker
from tests.conftest import settings_for


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
        left -= 1
        return left > 0

    with caplog.at_level(logging.ERROR, "gallery.worker"):
        await Worker(context, [Chore("fails", fails), Chore("works", works)]).run_dry()
    assert left == 0
    assert "'fails' failed" in caplog.text


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


async def test_a_worker_can_be_stopped(context: ChoreContext) -> None:
    async def look(_: ChoreContext) -> bool:
        return False

    running = asyncio.create_task(Worker(context, [Chore("look", look)]).run())
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
