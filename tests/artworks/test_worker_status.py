"""The keepers' page about the worker: heartbeats, the queue, and retrying failed pictures."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gallery.clock import now
from gallery.db.models import WorkerBeat
from gallery.images.models import Image, ImageState
from gallery.worker import Chore, ChoreContext, Worker
from tests import factories
from tests.conftest import Site
from tests.live import eventually

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_a_worker_gives_signs_of_life(site: Site) -> None:
    client = await site.client(site.cast.keeper)
    assert "No worker has been seen" in (await client.get("/desk/worker")).text
    worker = asyncio.create_task(Worker(ChoreContext(site.settings, site.storage), []).run())
    await eventually(WorkerBeat.exists)
    page = (await client.get("/desk/worker")).text
    assert "No worker has been seen" not in page
    assert "alive" in page
    worker.cancel()
    await asyncio.gather(worker, return_exceptions=True)
    assert not await WorkerBeat.exists(), "one that stops in order leaves nothing behind"
    long_ago = now() - timedelta(minutes=5)
    await WorkerBeat.create(host="elsewhere", process=7, started_at=long_ago, seen_at=long_ago)
    page = (await client.get("/desk/worker")).text
    assert "No worker has been seen" in page
    assert "silent" in page


async def test_a_chore_that_fails_shows_in_the_next_sign_of_life(site: Site) -> None:
    async def fails(_: ChoreContext) -> bool:
        raise OSError("the disk is full")

    worker = Worker(ChoreContext(site.settings, site.storage), [Chore("fails", fails)])
    assert not await worker.round()
    running = asyncio.create_task(worker.run())
    await eventually(WorkerBeat.exists)
    beat = await WorkerBeat.get()
    assert beat.failures >= 1
    assert beat.failed_at is not None
    client = await site.client(site.cast.keeper)
    assert "A chore failed at" in (await client.get("/desk/worker")).text
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_failed_picture_is_tried_again(site: Site) -> None:
    picture = await factories.received(site.storage, site.cast.organisation)
    work = await factories.artwork(
        site.storage, site.cast.organisation, image=picture, title_translation="Torn"
    )
    await Image.filter(id=picture.id).update(
        state=ImageState.REFUSED, refusal="too_slow", failures=3, losses=10
    )
    client = await site.client(site.cast.keeper)
    assert "Torn" in (await client.get("/desk/worker")).text
    answer = await client.post(f"/desk/worker/pictures/{picture.id}")
    assert answer.status_code == 303
    held = await Image.get(id=picture.id)
    assert (held.state, held.failures, held.losses) == (ImageState.RECEIVED, 0, 0)
    await site.work()
    assert (await Image.get(id=work.image_id)).state == ImageState.READY
    await client.post(f"/desk/worker/pictures/{picture.id}")  # no failed picture: nothing changes
    assert (await Image.get(id=work.image_id)).state == ImageState.READY


async def test_only_keepers_try_pictures_again(site: Site) -> None:
    picture = await factories.image(site.storage, site.cast.organisation, state=ImageState.REFUSED)
    for person in (site.cast.curator, site.cast.partner):
        client = await site.client(person)
        assert (await client.post(f"/desk/worker/pictures/{picture.id}")).status_code == 404
    keeper = await site.client(site.cast.keeper)
    assert (await keeper.post("/desk/worker/pictures/99999")).status_code == 404
    assert (await Image.get(id=picture.id)).state == ImageState.REFUSED
