"""An upload goes on at any machine: two servers with a disk each, one PostgreSQL and one object store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from gallery.artworks.models import Artwork
from gallery.images.models import Image
from gallery.storage import Storage
from tests.artworks.test_tus import cookie_of, location, offset_of
from tests.artworks.tus import PICTURE, original_of, pieces_in_store, send
from tests.live import LiveSite, eventually

pytestmark = pytest.mark.engines("postgresql-s3")

Clients = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture
async def clients(live: LiveSite, tmp_path: Path) -> AsyncIterator[Clients]:
    """A browser at each of two machines, which share no folder."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    elsewhere = replace(live.settings, home=home, media=home / "media")
    there = LiveSite(elsewhere, live.cast, Storage(elsewhere))
    cookie = await cookie_of(live)
    try:
        async with AsyncExitStack() as stack:
            here, other = [
                await stack.enter_async_context(
                    httpx.AsyncClient(
                        base_url=await each.serve(worker=False), headers={"cookie": cookie}, timeout=60
                    )
                )
                for each in (live, there)
            ]
            yield here, other
        for each in (live, there):
            assert not any(path.is_file() for path in each.settings.media.rglob("*"))
    finally:
        there.stop()


async def test_it_begins_at_one_and_ends_at_the_other(live: LiveSite, clients: Clients) -> None:
    here, there = clients
    path = httpx.URL(await location(here)).path
    assert (await send(here, path, 0, PICTURE[:1000])).status_code == 204
    assert await offset_of(there, path) == 1000
    assert (await send(there, path, 1000, PICTURE[1000:2000])).status_code == 204
    late = await send(here, path, 1000, PICTURE[1000:2000])
    assert (late.status_code, late.headers["upload-offset"]) == (409, "2000")
    both = await asyncio.gather(*(send(each, path, 2000, PICTURE[2000:3000]) for each in clients))
    assert sorted(answer.status_code for answer in both) == [204, 409]
    assert len(await pieces_in_store(live)) == 3
    last = await send(there, path, 3000, PICTURE[3000:])
    assert (last.status_code, await offset_of(here, path)) == (204, len(PICTURE))
    assert await original_of(live, await Artwork.get()) == PICTURE
    assert await pieces_in_store(live) == []
    assert await Image.all().count() == 1


async def test_what_arrived_on_a_line_that_went_silent_is_found_elsewhere(
    live: LiveSite, clients: Clients
) -> None:
    here, there = clients
    path = httpx.URL(await location(here)).path

    async def has_arrived() -> bool:
        return await offset_of(there, path) == 5000

    async def breaking() -> AsyncIterator[bytes]:
        yield PICTURE[:5000]
        await eventually(has_arrived)  # until then nothing more comes, and the connection seems whole
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await send(here, path, 0, breaking())
    assert (await send(there, path, 5000, PICTURE[5000:])).status_code == 204
    assert await original_of(live, await Artwork.get()) == PICTURE


async def test_of_two_machines_one_finishes_it(live: LiveSite, clients: Clients) -> None:
    here, _there = clients
    for number in range(3):
        picture = PICTURE + bytes([number])  # otherwise the second would be here already
        path = httpx.URL(await location(here, len(picture))).path
        answers = await asyncio.gather(*(send(each, path, 0, picture) for each in (*clients, *clients)))
        assert {answer.status_code for answer in answers} <= {204, 409}
    assert await Artwork.all().count() == await Image.all().count() == 3
    assert await pieces_in_store(live) == []
