"""The database is away, or a disk is full: people are told so in a sentence, and all goes on by itself afterwards."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from asyncpg.exceptions import ConnectionDoesNotExistError
from asyncpg.transaction import Transaction
from tortoise.connection import get_connection
from tortoise.exceptions import DBConnectionError

from gallery.api.tokens import new_token_text
from gallery.app import CHORES, create_app
from gallery.artworks.models import Artwork
from gallery.clock import frozen_at, now
from gallery.db import content_version
from gallery.db.connection import Database, in_transaction
from gallery.images.chores import claim, develop_next, postpone
from gallery.images.models import Image, ImageState
from gallery.images.sandbox import parent
from gallery.mail.chores import claim as claim_mail
from gallery.mail.models import Mail
from gallery.settings import Settings
from gallery.sounds import chores as sound_chores
from gallery.sounds.models import Sound, SoundState
from gallery.storage import Storage, StoreUnavailable
from gallery.worker import ChoreContext, Worker
from tests import factories
from tests.api.programs import V1
from tests.conftest import Site, migrate, settings_for
from tests.postgres_server import PostgresServer

SENTENCE = "The site cannot work right now"
NO_SPACE = OSError(errno.ENOSPC, "No space left on device")
PAGES = ("/en/", "/en/exhibitions", "/en/search?q=kite", "/en/themes/none", "/en/feed.atom")


def is_told(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and SENTENCE in answer.text and answer.headers["retry-after"] == "30"


# A database server that is killed


@pytest.fixture(scope="module")
async def server(not_quick: None, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PostgresServer]:
    home = tmp_path_factory.mktemp("home")
    server = PostgresServer(home / "postgresql")
    try:
        await migrate(settings_for(home, server.url()))
        yield server
    finally:
        server.stop()


@pytest.fixture
async def exposed(
    server: PostgresServer, tmp_path: Path
) -> AsyncIterator[tuple[httpx.AsyncClient, Settings]]:
    """A visitor of a site whose database server can be killed."""
    server.start()  # a test that failed may have left it dead
    settings = settings_for(tmp_path, f"{server.url()}&pool=2")
    app = create_app(settings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=transport, base_url="http://gallery.test", headers={"accept-language": "en"}
        ) as client,
    ):
        yield client, settings


async def test_every_page_says_that_the_database_is_away_and_comes_back_with_it(
    server: PostgresServer, exposed: tuple[httpx.AsyncClient, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)  # no page may be shown from memory unasked
    client, settings = exposed
    database = Database(settings)
    for _ in range(2):
        assert (await client.get("/en/")).status_code == 200
        server.kill()
        for page in PAGES * 2:
            assert is_told(await client.get(page)), page
        chinese = await client.get("/zh/")
        assert chinese.status_code == 503
        assert "暂时无法使用" in chinese.text
        form = {"email": "somebody@example.org", "password": "a long password"}
        assert is_told(await client.post("/desk/sign-in", data=form))
        with pytest.raises(DBConnectionError):  # and not that it lacks all migrations
            await database.missing_migrations()
        problem = await client.get(f"{V1}/works", headers={"authorization": f"Bearer {new_token_text()}"})
        assert problem.status_code == 503
        assert problem.headers["content-type"] == "application/problem+json"
        server.start()


async def test_connections_that_break_in_a_transaction_are_given_back(
    server: PostgresServer, exposed: tuple[httpx.AsyncClient, Settings]
) -> None:
    for _ in range(3):  # the pool has two connections
        with pytest.raises(DBConnectionError):
            async with in_transaction():
                await Artwork.all().count()
                server.kill()
                await Artwork.all().count()
        server.start()


async def test_a_transaction_that_cannot_begin_gives_its_connection_back(
    exposed: tuple[httpx.AsyncClient, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: object) -> None:
        raise ConnectionDoesNotExistError("connection was closed in the middle of operation")

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "start", fails)
        for _ in range(3):  # the pool has two connections
            with pytest.raises(DBConnectionError):
                async with in_transaction():
                    pass
    async with asyncio.timeout(10), in_transaction():
        assert await Artwork.all().count() == 0


async def test_a_worker_waits_for_the_database_with_one_line(
    server: PostgresServer,
    exposed: tuple[httpx.AsyncClient, Settings],
    caplog: pytest.LogCaptureFixture,
) -> None:
    _, settings = exposed
    worker = Worker(ChoreContext(settings, Storage(settings)), CHORES)
    await worker.round()
    server.kill()
    with caplog.at_level(logging.WARNING, "gallery.worker"):
        for _ in range(5):
            assert not await worker.round()
    lines = [record for record in caplog.records if record.name == "gallery.worker"]
    assert len(lines) == 1
    assert "waits 5 s" in lines[0].getMessage()
    assert not lines[0].exc_info
    server.start()
    await Worker(ChoreContext(settings, Storage(settings)), CHORES).round()
    assert len([record for record in caplog.records if record.name == "gallery.worker"]) == 1


# A full disk


async def test_a_change_that_finds_the_disk_of_sqlite_full_is_not_half_made(site: Site) -> None:
    client = await site.client(site.cast.partner)
    database = get_connection("default")
    (row,) = (await database.execute_query("PRAGMA page_count"))[1]
    await database.execute_query(f"PRAGMA max_page_count = {row['page_count']}")
    try:
        form = {"language": "zh", "title": "汤圆", "story": "雪" * 4_000, "form_key": "a" * 32}
        answer = await client.post("/desk/works", data=form, files={"other": b""})
        assert is_told(answer)
        assert not await Artwork.exists()
        assert (await client.get("/en/")).status_code == 200
    finally:
        await database.execute_query("PRAGMA max_page_count = 4294967294")
    answer = await client.post("/desk/works", data=form, files={"other": b""})
    assert answer.status_code == 303
    assert await Artwork.all().count() == 1


async def test_an_upload_that_finds_the_disk_full_is_told_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise NO_SPACE

    client = await site.client(site.cast.partner)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fails)
        picture = {"picture": ("photo.jpg", factories.photograph(), "image/jpeg")}
        form = {"language": "zh", "title": "汤圆", "form_key": "a" * 32}
        assert is_told(await client.post("/desk/works", data=form, files=picture))
    assert not await Artwork.exists()
    assert not await Image.exists()


async def test_a_picture_waits_no_longer_than_the_disk_is_full(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    image = await factories.received(site.storage, site.cast.organisation)
    context = ChoreContext(site.settings, site.storage)
    said = json.dumps({"failed": f"OSError: {NO_SPACE}"})
    with monkeypatch.context() as patched:
        patched.setattr(parent, "CHILD_PROGRAM", f"print({said!r})")
        with pytest.raises(parent.MachineFault, match="No space left"):
            await develop_next(context)
        await Worker(context, CHORES).round()
    assert "The chore 'develop images' waits 5 s" in caplog.text
    await image.refresh_from_db()
    assert (image.state, image.failures, image.lease_until, image.attempt_after) == (
        ImageState.RECEIVED,
        0,
        None,
        None,
    )
    await site.work()
    await image.refresh_from_db()
    assert image.state == ImageState.READY


async def test_a_recording_waits_no_longer_than_the_disk_is_full(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = await waiting_sound(site)
    said = json.dumps({"failed": f"OSError: {NO_SPACE}"})
    with monkeypatch.context() as patched:
        patched.setattr(parent, "CHILD_PROGRAM", f"print({said!r})")
        with pytest.raises(parent.MachineFault, match="No space left"):
            await sound_chores.develop_next(ChoreContext(site.settings, site.storage))
    await sound.refresh_from_db()
    assert (sound.state, sound.failures, sound.lease_until, sound.attempt_after) == (
        SoundState.RECEIVED,
        0,
        None,
        None,
    )
    await site.work()
    await sound.refresh_from_db()
    assert sound.state == SoundState.READY


async def waiting_sound(site: Site) -> Sound:
    """The voice of a draft, whose files the worker has to make."""
    sound = await factories.voice(site.storage, await factories.artwork(site.storage, site.cast.organisation))
    await Sound.filter(id=sound.id).update(state=SoundState.RECEIVED)
    return sound


async def test_a_site_starts_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = Storage(settings_for(tmp_path, "sqlite:///unused"))

    def fails(path: Path, content: bytes) -> int:
        raise NO_SPACE

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(StoreUnavailable, match="No space left") as away:
        await storage.check()
    assert not away.value.is_refusal  # with which the site would not start


# A clock that was wrong


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_was_claimed_by_a_clock_that_was_ahead_is_taken_up(site: Site) -> None:
    context = ChoreContext(site.settings, site.storage)
    image = await factories.received(site.storage, site.cast.organisation)
    sound = await waiting_sound(site)
    mail = await Mail.create(kind="password_changed", email="somebody@example.org", due_at=now())
    with frozen_at(now() + timedelta(days=10)):
        assert await claim(context) is not None
        assert await sound_chores.claim(context) is not None
        assert await claim_mail() is not None
    assert await claim_mail() == mail
    assert await claim_mail() is None  # it has a lease now
    await site.work()
    await image.refresh_from_db()
    await sound.refresh_from_db()
    assert (image.state, sound.state) == (ImageState.READY, SoundState.READY)


async def test_a_picture_that_was_postponed_by_a_clock_that_was_ahead_is_tried_again(site: Site) -> None:
    image = await factories.received(site.storage, site.cast.organisation)
    with frozen_at(now() + timedelta(days=10)):
        await postpone(image)
    await site.work()
    await image.refresh_from_db()
    assert image.state == ImageState.READY
