"""Deleted text leaves no bytes: not in SQLite's file, not in its WAL, not in the search index."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from gallery import erasure
from gallery.accounts.account_deletion import close_account
from gallery.artists.models import PrivateDetails
from gallery.artists.private_details import delete_artist, save_details
from gallery.artworks.models import Artwork
from gallery.artworks.works import delete_draft
from gallery.cli.inspection import inspect
from gallery.clock import frozen_at, now, to_local
from gallery.db.connection import Database, sqlite_file
from gallery.db.models import Erasure
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site

MARKERS = (
    "zzqxvalk",
    "饕餮貔貅",
)  # a word that the search index keeps unchanged; one that some JSON columns escape


def in_files(site: Site) -> list[str]:
    """The forms of the markers that the database files contain."""
    file = sqlite_file(site.settings.database_url)
    assert file is not None
    content = b"".join(
        path.read_bytes() for path in (file, Path(f"{file}-wal"), Path(f"{file}-journal")) if path.exists()
    )
    forms = {form for marker in MARKERS for form in (marker, json.dumps(marker).strip('"'))}
    return sorted(form for form in forms if form.encode() in content)


async def marked_work(site: Site, **values: str) -> Artwork:
    """A work with both markers in its texts, between others so that database pages are split and moved."""
    for _number in range(12):
        await factories.artwork(site.storage, site.cast.organisation, status="accepted", story="糯米。" * 200)
    words = {"title": MARKERS[0], "story": " ".join(MARKERS) * 40, "alt_text": MARKERS[1], **values}
    return await factories.artwork(site.storage, site.cast.organisation, **words)


async def test_a_withdrawn_work_leaves_no_bytes(site: Site) -> None:
    work = await marked_work(site, status="accepted")
    assert work.consent is not None
    await factories.exhibition([work])
    await site.work()
    assert in_files(site) == sorted({*MARKERS, json.dumps(MARKERS[1]).strip('"')})
    await withdraw(work.consent, site.storage)
    await site.work()
    assert in_files(site) == []
    assert not await Erasure.exists()


@pytest.mark.parametrize("how", ["emptied", "artist deleted", "draft deleted", "account closed"])
async def test_deleted_private_words_leave_no_bytes(site: Site, how: str) -> None:
    consent = await factories.consent(site.cast.organisation)
    await consent.fetch_related("artist")
    partner = site.cast.partner
    if how == "draft deleted":
        draft = await marked_work(site)
    elif how == "account closed":
        partner.name = " ".join(MARKERS)
        await partner.save()
    else:
        await save_details(consent.artist, {"legal_name": MARKERS[1], "notes": MARKERS[0] * 900}, partner)
    await site.work()
    assert in_files(site)
    if how == "emptied":
        await save_details(consent.artist, {}, partner)
        assert not await PrivateDetails.exists()
    elif how == "artist deleted":
        await delete_artist(consent.artist, site.storage, partner)
    elif how == "draft deleted":
        await delete_draft(draft, site.storage)
    else:
        await close_account(partner)
    await site.work()
    assert in_files(site) == []


async def test_somebody_who_reads_only_delays_it(site: Site) -> None:
    work = await marked_work(site, status="accepted")
    assert work.consent is not None
    await site.work()
    file = sqlite_file(site.settings.database_url)
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM artwork").fetchone()
        await withdraw(work.consent, site.storage)
        await site.work()
        assert await Erasure.exists()
        assert in_files(site)
        reader.execute("COMMIT")
    await site.work()
    assert not await Erasure.exists()
    assert in_files(site) == []


async def test_a_large_file_is_written_anew_by_night(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasure, "MAX_DAYTIME_BYTES", 0)
    work = await marked_work(site, status="accepted")
    assert work.consent is not None
    await withdraw(work.consent, site.storage)
    noon = to_local(now()).replace(hour=12)
    with frozen_at(noon):
        await site.work()
        assert await Erasure.exists()
        file = sqlite_file(site.settings.database_url)
        assert file is not None
        assert MARKERS[0].encode() not in Path(f"{file}-wal").read_bytes()
    with frozen_at(noon.replace(hour=3)):
        await site.work()
    assert not await Erasure.exists()
    assert in_files(site) == []


async def test_a_check_tells_of_one_that_waits_for_days(site: Site) -> None:
    await Erasure.create(at=now() - timedelta(days=3))
    found = await inspect(Database(site.settings), site.storage)
    assert [each.sentence for each in found] == ["Deleted texts are still in the database file"]
    await site.work()
    assert await inspect(Database(site.settings), site.storage) == []


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_finished_erasure_is_no_longer_asked_for(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    assert work.consent is not None
    await withdraw(work.consent, site.storage)
    assert await Erasure.exists()
    await site.work()
    assert not await Erasure.exists()
