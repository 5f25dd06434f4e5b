"""The pictures of a work by program: added, read, described, ordered and removed, by the rules of the desk."""

from __future__ import annotations

import base64

import httpx
import pytest

from gallery.artworks.models import MAX_PICTURES, Artwork, Picture, Status
from gallery.images.models import Image, Upload
from tests import factories
from tests.api.programs import PIECES, V1, program
from tests.artworks.tus import PICTURE
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")


def base64_of(value: object) -> str:
    return base64.b64encode(str(value).encode()).decode()


async def send(client: httpx.AsyncClient, work: int, content: bytes) -> httpx.Response:
    """Send a further picture of a work in one piece."""
    metadata = f"work {base64_of(work)},picture {base64_of('further')}"
    headers = {**PIECES, "upload-length": str(len(content)), "upload-metadata": metadata}
    return await client.post(f"{V1}/uploads", headers=headers, content=content)


async def book(site: Site, status: Status = Status.DRAFT) -> tuple[Artwork, list[int]]:
    """A work of three pictures, and the ids of their images."""
    work = await factories.artwork(site.storage, site.cast.organisation, status=status)
    further = await factories.further_pictures(site.storage, work, 2)
    assert work.image is not None
    return work, [work.image.id, *(each.id for each in further)]


async def test_pictures_are_added_by_tus_and_read(site: Site) -> None:
    client = await program(site)
    made = (await client.post(f"{V1}/works", json={"title": "绘本"})).json()
    for width in (700, 710, 720):
        sent = await send(client, made["id"], factories.photograph(width, 620))
        assert (sent.status_code, sent.headers["gallery-work"]) == (201, made["self"])
    pictures = (await client.get(made["self"])).json()["pictures"]
    assert [(each["state"], each["width"]) for each in pictures] == [
        *(("received", 700), ("received", 710), ("received", 720)),
    ]
    assert len({each["id"] for each in pictures}) == 3
    assert (await Artwork.get(id=made["id"])).more_pictures == 2
    # The same file once more is refused, and nothing of it is left.
    again = await send(client, made["id"], factories.photograph(720, 620))
    assert again.status_code == 409
    assert "in the work already" in again.json()["detail"]
    assert (await Image.all().count(), await Upload.filter(completed_at=None).count()) == (3, 0)


async def test_the_25th_is_refused(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    await factories.further_pictures(site.storage, work, MAX_PICTURES - 1)
    answer = await send(await program(site), work.id, PICTURE)
    assert answer.status_code == 409
    assert "at most 24 pictures" in answer.json()["detail"]


async def test_a_picture_is_described_in_languages(site: Site) -> None:
    work, ids = await book(site)
    client, words = await program(site), {"zh": "小猫在窗前", "bo": "ཞི་མི"}
    for id in ids[:2]:
        changes = {"alt_text": words, "caption": {"en": " Page  two "}}
        answer = await client.patch(f"{V1}/works/{work.id}/pictures/{id}", json=changes)
        assert answer.status_code == 200, answer.text
        assert words["zh"] not in answer.text  # it may be kept for a repeated key, longer than the work
    shown = (await client.get(f"{V1}/works/{work.id}")).json()["pictures"]
    assert [each["alt_text"] == words for each in shown] == [True, True, False]
    assert shown[1]["caption"] == {"en": "Page two"}
    assert dict((await Artwork.get(id=work.id)).alt_text) == words
    assert dict((await Picture.get(image_id=ids[1])).alt_text) == words


async def test_pictures_are_ordered_and_removed(site: Site) -> None:
    work, (a, b, c) = await book(site)
    client, address = await program(site), f"{V1}/works/{work.id}/pictures"
    answer = await client.patch(address, json={"order": [c, a, b]})
    assert answer.status_code == 200
    shown = (await client.get(f"{V1}/works/{work.id}")).json()
    assert [each["id"] for each in shown["pictures"]] == [c, a, b]
    assert (await client.delete(f"{address}/{c}")).status_code == 204
    shown = (await client.get(f"{V1}/works/{work.id}")).json()
    assert [each["id"] for each in shown["pictures"]] == [a, b]
    assert (await client.delete(f"{address}/{c}")).status_code == 404


async def test_bad_input_is_told_at_its_place(site: Site) -> None:
    work, (a, b, c) = await book(site)
    client, address = await program(site), f"{V1}/works/{work.id}/pictures"
    for order in ([a, b], [a, b, c, c], []):
        answer = await client.patch(address, json={"order": order})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/order")
    answer = await client.patch(address, json={"order": [a, b, c + 99]})
    assert answer.json()["errors"][0]["pointer"] == "/order/2"
    answer = await client.patch(f"{address}/{b}", json={"alt_text": {"no language": "x"}})
    assert answer.json()["errors"][0]["pointer"] == "/alt_text/no language"
    answer = await client.patch(f"{address}/{b}", json={"alt_text": {"zh": "x" * 1001}, "size": "A3"})
    assert {each["pointer"] for each in answer.json()["errors"]} == {"/alt_text/zh", "/size"}
    await Picture.filter(image_id=b).update(alt_text=factories.in_zh(""))
    answer = await client.post(f"{V1}/works/{work.id}/submissions")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/pictures/1/alt_text"]


async def test_strangers_and_sent_works(site: Site) -> None:
    work, (a, b, c) = await book(site, Status.SUBMITTED)
    client, address = await program(site), f"{V1}/works/{work.id}/pictures"
    assert (await client.patch(address, json={"order": [c, a, b]})).status_code == 409
    assert (await client.patch(f"{address}/{b}", json={"caption": {"zh": "x"}})).status_code == 409
    assert (await client.delete(f"{address}/{b}")).status_code == 409
    assert (await send(client, work.id, PICTURE)).status_code == 409
    stranger = await program(site, person=site.cast.stranger)
    assert (await stranger.patch(address, json={"order": [c, a, b]})).status_code == 404
    assert (await stranger.delete(f"{address}/{b}")).status_code == 404
    assert (await send(stranger, work.id, PICTURE)).status_code == 404
