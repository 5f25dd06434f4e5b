"""Tiles are in public storage while their picture is on view, even if a worker is killed in between."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from datetime import timedelta

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.db.content_version import bump
from gallery.exhibitions.models import Edition
from gallery.images.iiif_requests import all_tiles
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import original_key, tile_key
from gallery.interop.iiif.tiles import MAX_ATTEMPTS, claim, cut_next
from gallery.public.chores import publish_images, unpublish_images
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site
from tests.live import LiveSite, eventually

ALL = {tile.name for tile in all_tiles((1300, 1000))}


@pytest.fixture
def context(site: Site) -> ChoreContext:
    return ChoreContext(site.settings, site.storage)


async def on_view(site: Site | LiveSite) -> tuple[Artwork, Image]:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    await factories.exhibition([work])
    assert work.image is not None
    return work, work.image


async def tiles_of(site: Site | LiveSite, image: Image) -> set[str]:
    return {key.rpartition("/")[2] async for key in site.storage.public.keys(tile_key(image.token))}


async def expire(image: Image) -> None:
    await Image.filter(id=image.id).update(tiling_until=now() - timedelta(seconds=1))


async def test_uploads_come_before_tiles(site: Site, context: ChoreContext) -> None:
    _, image = await on_view(site)
    await publish_images(context)
    waiting = await factories.image(site.storage, site.cast.organisation, state=ImageState.RECEIVED)
    assert not await cut_next(context)
    await Image.filter(id=waiting.id).update(state=ImageState.READY)
    assert await cut_next(context)
    await image.refresh_from_db()
    assert (image.has_tiles, image.tiling_until, image.tiling_attempts) == (True, None, 0)
    assert await tiles_of(site, image) == ALL
    assert not await cut_next(context)


async def test_two_workers_never_cut_the_same(site: Site, context: ChoreContext) -> None:
    await on_view(site)
    await on_view(site)
    await publish_images(context)
    claimed = [image for image in await asyncio.gather(*(claim(context) for _ in range(4))) if image]
    claimed += [image for image in [await claim(context)] if image]
    assert len({image.id for image in claimed}) == len(claimed) == 2


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("how", ["withdrawn", "taken down"])
@pytest.mark.parametrize("moment", range(3))
async def test_a_picture_that_goes_while_tiles_are_put_leaves_none(
    site: Site, context: ChoreContext, how: str, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves the site just before the first, a middle and the last tile is stored, when storing that tile
    cannot be stopped.
    """
    work, image = await on_view(site)
    await publish_images(context)
    public = site.storage.public
    put_file, count = public.put_file, 0
    last = [0, len(ALL) // 2, len(ALL) - 1][moment]

    async def put_late(key: str, source: object) -> None:
        nonlocal count
        count += 1
        if count - 1 == last:
            if how == "withdrawn":
                await withdraw(await Consent.get(id=work.consent_id), site.storage)
            else:
                await Edition.all().update(is_current=False)
                await unpublish_images(context)
        await put_file(key, source)  # type: ignore[arg-type]

    monkeypatch.setattr(public, "put_file", put_late)
    assert await cut_next(context)
    assert count > last
    assert [key async for key in public.keys(image.token)] == []
    await image.refresh_from_db()
    assert (image.has_tiles, image.is_public, image.tiling_until) == (False, False, None)
    await site.work()
    assert [key async for key in public.keys(image.token)] == []


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_picture_that_was_off_the_wall_for_a_moment_gets_all_of_its_tiles(
    site: Site, context: ChoreContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, image = await on_view(site)
    await publish_images(context)
    public = site.storage.public
    put_file, count = public.put_file, 0

    async def put_late(key: str, source: object) -> None:
        nonlocal count
        count += 1
        await put_file(key, source)  # type: ignore[arg-type]
        if count == len(ALL):
            await Edition.filter(number=1).update(is_current=False)
            await unpublish_images(context)
            await Edition.filter(number=1).update(is_current=True)
            await bump()

    monkeypatch.setattr(public, "put_file", put_late)
    await site.work()
    await image.refresh_from_db()
    assert image.has_tiles
    assert await tiles_of(site, image) == ALL


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("is_still_on_view", [True, False])
async def test_whoever_finds_a_lease_that_ran_out_looks_after_what_was_left(
    site: Site, context: ChoreContext, is_still_on_view: bool
) -> None:
    work, image = await on_view(site)
    await publish_images(context)
    assert await claim(context) is not None
    # The first worker stored one tile and was killed; the withdrawal came just before that.
    if not is_still_on_view:
        await withdraw(await Consent.get(id=work.consent_id), site.storage)
    async with site.storage.scratch_folder() as folder:
        (folder / "tile").write_bytes(b"a tile")
        await site.storage.public.put_file(tile_key(image.token, "left"), folder / "tile")
    assert not await cut_next(context)  # the lease still runs
    await expire(image)
    await site.work()
    await image.refresh_from_db()
    assert (image.has_tiles, image.tiling_until) == (is_still_on_view, None)
    assert await tiles_of(site, image) >= ALL if is_still_on_view else not await tiles_of(site, image)


async def test_a_picture_that_cannot_be_cut_is_not_tried_for_ever(site: Site, context: ChoreContext) -> None:
    _, image = await on_view(site)
    await site.storage.private.delete(original_key(image.token))
    await site.work()
    await image.refresh_from_db()
    assert (image.has_tiles, image.tiling_until, image.tiling_attempts) == (False, None, MAX_ATTEMPTS)
    assert await tiles_of(site, image) == set()


async def all_are_tiled() -> bool:
    """Whether the two remaining pictures have their tiles, and no lease is left."""
    ready = await Image.filter(has_tiles=True, tiling_until=None).count()
    return ready == 2 and not await Image.exists(tiling_until__isnull=False)


async def test_killed_workers_and_a_withdrawal_leave_nothing_behind(live: LiveSite) -> None:
    live.settings = replace(live.settings, image_lease_seconds=2)
    staying, going = [await on_view(live) for _ in range(2)], [await on_view(live) for _ in range(2)]

    for work, _ in going:
        worker = live.start_worker()
        for _ in range(300):
            if await Image.filter(tiling_until__gt=now()).exists():
                break
            await asyncio.sleep(0.02)
        withdrawing = asyncio.create_task(withdraw(await Consent.get(id=work.consent_id), live.storage))
        await asyncio.sleep(0.1)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        await withdrawing
    worker = live.start_worker()
    try:
        await eventually(all_are_tiled)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    for _, image in staying:
        assert await tiles_of(live, image) == ALL
    for _, image in going:
        assert [key async for key in live.storage.public.keys(image.token)] == []
