"""A worker killed at any moment loses nothing: what it held is taken up again after its lease."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace

from gallery.clock import now
from gallery.images.models import Image, ImageState
from tests import factories
from tests.live import LiveSite

PICTURES = 4
KILLINGS = 4


async def test_kill_minus_nine_in_the_middle_of_work(live: LiveSite) -> None:
    live.settings = replace(live.settings, image_lease_seconds=3)
    body = factories.photograph(2400, 1800)
    for _ in range(PICTURES):
        await factories.received(live.storage, live.cast.organisation, body)

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "gallery.cli", "worker"],
            env=live.environment("http://127.0.0.1"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    chance = random.Random(4)
    was_working = 0
    for _ in range(KILLINGS):
        worker = start()
        for _ in range(150):  # until it holds a picture, however slow the machine is
            if await Image.filter(lease_until__gt=now()).exists():
                break
            await asyncio.sleep(0.2)
        await asyncio.sleep(chance.random())
        was_working += await Image.filter(lease_until__isnull=False).count()
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        # Each picture may be tried three times only; here the killing is not the picture's fault.
        await Image.filter(state=ImageState.RECEIVED).update(attempts=0)
    assert was_working
    worker = start()
    try:
        for _ in range(480):
            if not await Image.filter(state=ImageState.RECEIVED).exists():
                break
            await asyncio.sleep(0.25)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()

    images = await Image.all()
    assert [image.state for image in images] == [ImageState.READY] * PICTURES
    for image in images:
        kept = [
            key.rpartition("/")[2] async for key in live.storage.private.keys(f"renditions/{image.token}")
        ]
        assert sorted(kept) == sorted(image.file_names())
    tokens = {image.token for image in images}
    assert {key.split("/")[1] async for key in live.storage.private.keys("renditions")} == tokens
