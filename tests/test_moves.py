"""`gallery move-database` and `gallery move-media`: nothing is lost, nothing that was withdrawn comes along."""

from __future__ import annotations

import re
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from gallery.artists.models import Consent, Withdrawal
from gallery.artworks.models import Artwork, Status
from gallery.audit.chain import chain_entries
from gallery.cli.database_rows import open_rows
from gallery.db import content_version
from gallery.db.connection import sqlite_file
from gallery.images.models import Image
from gallery.images.storage_keys import original_key
from gallery.search.indexing import rebuild
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.storage.disk import sha256_of
from tests import factories
from tests.artworks.test_tus import cookie_of
from tests.artworks.tus import PICTURE, TUS, begin, send
from tests.command_line import gallery
from tests.conftest import PostgreSQL, run_in_thread
from tests.factories import in_zh
from tests.live import LiveSite
from tests.seaweedfs import SeaweedFS
from tests.test_backups import answer, endings, shown

pytestmark = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture
def new_home(postgresql: PostgreSQL, live: LiveSite, engine: str, tmp_path: Path) -> Iterator[Settings]:
    """The same site with an empty database of the other engine."""
    if engine == "postgresql":
        yield replace(live.settings, database_url=f"sqlite:///{tmp_path / 'moved.sqlite3'}")
        return
    name = f"moved_{uuid.uuid4().hex}"
    run_in_thread(lambda: postgresql.execute(f"CREATE DATABASE {name}"))
    yield replace(live.settings, database_url=postgresql.url(name))
    run_in_thread(lambda: postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)"))


def type_in(
    settings: Settings, *words: str, program: str = "", **values: str
) -> subprocess.CompletedProcess[str]:
    """Run a command; `program` is Python to run before it, in the same process."""
    return gallery(
        settings.home,
        *words,
        before=program,
        DATABASE_URL=settings.database_url,
        MEDIA=str(settings.media),
        SECRET_KEY=settings.secret_key,
        STORAGE_URL=settings.storage_url,
        STORAGE_KEY_ID=settings.storage_key_id,
        STORAGE_SECRET=settings.storage_secret,
        **values,
    )


async def digests(settings: Settings) -> dict[str, tuple[int, str]]:
    async with open_rows(settings.database_url) as store:
        return {name: await store.digest(table) for name, table in store.tables.items()}


async def fill(live: LiveSite) -> Artwork:
    """A site with rows of nearly every kind; returns a work that visitors see."""
    await endings(live)
    gone = await shown(live)
    await gone.delete()  # ids that were given once must not be given again
    await factories.exhibition([], slug="empty")
    work = await shown(live, title="雪地里的足球 ✨", story="Quotes \"' and\n\nlines\ttabs")
    while await chain_entries():
        pass
    await rebuild()
    await content_version.bump()
    return work


# Before `step` of a module runs for the `time`th time.
WITHDRAW_MEANWHILE = """
import httpx, gallery.cli.{module} as module
step, left = module.{step}, [{time}]
async def withdraw_meanwhile(*words):
    left[0] -= 1
    if left[0] == 0:
        assert httpx.post("{address}", timeout=60).status_code == 303
    return await step(*words)
module.{step} = withdraw_meanwhile
"""


async def test_a_site_moves_to_the_other_engine_and_back(
    live: LiveSite, new_home: Settings, tmp_path: Path
) -> None:
    work = await fill(live)
    before = await digests(live.settings)
    moved = type_in(live.settings, "move-database", MOVE_TO=new_home.database_url)
    assert moved.returncode == 0, moved.stderr
    assert await digests(new_home) == before
    count = sum(rows for rows, _ in before.values())
    assert f"{count} rows in {len(before)} tables" in moved.stdout
    checked = type_in(new_home, "check")
    assert checked.returncode == 0, checked.stdout

    await live.serve(worker=False)
    there = LiveSite(new_home, live.cast, live.storage, addresses=[live.address])
    try:
        await there.serve(worker=False)
        there.addresses.reverse()  # it answers at another address than the one that it writes into its pages
        paths = (
            "/zh/",
            f"/en/works/{work.public_id}",
            "/zh/search?q=雪地",
            f"/zh/exhibitions/show-{work.id}",
        )
        for path in paths:
            old, new = await answer(live, path), await answer(there, path)
            assert old.status_code == 200
            assert old.text.splitlines() == new.text.splitlines(), path
    finally:
        there.stop()
    async with open_rows(live.settings.database_url) as old, open_rows(new_home.database_url) as new:
        ids = {name: last for name, last in (await old.last_ids()).items() if last}
        assert {name: (await new.last_ids())[name] for name in ids} == ids

    if sqlite_file(live.settings.database_url) is not None:
        back = replace(live.settings, database_url=f"sqlite:///{tmp_path / 'back.sqlite3'}")
        before = await digests(new_home)
        returned = type_in(new_home, "move-database", "--to", back.database_url)
        assert returned.returncode == 0, returned.stderr
        assert await digests(back) == before


async def test_a_withdrawal_meanwhile_comes_along_and_later_ones_are_refused(
    live: LiveSite, new_home: Settings
) -> None:
    work, stays = await fill(live), await shown(live)
    code = (await Consent.get(id=work.consent_id)).code
    address = await live.serve(worker=False)
    assert (await answer(live, f"/media/{stays.image.token}/640.webp")).status_code == 200
    program = WITHDRAW_MEANWHILE.format(
        module="database_move", step="write_index", time=1, address=f"{address}/en/consent/{code}"
    )
    moved = type_in(live.settings, "move-database", "--to", new_home.database_url, program=program)
    assert moved.returncode == 0, moved.stderr
    assert await Withdrawal.filter(consent_id=work.consent_id).count() == 1

    # The old site: pages are served, and nobody is told that something was withdrawn that was not.
    later = await Consent.get(id=stays.consent_id)
    async with httpx.AsyncClient(base_url=address) as client:
        for language, sentence in (("en", "Yours was not saved"), ("zh", "您刚才的更改没有保存")):
            refused = await client.post(f"/{language}/consent/{later.code}")
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
            assert sentence in refused.text
        assert (await client.get(f"/en/works/{stays.public_id}")).status_code == 200
        assert (await client.get(f"/media/{stays.image.token}/640.webp")).status_code == 200
        assert type_in(live.settings, "reopen").returncode == 0
        assert (await client.post(f"/en/consent/{later.code}")).status_code == 303

    there = LiveSite(new_home, live.cast, live.storage)
    try:
        await there.serve(worker=False)
        assert (await answer(there, f"/en/works/{work.public_id}")).status_code == 410
        assert work.public_id not in (await answer(there, "/en/search?q=雪地")).text
    finally:
        there.stop()


KILL_ITSELF = """
import os, gallery.cli.database_move as module, gallery.cli.database_rows as rows
rows.BATCH_SIZE = 3
left = [{after}]
for kind in (rows.SQLiteRows, rows.PostgreSQLRows):
    def dying(self, table, new, insert=kind.insert):
        left[0] -= 1
        if not left[0]: os.kill(os.getpid(), 9)
        return insert(self, table, new)
    kind.insert = dying
compare = module.compare
async def dying_compare(*words):
    os.kill(os.getpid(), 9)
if {after} == 0: module.compare = dying_compare
"""


@pytest.mark.parametrize("after", [25, 0])
async def test_a_move_that_was_killed_goes_on(live: LiveSite, new_home: Settings, after: int) -> None:
    """After some rows, and at the end, when the old database is closed."""
    await fill(live)
    words = ("move-database", "--to", new_home.database_url)
    killed = type_in(live.settings, *words, program=KILL_ITSELF.format(after=after))
    assert killed.returncode == -9, killed.stderr
    refused = type_in(new_home, "reindex")
    assert refused.returncode == 1
    assert "repeat gallery move-database" in refused.stderr.replace("\n", " ")

    if after:  # the site goes on changing
        await Artwork.filter(status=Status.DRAFT).limit(1).delete()
        await Artwork.all().update(title=in_zh("Another title"))
        await shown(live)
    moved = type_in(live.settings, *words)
    assert moved.returncode == 0, moved.stderr
    assert await digests(new_home) == await digests(live.settings)
    assert type_in(new_home, "check").returncode == 0


@pytest.mark.engines("sqlite")
async def test_a_move_that_fails_leaves_the_site_open(live: LiveSite, new_home: Settings) -> None:
    await shown(live)
    failing = (
        "import gallery.cli.database_move as module\nasync def fail(*words): raise OSError('no space')\n"
    )
    words = ("move-database", "--to", new_home.database_url)
    failed = type_in(live.settings, *words, program=failing + "module.compare = fail")
    assert failed.returncode == 1
    assert "goes on with the old database: no space" in failed.stderr.replace("\n", " ")
    await shown(live)  # is not refused


@pytest.mark.engines("sqlite")
async def test_a_move_wants_an_empty_target(live: LiveSite, new_home: Settings) -> None:
    assert type_in(new_home, "init").returncode == 0
    failed = type_in(live.settings, "move-database", "--to", new_home.database_url)
    assert failed.returncode == 1
    assert "not empty" in failed.stderr
    same = type_in(live.settings, "move-database", "--to", live.settings.database_url)
    assert same.returncode == 2
    assert not (await digests(new_home))["artwork"][0]
    await shown(live)


async def contents(storage: Storage) -> dict[tuple[str, str], str]:
    """The digests of all files, by store and key."""
    found = {}
    for name, store in (("private", storage.private), ("public", storage.public)):
        async for key in store.keys():
            async with store.local_copy(key) as path:
                found[name, key] = sha256_of(path)
    return found


@pytest.fixture
def store(live: LiveSite, seaweedfs: SeaweedFS) -> Settings:
    """The same site with its pictures in an empty S3 store."""
    return replace(live.settings, **seaweedfs.settings(f"moved-{uuid.uuid4().hex}"))


def move_media(settings: Settings, to: Settings, program: str = "") -> subprocess.CompletedProcess[str]:
    keys = {"MOVE_KEY_ID": to.storage_key_id, "MOVE_SECRET": to.storage_secret}
    return type_in(settings, "move-media", "--to", to.storage_url or str(to.media), program=program, **keys)


@pytest.mark.engines("sqlite")
async def test_pictures_move_to_a_store_and_back(live: LiveSite, store: Settings, tmp_path: Path) -> None:
    gone, stays = await shown(live), await shown(live)
    address = await live.serve(worker=False)
    for work in (gone, stays):
        assert (await answer(live, f"/media/{work.image.token}/640.webp")).status_code == 200
    cookie = {"cookie": await cookie_of(live)}
    async with httpx.AsyncClient(base_url=address, headers=cookie) as client:
        upload = httpx.URL((await begin(client)).headers["location"]).path
        assert (await send(client, upload, 0, PICTURE[:1000])).status_code == 204
    gone_code, code = [(await Consent.get(id=work.consent_id)).code for work in (gone, stays)]
    # The first pass has copied the picture. It must not stay in the store.
    program = WITHDRAW_MEANWHILE.format(
        module="media_move", step="copy_files", time=2, address=f"{address}/en/consent/{gone_code}"
    )
    moved = move_media(live.settings, store, program)
    assert moved.returncode == 0, moved.stdout + moved.stderr
    files = await contents(live.storage)
    assert await contents(Storage(store)) == files
    assert not [key for _, key in files if gone.image.token in key]
    assert ("public", f"{stays.image.token}/640.webp") in files

    there = LiveSite(store, live.cast, Storage(store))
    try:
        await there.serve(worker=False)
        assert (await answer(there, f"/media/{stays.image.token}/640.webp")).status_code == 200
        assert (await answer(there, f"/media/{gone.image.token}/640.webp")).status_code == 410
        async with httpx.AsyncClient(base_url=there.address) as client:
            assert (await client.post(f"/en/consent/{code}")).status_code == 503
            assert (await client.head(upload, headers={**TUS, **cookie})).headers["upload-offset"] == "1000"
            assert type_in(store, "reopen").returncode == 0
            back = replace(live.settings, media=tmp_path / "back")
            returned = move_media(store, back)
            assert returned.returncode == 0, returned.stdout + returned.stderr
            assert await contents(Storage(back)) == files
            assert type_in(store, "reopen").returncode == 0
            assert (await client.post(f"/en/consent/{code}")).status_code == 303
    finally:
        there.stop()


@pytest.mark.engines("sqlite")
async def test_a_move_of_pictures_goes_on_and_says_what_is_missing(live: LiveSite, store: Settings) -> None:
    damaged, missing = await shown(live), await shown(live)
    folder = live.settings.media / "private"
    kill = """
import os, gallery.cli.media_move as module
copy, left = module.copy_file, [4]
async def dying_copy(*words):
    left[0] -= 1
    if not left[0]: os.kill(os.getpid(), 9)
    return await copy(*words)
module.copy_file = dying_copy
module.MAX_CONCURRENT_COPIES = 1
"""
    assert move_media(live.settings, store, kill).returncode == -9
    assert len(await contents(Storage(store))) == 3
    key = original_key(missing.image.token)
    await live.storage.private.delete(key)
    await Storage(store).private.delete(key)
    broken = folder / original_key(damaged.image.token)
    broken.write_bytes(bytes(reversed(broken.read_bytes())))
    await Storage(store).private.delete(original_key(damaged.image.token))
    await Image.filter(id=damaged.image_id).update(source_sha256="0" * 64)
    moved = move_media(live.settings, store)
    assert moved.returncode == 1, moved.stderr
    assert re.search(r"; [1-3] were there already", moved.stdout)
    assert f"Damaged   {original_key(damaged.image.token)}" in moved.stdout
    assert f"Missing   An original is missing: image {missing.image_id}." in moved.stdout
    assert type_in(live.settings, "reopen").returncode == 0

    for place, problem in ((str(live.settings.media), "there already"), ("s3://elsewhere", "is not set")):
        refused = type_in(live.settings, "move-media", "--to", place)
        assert (refused.returncode, problem in refused.stderr) == (2, True), refused.stderr
