"""Turning and cropping before submission: the original stays, and all displayed pictures are made again."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import httpx
import pytest
from PIL import Image as Picture

from gallery.artworks import entry
from gallery.artworks.framing_views import reframe
from gallery.artworks.models import Artwork, Status
from gallery.images.framing import NO_FRAMING, Framing
from gallery.images.models import Image, ImageState
from gallery.images.renditions import PREVIEW_NAME, UNFRAMED_NAME
from gallery.images.sandbox.parent import ImageRefused
from gallery.images.storage_keys import original_key, rendition_key
from gallery.storage import Storage
from gallery.web.edit_conflicts import EditConflict
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import in_zh

QUARTER = {"turn": "90", "left": "0", "top": "10", "right": "", "bottom": "12.5"}


async def draft(site: Site, **values: Any) -> Artwork:
    work = await factories.artwork(site.storage, site.cast.organisation, **values)
    return await Artwork.get(id=work.id).prefetch_related("image")


async def send(client: httpx.AsyncClient, work: Artwork, **fields: str) -> httpx.Response:
    return await client.post(f"/desk/works/{work.id}/framing", data={**QUARTER, **fields})


async def bytes_of(storage: Storage, key: str) -> bytes:
    async with storage.private.local_copy(key) as path:
        return path.read_bytes()


async def names(storage: Storage, token: str) -> set[str]:
    return {key.rpartition("/")[2] async for key in storage.private.keys(f"renditions/{token}")}


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_picture_is_turned_and_cropped_and_can_be_had_again_as_it_came(site: Site) -> None:
    work = await draft(site)
    before = work.image
    assert before is not None
    original = await bytes_of(site.storage, original_key(before.token))
    client = await site.client(site.cast.partner)
    assert f"/desk/works/{work.id}/framing" in (await client.get(f"/desk/works/{work.id}")).text
    page = (await client.get(f"/desk/works/{work.id}/framing")).text
    assert f"/desk/images/{before.id}/960.jpg" in page
    answer = await send(client, work)
    assert answer.status_code == 303

    framed = (await Artwork.get(id=work.id).prefetch_related("image")).image
    assert framed is not None
    assert framed.token != before.token
    assert framed.framing == Framing(90, 0, 1000, 10_000, 8750)
    assert framed.state == ImageState.RECEIVED
    assert not await Image.exists(id=before.id)
    shown = (await client.get(f"/desk/works/{work.id}")).text
    assert "is being prepared" in shown
    preview = await client.get(f"/desk/images/{framed.id}/{PREVIEW_NAME}")
    with Picture.open(io.BytesIO(preview.content)) as picture:
        assert picture.width < picture.height  # the response itself shows it turned

    await site.work()
    framed = await Image.get(id=framed.id)
    assert (framed.state, framed.size) == (ImageState.READY, (1000, 1008))
    assert await bytes_of(site.storage, original_key(framed.token)) == original
    assert await names(site.storage, framed.token) == {*framed.file_names(), UNFRAMED_NAME}
    assert await names(site.storage, before.token) == set()
    page = (await client.get(f"/desk/works/{work.id}/framing")).text
    assert 'value="12.5"' in page
    whole = await client.get(f"/desk/images/{framed.id}/{UNFRAMED_NAME}")
    with Picture.open(io.BytesIO(whole.content)) as picture:
        assert picture.size == (960, 738)

    assert (await send(client, work, then="as_it_came", left="nonsense")).status_code == 303
    again = (await Artwork.get(id=work.id).prefetch_related("image")).image
    assert again is not None
    assert again.framing == NO_FRAMING
    await site.work()
    again = await Image.get(id=again.id)
    assert again.size == before.size
    assert again.perceptual_hash == before.perceptual_hash
    assert await bytes_of(site.storage, original_key(again.token)) == original
    assert await names(site.storage, again.token) == set(again.file_names())


async def test_one_framing_follows_another_before_the_worker_comes(site: Site) -> None:
    work = await draft(site)
    client = await site.client(site.cast.partner)
    await send(client, work)
    await send(client, work, turn="180")
    await send(client, work, turn="180")  # pressed twice: nothing to do
    image = (await Artwork.get(id=work.id).prefetch_related("image")).image
    assert image is not None
    assert image.turn == 180
    await site.work()
    assert await Image.filter(organisation_id=work.organisation_id).count() == 1
    assert (await Image.get(id=image.id)).size == (1300, 775)


async def test_the_form_of_a_work_leads_there_with_the_picture_that_it_brings(site: Site) -> None:
    client = await site.client(site.cast.partner)
    files = {"picture": ("photo.jpg", factories.photograph(), "image/jpeg")}
    data = {"language": "zh", "title": "横着拍的", "then": "frame"}
    answer = await client.post("/desk/works", data=data, files=files)
    work = await Artwork.get(title=in_zh("横着拍的")).prefetch_related("image")
    assert answer.headers["location"] == f"/desk/works/{work.id}/framing"
    page = (await client.get(answer.headers["location"])).text
    assert work.image is not None
    assert f"/desk/images/{work.image.id}/{PREVIEW_NAME}" in page
    assert (await send(client, work)).status_code == 303
    await site.work()
    image = (await Artwork.get(id=work.id).prefetch_related("image")).image
    assert image is not None
    assert image.size == (1000, 1008)
    answer = await client.post("/desk/works", data={**data, "title": "没有图片"})
    assert answer.headers["location"].endswith(
        f"/desk/works/{(await Artwork.get(title=in_zh('没有图片'))).id}"
    )


async def test_strangers_and_curators_of_drafts_find_nothing(site: Site) -> None:
    work = await draft(site)
    for person in (site.cast.stranger, site.cast.curator):
        client = await site.client(person)
        assert (await client.get(f"/desk/works/{work.id}/framing")).status_code == 404
        assert (await send(client, work)).status_code == 404
    client = await site.client(site.cast.partner)
    await send(client, work)
    image = (await Artwork.get(id=work.id).prefetch_related("image")).image
    assert image is not None
    stranger = await site.client(site.cast.stranger)
    assert (await stranger.get(f"/desk/images/{image.id}/{UNFRAMED_NAME}")).status_code == 404


@pytest.mark.parametrize("status", [Status.SUBMITTED, Status.ACCEPTED, Status.DECLINED])
async def test_what_was_submitted_is_not_framed_any_more(site: Site, status: Status) -> None:
    work = await draft(site, status=status)
    client = await site.client(site.cast.partner)
    for answer in (await client.get(f"/desk/works/{work.id}/framing"), await send(client, work)):
        assert answer.headers["location"] == f"/desk/works/{work.id}"
    assert (await Artwork.get(id=work.id)).image_id == work.image_id
    assert "/framing" not in (await client.get(f"/desk/works/{work.id}")).text


async def test_a_returned_work_can_be_framed(site: Site) -> None:
    work = await draft(site, status=Status.RETURNED)
    client = await site.client(site.cast.colleague)
    assert (await send(client, work)).status_code == 303
    assert (await Artwork.get(id=work.id)).image_id != work.image_id


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"left": "abc"}, "a number of per cent"),
        ({"left": "-1"}, "a number from 0 to 99"),
        ({"right": "NaN"}, "a number"),
        ({"top": "Infinity"}, "a number"),
        ({"top": "50", "bottom": "50"}, "Nothing would be left"),
        ({"left": "99.5", "right": "0.2"}, "Nothing would be left"),
        ({"turn": "45"}, "choose"),
        ({"turn": ""}, "choose"),
        ({"left": "60", "top": "60"}, "Too little of the picture would be left"),
    ],
)
async def test_what_is_wrong_comes_back_with_what_was_typed(
    site: Site, fields: dict[str, str], sentence: str
) -> None:
    work = await draft(site)
    client = await site.client(site.cast.partner)
    answer = await send(client, work, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text
    for value in fields.values():
        assert f'value="{value}"' in answer.text or value in {"45", ""}
    assert (await Artwork.get(id=work.id)).image_id == work.image_id
    assert await Image.filter(organisation_id=work.organisation_id).count() == 1
    assert {key async for key in site.storage.private.keys("originals")} == {
        original_key((await Image.get(id=work.image_id)).token)
    }


async def test_there_must_be_a_picture(site: Site) -> None:
    client = await site.client(site.cast.partner)
    without = await Artwork.create(organisation=site.cast.organisation, title=in_zh("还没有图片"))
    refused = await draft(site)
    await Image.filter(id=refused.image_id).update(state=ImageState.REFUSED, refusal="damaged")
    waiting = await factories.received(site.storage, site.cast.organisation)
    unseen = await draft(site, image=waiting)
    for work in (without, refused, unseen):
        assert (await client.get(f"/desk/works/{work.id}/framing")).status_code == 303
        assert (await send(client, work)).status_code == 303
    assert await Image.filter(turn=90).count() == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_two_at_once_leave_one_picture_and_no_orphan(site: Site) -> None:
    work = await draft(site)
    other = await Artwork.get(id=work.id).prefetch_related("image")
    outcomes = await asyncio.gather(
        reframe(work, Framing(90), site.cast.partner, site.storage, site.settings),
        reframe(other, Framing(180), site.cast.colleague, site.storage, site.settings),
        return_exceptions=True,
    )
    assert sorted(type(each) for each in outcomes if isinstance(each, Exception)) == [EditConflict]
    await site.work()
    left = await Image.get(organisation_id=work.organisation_id)
    assert left.state == ImageState.READY
    assert {key async for key in site.storage.private.keys("originals")} == {original_key(left.token)}
    tokens = {key.split("/")[1] async for key in site.storage.private.keys("renditions")}
    assert tokens == {left.token}


@pytest.mark.parametrize("is_framed_meanwhile", [True, False])
async def test_a_file_that_is_deleted_while_it_is_opened_is_not_called_damaged(
    is_framed_meanwhile: bool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = await draft(site)
    other = await Artwork.get(id=work.id).prefetch_related("image")

    async def opened_too_late(*_: object) -> Image:
        monkeypatch.undo()
        if is_framed_meanwhile:
            await reframe(other, Framing(180), site.cast.colleague, site.storage, site.settings)
        raise ImageRefused("damaged")

    monkeypatch.setattr(entry, "reframe_image", opened_too_late)
    with pytest.raises(EditConflict if is_framed_meanwhile else ImageRefused):
        await reframe(work, Framing(90), site.cast.partner, site.storage, site.settings)


async def test_a_withdrawal_takes_the_whole_picture_too(site: Site) -> None:
    work = await draft(site)
    client = await site.client(site.cast.partner)
    await send(client, work)
    await site.work()
    work = await Artwork.get(id=work.id).prefetch_related("consent", "image")
    assert work.consent is not None
    assert work.image is not None
    assert await site.storage.private.exists(rendition_key(work.image.token, UNFRAMED_NAME))
    await withdraw(work.consent, site.storage)
    assert [stored async for stored in site.storage.private.files()] == []
    assert (await client.get(f"/desk/images/{work.image.id}/{UNFRAMED_NAME}")).status_code == 404


async def test_visitors_and_tiles_see_what_was_framed(site: Site) -> None:
    work = await draft(site)
    client = await site.client(site.cast.partner)
    await send(client, work)
    await site.work()
    await Artwork.filter(id=work.id).update(status=Status.ACCEPTED)
    await factories.exhibition([work])
    await site.work()
    image = (await Artwork.get(id=work.id).prefetch_related("image")).image
    assert image is not None
    assert image.has_tiles
    visitor = await site.client()
    piece = await visitor.get(f"/iiif/{image.token}/full/max/0/default.jpg")
    rendition = await visitor.get(f"/media/{image.token}/1000.jpg")
    for answer in (piece, rendition):
        with Picture.open(io.BytesIO(answer.content)) as picture:
            assert picture.size == (1000, 1008)
    assert (await visitor.get(f"/media/{image.token}/{UNFRAMED_NAME}")).status_code == 404
