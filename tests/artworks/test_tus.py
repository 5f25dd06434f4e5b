"""Pictures uploaded in pieces by tus: wrong offsets and checksums are refused, no interleaving, one work
each.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import random
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from starlette.requests import ClientDisconnect, Request
from tusclient.client import TusClient

from gallery.accounts.models import Membership, Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.app import create_app
from gallery.artworks.models import Artwork, Status
from gallery.clock import now
from gallery.exhibitions.stored_files import delete_orphans
from gallery.images import partial_uploads
from gallery.images.models import Image, Upload
from gallery.images.storage_keys import upload_key
from gallery.worker import ChoreContext
from tests import factories
from tests.artworks.tus import (
    OFFSET_STREAM,
    PICTURE,
    TUS,
    arrived,
    begin,
    checksum,
    leave_complete,
    noise,
    original_of,
    pieces_in_store,
    send,
    upload_at,
)
from tests.cast import assemble
from tests.conftest import Site, migrate, settings_for
from tests.live import BadLine, LiveSite


async def location(client: httpx.AsyncClient, length: int = len(PICTURE), **headers: str) -> str:
    answer = await begin(client, length, **headers)
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


async def offset_of(client: httpx.AsyncClient, path: str) -> int:
    answer = await client.head(path, headers=TUS)
    assert answer.status_code == 200, answer.status_code
    return int(answer.headers["upload-offset"])


async def test_the_server_says_what_it_can_do(site: Site) -> None:
    answer = await (await site.client()).options("/desk/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "termination",
        "checksum",
        "expiration",
    }
    assert answer.headers["tus-max-size"] == str(site.settings.upload_max_bytes)
    assert answer.headers["tus-checksum-algorithm"] == "sha1,sha256"


async def test_a_picture_in_pieces_becomes_one_draft(site: Site) -> None:
    client = await site.client(site.cast.partner)
    name = base64.b64encode(b"IMG_1.jpg").decode()
    path = await location(client, **{"upload-metadata": f"filename {name},is_drawing"})
    assert await offset_of(client, path) == 0
    first = await send(client, path, 0, PICTURE[:5000])
    assert (first.status_code, first.headers["upload-offset"]) == (204, "5000")
    assert "upload-expires" in first.headers
    asked = await client.head(path, headers=TUS)
    assert asked.headers["upload-metadata"] == f"filename {name},is_drawing"
    assert asked.headers["upload-length"] == str(len(PICTURE))
    assert asked.headers["cache-control"] == "no-store"
    last = await send(client, path, 5000, PICTURE[5000:])
    work = await Artwork.get().prefetch_related("created_by")
    assert (last.status_code, last.headers["gallery-work"]) == (204, f"/desk/works/{work.id}")
    assert (work.status, work.created_by, work.own("title")) == (Status.DRAFT, site.cast.partner, "")
    assert await original_of(site, work) == PICTURE
    assert await pieces_in_store(site) == []
    # A client that missed the response asks again, and sends nothing twice.
    again = await client.head(path, headers=TUS)
    assert again.headers["upload-offset"] == str(len(PICTURE))
    assert again.headers["gallery-work"] == f"/desk/works/{work.id}"
    assert (await send(client, path, 0, PICTURE)).status_code == 409
    assert await Artwork.all().count() == await Image.all().count() == 1


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_a_picture_at_once_with_its_creation(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post(
        "/desk/uploads",
        headers={**TUS, "upload-length": str(len(PICTURE)), "content-type": OFFSET_STREAM},
        content=PICTURE,
    )
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(PICTURE)))
    assert await original_of(site, await Artwork.get()) == PICTURE


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_checksum_is_believed_when_it_is_right(site: Site, algorithm: str) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    right = await send(
        client, path, 0, PICTURE[:900], **{"upload-checksum": checksum(PICTURE[:900], algorithm)}
    )
    assert (right.status_code, right.headers["upload-offset"]) == (204, "900")
    wrong = await send(client, path, 900, PICTURE[900:1900], **{"upload-checksum": checksum(b"x", algorithm)})
    assert wrong.status_code == 460
    assert await offset_of(client, path) == 900
    assert (await send(client, path, 900, PICTURE[900:])).status_code == 204
    assert await original_of(site, await Artwork.get()) == PICTURE


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_same_picture_is_skipped_before_and_after_it_is_sent(site: Site) -> None:
    client = await site.client(site.cast.partner)
    digest = base64.b64encode(hashlib.sha256(PICTURE).hexdigest().encode()).decode()
    known = {"upload-metadata": f"sha256 {digest}"}
    path = await location(client, **known)
    work = (await send(client, path, 0, PICTURE)).headers["gallery-work"]
    # It is announced with its digest, and not sent at all.
    again = await begin(client, **known)
    assert (again.status_code, again.headers["gallery-work"]) == (409, work)
    assert "here already" in again.text
    # A browser without digests sends it, and then it is found.
    path = await location(client)
    late = await send(client, path, 0, PICTURE)
    assert (late.status_code, late.headers["gallery-work"]) == (409, work)
    assert await Artwork.all().count() == await Image.all().count() == 1
    assert not await Upload.exists(token=path.rpartition("/")[2])
    # What is no digest is no reason, and another organisation is not told.
    assert (await begin(client, **{"upload-metadata": "sha256 eHh4"})).status_code == 201
    stranger = await site.client(site.cast.stranger)
    assert (await begin(stranger, **known)).status_code == 201


async def test_an_upload_is_stopped(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    await send(client, path, 0, PICTURE[:100])
    assert (await client.delete(path, headers=TUS)).status_code == 204
    assert (await client.head(path, headers=TUS)).status_code == 404
    assert await Upload.all().count() == 0
    assert await pieces_in_store(site) == []


async def test_a_proxy_that_lets_only_post_through(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    headers = {**TUS, "upload-offset": "0", "content-type": OFFSET_STREAM}
    answer = await client.post(path, content=PICTURE, headers={**headers, "x-http-method-override": "PATCH"})
    assert answer.status_code == 204
    assert (await client.post(path, headers={**TUS, "x-http-method-override": "PURGE"})).status_code == 405


# Strangers


async def test_strangers_find_no_upload_of_others(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    for person in (site.cast.stranger, site.cast.colleague, site.cast.curator):
        other = await site.client(person)
        assert (await other.head(path, headers=TUS)).status_code == 404
        assert (await send(other, path, 0, PICTURE)).status_code == 404
        assert (await other.delete(path, headers=TUS)).status_code == 404
    guest = await site.client()
    assert (await guest.head(path, headers=TUS)).status_code == 401
    assert (await begin(guest)).status_code == 401
    assert (await begin(await site.client(site.cast.curator))).status_code == 404
    assert await offset_of(client, path) == 0


async def test_a_picture_goes_out_in_the_name_of_who_chose_it(site: Site) -> None:
    """The upload begins after somebody else has signed in, in the same browser."""
    metadata = "filename b3dsLmpwZw==,person " + base64.b64encode(str(site.cast.partner.id).encode()).decode()
    for person, status in ((site.cast.colleague, 401), (site.cast.partner, 201)):
        answer = await begin(await site.client(person), **{"upload-metadata": metadata})
        assert answer.status_code == status


async def test_who_left_the_organisation_sends_nothing_more(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    await Membership.filter(person=site.cast.partner).delete()
    assert (await send(client, path, 0, PICTURE)).status_code == 404
    assert await Artwork.all().count() == 0


async def test_for_which_organisation_it_is_can_be_said(site: Site) -> None:
    client = await site.client(site.cast.partner)
    elsewhere = base64.b64encode(str(site.cast.elsewhere.id).encode()).decode()
    assert (await begin(client, **{"upload-metadata": f"organisation {elsewhere}"})).status_code == 403
    await Membership.create(person=site.cast.partner, organisation=site.cast.elsewhere)
    path = await location(client, **{"upload-metadata": f"organisation {elsewhere}"})
    await send(client, path, 0, PICTURE)
    assert (await Artwork.get()).organisation_id == site.cast.elsewhere.id


async def test_another_site_cannot_send(site: Site) -> None:
    client = await site.client(site.cast.partner, **{"sec-fetch-site": "cross-site"})
    assert (await begin(client)).status_code == 403
    assert await Upload.all().count() == 0


# Bad input


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"upload-length": "-1"}, 400),
        ({"upload-length": "0"}, 400),
        ({"upload-length": "1e3"}, 400),
        ({"upload-length": "9" * 30}, 400),
        ({"upload-length": "60000001"}, 413),
        ({"upload-length": "10", "upload-metadata": "filename ***"}, 400),
        ({"upload-length": "10", "upload-metadata": "a YQ==,a Yg=="}, 400),
        ({"upload-length": "10", "upload-metadata": "filename " + "YWFh" * 2000}, 400),
        ({"upload-defer-length": "1"}, 400),
    ],
)
async def test_what_is_announced_must_make_sense(site: Site, headers: dict[str, str], status: int) -> None:
    client = await site.client(site.cast.partner)
    assert (await client.post("/desk/uploads", headers={**TUS, **headers})).status_code == status
    assert await Upload.all().count() == 0


async def test_another_version_is_refused(site: Site) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/uploads", headers={"tus-resumable": "0.2.2", "upload-length": "10"})
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


async def test_lies_about_offset_length_type_and_checksum(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client, 1000)
    await send(client, path, 0, b"a" * 400)
    for offset in (0, 399, 401, 1000, 5000):
        answer = await send(client, path, offset, b"b" * 10)
        assert (answer.status_code, answer.headers["upload-offset"]) == (409, "400")

    async def too_much() -> AsyncIterator[bytes]:
        for _ in range(7):
            yield b"c" * 100

    assert (await send(client, path, 400, b"c" * 700)).status_code == 413
    assert (await send(client, path, 400, too_much())).status_code == 413
    assert (await send(client, path, 400, b"c", **{"content-type": "image/jpeg"})).status_code == 415
    assert (await send(client, path, 400, b"c", **{"upload-offset": "x"})).status_code == 400
    assert (await send(client, path, 400, b"c", **{"upload-checksum": "md5 YQ=="})).status_code == 400
    assert (await send(client, path, 400, b"c", **{"upload-checksum": "sha1"})).status_code == 400
    headers = {"upload-checksum": checksum(b"c" * 700)}
    assert (await send(client, path, 400, too_much(), **headers)).status_code == 413
    assert await offset_of(client, path) == 400
    for other in ("0" * 32, "..%2f..%2fsecret_key", "x"):
        assert (await client.head(f"/desk/uploads/{other}", headers=TUS)).status_code == 404


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_is_no_picture_says_why_and_is_deleted(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client, 3000)
    answer = await send(client, path, 0, b"%PDF-1.7" + b"x" * 2992)
    assert answer.status_code == 422
    assert "cannot be shown here" in answer.text
    assert (await client.head(path, headers=TUS)).status_code == 404
    assert await Artwork.all().count() == await Image.all().count() == await Upload.all().count() == 0
    assert await pieces_in_store(site) == []


async def test_nobody_opens_more_than_their_share(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await site.client(site.cast.partner)
    monkeypatch.setattr(partial_uploads, "MAX_OPEN_UPLOADS", 3)
    paths = [await location(client) for _ in range(3)]
    assert (await begin(client)).status_code == 429
    await client.delete(paths[0], headers=TUS)
    assert (await begin(client)).status_code == 201
    assert (await begin(await site.client(site.cast.colleague))).status_code == 201
    monkeypatch.setattr(partial_uploads, "MAX_OPEN_UPLOADS", 100)
    monkeypatch.setattr(partial_uploads, "MAX_OPEN_BYTES", 4 * len(PICTURE))
    assert [(await begin(client)).status_code for _ in range(2)] == [201, 429]


# Several at once, and time


def patch_request(receive: Callable[[], Awaitable[dict[str, Any]]]) -> Request:
    """The in-process transport delivers a body all at once, so some tests send the ASGI messages themselves."""
    return Request({"type": "http", "method": "PATCH", "headers": []}, receive)


async def never() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def test_of_two_requests_at_once_the_quicker_one_counts(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client, 40_000)
    has_begun, may_go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> dict[str, Any]:
        if not has_begun.is_set():
            has_begun.set()
            return {"type": "http.request", "body": b"a" * 1000, "more_body": True}
        await may_go_on.wait()
        return {"type": "http.request", "body": b"a" * 9000, "more_body": False}

    upload = await upload_at(path)
    running = asyncio.create_task(partial_uploads.append(upload, patch_request(slowly), 0, site.storage))
    await has_begun.wait()
    assert (await send(client, path, 0, b"b" * 5000)).status_code == 204
    may_go_on.set()
    with pytest.raises(partial_uploads.OffsetMismatch):
        await running
    assert await arrived(site, path) == b"b" * 5000
    assert len(await pieces_in_store(site)) == 1


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_many_requests_at_once_do_no_harm(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client, 40_000)
    for offset in (0, 5000):
        sent = [bytes([number]) * 5000 for number in range(6)]
        answers = await asyncio.gather(*(send(client, path, offset, each) for each in sent))
        taken = [each for each, answer in zip(sent, answers, strict=True) if answer.status_code == 204]
        assert sorted(answer.status_code for answer in answers) == [204] + [409] * 5
        assert {answer.headers["upload-offset"] for answer in answers} == {str(offset + 5000)}
        assert (await arrived(site, path))[offset:] == taken[0]
    assert len(await pieces_in_store(site)) == 2


async def test_what_a_silent_client_sent_is_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    monkeypatch.setattr(partial_uploads, "POLL_SECONDS", 0.02)
    messages = [{"type": "http.request", "body": PICTURE[:700], "more_body": True}]

    async def silent() -> dict[str, Any]:
        return messages.pop() if messages else await never()

    upload = await upload_at(path)
    running = asyncio.create_task(partial_uploads.append(upload, patch_request(silent), 0, site.storage))
    while await offset_of(client, path) != 700:
        await asyncio.sleep(0.01)
    assert (await send(client, path, 700, PICTURE[700:])).status_code == 204
    monkeypatch.setattr(partial_uploads, "IDLE_TIMEOUT", 0.0)
    with pytest.raises(partial_uploads.UploadStalled):
        await running
    assert await original_of(site, await Artwork.get()) == PICTURE


async def test_a_slow_client_loses_little_when_the_process_is_killed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    monkeypatch.setattr(partial_uploads, "PIECE_SECONDS", 0.0)
    messages = [{"type": "http.request", "body": PICTURE[i : i + 100], "more_body": True} for i in (100, 0)]

    async def slow() -> dict[str, Any]:
        return messages.pop() if messages else await never()

    upload = await upload_at(path)
    running = asyncio.create_task(partial_uploads.append(upload, patch_request(slow), 0, site.storage))
    while await offset_of(client, path) != 200:
        await asyncio.sleep(0.01)
    running.cancel()
    assert await arrived(site, path) == PICTURE[:200]


async def test_a_chunk_with_a_checksum_that_breaks_off_is_not_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    monkeypatch.setattr(partial_uploads, "PIECE_SECONDS", 0.0)
    messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"abc", "more_body": True}]

    async def breaking() -> dict[str, Any]:
        return messages.pop()

    correct = partial_uploads.Checksum("sha1", hashlib.sha1(b"abc", usedforsecurity=False).digest())
    with pytest.raises(ClientDisconnect):
        await partial_uploads.append(await upload_at(path), patch_request(breaking), 0, site.storage, correct)
    assert await offset_of(client, path) == 0
    assert await pieces_in_store(site) == []


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_many_small_chunks_become_few_files(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partial_uploads, "MAX_PIECES", 4)
    client = await site.client(site.cast.partner)
    path = await location(client)
    for offset in range(0, 1000, 100):
        assert (await send(client, path, offset, PICTURE[offset : offset + 100])).status_code == 204
        assert len(await pieces_in_store(site)) <= 4
    assert await arrived(site, path) == PICTURE[:1000]
    await Upload.all().update(lease_until=now() + timedelta(seconds=20))  # another machine is merging them
    assert (await send(client, path, 1000, PICTURE[1000:])).status_code == 423
    await Upload.all().update(lease_until=now())
    assert (await send(client, path, 1000, PICTURE[1000:])).status_code == 204
    assert await original_of(site, await Artwork.get()) == PICTURE


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_an_upload_that_never_ends_is_given_up(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    await send(client, path, 0, PICTURE[:10])
    monkeypatch.setattr(partial_uploads, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(partial_uploads, "IDLE_TIMEOUT", 0.05)
    with pytest.raises(partial_uploads.UploadStalled):
        await partial_uploads.append(await upload_at(path), patch_request(never), 10, site.storage)
    assert await offset_of(client, path) == 10
    await Upload.all().update(expires_at=now() - timedelta(seconds=1))
    assert (await send(client, path, 10, PICTURE[10:])).status_code == 410
    await site.work()
    assert (await client.head(path, headers=TUS)).status_code == 404
    assert await pieces_in_store(site) == []


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_process_killed_before_the_end_leaves_a_draft_for_the_worker(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    await leave_complete(site, path)
    await site.work()
    assert await original_of(site, await Artwork.get()) == PICTURE
    asked = await client.head(path, headers=TUS)
    assert asked.headers["upload-offset"] == str(len(PICTURE))
    assert await Artwork.all().count() == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_asking_after_a_process_was_killed_makes_the_draft(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    await leave_complete(site, path)
    answers = await asyncio.gather(*(client.head(path, headers=TUS) for _ in range(4)))
    assert {each.status_code for each in answers} <= {200, 423}
    await site.work()
    assert await Artwork.all().count() == await Image.all().count() == 1


async def test_while_one_process_finishes_an_upload_others_wait(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    await leave_complete(site, path)
    await Upload.all().update(lease_until=now() + timedelta(seconds=20))
    assert (await client.head(path, headers=TUS)).status_code == 423
    await site.work()
    assert await Artwork.all().count() == 0
    await Upload.all().update(lease_until=now())  # the process was killed
    assert (await client.head(path, headers=TUS)).headers["upload-offset"] == str(len(PICTURE))
    assert await original_of(site, await Artwork.get()) == PICTURE


async def test_a_piece_that_the_store_lost_ends_the_upload(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    await send(client, path, 0, PICTURE[:100])
    await site.storage.private.delete(*await pieces_in_store(site))
    assert (await send(client, path, 100, PICTURE[100:])).status_code == 410
    assert (await client.head(path, headers=TUS)).status_code == 404
    assert await pieces_in_store(site) == []


async def test_pieces_of_no_upload_are_deleted(site: Site) -> None:
    client = await site.client(site.cast.partner)
    path = await location(client)
    await send(client, path, 0, PICTURE[:100])
    in_use = await pieces_in_store(site)
    await factories.put(
        site.storage.private, upload_key((await upload_at(path)).token, "of-a-killed-process")
    )
    await delete_orphans(ChoreContext(site.settings, site.storage), settling=timedelta(0), pause=0)
    assert await pieces_in_store(site) == in_use


# Any order of steps


class Steps(RuleBasedStateMachine):
    """One upload in pieces of any size, with queries, false offsets and aborts in any order, next to a model of it."""

    template: Path | None = None

    @initialize(length=st.integers(1, 40_000), is_picture=st.booleans(), seed=st.integers(0, 10))
    def start(self, length: int, is_picture: bool, seed: int) -> None:
        self.runner = asyncio.Runner()
        self.home = Path(tempfile.mkdtemp(prefix="gallery-steps-"))
        if Steps.template is None:
            home = Path(tempfile.mkdtemp(prefix="gallery-steps-"))
            Steps.template = home / "template.sqlite3"
            asyncio.run(migrate(settings_for(home, f"sqlite:///{Steps.template}")))
        shutil.copyfile(Steps.template, self.home / "gallery.sqlite3")
        self.content = PICTURE if is_picture else random.Random(seed).randbytes(length)
        self.is_picture = is_picture
        self.offset = 0
        self.is_there = True
        self.works = 0
        self.runner.run(self._open())

    async def _open(self) -> None:
        app = create_app(settings_for(self.home, f"sqlite:///{self.home / 'gallery.sqlite3'}"))
        self.lifespan = app.router.lifespan_context(app)
        await self.lifespan.__aenter__()
        cast = await assemble()
        self.site = Site(app, app.state.settings, cast, app.state.storage)
        self.client = await self.site.client(cast.partner)
        self.path = await location(self.client, len(self.content))

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self._close())
            self.runner.close()
            shutil.rmtree(self.home)

    async def _close(self) -> None:
        await self.site._clients.aclose()
        await self.lifespan.__aexit__(None, None, None)

    def send(self, offset: int, piece: bytes, **headers: str) -> int:
        return self.runner.run(send(self.client, self.path, offset, piece, **headers)).status_code

    @rule(size=st.integers(0, 60_000), checked=st.booleans())
    def next_piece(self, size: int, checked: bool) -> None:
        piece = self.content[self.offset : self.offset + size]
        was_whole = self.works == 1
        status = self.send(self.offset, piece, **({"upload-checksum": checksum(piece)} if checked else {}))
        if not self.is_there:
            assert status == 404
        elif was_whole:
            assert status == 409
        else:
            self.offset += len(piece)
            if self.offset < len(self.content):
                assert status == 204
            elif self.is_picture:
                assert status == 204
                self.works = 1
            else:
                assert status == 422
                self.is_there = False

    @precondition(lambda self: self.is_there)
    @rule(shift=st.integers(-500, 500).filter(bool), size=st.integers(1, 100))
    def wrong_offset(self, shift: int, size: int) -> None:
        if self.offset + shift >= 0:
            assert self.send(self.offset + shift, b"!" * size) == 409

    @precondition(lambda self: self.is_there and not self.works)
    @rule(checked=st.booleans(), more=st.integers(1, 1000))
    def too_much(self, checked: bool, more: int) -> None:
        piece = b"!" * (len(self.content) - self.offset + more)
        headers = {"upload-checksum": checksum(piece)} if checked else {}
        assert self.send(self.offset, piece, **headers) == 413

    @precondition(lambda self: self.is_there and not self.works and self.offset < len(self.content))
    @rule()
    def wrong_checksum(self) -> None:
        piece = self.content[self.offset : self.offset + 50]
        assert self.send(self.offset, piece, **{"upload-checksum": checksum(piece + b"!")}) == 460

    @rule()
    def stop(self) -> None:
        answer = self.runner.run(self.client.delete(self.path, headers=TUS))
        assert answer.status_code == (204 if self.is_there else 404)
        self.is_there = False

    @invariant()
    def what_is_told_is_so(self) -> None:
        if not hasattr(self, "client"):
            return
        answer = self.runner.run(self.client.head(self.path, headers=TUS))
        if self.is_there:
            assert answer.headers["upload-offset"] == str(self.offset)
            if not self.works:
                content = self.runner.run(arrived(self.site, self.path))
                assert content == self.content[: self.offset]
        else:
            assert answer.status_code == 404
        assert self.runner.run(self._count()) == self.works

    async def _count(self) -> int:
        return await Artwork.all().count()


Steps.TestCase.settings = settings(
    max_examples=12, stateful_step_count=12, suppress_health_check=list(HealthCheck)
)
TestSteps = Steps.TestCase


# A real client on a connection that breaks


async def cookie_of(live: LiveSite) -> str:
    await Session.create(
        token_hash=token_hash("token"),
        person=live.cast.partner,
        seen_at=now(),
        expires_at=now() + timedelta(days=1),
    )
    return f"{COOKIE}=token"


async def test_tuspy_through_a_line_that_breaks(live: LiveSite) -> None:
    address = await live.serve(worker=False)
    content, cookie = noise(), await cookie_of(live)
    line = BadLine(int(address.rpartition(":")[2]), after=400_000, times=4)
    async with line as broken:

        def upload() -> None:
            client = TusClient(f"{broken}/desk/uploads", headers={"Cookie": cookie})
            client.uploader(
                file_stream=io.BytesIO(content),
                chunk_size=1_500_000,
                retries=30,
                retry_delay=1,
                upload_checksum=True,
            ).upload()

        await asyncio.to_thread(upload)
    assert line.breaks == 4
    assert await original_of(live, await Artwork.get()) == content
