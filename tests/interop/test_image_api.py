"""IIIF for visitors' viewers: 404 unless on view; each piece is made once, few at a time, and the storage for
them is limited.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image as Picture

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.db.content_version import bump, wait_for_propagation
from gallery.exhibitions.models import Edition
from gallery.images.iiif_requests import all_tiles
from gallery.images.models import Derivative, Image
from gallery.images.on_demand import OnDemandQueue, QueueFull
from gallery.images.storage_keys import derivative_key, tile_key
from gallery.interop.iiif import image_api
from gallery.public import chores
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.conftest import Site

TILE = "0,0,512,512/512,512/0/default.jpg"
PIECE = "100,100,300,200/150,/90/gray.png"


async def on_view(site: Site) -> tuple[Artwork, str]:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    await factories.exhibition([work])
    assert work.image is not None
    return work, work.image.token


async def files_of(site: Site, token: str) -> set[str]:
    return {key async for key in site.storage.public.keys(token)}


async def test_a_viewer_finds_its_way(site: Site) -> None:
    _, token = await on_view(site)
    client = await site.client()
    answer = await client.get(f"/iiif/{token}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/iiif/{token}/info.json")
    answer = await client.get(answer.headers["location"])
    payload = answer.json()
    assert payload["id"] == f"{site.settings.site_url}/iiif/{token}"
    assert (payload["width"], payload["height"], payload["profile"]) == (1300, 1000, "level2")
    assert answer.headers["cache-control"] == f"private, max-age={site.settings.media_max_age}"
    again = await client.get(f"/iiif/{token}/info.json", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for accept, media_type in [
        ("*/*", 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'),
        ("application/ld+json", 'application/ld+json;profile="http://iiif.io/api/image/3/context.json"'),
        ("application/json", "application/json"),
        ("text/html,*/*;q=0.8", "application/json"),
    ]:
        answer = await client.get(f"/iiif/{token}/info.json", headers={"accept": accept})
        assert answer.headers["content-type"] == media_type
        assert answer.headers["vary"] == "accept"


@pytest.mark.parametrize("are_ready", [True, False])
async def test_tiles_and_pieces(site: Site, are_ready: bool) -> None:
    _, token = await on_view(site)
    if are_ready:
        await site.work()
        assert (await Image.get(token=token)).has_tiles
        assert {tile_key(token, tile.name) for tile in all_tiles((1300, 1000))} <= await files_of(site, token)
    client = await site.client()
    for path, size, format in [(TILE, (512, 512), "JPEG"), (PIECE, (100, 150), "PNG")]:
        for _ in range(2):  # made, and then kept
            answer = await client.get(f"/iiif/{token}/{path}")
            assert answer.status_code == 200
            with Picture.open(io.BytesIO(answer.content)) as picture:
                assert (picture.size, picture.format) == (size, format)
            assert answer.headers["content-type"] == f"image/{format.lower()}"
            assert answer.headers["cache-control"] == f"private, max-age={site.settings.media_max_age}"
        etag = answer.headers["etag"]
        again = await client.get(f"/iiif/{token}/{path}", headers={"if-none-match": etag})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        head = await client.head(f"/iiif/{token}/{path}")
        assert (head.status_code, head.content) == (200, b"")
    canonical = f"{site.settings.site_url}/iiif/{token}/100,100,300,200/150,100/90/gray.png"
    assert f'<{canonical}>;rel="canonical"' in answer.headers["link"]
    assert '<http://iiif.io/api/image/3/level2.json>;rel="profile"' in answer.headers["link"]
    # A differently written request for the same piece finds it in storage.
    rows = await Derivative.all().count()
    same = await client.get(f"/iiif/{token}/100,100,300,200/pct:50/90.0/gray.png")
    assert same.content == answer.content
    assert await Derivative.all().count() == rows == (1 if are_ready else 2)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("full/full/0/default.jpg", 400),
        ("full/max/45/default.jpg", 400),
        ("full/max/0/grey.jpg", 400),
        ("full/max/0/default.tif", 400),
        ("full/1301,/0/default.jpg", 400),
        ("9999,0,10,10/max/0/default.jpg", 400),
        ("%00/max/0/default.jpg", 400),
        ("full/^1301,/0/default.jpg", 501),
        ("full/max/0", 404),
        ("full/max/0/default.jpg/more", 404),
        ("..%2f..%2fprivate/max/0/default.jpg", 404),
    ],
)
async def test_bad_requests(site: Site, path: str, status: int) -> None:
    _, token = await on_view(site)
    answer = await (await site.client()).get(f"/iiif/{token}/{path}")
    assert answer.status_code == status
    if answer.headers["content-type"] == "application/problem+json":
        assert answer.json()["status"] == status
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_pages_elsewhere_may_use_it(site: Site) -> None:
    _, token = await on_view(site)
    client = await site.client()
    for path in ("", "/info.json", f"/{TILE}", "/full/max/45/default.jpg"):
        asked = {"origin": "https://viewer.example", "access-control-request-method": "GET"}
        before = await client.options(f"/iiif/{token}{path}", headers=asked)
        assert before.status_code == 204
        assert "GET" in before.headers["access-control-allow-methods"]
        for answer in (before, await client.get(f"/iiif/{token}{path}", headers={"origin": asked["origin"]})):
            assert answer.headers["access-control-allow-origin"] == "*"
    nowhere = await client.get("/iiif/unknown/info.json")
    assert (nowhere.status_code, nowhere.headers["access-control-allow-origin"]) == (404, "*")


@pytest.mark.parametrize("status", ["draft", "submitted", "returned", "declined", "accepted"])
async def test_what_is_not_on_view_is_not_there(site: Site, status: str) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=status)
    await factories.exhibition([work], published=status != "accepted")
    assert work.image is not None
    await site.work()
    client = await site.client()
    for path in ("", "/info.json", f"/{TILE}", f"/{PIECE}", "/full/max/45/default.jpg"):
        assert (await client.get(f"/iiif/{work.image.token}{path}")).status_code == 404
    assert await files_of(site, work.image.token) == set()


async def test_what_is_withdrawn_is_gone(site: Site) -> None:
    work, token = await on_view(site)
    await site.work()
    client = await site.client()
    etag = (await client.get(f"/iiif/{token}/{PIECE}")).headers["etag"]
    assert derivative_key(token, etag.strip('"').removeprefix(f"{token}-")) in await files_of(site, token)
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    for path in ("", "/info.json", f"/{TILE}", f"/{PIECE}", "/full/max/45/default.jpg"):
        answer = await client.get(f"/iiif/{token}{path}", headers={"if-none-match": etag})
        assert answer.status_code == 410, path
        assert "max-age" not in answer.headers.get("cache-control", "")
        assert answer.headers["access-control-allow-origin"] == "*"
    assert await files_of(site, token) == set()
    assert not await Derivative.exists()
    assert not (await Image.get(token=token)).has_tiles


async def test_what_leaves_the_wall_takes_tiles_and_pieces_along(site: Site) -> None:
    _, token = await on_view(site)
    await site.work()
    assert (await (await site.client()).get(f"/iiif/{token}/{PIECE}")).status_code == 200
    await Edition.filter(is_current=True).update(opens_at=now() + timedelta(days=1))
    await bump()
    await wait_for_propagation()
    assert (await (await site.client()).get(f"/iiif/{token}/{PIECE}")).status_code == 404
    await site.work()
    assert await files_of(site, token) == set()
    assert not await Derivative.exists()
    # Back on view.
    await Edition.filter(is_current=True).update(opens_at=now() - timedelta(days=1))
    await bump()
    await site.work()
    assert (await Image.get(token=token)).has_tiles
    assert tile_key(token, next(iter(all_tiles((1300, 1000)))).name) in await files_of(site, token)


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_piece_whose_picture_is_withdrawn_while_it_is_made_is_not_answered(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    work, token = await on_view(site)
    client = await site.client()
    cut, withdrawn = image_api.render_region, asyncio.Event()

    async def cut_slowly(*arguments: Any) -> Any:
        made = await cut(*arguments)
        await withdrawn.wait()
        return made

    monkeypatch.setattr(image_api, "render_region", cut_slowly)
    asking = asyncio.create_task(client.get(f"/iiif/{token}/{PIECE}"))
    demand: OnDemandQueue = site.app.state.on_demand
    while not demand._jobs and not asking.done():
        await asyncio.sleep(0)
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    withdrawn.set()
    assert (await asking).status_code == 410
    await site.work()
    assert await files_of(site, token) == set()
    assert not await Derivative.exists()


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_piece_left_by_a_killed_process_is_tidied_away(site: Site) -> None:
    work, token = await on_view(site)
    assert (await (await site.client()).get(f"/iiif/{token}/{PIECE}")).status_code == 200
    (row,) = await Derivative.all()
    # As if the process had been killed after it stored the file, and before it checked the rule again.
    await Artwork.filter(id=work.id).update(status="withdrawn")
    await Image.filter(token=token).update(is_public=False)
    await site.work()
    assert not await Derivative.exists()
    assert not await site.storage.public.exists(derivative_key(token, row.name))


@pytest.mark.engines("sqlite", "postgresql")
async def test_pieces_take_no_more_room_than_is_allowed(site: Site) -> None:
    _, token = await on_view(site)
    client = await site.client()
    for width in range(100, 106):
        assert (await client.get(f"/iiif/{token}/full/{width},/0/default.jpg")).status_code == 200
    rows = await Derivative.all().order_by("id")
    assert len(rows) == 6
    budget = sum(row.file_bytes for row in rows[3:])
    context = ChoreContext(replace(site.settings, iiif_cache_bytes=budget), site.storage)
    while await chores.delete_derivatives(context):
        pass
    assert [row.id for row in await Derivative.all().order_by("id")] == [row.id for row in rows[3:]]
    kept = {key for key in await files_of(site, token) if "/made/" in key}
    assert kept == {derivative_key(token, row.name) for row in rows[3:]}
    # Removed files are made again.
    assert (await client.get(f"/iiif/{token}/full/100,/0/default.jpg")).status_code == 200


async def test_beyond_the_waiting_line_is_503(site: Site) -> None:
    _, token = await on_view(site)
    site.app.state.on_demand = OnDemandQueue(max_concurrent=1, max_waiting=1)
    client = await site.client()
    answers = await asyncio.gather(
        *(client.get(f"/iiif/{token}/full/{width},/0/default.jpg") for width in range(200, 206))
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 2 + [503] * 4
    for answer in answers:
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            assert answer.headers["cache-control"] == "no-store"
    assert (await client.get(f"/iiif/{token}/full/205,/0/default.jpg")).status_code == 200


# The queue by itself


async def test_each_piece_is_cut_once_for_all_who_ask() -> None:
    demand = OnDemandQueue()
    go_on = asyncio.Event()
    cuts = 0

    async def cut() -> bytes:
        nonlocal cuts
        cuts += 1
        await go_on.wait()
        return b"piece"

    first, *others = [asyncio.create_task(demand.get("a", cut)) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()  # the first client disconnects
    await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(*others) == [b"piece"] * 4
    assert cuts == 1
    assert await demand.get("a", cut) == b"piece"
    assert cuts == 2


async def test_no_more_at_once_than_there_are_places() -> None:
    demand = OnDemandQueue(max_concurrent=2, max_waiting=3)
    running = most = 0

    async def cut() -> bytes:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        return b""

    async def fail() -> bytes:
        raise FileNotFoundError

    asked = [asyncio.create_task(demand.get(str(n), cut)) for n in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(QueueFull):
        await demand.get("one more", cut)
    await asyncio.gather(*asked)
    assert most == 2
    for _ in range(6):  # a failure keeps no place
        with pytest.raises(FileNotFoundError):
            await demand.get("bad", fail)
