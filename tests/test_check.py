"""`gallery check`: finds every loss, repairs what it can, and raises no alarm on a busy site."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta

import pytest

from gallery.artists.models import Consent, Withdrawal
from gallery.artists.private_details import form_key
from gallery.artworks.models import Artwork, Status
from gallery.audit import chain
from gallery.audit.models import Entry
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.cli.file_checks import damaged_originals
from gallery.cli.findings import InspectionFinding
from gallery.cli.inspection import inspect, mend
from gallery.clock import now, today
from gallery.db.connection import Database, in_transaction, sqlite_file
from gallery.exhibitions import stored_files
from gallery.exhibitions.stored_files import delete_orphans
from gallery.images.framing import Framing
from gallery.images.models import Image
from gallery.images.storage_keys import make_private, original_key, public_key, rendition_key
from gallery.images.uploads import reframe_image
from gallery.storage import Storage, Store
from gallery.storage.local import LocalFolder
from gallery.storage.store import StoredFile
from gallery.worker import ChoreContext
from tests import factories
from tests.command_line import on_site
from tests.conftest import Site


async def findings(site: Site) -> list[InspectionFinding]:
    return await inspect(Database(site.settings), site.storage, settling=timedelta(0), pause=0)


async def sentences(site: Site) -> dict[str, str]:
    return {finding.sentence: finding.where for finding in await findings(site)}


async def deep(site: Site) -> dict[str, str]:
    values = list[tuple[int, int]]()
    found = {
        finding.sentence: finding.where
        async for finding in damaged_originals(
            site.storage, lambda _what, done, total: values.append((done, total))
        )
    }
    assert values[-1][0] == values[-1][1]
    return found


async def on_view(site: Site) -> tuple[Artwork, Image]:
    """A work on view with all files that the worker makes."""
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    await site.work()
    assert await findings(site) == []
    return work, await Image.get(id=work.image_id)


async def put_long_ago(store: Store, key: str, content: bytes = b"left") -> None:
    """Store a file that is two days old in a local store."""
    assert isinstance(store, LocalFolder)
    await factories.put(store, key, content)
    then = (now() - timedelta(days=2)).timestamp()
    os.utime(store.folder / key, (then, then))


async def content(store: Store, key: str) -> bytes:
    async with store.local_copy(key) as path:
        return path.read_bytes()


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_a_flipped_byte_in_an_original_is_found(site: Site) -> None:
    client = await site.client(site.cast.partner)
    sent = factories.photograph()
    answer = await client.post(
        "/desk/works", data={"language": "zh", "title": "汤圆"}, files={"picture": ("a.jpg", sent)}
    )
    assert answer.status_code == 303, answer.text
    image = await Image.get()
    assert (image.source_bytes, len(image.source_sha256), image.is_digest_late) == (len(sent), 64, False)
    await site.work()
    assert await deep(site) == {}
    await factories.put(site.storage.private, original_key(image.token), sent[:-9] + b"?" + sent[-8:])
    assert await findings(site) == []
    assert await deep(site) == {"An original is not what arrived": f"image {image.id}"}


async def test_the_command_reads_originals_when_it_is_asked_to(site: Site, not_quick: None) -> None:
    _work, image = await on_view(site)
    key = original_key(image.token)
    good = await content(site.storage.private, key)
    await factories.put(site.storage.private, key, b"?" + good[1:])
    assert on_site(site, "check").returncode == 0
    result = on_site(site, "check", "--deep", "--mend")
    assert (result.returncode, "is not what arrived" in result.stdout) == (1, True), result.stdout
    assert await site.storage.private.exists(key)


async def test_an_original_that_was_cut_is_found_by_its_size(site: Site) -> None:
    _work, image = await on_view(site)
    key = original_key(image.token)
    await factories.put(site.storage.private, key, (await content(site.storage.private, key))[:-1])
    assert await sentences(site) == {"An original is of another size than it had": f"image {image.id}"}
    assert await deep(site) == {}  # it is named once


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "lost"])
async def test_a_rendition_is_made_again_from_its_original(site: Site, is_cut: bool) -> None:
    _work, image = await on_view(site)
    key = rendition_key(image.token, "640.webp")
    good = await content(site.storage.private, key)
    if is_cut:
        await factories.put(site.storage.private, key, good[:-9])
    else:
        await site.storage.private.delete(key)
    (found,) = await findings(site)
    assert (found.sentence, found.where) == (
        f"1 of {len(image.file_names())} renditions are missing or cut",
        f"image {image.id}",
    )
    assert await mend(found, site.storage)
    await site.work()
    again = await Image.get(id=image.id)
    assert (await content(site.storage.private, key))[:4] == b"RIFF"
    assert again.rendition_bytes["640.webp"] == len(await content(site.storage.private, key))
    assert await findings(site) == []
    assert (await (await site.client()).get(f"/media/{image.token}/640.webp")).status_code == 200


async def test_a_public_file_that_was_cut_is_brought_out_again(site: Site) -> None:
    _work, image = await on_view(site)
    key = public_key(image.token, "640.webp")
    await factories.put(site.storage.public, key, b"cut")
    (found,) = await findings(site)
    assert "public renditions are missing or cut" in found.sentence
    assert await mend(found, site.storage)
    await site.work()
    assert await content(site.storage.public, key) != b"cut"
    assert await findings(site) == []


async def test_what_came_before_digests_were_kept_gets_one_that_is_called_late(site: Site) -> None:
    _work, image = await on_view(site)
    values = {"source_sha256": image.source_sha256, "rendition_bytes": image.rendition_bytes}
    assert values["rendition_bytes"]
    await Image.all().update(source_sha256="", rendition_bytes={})
    await site.work()
    await image.refresh_from_db()
    assert {name: getattr(image, name) for name in values} == values
    assert image.is_digest_late
    await factories.put(site.storage.private, original_key(image.token), b"?" * image.source_bytes)
    assert list(await deep(site)) == ["An original is not what arrived (compared with a digest taken later)"]


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_signed_form_that_changed_is_found(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    client = await site.client(site.cast.partner)
    pdf = b"%PDF-1.4\nwe agree\n%%EOF"
    answer = await client.post(
        f"/desk/consents/{consent.id}/forms", files={"form": ("form.pdf", pdf, "application/pdf")}
    )
    assert answer.status_code == 303, answer.text
    assert await deep(site) == {}
    form = await consent.signed_forms.all().get()
    await factories.put(site.storage.private, form_key(form.token), pdf.replace(b"agree", b"dance"))
    assert await deep(site) == {"A signed form is not what arrived": f"consent {consent.id}"}


async def past_the_constraints(site: Site, statement: str) -> None:
    """Change a row directly in the database, without its constraints."""
    if file := sqlite_file(site.settings.database_url):
        with closing(sqlite3.connect(file)) as connection:
            connection.execute(statement)
            connection.commit()
        return
    async with in_transaction() as connection:
        await connection.execute_query("SET LOCAL session_replication_role = replica")
        await connection.execute_query(statement)


async def test_works_whose_consent_is_gone_are_found(site: Site) -> None:
    works = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
        for _ in range(3)
    ]
    await site.work()
    assert await findings(site) == []
    ids = ", ".join(str(work.consent_id) for work in works)
    await past_the_constraints(site, f"DELETE FROM consent WHERE id IN ({ids})")
    found = await findings(site)
    assert {finding.where for finding in found if finding.sentence == "An accepted work has no consent"} == {
        f"work {work.id}" for work in works
    }
    references = {finding.sentence: finding.where for finding in found if "refer to" in finding.sentence}
    assert references["3 row(s) refer to no consent"].startswith("artwork.consent_id, first ")


@pytest.mark.engines("sqlite", "postgresql")
async def test_rows_between_works_and_themes_are_looked_at_too(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation)
    theme = await work.themes.all().get()
    await past_the_constraints(site, f"DELETE FROM theme WHERE id = {theme.id}")
    assert "1 row(s) refer to no theme" in await sentences(site)


async def test_consents_that_cannot_be_are_found(site: Site) -> None:
    works = [
        await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
        for _ in range(5)
    ]
    await site.work()
    others, elsewhere, ended, unasked, reversed_ = works
    stranger = await factories.consent(site.cast.organisation)
    await Artwork.filter(id=others.id).update(consent_id=stranger.id)
    await Artwork.filter(id=elsewhere.id).update(organisation_id=site.cast.elsewhere.id)
    await Consent.filter(id=ended.consent_id).update(withdrawn_at=now())
    await Artwork.filter(id=unasked.id).update(status=Status.WITHDRAWN)
    await Withdrawal.create(consent_id=unasked.consent_id, at=now(), files_deleted_at=now())
    await Consent.filter(id=reversed_.consent_id).update(ends_on=today() - timedelta(days=99))
    assert await sentences(site) == {
        "A work's consent is of another artist": f"work {others.id}",
        "A work's artist is of another organisation": f"work {elsewhere.id}",
        "A work is not withdrawn although its consent is": f"work {ended.id}",
        "A work is withdrawn although its consent is not": f"work {unasked.id}",
        "A consent ends before it begins": f"consent {reversed_.consent_id}",
        "A consent is withdrawn without a withdrawal": f"consent {ended.consent_id}",
        "A consent has a withdrawal and is not withdrawn": f"consent {unasked.consent_id}",
    }


async def test_no_alarm_while_a_worker_cuts_tiles(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    listing, pending = site.storage.public.files, [site.work]

    async def files(prefix: str = "") -> AsyncIterator[StoredFile]:
        async for stored in listing(prefix):
            yield stored
        if pending and not prefix:
            await pending.pop()()  # the tiles come when the files were listed and the rows are not yet read

    monkeypatch.setattr(site.storage.public, "files", files)
    assert await findings(site) == []
    assert (await Image.get(id=work.image_id)).has_tiles


async def test_no_alarm_while_a_work_leaves_the_wall(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    work, image = await on_view(site)
    listing, looks = site.storage.public.files, list[str]()

    async def files(prefix: str = "") -> AsyncIterator[StoredFile]:
        if not prefix:
            looks.append(prefix)
            await Artwork.filter(id=work.id).update(is_vetoed=True)
        if len(looks) == 2 and not prefix:  # by the second scan the worker has stored it
            await make_private(site.storage, [image])
        async for stored in listing(prefix):
            yield stored

    monkeypatch.setattr(site.storage.public, "files", files)
    assert await findings(site) == []
    assert len(looks) == 2


async def test_no_alarm_while_renditions_are_made_again(site: Site) -> None:
    _work, image = await on_view(site)
    key = rendition_key(image.token, "640.webp")
    await factories.put(site.storage.private, key, b"as another table of renditions has it")
    # The worker that holds the picture has written the file and not yet the row.
    await Image.all().update(ready_at=None, lease_until=now() + timedelta(minutes=1))
    assert await findings(site) == []
    await Image.all().update(ready_at=image.ready_at, lease_until=None)
    assert len(await findings(site)) == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_no_alarm_while_the_audit_log_is_chained(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await record(Verb.WORK_SUBMITTED, 1)
    await site.work()
    await record(Verb.WORK_SUBMITTED, 2)
    real, calls = chain.chain_head, [chain.chain_entries]

    async def head() -> chain.ChainHead:
        end = await real()
        for chain_some in [calls.pop() for _ in calls[:1]]:
            assert await chain_some()
        return end

    monkeypatch.setattr(chain, "chain_head", head)
    assert [each async for each in chain.find_breaks()] == []
    assert calls == []


@pytest.mark.engines("sqlite", "postgresql")
async def test_entries_that_wait_for_long_are_chained_by_mending(site: Site) -> None:
    await record(Verb.WORK_SUBMITTED, 1)
    await Entry.all().update(at=now() - timedelta(minutes=11))
    (found,) = await findings(site)
    assert found.advice == "gallery check --mend"
    assert await mend(found, site.storage)
    assert await findings(site) == []


@pytest.mark.engines("sqlite", "postgresql", "postgresql-s3")
async def test_what_killed_processes_left_goes_after_a_day(site: Site) -> None:
    image = await factories.image(site.storage, site.cast.organisation)
    await factories.artwork(site.storage, site.cast.organisation, image=image)
    context = ChoreContext(site.settings, site.storage)
    await factories.put(site.storage.private, "originals/young")
    left = ("originals/left", "renditions/left/preview.jpg", "forms/left", "imports/left", "logos/left")
    left += ("exports/left/1/works-1.zip",)
    if site.settings.storage_url:  # a bucket's files cannot be made older
        await delete_orphans(context, pause=0)
    else:
        for key in left:
            await put_long_ago(site.storage.private, key)
        await delete_orphans(context, pause=0)
        assert not [key for key in left if await site.storage.private.exists(key)]
    assert await site.storage.private.exists("originals/young")
    assert await site.storage.private.exists(original_key(image.token))
    assert {finding.where for finding in await findings(site)} == {"originals/young"}


async def test_an_old_original_under_a_new_name_is_no_orphan(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = await factories.image(site.storage, site.cast.organisation)
    await factories.artwork(site.storage, site.cast.organisation, image=image)
    await put_long_ago(site.storage.private, original_key(image.token), factories.photograph())
    create, look, made, looks = Image.create, stored_files.private_orphans, list[Image](), list[set[str]]()

    async def create_late(**values: object) -> Image:
        # Its files exist, its row does not yet; at this moment the chore scans for the first time.
        async def private_orphans(storage: Storage, settling: timedelta) -> set[str]:
            looks.append(await look(storage, settling))
            if not made:
                made.append(await create(**values))
            return looks[-1].copy()

        monkeypatch.setattr(stored_files, "private_orphans", private_orphans)
        await stored_files.delete_orphans(ChoreContext(site.settings, site.storage), pause=0)
        return made[0]

    monkeypatch.setattr(Image, "create", create_late)
    await reframe_image(image, Framing(turn=90), site.storage, site.settings)
    key = original_key(made[0].token)
    assert [key in found for found in looks] == [True, False]
    assert await site.storage.private.exists(key)
