"""Uploads by programs: the same tus as at the desk, with a token instead of a cookie; and real clients on a
connection that breaks.
"""

from __future__ import annotations

import asyncio
import base64
import io
from pathlib import Path

import httpx
import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from gallery.api.tokens import READ
from gallery.artworks import tus
from gallery.artworks.models import Artwork, Status
from gallery.images.models import Image, Upload
from gallery.images.storage_keys import original_key
from gallery.sounds.models import Sound, SoundState
from tests import factories
from tests.api.programs import PIECES, V1, bearer, program, token_for
from tests.artworks.tus import PICTURE, TUS, leave_complete, noise, original_of
from tests.conftest import Site
from tests.images.sounds import tone
from tests.live import BadLine, LiveSite
from tests.npm import FOLDER, modules_or_skip, run_node


async def begun(client: object, length: int = len(PICTURE)) -> str:
    answer = await client.post(f"{V1}/uploads", headers={**TUS, "upload-length": str(length)})  # type: ignore[attr-defined]
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_picture_becomes_a_draft_of_the_tokens_organisation(site: Site) -> None:
    client = await program(site)
    path = await begun(client)
    assert path.startswith(f"{V1}/uploads/")
    first = await client.patch(path, headers={**PIECES, "upload-offset": "0"}, content=PICTURE[:5000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "5000")
    asked = await client.head(path, headers=TUS)
    assert (asked.status_code, asked.headers["upload-offset"]) == (200, "5000")
    last = await client.patch(path, headers={**PIECES, "upload-offset": "5000"}, content=PICTURE[5000:])
    work = await Artwork.get().prefetch_related("created_by")
    assert last.headers["gallery-work"] == f"{V1}/works/{work.id}"
    assert (work.status, work.organisation_id) == (Status.DRAFT, site.cast.organisation.id)
    assert work.created_by == site.cast.partner
    assert await original_of(site, work) == PICTURE
    payload = (await client.get(last.headers["gallery-work"])).json()
    assert payload["picture"]["state"] == "received"
    await site.work()
    assert (await client.get(f"{V1}/works/{work.id}")).json()["picture"]["state"] == "ready"


def for_work(number: object) -> dict[str, str]:
    return {"upload-metadata": f"work {base64.b64encode(str(number).encode()).decode()}"}


def voice_of(work: Artwork) -> dict[str, str]:
    pairs = {"work": str(work.id), "kind": "sound", "filename": "a.wav"}
    values = (f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
    return {"upload-metadata": ",".join(values)}


async def send_voice(client: httpx.AsyncClient, work: Artwork, content: bytes) -> httpx.Response:
    headers = {**PIECES, **voice_of(work), "upload-length": str(len(content))}
    return await client.post(f"{V1}/uploads", headers=headers, content=content)


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_work_gets_its_voice(site: Site, tmp_path: Path) -> None:
    client = await program(site)
    consent = await factories.consent(site.cast.organisation, for_voice=True)
    work = await factories.artwork(site.storage, site.cast.organisation, consent=consent)
    address = f"{V1}/works/{work.id}"
    assert (await client.get(address)).json()["voice"] is None
    for seconds in (2, 3):  # the second replaces the first
        sent = await send_voice(client, work, tone(tmp_path / "a.wav", seconds).read_bytes())
        assert (sent.status_code, sent.headers["gallery-work"]) == (201, address), sent.text
        assert await Sound.exclude(state=SoundState.ERASED).count() == 1
    assert (await client.get(address)).json()["voice"] == {"state": "received", "seconds": 3, "refusal": None}
    written = await client.patch(address, json={"transcript": "下雪了。"})
    assert written.status_code == 200
    await site.work()
    work = await Artwork.get(id=work.id).prefetch_related("sound")
    assert (work.sound.state, work.own("transcript")) == (SoundState.READY, "下雪了。")
    assert not await Upload.filter(completed_at=None).exists()


async def test_what_is_no_voice_is_refused(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    elsewhere = await factories.artwork(site.storage, site.cast.elsewhere)
    sound = tone(tmp_path / "a.wav", 2).read_bytes()
    refused = await send_voice(client, work, PICTURE)
    assert (refused.status_code, "not a sound" in refused.text) == (422, True)
    assert (await send_voice(client, elsewhere, sound)).status_code == 404
    nobody = {"upload-metadata": f"kind {base64.b64encode(b'sound').decode()}"}
    begun_badly = await client.post(f"{V1}/uploads", headers={**TUS, **nobody, "upload-length": "9"})
    assert begun_badly.status_code == 400
    await Artwork.filter(id=work.id).update(status=Status.SUBMITTED)
    assert (await send_voice(client, work, sound)).status_code == 409
    monkeypatch.setattr(tus, "takes_sounds", lambda: False)
    assert (await send_voice(client, work, sound)).status_code == 422
    assert not await Upload.exists()
    assert not await Sound.exists()


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_work_that_is_there_gets_its_picture(site: Site) -> None:
    client = await program(site)
    made = (await client.post(f"{V1}/works", json={"title": "饺子皮", "story": "他看了世界杯。"})).json()
    headers = {**PIECES, "upload-length": str(len(PICTURE)), **for_work(made["id"])}
    sent = await client.post(f"{V1}/uploads", headers=headers, content=PICTURE)
    assert (sent.status_code, sent.headers["gallery-work"]) == (201, made["self"])
    work = await Artwork.get()
    assert (work.own("title"), work.own("story")) == ("饺子皮", "他看了世界杯。")
    assert await original_of(site, work) == PICTURE
    # Another picture replaces it, in pieces; a repeated request does not store it twice.
    first = await Image.get()
    other = factories.photograph(800, 600)
    headers = {**TUS, "upload-length": str(len(other)), **for_work(work.id)}
    path = (await client.post(f"{V1}/uploads", headers=headers)).headers["location"]
    await client.patch(path, headers={**PIECES, "upload-offset": "0"}, content=other[:100])
    last = await client.patch(path, headers={**PIECES, "upload-offset": "100"}, content=other[100:])
    assert last.status_code == 204, last.text
    assert (await client.head(path, headers=TUS)).headers["gallery-work"] == made["self"]
    work = await Artwork.get()
    assert await original_of(site, work) == other
    assert await Image.all().count() == 1
    assert not await site.storage.private.exists(original_key(first.token))


async def test_a_work_that_is_submitted_or_elsewhere_gets_none(site: Site) -> None:
    client = await program(site)
    elsewhere = await factories.artwork(site.storage, site.cast.elsewhere)
    for number in (elsewhere.id, 99999, "x", ""):
        headers = {**TUS, "upload-length": str(len(PICTURE)), **for_work(number)}
        assert (await client.post(f"{V1}/uploads", headers=headers)).status_code == 404
    work = await factories.artwork(site.storage, site.cast.organisation)
    headers = {**TUS, "upload-length": str(len(PICTURE)), **for_work(work.id)}
    path = (await client.post(f"{V1}/uploads", headers=headers)).headers["location"]
    await client.post(f"{V1}/works/{work.id}/submissions")
    refused = await client.post(f"{V1}/uploads", headers=headers)
    assert (refused.status_code, refused.json()["type"].rpartition("#")[2]) == (409, "conflict")
    # If the work is submitted during the upload, the work stays unchanged and the upload is removed.
    late = await client.patch(path, headers={**PIECES, "upload-offset": "0"}, content=PICTURE)
    assert late.status_code == 409
    assert "It is with the curators now" in late.json()["detail"]
    assert (await Artwork.get(id=work.id)).image_id == work.image_id
    assert await Upload.all().count() == 0
    assert await Image.all().count() == 2


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_picture_for_a_work_survives_a_killed_process(site: Site) -> None:
    client = await program(site)
    work = await factories.artwork(site.storage, site.cast.organisation)
    headers = {**TUS, "upload-length": str(len(PICTURE)), **for_work(work.id)}
    path = (await client.post(f"{V1}/uploads", headers=headers)).headers["location"]
    await leave_complete(site, path)
    await site.work()
    assert await original_of(site, await Artwork.get()) == PICTURE
    assert (await client.head(path, headers=TUS)).headers["gallery-work"] == f"{V1}/works/{work.id}"


async def test_what_can_be_done_is_told_to_everybody(site: Site) -> None:
    client = await site.client()
    for path in (f"{V1}/uploads", f"{V1}/uploads/{'0' * 32}"):
        answer = await client.options(path)
        assert (answer.status_code, answer.headers["tus-version"]) == (204, "1.0.0")


async def test_a_method_can_be_named_in_a_header(site: Site) -> None:
    client = await program(site)
    path = await begun(client)
    asked = await client.post(path, headers={**TUS, "x-http-method-override": "HEAD"})
    assert (asked.status_code, asked.headers["upload-offset"]) == (200, "0")
    headers = {**PIECES, "x-http-method-override": "PATCH", "upload-offset": "0"}
    assert (await client.post(path, headers=headers, content=PICTURE)).status_code == 204
    assert await Artwork.all().count() == 1


async def test_uploads_of_others_are_not_there(site: Site) -> None:
    client, elsewhere = await program(site), await program(site, person=site.cast.stranger)
    colleague, reader = await program(site, person=site.cast.colleague), await program(site, READ)
    path = await begun(client)
    piece = {**PIECES, "upload-offset": "0"}
    for other, status in ((elsewhere, 404), (colleague, 404), (reader, 403), (await site.client(), 401)):
        assert (await other.head(path, headers=TUS)).status_code == status
        assert (await other.patch(path, headers=piece, content=PICTURE)).status_code == status
        assert (await other.delete(path, headers=TUS)).status_code == status
    # The desk's cookie does not give access here, and the token does not at the desk.
    partner = await site.client(site.cast.partner)
    assert (await partner.head(path, headers=TUS)).status_code == 401
    token = path.rpartition("/")[2]
    assert (await client.head(f"/desk/uploads/{token}", headers=TUS)).status_code == 401
    assert (await partner.head(f"/desk/uploads/{token}", headers=TUS)).status_code == 200
    assert (await client.delete(path, headers=TUS)).status_code == 204
    assert await Upload.all().count() == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_upload_ends_with_its_token(site: Site) -> None:
    from gallery.api.models import Token

    client = await program(site)
    path = await begun(client)
    await client.patch(path, headers={**PIECES, "upload-offset": "0"}, content=PICTURE[:5000])
    await Token.all().delete()
    answer = await client.patch(path, headers={**PIECES, "upload-offset": "5000"}, content=PICTURE[5000:])
    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    # Another token of the same member can continue the upload.
    again = await program(site)
    answer = await again.patch(path, headers={**PIECES, "upload-offset": "5000"}, content=PICTURE[5000:])
    assert answer.status_code == 204
    assert await Artwork.all().count() == 1


# Real clients

AT_ONCE = 700_000  # bytes in one request
BREAKS = range(500, 600_000)  # bytes of a connection: below AT_ONCE, so that each break comes true


@pytest.mark.parametrize("seed", [1, 2])
async def test_tuspy_through_a_line_that_breaks_where_it_likes(live: LiveSite, seed: int) -> None:
    address = await live.serve(worker=False)
    content, token = noise(), await token_for(live.cast.partner)
    line = BadLine(int(address.rpartition(":")[2]), after=BREAKS, times=6, seed=seed)
    async with line as broken:

        def upload() -> None:
            client = TusClient(f"{broken}{V1}/uploads", headers=bearer(token))
            url = None
            while True:
                try:
                    uploader = client.uploader(file_stream=io.BytesIO(content), chunk_size=AT_ONCE, url=url)
                    if url is None:
                        url = uploader.create_url()
                        uploader.set_url(url)
                    uploader.upload()
                    return
                except TusCommunicationError:
                    continue  # like a restarted program, which knows only the address

        await asyncio.to_thread(upload)
    assert line.breaks == 6
    assert await original_of(live, await Artwork.get()) == content
    assert await Image.all().count() == 1


@pytest.mark.parametrize("seed", [3, 4])
async def test_tus_js_client_through_a_line_that_breaks_where_it_likes(
    live: LiveSite, seed: int, tmp_path: Path
) -> None:
    modules_or_skip("uploads")
    address = await live.serve(worker=False)
    content, token = noise(), await token_for(live.cast.partner)
    file = tmp_path / "drawing.png"
    file.write_bytes(content)
    line = BadLine(int(address.rpartition(":")[2]), after=BREAKS, times=6, seed=seed)
    async with line as broken:
        endpoint = f"{broken}{V1}/uploads"
        done = await asyncio.to_thread(
            run_node, FOLDER / "uploads" / "upload.mjs", endpoint, token, str(file), str(AT_ONCE)
        )
    assert done.returncode == 0, done.stderr
    work = await Artwork.get()
    assert done.stdout.strip() == f"{V1}/works/{work.id}"
    assert line.breaks == 6
    assert await original_of(live, work) == content
    assert await Image.all().count() == 1


async def test_tus_js_client_on_a_good_line(live: LiveSite, tmp_path: Path) -> None:
    modules_or_skip("uploads")
    address = await live.serve(worker=False)
    token = await token_for(live.cast.partner)
    file = tmp_path / "drawing.jpg"
    file.write_bytes(factories.photograph())
    endpoint = f"{address}{V1}/uploads"
    script = FOLDER / "uploads" / "upload.mjs"
    done = await asyncio.to_thread(run_node, script, endpoint, token, str(file), "100000000")
    assert done.returncode == 0, done.stderr
    assert await original_of(live, await Artwork.get()) == factories.photograph()
