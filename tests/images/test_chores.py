"""What the worker does with images: each is developed once, whatever happens to a worker."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from gallery.artists.withdrawal import withdraw
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.images.chores import MAX_ATTEMPTS, UNUSED_AFTER, claim, develop_next, forget_unused
from gallery.images.models import Image, ImageState
from gallery.images.shelves import original_key, rendition_key
from gallery.worker import Workshop
from tests import factories
from tests.conftest import Site


@pytest.fixture
def workshop(site: Site) -> Workshop:
    return Workshop(site.settings, site.storage)


async def received(site: Site, data: bytes | None = None) -> Image:
    image = await Image.create(
        organisation=site.cast.organisation, source_format="jpeg", source_bytes=1, width=1300, height=1000
    )
    path = site.storage.private.path(original_key(image.token))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(factories.photograph() if data is None else data)
    return image


def files(site: Site) -> list[Path]:
    return [path for path in site.settings.media.rglob("*") if path.is_file()]


async def test_an_image_is_developed(site: Site, workshop: Workshop) -> None:
    image = await received(site)
    assert await develop_next(workshop)
    await image.refresh_from_db()
    assert image.state == ImageState.READY
    assert (image.width, image.height) == (1300, 1000)
    assert image.placeholder.startswith("data:image/")
    assert image.lease_until is None
    for name in image.file_names():
        assert site.storage.private.path(rendition_key(image.token, name)).stat().st_size > 0
    assert not [path for path in files(site) if "public" in path.parts]
    assert not await develop_next(workshop)


async def test_what_a_killed_worker_held_is_taken_up_after_its_lease(site: Site, workshop: Workshop) -> None:
    image = await received(site)
    assert await claim(workshop) is not None
    assert await claim(workshop) is None
    await Image.filter(id=image.id).update(lease_until=now() - timedelta(seconds=1))
    assert await develop_next(workshop)
    await image.refresh_from_db()
    assert (image.state, image.attempts) == (ImageState.READY, 2)


async def test_after_three_attempts_it_is_refused(site: Site, workshop: Workshop) -> None:
    image = await received(site)
    for _ in range(MAX_ATTEMPTS):
        assert await claim(workshop) is not None
        await Image.filter(id=image.id).update(lease_until=now() - timedelta(seconds=1))
    assert await develop_next(workshop)
    await image.refresh_from_db()
    assert (image.state, image.refusal) == (ImageState.REFUSED, "damaged")
    assert not await develop_next(workshop)


async def test_a_picture_that_is_none_is_refused_with_a_reason(site: Site, workshop: Workshop) -> None:
    image = await received(site, b"not a picture at all")
    assert await develop_next(workshop)
    await image.refresh_from_db()
    assert image.state == ImageState.REFUSED
    assert image.refusal


async def test_workers_at_once_never_claim_the_same(site: Site, workshop: Workshop) -> None:
    images = [await received(site) for _ in range(3)]
    claimed = [image for image in await asyncio.gather(*(claim(workshop) for _ in range(8))) if image]
    again = [image for image in [await claim(workshop) for _ in range(3)] if image]
    ids = [image.id for image in claimed + again]
    assert sorted(ids) == sorted(image.id for image in images)
    assert await Image.filter(attempts=1).count() == 3


async def test_a_worker_that_lost_its_lease_changes_nothing(site: Site, workshop: Workshop) -> None:
    image = await received(site)
    developing = asyncio.create_task(develop_next(workshop))
    while not await Image.filter(id=image.id, attempts=1).exists():
        await asyncio.sleep(0.01)
    await Image.filter(id=image.id).update(attempts=2)
    await developing
    await image.refresh_from_db()
    assert image.state == ImageState.RECEIVED
    assert site.storage.private.path(original_key(image.token)).is_file()


async def test_what_is_withdrawn_while_it_is_developed_leaves_no_file(site: Site, workshop: Workshop) -> None:
    image = await received(site)
    consent = await factories.consent(site.cast.organisation)
    await factories.artwork(site.storage, site.cast.organisation, image=image, consent=consent)
    developing = asyncio.create_task(develop_next(workshop))
    while not await Image.filter(id=image.id, attempts=1).exists():
        await asyncio.sleep(0.01)
    await withdraw(consent, site.storage)
    assert await developing
    await site.work()
    await image.refresh_from_db()
    assert image.state == ImageState.ERASED
    assert files(site) == []


async def test_an_upload_that_no_work_took_up_is_forgotten(site: Site, workshop: Workshop) -> None:
    old, young = await received(site), await received(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    long_ago = now() - UNUSED_AFTER - timedelta(minutes=1)
    await Image.filter(id__in=[old.id, work.image_id]).update(created_at=long_ago)
    assert await forget_unused(workshop)
    assert not await forget_unused(workshop)
    assert sorted(await Image.all().values_list("id", flat=True)) == sorted([young.id, work.image_id])
    assert not site.storage.private.path(original_key(old.token)).exists()
    assert site.storage.private.path(original_key(young.token)).exists()
    assert (await Artwork.get(id=work.id)).image_id == work.image_id
