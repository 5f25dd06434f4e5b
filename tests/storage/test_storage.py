"""Storage of pictures: in a folder and on a real S3 server, and while the store is unreachable."""

from __future__ import annotations

import asyncio
import itertools
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.app import CHORES, create_app
from gallery.artists.models import Consent, Withdrawal
from gallery.artworks.models import Artwork
from gallery.cli.inspection import inspect, mend
from gallery.db.connection import Database
from gallery.exhibitions.stored_files import delete_orphans
from gallery.images.chores import develop_next
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import make_public, original_key, public_key, rendition_key
from gallery.settings import Settings, SettingsError
from gallery.storage import Storage, Store, StoreUnavailable, s3
from gallery.storage.s3 import Address
from gallery.storage.store import CHUNK_BYTES
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext, Worker
from tests import factories
from tests.artworks.tus import PICTURE, TUS, begin, original_of, pieces_in_store, send
from tests.conftest import Site, settings_for
from tests.seaweedfs import BUCKET, OPEN, PUBLIC, SECRET, SeaweedFS

_numbers = itertools.count(1)

CONTENT = bytes(range(256)) * (CHUNK_BYTES * 5 // 2 // 256)  # two and a half pieces


@pytest.fixture(params=["local", "s3", "s3 deleting singly"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    url = f"sqlite:///{tmp_path / 'unused.sqlite3'}"
    if request.param == "local":
        return Storage(settings_for(tmp_path, url))
    server: SeaweedFS = request.getfixturevalue("seaweedfs")
    values = server.settings(f"contract-{next(_numbers)}")
    if "singly" in request.param:
        values["storage_url"] += "&delete=single"
    return Storage(settings_for(tmp_path, url, **values))


async def keys(store: Store, prefix: str = "") -> list[str]:
    return sorted([stored.key async for stored in store.files(prefix)])


# What every store does


async def test_a_file_is_there_whole_until_it_is_deleted(storage: Storage) -> None:
    store = storage.private
    await factories.put(store, "originals/abc", CONTENT)
    assert await store.exists("originals/abc")
    assert not await storage.public.exists("originals/abc")
    async with store.local_copy("originals/abc") as path:
        assert path.read_bytes() == CONTENT
    (stored,) = [each async for each in store.files()]
    assert (stored.key, stored.size) == ("originals/abc", len(CONTENT))
    assert abs(datetime.now(UTC) - stored.modified_at) < timedelta(hours=1)
    await store.delete("originals/abc", "originals/never-there")
    assert not await store.exists("originals/abc")
    assert await keys(store) == []
    await store.delete("originals/abc")
    await store.delete()


async def test_a_file_put_twice_is_the_later_one(storage: Storage) -> None:
    await factories.put(storage.private, "renditions/abc/1.jpg", b"first")
    await factories.put(storage.private, "renditions/abc/1.jpg", b"second, longer")
    async with storage.private.local_copy("renditions/abc/1.jpg") as path:
        assert path.read_bytes() == b"second, longer"


async def test_a_folder_is_no_beginning_of_a_name(storage: Storage) -> None:
    store = storage.public
    for key in ("abc/1.jpg", "abc/2/3.jpg", "abcd/1.jpg", "ab"):
        await factories.put(store, key)
    assert await keys(store, "abc") == ["abc/1.jpg", "abc/2/3.jpg"]
    assert not await store.exists("abc")
    await store.delete_folder("abc")
    await store.delete_folder("never-there")
    assert await keys(store) == ["ab", "abcd/1.jpg"]


async def test_what_is_linked_outlives_its_source(storage: Storage) -> None:
    await factories.put(storage.private, "renditions/abc/1.jpg", CONTENT)
    for _ in range(2):
        assert await storage.public.link_from(storage.private, "abc/1.jpg", "renditions/abc/1.jpg")
    assert not await storage.public.link_from(storage.private, "abc/2.jpg", "renditions/abc/2.jpg")
    await storage.private.delete("renditions/abc/1.jpg")
    assert await keys(storage.public) == ["abc/1.jpg"]
    async with storage.public.local_copy("abc/1.jpg") as path:
        assert path.read_bytes() == CONTENT


async def test_what_is_deleted_while_it_is_linked_is_in_neither_place(storage: Storage) -> None:
    names = [f"{number}.jpg" for number in range(12)]
    for name in names:
        await factories.put(storage.private, f"renditions/abc/{name}")

    async def link(name: str) -> None:
        await storage.public.link_from(storage.private, f"abc/{name}", f"renditions/abc/{name}")

    async def erase() -> None:
        await storage.private.delete_folder("renditions/abc")
        await storage.public.delete_folder("abc")

    await asyncio.gather(*(link(name) for name in names[:6]), erase(), *(link(name) for name in names[6:]))
    assert await keys(storage.private) == await keys(storage.public) == []


async def test_many_at_once_in_one_folder(storage: Storage) -> None:
    async def come_and_go(number: int) -> None:
        await factories.put(storage.private, f"renditions/abc/{number}")
        await storage.private.delete(f"renditions/abc/{number}")

    await asyncio.gather(*(come_and_go(number) for number in range(20)))
    assert await keys(storage.private) == []


async def test_what_is_not_there_is_said(storage: Storage) -> None:
    with pytest.raises(FileNotFoundError):
        async with storage.private.local_copy("originals/nobody"):
            pass
    request = Request({"type": "http", "method": "GET", "headers": []})
    with pytest.raises(FileNotFoundError):
        await storage.public.answer(request, "no/body.jpg", media_type="image/jpeg", headers={})


async def test_a_local_copy_leaves_nothing_in_the_scratch_folder(storage: Storage) -> None:
    await factories.put(storage.private, "originals/abc")
    async with storage.private.local_copy("originals/abc") as path:
        assert path.is_file()
    async with storage.scratch_folder() as folder:
        assert [each.name for each in folder.parent.iterdir()] == [folder.name]


async def test_a_store_that_can_be_used_passes_the_check_and_keeps_nothing_of_it(storage: Storage) -> None:
    await storage.check()
    assert await keys(storage.private) == await keys(storage.public) == []


names = st.text("abcdefXYZ0189-_.", min_size=1, max_size=22).filter(lambda name: name.strip("."))


@hypothesis_settings(max_examples=15)
@given(st.lists(st.lists(names, min_size=2, max_size=3), min_size=1, max_size=4))
async def test_any_keys_come_and_go(storage: Storage, parts: list[list[str]]) -> None:
    # No key is the folder of another key, as with the real keys.
    wanted = {"/".join(["folder", *part, "file"]): repr(part).encode() for part in parts}
    wanted = {
        key: content
        for key, content in wanted.items()
        if not any(other.startswith(f"{key}/") for other in wanted)
    }
    for key, content in wanted.items():
        await factories.put(storage.private, key, content)
    assert await keys(storage.private) == sorted(wanted)
    for key, content in wanted.items():
        assert await storage.private.exists(key)
        async with storage.private.local_copy(key) as path:
            assert path.read_bytes() == content
    await storage.private.delete_folder("folder")
    assert await keys(storage.private) == []


# Answers


def visitor(storage: Storage) -> httpx.AsyncClient:
    async def show(request: Request) -> Response:
        try:
            return await storage.public.answer(
                request,
                request.path_params["key"],
                media_type="image/webp",
                headers={"etag": '"one"', "cache-control": "public, max-age=60"},
            )
        except FileNotFoundError:
            raise HTTPException(404) from None

    app = Starlette(routes=[Route("/{key:path}", show)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gallery.test")


LAST = len(CONTENT) - 1


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("bytes=100-", 206, 100, len(CONTENT)),
        ("bytes=-7", 206, len(CONTENT) - 7, len(CONTENT)),
        (f"bytes={CHUNK_BYTES - 3}-{CHUNK_BYTES + 2}", 206, CHUNK_BYTES - 3, CHUNK_BYTES + 3),
        (f"bytes={LAST}-{LAST + 50}", 206, LAST, len(CONTENT)),
        (f"bytes=0-{LAST}", 206, 0, len(CONTENT)),
        (f"bytes={LAST + 1}-", 416, 0, 0),
        ("bytes=9-3", 400, 0, 0),
        ("pages=1-2", 400, 0, 0),
    ],
)
async def test_a_part_of_a_picture(storage: Storage, asked: str, status: int, start: int, end: int) -> None:
    await factories.put(storage.public, "abc/1.webp", CONTENT)
    async with visitor(storage) as client:
        answer = await client.get("/abc/1.webp", headers={"range": asked})
        assert answer.status_code == status
        if status == 206:
            assert answer.content == CONTENT[start:end]
            assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"
            assert answer.headers["etag"] == '"one"'
        if status == 416:
            assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


async def test_a_whole_picture(storage: Storage) -> None:
    await factories.put(storage.public, "abc/1.webp", CONTENT)
    async with visitor(storage) as client:
        answer, head = await client.get("/abc/1.webp"), await client.head("/abc/1.webp")
        assert (answer.status_code, answer.content) == (200, CONTENT)
        assert (head.status_code, head.content) == (200, b"")
        assert dict(head.headers) == dict(answer.headers)
        assert answer.headers["content-length"] == str(len(CONTENT))
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["accept-ranges"] == "bytes"
        assert answer.headers["cache-control"] == "public, max-age=60"
        whole = {"range": "bytes=0-9", "if-range": '"another"'}
        assert (await client.get("/abc/1.webp", headers=whole)).status_code == 200
        part = {"range": "bytes=0-9", "if-range": '"one"'}
        assert (await client.get("/abc/1.webp", headers=part)).status_code == 206
        several = await client.get("/abc/1.webp", headers={"range": "bytes=0-2,50-52"})
        assert several.status_code == 206
        assert CONTENT[0:3] in several.content
        assert CONTENT[50:53] in several.content
        assert (await client.get("/abc/2.webp")).status_code == 404


# Settings


def test_an_address_says_where_the_bucket_is() -> None:
    assert Address.of("s3://pictures") == Address("pictures", "", None, "us-east-1", False, True)
    assert Address.of(
        "s3://b/some/prefix/?endpoint=https://oss.example.org/&region=cn&style=virtual&delete=single"
    ) == Address("b", "some/prefix", "https://oss.example.org", "cn", True, False)


@pytest.mark.parametrize(
    "url",
    [
        "https://s3.example.org/bucket",
        "s3://",
        "s3:///prefix",
        "pictures",
        "s3://b?endpoint=s3.example.org",
        "s3://b?endpoint=https://user@s3.example.org",
        "s3://b?endpoint=https://s3.example.org/path",
        "s3://b?style=round",
        "s3://b?delete=never",
        "s3://b?regoin=eu",
        "s3://key:secret-word@b",
    ],
)
def test_an_address_that_is_none_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingsError, match="GALLERY_STORAGE_URL") as refused:
        Address.of(url)
    assert "secret-word" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"STORAGE_URL": "s3://b"}, "GALLERY_STORAGE_KEY_ID"),
        ({"STORAGE_URL": "s3://b", "STORAGE_KEY_ID": "k"}, "GALLERY_STORAGE_SECRET"),
        ({"STORAGE_KEY_ID": "k"}, "GALLERY_STORAGE_KEY_ID"),
        ({"STORAGE_PUBLIC_URL": "https://p.example.org"}, "GALLERY_STORAGE_PUBLIC_URL"),
        (
            {
                "STORAGE_URL": "s3://b",
                "STORAGE_KEY_ID": "k",
                "STORAGE_SECRET": "s",
                "STORAGE_PUBLIC_URL": "https://p.example.org; script-src *",
            },
            "GALLERY_STORAGE_PUBLIC_URL",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_named(
    tmp_path: Path, values: dict[str, str], named: str
) -> None:
    given = {"HOME": str(tmp_path), **values}
    with pytest.raises(SettingsError, match=named):
        Settings.from_env({f"GALLERY_{name}": value for name, value in given.items()})


# A store that refuses us, or is unreachable


def at(server: SeaweedFS, tmp_path: Path, prefix: str = "away", **values: Any) -> Storage:
    return Storage(settings_for(tmp_path, "sqlite:///unused", **{**server.settings(prefix), **values}))


def nothing_secret(sentence: str) -> bool:
    return SECRET not in sentence and "Debug" not in sentence and "\n" not in sentence


@pytest.mark.parametrize("values", [{"storage_key_id": "nobody"}, {"storage_secret": "wrong"}])
async def test_wrong_keys_are_said(seaweedfs: SeaweedFS, tmp_path: Path, values: dict[str, str]) -> None:
    storage = at(seaweedfs, tmp_path, **values)
    for ask in (storage.check(), storage.private.exists("x"), keys(storage.private)):
        with pytest.raises(StoreUnavailable, match="GALLERY_STORAGE_KEY_ID") as refused:
            await ask
        assert refused.value.is_refusal
        assert nothing_secret(str(refused.value))


async def test_a_bucket_that_is_not_there_is_said(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    url = f"s3://no-such-bucket?endpoint={seaweedfs.endpoint}"
    storage = at(seaweedfs, tmp_path, storage_url=url)
    with pytest.raises(StoreUnavailable, match="no bucket 'no-such-bucket'"):
        async with storage.private.local_copy("originals/x"):
            pass


async def test_a_store_that_is_not_there_is_said(tmp_path: Path, seaweedfs: SeaweedFS) -> None:
    url = "s3://b?endpoint=http://127.0.0.1:1"
    with pytest.raises(StoreUnavailable, match="cannot be reached") as away:
        await at(seaweedfs, tmp_path, storage_url=url).check()
    assert not away.value.is_refusal


async def test_a_store_that_never_answers_is_not_waited_for_long(
    tmp_path: Path, seaweedfs: SeaweedFS, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "REQUEST_TIMEOUT", 0.3)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"s3://b?endpoint=http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StoreUnavailable, match="no answer"):
            await at(seaweedfs, tmp_path, storage_url=url).public.exists("x")


async def test_a_private_part_that_strangers_can_read_is_refused(
    seaweedfs: SeaweedFS, tmp_path: Path
) -> None:
    storage = at(seaweedfs, tmp_path, OPEN)
    with pytest.raises(StoreUnavailable, match="everybody") as refused:
        await storage.check()
    assert refused.value.is_refusal
    assert await keys(storage.private) == []


async def test_a_public_address_must_lead_to_the_public_part(seaweedfs: SeaweedFS, tmp_path: Path) -> None:
    await at(seaweedfs, tmp_path, PUBLIC, storage_public_url=seaweedfs.public_url(PUBLIC)).check()
    with pytest.raises(StoreUnavailable, match="GALLERY_STORAGE_PUBLIC_URL"):
        await at(seaweedfs, tmp_path, "closed", storage_public_url=seaweedfs.public_url("closed")).check()


async def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    storage = Storage(settings_for(tmp_path, "sqlite:///unused"))
    (tmp_path / "media/private").rmdir()
    (tmp_path / "media/private").write_text("a file")
    with pytest.raises(StoreUnavailable, match="media/private"):
        await storage.check()


class Door:
    """A TCP proxy to the store that can be closed, as if the store were unreachable."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self._behind = port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._let_through, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _let_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        self._open |= {writer, far_writer}
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))
        self._open -= {writer, far_writer}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def door(seaweedfs: SeaweedFS) -> AsyncIterator[Door]:
    door = Door(seaweedfs.port)
    await door.open()
    yield door
    await door.close()


@asynccontextmanager
async def opened(site: Site, **values: Any) -> AsyncIterator[Site]:
    """The same site with other settings of its storage."""
    settings = replace(site.settings, **values)
    app = create_app(settings)
    other = Site(app, settings, site.cast, app.state.storage)
    async with other._clients:
        yield other


@pytest.fixture
async def behind(site: Site, door: Door, seaweedfs: SeaweedFS) -> AsyncIterator[Site]:
    """A site that reaches its store through `door`."""
    url = f"s3://{BUCKET}/door-{next(_numbers)}?endpoint=http://127.0.0.1:{door.port}"
    async with opened(site, **{**seaweedfs.settings("door"), "storage_url": url}) as other:
        yield other


async def test_while_the_store_is_away_pictures_say_so_and_pages_are_served(behind: Site, door: Door) -> None:
    work = await factories.artwork(behind.storage, behind.cast.organisation, status="accepted")
    await factories.exhibition([work])
    assert work.image is not None
    client, curator = await behind.client(), await behind.client(behind.cast.curator)
    public = f"/media/{work.image.token}/320.jpg"
    private = f"/desk/images/{work.image.id}/320.jpg"
    await door.close()
    for answer in (await client.get(public), await curator.get(private)):
        assert answer.status_code == 503
        assert answer.headers["retry-after"].isdigit()
        assert "max-age" not in answer.headers.get("cache-control", "")
        assert "<h1>" in answer.text
        assert nothing_secret(answer.text.replace("\n", " "))
    assert (await client.get(f"/zh/works/{work.public_id}")).status_code == 200
    await door.open()
    assert (await client.get(public)).status_code == 200
    assert (await curator.get(private)).status_code == 200


async def test_an_upload_waits_for_the_store_and_loses_nothing(behind: Site, door: Door) -> None:
    client = await behind.client(behind.cast.partner)
    path = (await begin(client)).headers["location"]
    assert (await send(client, path, 0, PICTURE[:1000])).status_code == 204
    await door.close()
    for piece in (PICTURE[1000:2000], PICTURE[1000:]):
        away = await send(client, path, 1000, piece)
        assert (away.status_code, away.headers["retry-after"]) == (423, "30")
        assert nothing_secret(away.text)
        assert (await client.head(path, headers=TUS)).headers["upload-offset"] == "1000"
    await door.open()
    assert (await send(client, path, 1000, PICTURE[1000:])).status_code == 204
    assert await original_of(behind, await Artwork.get()) == PICTURE
    path = (await begin(client)).headers["location"]
    await send(client, path, 0, PICTURE[:1000])
    await door.close()
    assert (await client.delete(path, headers=TUS)).status_code == 204
    assert (await client.head(path, headers=TUS)).status_code == 404
    await door.open()
    assert len(await pieces_in_store(behind)) == 1
    await delete_orphans(
        ChoreContext(behind.settings, behind.storage), settling=timedelta(seconds=-5), pause=0
    )
    assert await pieces_in_store(behind) == []


async def test_a_worker_waits_for_the_store_and_loses_nothing(
    behind: Site, door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    image = await factories.received(behind.storage, behind.cast.organisation)
    await door.close()
    context = ChoreContext(behind.settings, behind.storage)
    await Worker(context, CHORES).run_dry()
    await image.refresh_from_db()
    assert (image.state, image.lease_until, image.losses, image.failures) == (
        ImageState.RECEIVED,
        None,
        0,
        0,
    )
    assert "cannot be reached" in caplog.text
    assert "Traceback" not in caplog.text
    assert image.token not in caplog.text
    await door.open()
    assert await develop_next(context)
    await image.refresh_from_db()
    assert image.state == ImageState.READY


async def test_what_was_typed_is_there_when_the_picture_could_not_be_kept(behind: Site, door: Door) -> None:
    partner = await behind.client(behind.cast.partner)
    await door.close()
    form = {"title": "冬至吃汤圆啦", "language": "zh", "organisation": str(behind.cast.organisation.id)}
    picture = {"picture": ("a.jpg", factories.photograph(), "image/jpeg")}
    answer = await partner.post("/desk/works", data=form, files=picture)
    assert answer.status_code == 503
    assert "冬至吃汤圆啦" in answer.text
    assert "could not be saved" in answer.text
    assert await Image.all().count() == 0


async def test_a_picture_in_pieces_waits_for_the_store_and_is_sent_once(behind: Site, door: Door) -> None:
    partner = await behind.client(behind.cast.partner)
    picture, tus = factories.photograph(), {"tus-resumable": "1.0.0"}
    begun = await partner.post("/desk/uploads", headers={**tus, "upload-length": str(len(picture))})
    path = begun.headers["location"]
    await door.close()
    headers = {**tus, "upload-offset": "0", "content-type": "application/offset+octet-stream"}
    # Clients retry after 423; after a 5xx they begin a new upload.
    answer = await partner.patch(path, content=picture, headers=headers)
    assert answer.status_code == 423
    assert answer.headers["retry-after"].isdigit()
    assert answer.headers["tus-resumable"] == "1.0.0"
    answer = await partner.head(path, headers=tus)  # where to go on is in the database
    assert (answer.status_code, answer.headers["upload-offset"]) == (200, "0")
    assert await Image.all().count() == 0
    await door.open()
    answer = await partner.patch(path, content=picture, headers=headers)
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(len(picture)))
    assert await Artwork.all().count() == await Image.all().count() == 1


async def test_a_withdrawal_while_the_store_is_away_says_so_and_is_finished_later(
    behind: Site, door: Door
) -> None:
    consent = await factories.consent(behind.cast.organisation, code="0123456789ABCDEFGHJK")
    work = await factories.artwork(
        behind.storage, behind.cast.organisation, status="accepted", consent=consent
    )
    await factories.exhibition([work])
    await behind.work()
    client, slip = await behind.client(), "/en/consent/0123456789ABCDEFGHJK"
    await door.close()
    assert (await client.post(slip)).status_code == 303
    assert "still being deleted" in (await client.get(slip)).text
    assert (await client.get(f"/zh/works/{work.public_id}")).status_code == 410
    assert (await Withdrawal.get(consent=consent)).files_deleted_at is None
    await door.open()
    await behind.work()
    assert "have been deleted" in (await client.get(slip)).text
    assert await keys(behind.storage.private) == await keys(behind.storage.public) == []


# Visitors who are sent to the store


async def test_visitors_are_sent_to_public_pictures_only_and_a_withdrawal_reaches_them(
    site: Site, seaweedfs: SeaweedFS
) -> None:
    address = seaweedfs.public_url(PUBLIC)
    values = {**seaweedfs.settings(PUBLIC), "storage_public_url": address}
    async with opened(site, **values) as sending, httpx.AsyncClient() as stranger:
        work = await factories.artwork(sending.storage, site.cast.organisation, status="accepted")
        await factories.exhibition([work])
        assert work.image is not None
        token, client = work.image.token, await sending.client()
        answer = await client.get(f"/media/{token}/320.jpg")
        assert answer.status_code == 302
        assert answer.headers["location"] == f"{address}/{token}/320.jpg"
        assert answer.headers["cache-control"] == f"private, max-age={sending.settings.media_max_age}"
        page = await client.get(f"/zh/works/{work.public_id}")
        policy = page.headers["content-security-policy"]
        assert re.search(rf"img-src [^;]*{re.escape(seaweedfs.endpoint)};", policy)
        picture = await stranger.get(answer.headers["location"])
        assert picture.status_code == 200
        assert picture.headers["content-type"] == "image/jpeg"
        assert picture.headers["cache-control"] == f"private, max-age={sending.settings.media_max_age}"
        private = address.removesuffix("public") + f"private/{rendition_key(token, '320.jpg')}"
        assert (await stranger.get(private)).status_code == 403
        curator = await sending.client(site.cast.curator)
        assert (await curator.get(f"/desk/images/{work.image_id}/320.jpg")).status_code == 200
        await withdraw(await Consent.get(id=work.consent_id), sending.storage)
        assert (await client.get(f"/media/{token}/320.jpg")).status_code == 410
        assert (await stranger.get(answer.headers["location"])).status_code in {403, 404}


# Orphans


@pytest.mark.engines("sqlite", "postgresql-s3")
async def test_orphans_are_found_and_deleted_and_what_is_in_use_is_left(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    await factories.exhibition([work])
    await site.work()
    hidden = await factories.artwork(site.storage, site.cast.organisation)
    waiting = await factories.received(site.storage, site.cast.organisation)
    assert work.image is not None
    assert hidden.image is not None
    in_use = await keys(site.storage.private), await keys(site.storage.public)
    orphans = ["originals/nobody", "renditions/nobody/640.webp", f"renditions/{waiting.token}/999.jpg", "odd"]
    for key in orphans:
        await factories.put(site.storage.private, key)
    await make_public(site.storage, hidden.image)
    database = Database(site.settings)
    assert not any(finding.private for finding in await inspect(database, site.storage))  # they are young
    found = await inspect(database, site.storage, settling=timedelta(seconds=-5))
    assert sorted(key for finding in found for key in finding.private) == sorted(orphans)
    names = hidden.image.file_names()
    gone = [key for finding in found for key in finding.public]
    assert sorted(gone) == sorted(public_key(hidden.image.token, name) for name in names)
    for finding in found:
        assert await mend(finding, site.storage)
    assert (await keys(site.storage.private), await keys(site.storage.public)) == in_use
    assert await inspect(database, site.storage, settling=timedelta(seconds=-5)) == []


@pytest.mark.engines("sqlite", "postgresql-s3")
async def test_what_is_missing_is_counted_by_kind(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    assert work.image is not None
    token, names = work.image.token, work.image.file_names()
    await site.storage.private.delete(original_key(token), *(rendition_key(token, n) for n in names[:2]))
    found = {
        finding.sentence: finding.where for finding in await inspect(Database(site.settings), site.storage)
    }
    where = f"image {work.image_id}"
    assert found == {
        "An original is missing": where,
        f"2 of {len(names)} renditions are missing or cut": where,
    }
