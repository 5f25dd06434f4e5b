"""A worker killed at any moment loses nothing: its pictures are processed again after their lease."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from gallery.cli.inspection import inspect
from gallery.db.connection import Database
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import InspectedImage
from gallery.images.storage_keys import private_keys
from gallery.images.uploads import ReceivedFile, create_image
from tests import factories
from tests.forked import ForkedCommand
from tests.live import LiveSite

UPLOADS = 50
KILLINGS = 20


def kill(worker: ForkedCommand) -> None:
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


async def upload(live: LiveSite, body: bytes) -> None:
    """Do what the site does with a completely received picture."""
    async with live.storage.scratch_folder() as folder:
        path = folder / "upload"
        path.write_bytes(body)
        found = InspectedImage(640, 480, "jpeg", animated=False, small=True)
        await create_image(
            ReceivedFile(path, len(body), body[:64]), found, live.cast.organisation, live.storage
        )


async def claims() -> int:
    """How often a picture was claimed."""
    return sum(await Image.all().values_list("attempts", flat=True))


async def until_it_takes_a_picture(worker: ForkedCommand, before: int) -> None:
    """Wait, however slow the machine is, until there are more claims than `before`."""
    while await claims() == before:
        assert worker.poll() is None
        await asyncio.sleep(0.05)


async def until_all_are_developed(worker: ForkedCommand) -> None:
    while await Image.filter(state=ImageState.RECEIVED).exists():
        assert worker.poll() is None
        await asyncio.sleep(0.2)


@pytest.mark.engines("postgresql")
async def test_twenty_killings_during_fifty_uploads_lose_nothing(live: LiveSite) -> None:
    live.settings = replace(live.settings, image_lease_seconds=2)
    body, chance = factories.photograph(640, 480), random.Random(20)
    left = UPLOADS

    async def bring(count: int) -> None:
        nonlocal left
        for _ in range(min(count, left)):
            await upload(live, body)
            left -= 1

    for _ in range(KILLINGS):
        await bring(2)
        before, worker = await claims(), live.start_worker()
        try:
            await until_it_takes_a_picture(worker, before)
            uploading = asyncio.create_task(bring(1))  # some are uploaded exactly while the worker is killed
            await asyncio.sleep(chance.random())
        finally:
            kill(worker)
        await uploading
    await bring(left)

    worker = live.start_worker()
    try:
        await until_all_are_developed(worker)
    finally:
        kill(worker)

    images = await Image.all()
    assert Counter(image.state for image in images) == {ImageState.READY: UPLOADS}
    assert sum(image.losses for image in images) > KILLINGS // 3  # some were killed while developing
    for image in images:  # none was developed to its end twice
        assert image.attempts == image.losses + image.failures + 1
    expected = [key for image in images for keys in private_keys(image).values() for key in keys]
    stored = [file.key async for file in live.storage.private.files()]
    assert Counter(stored) == Counter(expected)  # each once, and nothing else
    assert [file async for file in live.storage.public.files()] == []
    found = await inspect(Database(live.settings), live.storage, settling=timedelta(seconds=-5))
    assert found == []


async def test_kill_minus_nine_in_the_middle_of_work(live: LiveSite) -> None:
    live.settings = replace(live.settings, image_lease_seconds=3)
    await factories.received(live.storage, live.cast.organisation, factories.photograph(2400, 1800))
    worker = live.start_worker()
    try:
        await until_it_takes_a_picture(worker, 0)
    finally:
        kill(worker)
    image = await Image.get()
    if image.state == ImageState.READY:
        pytest.skip("The worker was done before it could be killed")
    worker = live.start_worker()
    try:
        await until_all_are_developed(worker)
    finally:
        kill(worker)
    await image.refresh_from_db()
    assert (image.state, image.attempts, image.losses) == (ImageState.READY, 2, 1)
    stored = [file.key async for file in live.storage.private.files()]
    expected = [key for keys in private_keys(image).values() for key in keys]
    assert Counter(stored) == Counter(expected)
