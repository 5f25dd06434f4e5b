"""Exports: what owners download, who may not, and what a withdrawal does to them."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest

from gallery.accounts.models import MemberRole, Membership, Person, Session
from gallery.artists.consent_terms import keep_wording
from gallery.artists.models import Artist, ConsentRequest, SignedForm
from gallery.artists.private_details import form_key, save_details
from gallery.artworks.import_models import ImportState
from gallery.artworks.models import MAX_PICTURES, Artwork, Picture, Status
from gallery.artworks.sheets import MAX_COLUMNS, SheetFile
from gallery.audit.models import Entry
from gallery.audit.verbs import Verb
from gallery.cases.models import Case
from gallery.cli.backups import copy_pictures
from gallery.cli.file_checks import scan_stores
from gallery.clock import now, today
from gallery.db.leases import LeaseLost
from gallery.exports import chores, writer
from gallery.exports.exports import ask_for_export, claim_export, finish_export
from gallery.exports.models import Export, ExportState, export_key
from gallery.exports.sheet import columns_for, write_sheet
from gallery.exports.writer import SheetRows
from gallery.images.models import Image
from gallery.organisations.models import Organisation, Project
from gallery.stats.models import CountKind, WorkCount
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.artworks.sheets import csv_bytes, sent_import
from tests.conftest import Site
from tests.factories import in_zh

pytestmark = pytest.mark.engines("sqlite", "postgresql")


@pytest.fixture(autouse=True)
async def owner(site: Site) -> Person:
    """The partner is an owner; her colleague and the partner elsewhere are not."""
    await Membership.filter(person=site.cast.partner).update(role=MemberRole.OWNER)
    return site.cast.partner


def page_of(site: Site) -> str:
    return f"/desk/organisations/{site.cast.organisation.id}/export"


async def made(site: Site) -> Export:
    """An export that the worker made."""
    response = await (await site.client(site.cast.partner)).post(page_of(site))
    assert response.status_code == 303
    await site.work()
    ready = Export.filter(organisation=site.cast.organisation, state=ExportState.READY)
    return await ready.get()


async def fetched(site: Site, export: Export, number: int, person: Person | None = None) -> httpx.Response:
    client = await site.client(person or site.cast.partner)
    return await client.get(f"{page_of(site)}/{export.id}/{number}")


async def opened(site: Site, export: Export, number: int) -> zipfile.ZipFile:
    response = await fetched(site, export, number)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert len(response.content) == export.files[number - 1]["size"]
    return zipfile.ZipFile(io.BytesIO(response.content))


async def stored(site: Site) -> list[str]:
    return sorted([key async for key in site.storage.private.keys("exports")])


def facts(archive: zipfile.ZipFile, name: str) -> Any:
    return json.loads(archive.read(name))


async def with_own_picture(site: Site, **values: Any) -> Artwork:
    """A work whose picture has other bytes than that of any other work."""
    number = await Image.all().count()
    content = factories.photograph(640 + number, 480)
    image = await factories.image(site.storage, site.cast.organisation)
    await site.storage.private.delete(f"originals/{image.token}")
    await factories.put(site.storage.private, f"originals/{image.token}", content)
    await Image.filter(id=image.id).update(
        source_bytes=len(content), source_sha256=hashlib.sha256(content).hexdigest()
    )
    return await factories.artwork(
        site.storage, site.cast.organisation, image=await Image.get(id=image.id), **values
    )


async def signed_form(site: Site, consent_id: int) -> SignedForm:
    form = await SignedForm.create(consent_id=consent_id, token=f"form{consent_id}", kind="pdf", file_bytes=9)
    await factories.put(site.storage.private, form_key(form.token), b"%PDF-form")
    return form


async def forget_files_and_numbers() -> None:
    """As in a gallery without these works: else the import would leave out their rows as known."""
    await Artwork.all().update(inventory_number=None)
    await Image.all().update(source_sha256="0" * 64)  # an empty one would be computed again


async def test_everything_is_in_it_and_the_import_reads_the_sheet(site: Site) -> None:
    work = await with_own_picture(
        site,
        status=Status.ACCEPTED,
        title=Texts({"zh": "=1+1", "en": "One and one", "bo": "གཅིག"}),
        inventory_number="2026-7",
    )
    other = await with_own_picture(site, story=in_zh("第一段。\n\n第二段。"))
    await factories.further_pictures(site.storage, other)
    await Image.filter(further_picture__artwork=other).update(source_sha256="x" * 64)
    await factories.voice(site.storage, other)
    assert work.consent_id is not None
    await signed_form(site, work.consent_id)
    artist = await Artist.get(id=work.artist_id)
    await save_details(
        artist, {"legal_name": "王小明", "contact": "", "guardian": "", "notes": ""}, site.cast.partner
    )
    await WorkCount.create(artwork=work, day=today(), kind=CountKind.SEEN, number=7)
    elsewhere = await factories.artwork(site.storage, site.cast.elsewhere)
    answered: dict[str, Any] = {"seed": "s", "code_hash": "h", "asked_at": now(), "expires_at": now()}
    answered |= {
        "answered_at": now(),
        "signer_name": "王秀兰",
        "wording": await keep_wording("您可以不同意。"),
    }
    await ConsentRequest.create(artist=artist, consent_id=work.consent_id, **answered)

    project = await Project.get(id=work.project_id or 0)
    case = await factories.case(site.cast.organisation, project=project)
    await factories.figure(case, 1, 1_000, 20)
    gone = await factories.case(site.cast.organisation, project=project)
    await Case.filter(id=gone.id).update(withdrawn_at=now())

    export = await made(site)
    assert [each["name"] for each in export.files] == ["records-1.zip", "works-1.zip"]
    assert (export.work_count, export.is_ready) == (2, True)

    records = await opened(site, export, 1)
    assert records.testzip() is None
    form = f"forms/consent-{work.consent_id}-1.pdf"
    assert records.read(form) == b"%PDF-form"
    consents = {each["id"]: each for each in facts(records, "consents.json")}
    assert consents[work.consent_id]["forms"] == [form]
    assert consents[work.consent_id]["by_link"]["wording"] == "您可以不同意。"
    assert consents[other.consent_id]["by_link"] is None
    assert (consents[work.consent_id]["scope"], consents[work.consent_id]["assent"]) == (["web"], "我愿意。")
    assert facts(records, "organisation.json")["name"]["zh"] == "晓更基金会"
    assert {each["id"] for each in facts(records, "artists.json")} == {work.artist_id, other.artist_id}
    projects = {each["id"]: each for each in facts(records, "projects.json")}
    assert len(projects) == 2
    (told,) = projects[project.id]["cases"]
    assert (told["address"], told["goal"], told["currency"]) == (case.slug, 300_000, "CNY")
    assert [(each["raised"], each["helpers"]) for each in told["figures"]] == [(1_000, 20)]
    assert ",7,0,0" in records.read("statistics.csv").decode()

    works = await opened(site, export, 2)
    about = {each["id"]: each for each in facts(works, "works.json")}
    assert set(about) == {work.public_id, other.public_id}
    assert about[work.public_id]["title"] == dict(work.title)
    assert about[work.public_id]["consent"] == work.consent_id
    assert len(about[other.public_id]["pictures"]) == 2
    assert about[other.public_id]["pictures"][1]["alt_text"]["bo"] == "ཞི་མི"
    assert about[other.public_id]["voice"] in works.namelist()
    assert work.image is not None
    picture = works.read(about[work.public_id]["pictures"][0]["file"])
    assert hashlib.sha256(picture).hexdigest() == work.image.source_sha256
    everything = b"".join(each.read(name) for each in (records, works) for name in each.namelist())
    for word in ("王小明", "王秀兰", elsewhere.public_id, "partner@example.org"):
        assert word.encode() not in everything

    await forget_files_and_numbers()
    content = (await fetched(site, export, 2)).content
    job = await sent_import(site, content)
    assert (job.state, job.report["faults"], job.report["strangers"]) == (ImportState.CHECKED, [], [])
    assert (job.report["good"], job.picture_count, job.row_count) == (2, 3, 2)
    await (await site.client(site.cast.partner)).post(f"/desk/sheets/{job.id}/confirmation")
    await site.work()
    first, second = await Artwork.filter(imported_as__of_id=job.id).order_by("id")
    assert (first.title, first.inventory_number) == (work.title, "2026-7")
    old_texts, new_texts = [
        [(each.alt_text, each.caption) for each in await Picture.filter(artwork=each).order_by("position")]
        for each in (other, second)
    ]
    assert new_texts == old_texts
    assert old_texts[0][0]["bo"] == "ཞི་མི"
    assert (second.story, second.alt_text, second.more_pictures) == (other.story, other.alt_text, 1)
    assert (second.artist_id, second.size, second.date_made) == (other.artist_id, other.size, other.date_made)
    for new, old in ((first, work), (second, other)):
        assert (new.consent_id, new.project_id) == (old.consent_id, old.project_id)
        assert [theme.id for theme in await new.themes] == [theme.id for theme in await old.themes] != []


async def test_another_gallery_leaves_out_what_it_does_not_have(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    artist = await Artist.get(id=consent.artist_id)
    address = f"https://gallery.elsewhere/desk/consents/{consent.id}"
    row = ["饺子", artist.credit_name, address, "p-2020", "别家的项目"]
    job = await sent_import(site, csv_bytes(["标题", "作者", "同意书", "主题", "项目"], row))
    assert (job.report["good"], job.report["bad"]) == (1, 0)
    notes = {each["column"]: each["code"] for each in job.report["notes"]}
    assert notes == {"consent": "no_such_consent", "themes": "no_such_theme", "project": "no_such_project"}


async def test_each_download_is_in_the_audit_log_and_on_the_artists_page(site: Site) -> None:
    work = await with_own_picture(site)
    export = await made(site)
    (await site.client(site.cast.partner), await fetched(site, export, 1), await fetched(site, export, 2))
    client = await site.client(site.cast.partner)
    await client.get(f"{page_of(site)}/{export.id}/2", headers={"range": "bytes=5-"})
    await client.head(f"{page_of(site)}/{export.id}/2")
    entries = await Entry.filter(kind="export").order_by("id").values_list("verb", "with_id", "person_id")
    partner = site.cast.partner.id
    assert list(entries) == [
        (Verb.EXPORT_MADE, None, partner),
        (Verb.EXPORT_RECORDS_READ, 1, partner),
        (Verb.EXPORT_WORKS_READ, 2, partner),
        (Verb.EXPORT_WORKS_READ, 2, partner),
    ]
    page = (await client.get(f"/desk/artists/{work.artist_id}")).text
    assert page.count("Read by partner") == 1
    assert "a curator, for a review" not in page


async def test_strangers_and_other_roles_find_nothing(site: Site) -> None:
    await with_own_picture(site)
    export = await made(site)
    cast = site.cast
    await Membership.filter(person=cast.stranger).update(role=MemberRole.OWNER)  # of another organisation
    held = await Membership.create(
        person=cast.keeper, organisation=cast.organisation, role=MemberRole.OWNER, awaits_confirmation=True
    )
    for person in (cast.colleague, cast.stranger, cast.curator, cast.keeper):
        client = await site.client(person)
        for path in (page_of(site), f"{page_of(site)}/{export.id}/1"):
            assert (await client.get(path)).status_code == 404, person.name
        assert (await client.post(page_of(site))).status_code == 404
        page = (await client.get(f"/desk/organisations/{cast.organisation.id}/edit")).text
        assert page_of(site) not in page
    await held.delete()
    nobody = await site.client()
    assert (await nobody.get(f"{page_of(site)}/{export.id}/1")).status_code == 303
    own = f"/desk/organisations/{cast.elsewhere.id}/export"
    client = await site.client(cast.stranger)
    assert (await client.get(own)).status_code == 200
    assert (await client.get(f"{own}/{export.id}/1")).status_code == 404
    assert await Entry.filter(verb__in=[Verb.EXPORT_RECORDS_READ, Verb.EXPORT_WORKS_READ]).count() == 0


async def test_who_is_no_owner_any_more_downloads_nothing(site: Site) -> None:
    export = await made(site)
    await Membership.filter(person=site.cast.partner).update(role=MemberRole.EDITOR)
    assert (await fetched(site, export, 1)).status_code == 404


async def test_wrong_numbers_are_no_files(site: Site) -> None:
    await with_own_picture(site)
    export = await made(site)
    for number in (0, 3, 99999999999999999999):
        assert (await fetched(site, export, number)).status_code == 404
    assert (
        await (await site.client(site.cast.partner)).get(f"{page_of(site)}/{export.id + 1}/1")
    ).status_code == 404


async def test_the_password_is_asked_for(site: Site) -> None:
    client = await site.client(site.cast.partner)
    await Session.filter(person=site.cast.partner).update(confirmed_at=None)
    assert (await client.post(page_of(site))).status_code == 403
    assert not await Export.exists()


async def test_asking_twice_makes_one_and_asking_again_replaces_it(site: Site) -> None:
    client = await site.client(site.cast.partner)
    for _each in range(2):
        await client.post(page_of(site))
    assert await Export.all().count() == 1
    assert "being made" in (await client.get(page_of(site))).text
    await site.work()
    before = await Export.get()
    after = await made(site)
    await site.work()
    assert (await fetched(site, before, 1)).status_code == 410
    assert await stored(site) == [export_key(after.token, 1, "records-1.zip")]


async def test_a_withdrawal_deletes_what_is_ready(site: Site) -> None:
    work, stays = await with_own_picture(site, status=Status.ACCEPTED), await with_own_picture(site)
    assert work.consent is not None
    await signed_form(site, work.consent.id)
    export = await made(site)
    assert len(await stored(site)) == 2
    elsewhere = await ask_for_export(site.cast.elsewhere, site.cast.stranger)
    await site.work()
    await withdraw(work.consent, site.storage)
    assert not [
        key for key in await stored(site) if export.token in key
    ]  # before the withdrawal is confirmed
    assert [key for key in await stored(site) if elsewhere.token in key]
    for number in (1, 2):
        response = await fetched(site, export, number)
        assert response.status_code == 410
        assert "A consent was withdrawn after this export was made" in response.text
    again = await made(site)
    works, records = await opened(site, again, 2), await opened(site, again, 1)
    assert [each["id"] for each in facts(works, "works.json")] == [stays.public_id]
    assert [each["id"] for each in facts(records, "consents.json")] == [stays.consent_id]
    assert [each["id"] for each in facts(records, "artists.json")] == [stays.artist_id]
    assert not [name for name in works.namelist() if work.public_id in name]


async def test_a_withdrawal_while_it_is_made_makes_it_begin_again(site: Site) -> None:
    work, stays = await with_own_picture(site, status=Status.ACCEPTED), await with_own_picture(site)
    assert work.consent is not None
    await ask_for_export(site.cast.organisation, site.cast.partner)
    job = await claim_export()
    assert job is not None
    files = await writer.write_export(job, site.settings, site.storage)
    assert len(await stored(site)) == 2
    await withdraw(work.consent, site.storage)
    assert await stored(site) == []
    await factories.put(
        site.storage.private, export_key(job.token, job.attempts, "works-2.zip")
    )  # a moment too late
    with pytest.raises(LeaseLost):
        await finish_export(job, files, by_mail=False)
    with pytest.raises(LeaseLost):
        await writer.write_export(job, site.settings, site.storage)
    await site.work()
    export = await Export.get()
    assert (export.state, export.attempts, export.losses) == (ExportState.READY, 3, 0)
    assert [each["id"] for each in facts(await opened(site, export, 2), "works.json")] == [stays.public_id]
    assert len(await stored(site)) == 2


async def test_it_expires(site: Site) -> None:
    export = await made(site)
    await Export.filter(id=export.id).update(expires_at=now() - timedelta(seconds=1))
    response = await fetched(site, export, 1)  # the worker has not looked yet
    assert (response.status_code, "its time is over" in response.text) == (410, True)
    await site.work()
    ended = await Export.get()
    assert (ended.state, await stored(site)) == (ExportState.EXPIRED, [])
    await Export.all().update(files_cleared_at=now() - timedelta(days=31))
    await site.work()
    assert not await Export.exists()


async def test_an_organisation_without_works_has_its_records(site: Site) -> None:
    export = await made(site)
    assert [each["name"] for each in export.files] == ["records-1.zip"]
    assert facts(await opened(site, export, 1), "consents.json") == []
    page = (await (await site.client(site.cast.partner)).get(page_of(site))).text
    assert "There are no works yet" in page


async def test_a_work_with_all_its_pictures_and_a_draft_without_anything(site: Site) -> None:
    work = await with_own_picture(site)
    await factories.further_pictures(site.storage, work, MAX_PICTURES - 1)
    for image in await Image.filter(further_picture__artwork=work):
        await Image.filter(id=image.id).update(source_sha256=f"{image.id:064}")
    await Artwork.create(organisation=site.cast.organisation, story=in_zh("只有故事"))
    export = await made(site)
    archive = await opened(site, export, 2)
    whole, empty = facts(archive, "works.json")
    assert [len(each["pictures"]) for each in (whole, empty)] == [MAX_PICTURES, 0]
    await factories.put(site.storage.private, "sheet", archive.read("works.xlsx"))
    async with site.storage.private.local_copy("sheet") as path:
        (row,) = list(SheetFile(path))  # nothing could be made of the empty draft
    assert row.cells["picture"].split("; ") == [each["file"] for each in whole["pictures"]]


async def test_the_same_picture_is_named_by_one_row(site: Site) -> None:
    for _each in range(2):
        await factories.artwork(site.storage, site.cast.organisation)
    content = (await fetched(site, await made(site), 2)).content
    await forget_files_and_numbers()
    job = await sent_import(site, content)
    assert (job.report["good"], job.report["faults"], job.picture_count) == (2, [], 1)
    assert job.report["unused"] == 3  # the other picture, works.json and the README


async def test_what_is_too_much_for_one_zip_goes_on_in_the_next(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "MAX_ZIP_BYTES", 10)
    monkeypatch.setattr(writer, "BATCH_SIZE", 2)
    works = [await with_own_picture(site) for _each in range(3)]
    for work in works:
        await signed_form(site, work.consent_id or 0)
    export = await made(site)
    names = [f"records-{n}.zip" for n in (1, 2)] + [f"works-{n}.zip" for n in (1, 2, 3)]
    assert [each["name"] for each in export.files] == names
    found = [
        each["id"] for number in (3, 4, 5) for each in facts(await opened(site, export, number), "works.json")
    ]
    assert found == [work.public_id for work in works]
    consents = [
        each["id"] for number in (1, 2) for each in facts(await opened(site, export, number), "consents.json")
    ]
    assert consents == [work.consent_id for work in reversed(works)]


async def test_a_killed_worker_is_followed_by_another_and_after_five_by_none(site: Site) -> None:
    await ask_for_export(site.cast.organisation, site.cast.partner)
    for _each in range(chores.MAX_LOSSES + 1):
        job = await claim_export()
        assert job is not None
        await factories.put(site.storage.private, export_key(job.token, job.attempts, "works-1.zip"))
        await Export.filter(id=job.id).update(lease_until=now() - timedelta(seconds=1))
    assert await chores.make_next(ChoreContext(site.settings, site.storage))
    assert (await Export.get()).state == ExportState.FAILED
    await site.work()
    assert await stored(site) == []
    page = (await (await site.client(site.cast.partner)).get(page_of(site))).text
    assert "The site could not make this export." in page


async def test_a_lost_file_is_said_and_not_offered_again(site: Site) -> None:
    export = await made(site)
    await site.storage.private.delete(*await stored(site))
    assert (await fetched(site, export, 1)).status_code == 410
    assert (await Export.get()).state == ExportState.EXPIRED


async def test_checks_know_it_and_backups_do_not_copy_it(site: Site, tmp_path: Any) -> None:
    await made(site)
    look = await scan_stores(site.storage, timedelta(0), lambda what, done, total: None)
    assert look.private == set()
    await copy_pictures(site.storage, tmp_path / "pool")
    assert not (tmp_path / "pool" / "exports").exists()
    await Export.all().update(attempts=7)
    look = await scan_stores(site.storage, timedelta(0), lambda what, done, total: None)
    assert look.private == set(await stored(site))


async def test_a_stopped_organisation_keeps_its_export(site: Site) -> None:
    await Organisation.filter(id=site.cast.organisation.id).update(is_active=False)
    export = await made(site)
    assert (await fetched(site, export, 1)).status_code == 200


def test_columns_are_counted_and_rows_are_not_kept() -> None:
    rows = SheetRows(io.StringIO())
    for _each in range(3):
        rows.add({"title": "汤圆", "title[bo]": "གཅིག"})
    rows.add({"story": "nothing that could become a work"})
    assert rows.columns == {"title": 3, "title[bo]": 3}


def test_a_sheet_has_as_many_columns_as_the_import_reads(tmp_path: Any) -> None:
    used = Counter({"title": 9, "title[bo]": 2} | {f"story[x{n:03}]": 1 for n in range(190)})
    columns = columns_for(used)
    assert (len(columns), "title[bo]" in columns, columns.count("title")) == (MAX_COLUMNS, True, 1)
    write_sheet(tmp_path / "works.xlsx", ["title", "title[bo]"], [{"title": "a\x0bb", "title[bo]": "=x(1)"}])
    (row,) = list(SheetFile(tmp_path / "works.xlsx"))
    assert (row.cells, row.faults) == ({"title": "ab", "title[bo]": "=x(1)"}, [])
