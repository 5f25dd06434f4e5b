"""Sheets at the desk: checked first, imported after one confirmation, undone with one button."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest

from gallery.artists.models import Artist
from gallery.artworks import import_chores, import_rows, imports
from gallery.artworks.import_lookup import ImportUsage, RowBatch
from gallery.artworks.import_models import Import, ImportedWork, ImportState, bundle_key
from gallery.artworks.models import Artwork, Picture, Status
from gallery.artworks.sheet_columns import template_csv
from gallery.artworks.sheets import SheetFile
from gallery.artworks.submissions import submit
from gallery.clock import now
from gallery.exhibitions.stored_files import needed_bundle_keys
from gallery.images.models import Image, ImageState
from gallery.monitoring.state import read_state
from gallery.organisations.models import Organisation
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from gallery.worker import ChoreContext
from tests import factories
from tests.artworks.sheets import HEADER, csv_bytes, send, sent_import, two_works, zipped
from tests.conftest import Site
from tests.factories import in_zh, photograph
from tests.queries import counted_queries

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def bring_in(site: Site, job: Import) -> str:
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/sheets/{job.id}/confirmation")
    await site.work()
    return (await client.get(f"/desk/sheets/{job.id}")).text


async def test_a_sheet_becomes_drafts_after_one_yes(site: Site) -> None:
    theme = await factories.theme(title=Texts({"zh": "冬至"}))
    project = await factories.project(site.cast.organisation, title=Texts({"zh": "画画课"}))
    consent = await factories.consent(site.cast.organisation)
    artist = await Artist.get(id=consent.artist_id)
    rows = [
        [
            "一.jpg",
            "饺子皮",
            "第一段。\n\n第二段。",
            artist.credit_name,
            "是",
            "冬至；" + theme.slug,
            "画画课",
            "2022",
        ],
        ["二.png", "汤圆", "冬至吃汤圆。", "小蜗牛", "", "", "", ""],
    ]
    content = zipped(
        ("works.csv", csv_bytes(HEADER, *rows, encoding="gb18030")),
        ("一.jpg", photograph()),
        ("二.png", photograph(1200, 900, "PNG")),
        ("三.png", b"nobody names it"),
    )
    job = await sent_import(site, content)
    assert job.state == ImportState.CHECKED
    assert (job.row_count, job.done_rows, job.picture_count, job.done_pictures) == (2, 2, 2, 2)
    assert not await Artwork.exists()  # it was only tried
    assert await Artist.all().count() == 1
    page = (await (await site.client(site.cast.colleague)).get(f"/desk/sheets/{job.id}")).text
    assert "2 works can be created." in page
    assert "1 new artist:" in page
    assert "小蜗牛" in page
    assert "No row names 1 file in the ZIP." in page

    assert "2 drafts were created." in await bring_in(site, job)
    first, second = await Artwork.all().order_by("id").prefetch_related("themes", "image", "artist")
    assert (first.own("title"), first.own("story"), first.year) == ("饺子皮", "第一段。\n\n第二段。", 2022)
    assert [each.id for each in first.themes] == [theme.id]
    assert (first.project_id, first.consent_id, first.artist_id) == (project.id, consent.id, artist.id)
    assert first.image is not None
    assert first.image.state == "ready"
    assert first.created_by_id == site.cast.partner.id  # type: ignore[attr-defined]
    assert second.artist is not None
    assert (second.artist.credit_name, second.consent_id, second.status) == ("小蜗牛", None, Status.DRAFT)
    # The file and all unused pictures are deleted.
    job = await Import.get(id=job.id)
    assert job.files_cleared_at is not None
    assert not [key async for key in site.storage.private.keys("imports")]
    assert len([key async for key in site.storage.private.keys("originals")]) == 2


async def test_a_cell_names_several_pictures_of_one_work(site: Site) -> None:
    rows = [
        ["一.jpg，二.jpg; 三.jpg", "绘本", "", "", "", "", "", ""],
        ["a,b.jpg", "名字里有逗号", "", "", "", "", "", ""],
    ]
    pictures = [(f"{name}.jpg", photograph(700 + n, 600)) for n, name in enumerate(["三", "一", "二", "a,b"])]
    job = await sent_import(site, zipped(("works.csv", csv_bytes(HEADER, *rows)), *pictures))
    assert (job.picture_count, job.report["good"], job.report["faults"]) == (4, 2, [])
    await bring_in(site, job)
    book, other = await Artwork.all().order_by("id").select_related("image")
    assert book.image is not None
    further = await Picture.filter(artwork_id=book.id).order_by("position").select_related("image")
    widths = [book.image.width, *(each.image.width for each in further)]
    assert (widths, book.more_pictures, other.more_pictures) == ([701, 702, 700], 2, 0)
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/sheets/{job.id}/deletion")
    await site.work()
    assert (await Artwork.all().count(), await Image.all().count(), await Picture.all().count()) == (0, 0, 0)
    assert not [key async for key in site.storage.private.keys("originals")]


async def test_each_picture_of_a_row_is_described(site: Site) -> None:
    header = [
        "图片",
        "标题",
        "画面描述",
        "图片说明",
        "画面描述 2",
        "Alt text 2[en]",
        "caption 3",
        "画面描述 4",
    ]
    row = ["一.jpg; 二.jpg; 三.jpg", "书", "封面", "第1页", "里页", "Inside", "最后", "没有"]
    pictures = [(f"{name}.jpg", photograph(700 + number, 600)) for number, name in enumerate("一二三")]
    job = await sent_import(site, zipped(("表.csv", csv_bytes(header, row)), *pictures))
    assert [(each["column"], each["code"]) for each in job.report["notes"]] == [
        ("alt_text_4", "no_picture_of_number")
    ]
    assert (
        "What the picture shows 4"
        in (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")).text
    )
    assert job.report["lacking"]["alt_text"] == 1  # the third has none
    await bring_in(site, job)
    work = await Artwork.get()
    assert (dict(work.alt_text), dict(work.caption)) == ({"zh": "封面"}, {"zh": "第1页"})
    second, third = await Picture.all().order_by("position")
    assert (dict(second.alt_text), dict(second.caption)) == ({"zh": "里页", "en": "Inside"}, {})
    assert (dict(third.alt_text), dict(third.caption)) == ({}, {"zh": "最后"})
    # The sheet again changes the texts of its pictures by their numbers, and taking it back restores them.
    again = await sent_import(
        site, zipped(("表.csv", csv_bytes(["图片", "标题", "画面描述 3"], [row[0], "书", "封底"])), *pictures)
    )
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/sheets/{again.id}/confirmation", data={"update": "1"})
    await site.work()
    second, third = await Picture.all().order_by("position")
    assert (dict(second.alt_text), dict(third.alt_text)) == ({"zh": "里页", "en": "Inside"}, {"zh": "封底"})
    await client.post(f"/desk/sheets/{again.id}/deletion")
    assert dict((await Picture.get(id=third.id)).alt_text) == {}


async def test_wrong_pictures_in_a_cell_are_named_one_by_one(site: Site) -> None:
    rows = [
        ["一.jpg, 没有.jpg, 一.jpg", "绘本", "", "", "", "", "", ""],
        [", ".join(f"{n}.jpg" for n in range(25)), "太多", "", "", "", "", "", ""],
        ["一.jpg", "又一次", "", "", "", "", "", ""],
    ]
    pictures = [("一.jpg", photograph(700, 600)), ("1.jpg", photograph(710, 600))]
    job = await sent_import(site, zipped(("works.csv", csv_bytes(HEADER, *rows)), *pictures))
    faults = [(each["row"], each["code"]) for each in job.report["faults"]]
    assert faults == [
        (2, "no_such_picture"),
        (2, "picture_twice_in_row"),
        (3, "too_many_pictures"),
        (4, "picture_twice"),
    ]
    page = (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")).text
    assert "This row names 25 pictures. A work has at most 24." in page


async def test_the_check_knows_the_files_that_are_still_needed(site: Site) -> None:
    await send(site, two_works())
    job = await Import.get()
    assert await needed_bundle_keys({bundle_key(job.token), "imports/other", "originals/x"}) == {
        bundle_key(job.token)
    }
    await Import.filter(id=job.id).update(files_cleared_at=now())
    assert await needed_bundle_keys({bundle_key(job.token)}) == set()


async def test_strangers_see_nothing_of_it(site: Site) -> None:
    job = await sent_import(site, two_works())
    for person in (site.cast.stranger, site.cast.curator):
        client = await site.client(person)
        assert (await client.get(f"/desk/sheets/{job.id}")).status_code == 404
        assert (await client.post(f"/desk/sheets/{job.id}/confirmation")).status_code == 404
        assert (await client.post(f"/desk/sheets/{job.id}/deletion")).status_code == 404
    assert "作品.zip" not in (await (await site.client(site.cast.stranger)).get("/desk/sheets")).text
    assert (await (await site.client()).get(f"/desk/sheets/{job.id}")).status_code == 303


@pytest.mark.parametrize("name", ["zh.csv", "en.csv", "zh.xlsx", "en.xlsx"])
async def test_templates(site: Site, name: str) -> None:
    client = await site.client(site.cast.partner)
    response = await client.get(f"/desk/sheets/templates/{name}")
    assert response.status_code == 200
    assert response.headers["content-disposition"].startswith("attachment")
    assert len(response.content) > 200
    assert (await client.get("/desk/sheets/templates/fr.csv")).status_code == 404


async def test_each_fault_and_note_by_row_column_and_value_and_good_rows_alone(site: Site) -> None:
    ours = site.cast.organisation
    await factories.theme(title=Texts({"zh": "冬至", "en": "Solstice"}))
    await factories.theme(title=Texts({"zh": "端午"}), call_closes_on=factories.days_from_now(-1))
    ended = await factories.consent(ours, ends_on=factories.days_from_now(-1))
    foreign = await factories.consent(site.cast.elsewhere)
    await Artist.create(organisation=ours, credit_name="双胞胎")
    await Artist.create(organisation=ours, credit_name="双胞胎")
    rows = [
        ["一.jpg", "好的", "故事", "新人", "", "冬至", "", "2022"],
        ["没有.jpg", "题", "", "", "", "", "", ""],
        ["一.jpg", "同一张", "", "", "", "", "", ""],
        ["copy.jpg", "另一个名字", "", "", "", "", "", ""],
        ["", "", "没有标题", "", "", "", "", "明年"],
        ["", "题", "", "", str(ended.id), "", "", ""],
        ["", "无此同意", "", "", str(foreign.id), "", "", ""],
        ["", "双胞胎的", "", "双胞胎", "", "端午", "没有的项目", ""],
        ["", "错主题", "", "新人", "是", "冬至节", "", ""],
        ["坏.jpg", "=1+1", "x" * 40_000, "", "", "", "", ""],
    ]
    content = zipped(
        ("works.csv", csv_bytes(HEADER, *rows)),
        ("一.jpg", photograph()),
        ("copy.jpg", photograph()),
        ("坏.jpg", b"not a picture at all"),
    )
    job = await sent_import(site, content)
    found = {(each["row"], each["column"], each["code"]) for each in job.report["faults"]}
    assert found == {
        (3, "picture", "no_such_picture"),
        (4, "picture", "picture_twice"),
        (5, "picture", "same_picture"),
        (6, "title", "untitled"),
        (6, "date_made", "date"),
        (7, "consent", "consent_ended"),
        (11, "picture", "not_an_image"),
        (11, "title", "formula"),
        (11, "story", "too_long"),
    }
    left_empty = {(each["row"], each["column"], each["code"]) for each in job.report["notes"]}
    assert left_empty == {
        (8, "consent", "no_such_consent"),
        (9, "credit_name", "two_artists"),
        (9, "themes", "theme_closed"),
        (9, "project", "no_such_project"),
        (10, "consent", "no_consent"),
        (10, "themes", "no_such_theme"),
    }
    page = (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")).text
    assert "Import the 4 valid rows" in page
    assert "Did you mean 冬至?" in page
    assert "Row 2 has this picture already." in page
    assert "%(" not in page
    assert "4 drafts were created." in await bring_in(site, job)
    works = await Artwork.all().order_by("id").prefetch_related("artist", "themes")
    assert [work.own("title") for work in works] == ["好的", "无此同意", "双胞胎的", "错主题"]
    artists = [work.artist.credit_name if work.artist else None for work in works]
    assert artists == ["新人", None, None, "新人"]
    assert [(work.consent_id, work.project_id) for work in works] == [(None, None)] * 4
    assert [len(work.themes) for work in works] == [1, 0, 0, 0]
    assert await Artist.filter(credit_name="双胞胎").count() == 2
    assert await Image.all().count() == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "0 bytes"),
        (None, "Please choose a file."),
    ],
)
async def test_no_file(site: Site, content: bytes | None, words: str) -> None:
    client = await site.client(site.cast.partner)
    files: Any = {"sheet": ("x.csv", content)} if content is not None else {"sheet": ("", b"")}
    response = await client.post("/desk/sheets", data={"language": "en"}, files=files)
    assert response.status_code == 422
    assert words in response.text


async def test_a_file_that_cannot_be_used_says_why(site: Site) -> None:
    job = await sent_import(site, zipped(("../works.csv", b"x")))
    assert job.state == ImportState.REFUSED
    page = (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")).text
    assert "a place outside of it" in page
    assert (await Import.get(id=job.id)).files_cleared_at is not None


async def test_one_button_takes_all_of_it_back(site: Site) -> None:
    job = await sent_import(site, two_works())
    kept_artist = await Artist.create(organisation=site.cast.organisation, credit_name="别人")
    await bring_in(site, job)
    assert await Artwork.all().count() == 2
    client = await site.client(site.cast.colleague)
    page = (await client.post(f"/desk/sheets/{job.id}/deletion", follow_redirects=True)).text
    assert "2 drafts are gone" in page
    await site.work()
    assert not await Artwork.exists()
    assert not await Image.exists()
    assert not [key async for key in site.storage.private.keys("originals")]
    assert [artist.id for artist in await Artist.all()] == [kept_artist.id]
    # Pressed twice, nothing more happens.
    assert (await client.post(f"/desk/sheets/{job.id}/deletion")).status_code == 303


async def test_it_stays_once_something_of_it_was_submitted(site: Site) -> None:
    ours = site.cast.organisation
    job = await sent_import(site, two_works())
    await bring_in(site, job)
    work = await Artwork.get(title=in_zh("饺子皮"))
    consent = await factories.consent(ours, await Artist.get(id=work.artist_id or 0))
    work.consent_id, work.alt_text, work.medium = consent.id, in_zh("一只碗"), in_zh("蜡笔")
    work.project_id = (await factories.project(ours)).id
    await work.save()
    await work.themes.add(await factories.theme())
    await submit(work, site.cast.partner)
    client = await site.client(site.cast.partner)
    page = (await client.post(f"/desk/sheets/{job.id}/deletion", follow_redirects=True)).text
    assert "cannot be taken back as a whole" in page
    assert await Artwork.all().count() == 2


async def test_a_consent_withdrawn_between_trying_and_making(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    content = csv_bytes(["标题", "同意书"], ["甲", str(consent.id)], ["乙", ""])
    job = await sent_import(site, content)
    assert job.report["good"] == 2
    await withdraw(consent, site.storage)
    page = await bring_in(site, job)
    assert "1 draft was created." in page
    assert "does not allow showing" in page
    assert [work.own("title") for work in await Artwork.all()] == ["乙"]


async def test_one_consent_for_all(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    foreign = await factories.consent(site.cast.elsewhere)
    content = csv_bytes(["标题"], ["甲"], ["乙"])
    assert (await send(site, content, consent=str(foreign.id))).status_code == 422
    job = await sent_import(site, content, consent=str(consent.id))
    await bring_in(site, job)
    works = await Artwork.all()
    assert {(work.consent_id, work.artist_id) for work in works} == {(consent.id, consent.artist_id)}


async def test_a_worker_killed_at_any_batch_neither_loses_nor_doubles_a_row(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_rows, "BATCH_SIZE", 10)
    job = await sent_import(
        site, csv_bytes(["标题", "作者"], *([f"作品{n}", f"作者{n % 7}"] for n in range(95)))
    )
    await imports.confirm_import(job)
    context = ChoreContext(site.settings, site.storage)
    held = await imports.claim_import()
    assert held is not None
    async with site.storage.private.local_copy(bundle_key(job.token)) as path:
        going = iter(import_rows.row_batches(SheetFile(path), 0))
        report = import_rows.ImportReport()
        for _ in range(4):  # and then it is killed
            batch = RowBatch(next(going), {}, {})
            report = await import_rows.write_batch(
                held, batch, ImportUsage(), report, only_trying=False, has_pictures=False
            )
    assert await Artwork.all().count() == 40
    assert not await import_chores.import_next(context)  # the lease has not expired
    await Import.filter(id=job.id).update(lease_until=now() - timedelta(seconds=1))
    assert await import_chores.import_next(context)
    with pytest.raises(imports.LeaseLost):  # the first worker continues
        await imports.renew_lease(held, done_rows=0)
    assert sorted(work.own("title") for work in await Artwork.all()) == sorted(f"作品{n}" for n in range(95))
    assert await Artist.all().count() == 7
    job = await Import.get(id=job.id)
    assert (job.state, job.done_rows, job.report["good"], job.losses) == (ImportState.DONE, 95, 95, 1)


async def test_trying_asks_as_much_for_few_rows_as_for_many(site: Site) -> None:
    numbers = []
    for count in (2, 150):
        job = await sent_import(
            site, csv_bytes(["标题", "作者"], *([f"作品{n}", f"作者{n}"] for n in range(count)))
        )
        await imports.confirm_import(job)
        with counted_queries() as queries:
            await import_chores.import_next(ChoreContext(site.settings, site.storage))
        numbers.append(len(queries))
        assert await ImportedWork.filter(of_id=job.id).count() == count
    assert numbers[0] == numbers[1]


async def test_what_nobody_confirms_is_put_away(site: Site) -> None:
    job = await sent_import(site, two_works())
    assert await Image.all().count() == 2
    await Import.filter(id=job.id).update(created_at=now() - timedelta(hours=21))
    await site.work()
    assert (await Import.get(id=job.id)).state == ImportState.TAKEN_BACK
    assert not await Image.exists()
    client = await site.client(site.cast.partner)
    assert "Nothing of it is left here." in (await client.get(f"/desk/sheets/{job.id}")).text


async def test_the_template_itself_can_be_sent(site: Site) -> None:
    job = await sent_import(site, template_csv())
    assert [each["code"] for each in job.report["faults"]] == ["no_pictures"]


async def test_a_file_over_the_limit(site: Site) -> None:
    object.__setattr__(site.settings, "import_max_bytes", 1000)
    response = await send(site, io.BytesIO(bytes(5000)).getvalue())
    assert response.status_code == 413
    assert "larger than" in response.text


async def test_pictures_of_a_trial_are_developed_after_the_yes(site: Site) -> None:
    job = await sent_import(site, two_works())
    assert {image.state for image in await Image.all()} == {ImageState.RECEIVED}
    assert (await read_state(site.settings)).pictures.count == 0  # a keeper is not told that they are late
    await bring_in(site, job)
    assert {image.state for image in await Image.all()} == {ImageState.READY}


async def test_an_import_waits_its_turn_and_other_organisations_do_not(site: Site) -> None:
    jobs = []
    for organisation in (site.cast.organisation, site.cast.organisation, site.cast.elsewhere):
        jobs.append(await Import.create(organisation=organisation, by=site.cast.partner))
    first, second = await imports.claim_import(), await imports.claim_import()
    assert first is not None
    assert second is not None
    assert (first.id, second.id) == (jobs[0].id, jobs[2].id)
    assert await imports.claim_import() is None
    client = await site.client(site.cast.partner)
    assert "being checked" in (await client.get(f"/desk/sheets/{jobs[0].id}")).text
    page = (await client.get(f"/desk/sheets/{jobs[1].id}")).text
    assert "waits its turn" in page
    assert "being checked" not in page
    assert "waits its turn" in (await client.get("/desk/sheets")).text
    await imports.end_lease(first, state=ImportState.CHECKED)
    third = await imports.claim_import()
    assert third is not None
    assert third.id == jobs[1].id


async def test_imports_of_several_organisations_go_on_in_turn(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_chores, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(import_rows, "BATCH_SIZE", 1)
    third = await Organisation.create(name=in_zh("第三家"), slug="third")
    rows = [["标题"], ["一"], ["二"], ["三"]]
    jobs = []
    for organisation in (site.cast.organisation, site.cast.elsewhere, third):
        job = await Import.create(
            organisation=organisation, by=site.cast.partner, state=ImportState.CONFIRMED
        )
        await factories.put(site.storage.private, bundle_key(job.token), csv_bytes(*rows))
        jobs.append(job)
    context = ChoreContext(site.settings, site.storage)
    done = []
    for _ in range(4):
        assert await import_chores.import_next(context)
        done.append([(await Import.get(id=job.id)).done_rows for job in jobs])
    assert done == [[1, 0, 0], [1, 1, 0], [1, 1, 1], [2, 1, 1]]
    assert (
        "waits its turn"
        in (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{jobs[0].id}")).text
    )
    await site.work()
    assert await Artwork.all().count() == 9
    assert {(job.state, job.losses) for job in await Import.all()} == {(ImportState.DONE, 0)}


async def test_a_check_goes_on_with_the_pictures_that_are_left(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_chores, "TURN_SECONDS", 0.0)
    await send(site, two_works())
    other = await Import.create(organisation=site.cast.elsewhere, by=site.cast.stranger)
    await factories.put(site.storage.private, bundle_key(other.token), csv_bytes(["标题"], ["一"]))
    context = ChoreContext(site.settings, site.storage)
    job = await Import.all().order_by("id").first()
    assert job is not None
    assert await import_chores.import_next(context)
    await job.refresh_from_db()
    assert (job.state, job.done_pictures, job.lease_until) == (ImportState.RECEIVED, 1, None)
    await site.work()
    await job.refresh_from_db()
    assert (job.state, job.done_pictures, job.report["good"]) == (ImportState.CHECKED, 2, 2)
    assert await Image.all().count() == 2
