"""A sheet that comes again: it knows the works that it names, and updates them if it is asked to."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from gallery.artists.consents import NewConsent
from gallery.artists.models import AgreedBy, Artist, Consent
from gallery.artists.renewal import renew
from gallery.artworks.import_models import Import, ImportedChange
from gallery.artworks.models import Artwork, Status
from gallery.artworks.submissions import submit
from gallery.audit.models import Entry
from gallery.audit.verbs import Verb
from gallery.clock import today
from gallery.images.models import Image
from gallery.web.texts import Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.artworks import tus
from tests.artworks.forms import files
from tests.artworks.sheets import csv_bytes, sent_import, zipped
from tests.conftest import Site
from tests.factories import photograph
from tests.markup import attributes

pytestmark = pytest.mark.engines("sqlite", "postgresql")

HEADER = ["图片", "标题", "故事", "标题（藏文）", "作者", "编号", "年份", "语言"]
ONE = ["一.jpg", "汤圆", "冬至吃。", "", "小蜗牛", "1", "2022", ""]
TWO = ["二.jpg", "饺子", "", "", "派派", "", "", ""]


def bundle(*rows: list[str]) -> bytes:
    pictures = [(f"{name}.jpg", photograph(700 + number, 600)) for number, name in enumerate("一二三")]
    return zipped(("表.csv", csv_bytes(HEADER, *rows)), *pictures)


async def confirmed(site: Site, content: bytes, **values: Any) -> Import:
    job = await sent_import(site, content)
    await (await site.client(site.cast.partner)).post(f"/desk/sheets/{job.id}/confirmation", data=values)
    await site.work()
    return await Import.get(id=job.id)


async def test_the_same_sheet_again_makes_nothing_twice(site: Site) -> None:
    await confirmed(site, bundle(ONE, TWO))
    job = await sent_import(site, bundle(ONE, TWO, ["三.jpg", "汤圆", "", "", "", "", "", ""]))
    assert (job.report["good"], job.report["known"], job.report["updatable"]) == (1, 2, 2)
    page = (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")).text
    assert "2 rows name works that you have already:" in page
    assert "Also update the 2 drafts and returned works" in page
    await (await site.client(site.cast.partner)).post(f"/desk/sheets/{job.id}/confirmation")
    await site.work()
    assert (await Artwork.all().count(), await Image.all().count()) == (3, 3)
    assert not await Entry.exists(verb=Verb.WORK_CHANGED)


async def test_works_are_updated_by_number_or_by_picture_and_title(site: Site) -> None:
    await confirmed(site, bundle(ONE, TWO))
    changed = [
        ["", "新汤圆", "", "ཁ་བ།", "", "1", "小时候", ""],
        ["二.jpg", "饺子", "新故事", "", "新人", "2", "", ""],
    ]
    job = await confirmed(site, bundle(*changed), update="1")
    assert (job.report["good"], job.report["known"], job.report["updatable"]) == (0, 2, 2)
    assert [each["code"] for each in job.report["notes"]] == ["date"]
    first, second = await Artwork.all().order_by("id").prefetch_related("artist", "image")
    assert dict(first.title) == {"zh": "新汤圆", "bo": "ཁ་བ།"}
    assert (first.own("story"), first.year) == ("冬至吃。", 2022)  # empty or wrong cells change nothing
    assert (second.own("story"), second.inventory_number) == ("新故事", "2")
    assert first.artist is not None
    assert second.artist is not None
    assert (first.artist.credit_name, second.artist.credit_name) == ("小蜗牛", "新人")
    assert second.image is not None
    assert await Entry.filter(verb=Verb.WORK_CHANGED, person_id=site.cast.partner.id).count() == 2
    client = await site.client(site.cast.partner)
    assert "2 works that were here already were updated." in (await client.get(f"/desk/sheets/{job.id}")).text
    # Taking it back leaves the works that it did not make, with the words that they had.
    assert (
        "2 works that it updated get their former words" in (await client.get(f"/desk/sheets/{job.id}")).text
    )
    await client.post(f"/desk/sheets/{job.id}/deletion")
    await site.work()
    page = (await client.get(f"/desk/sheets/{job.id}")).text
    assert "Works that it updated have their former words again" in page
    assert (await Artwork.all().count(), await Image.all().count()) == (2, 2)
    first, second = await Artwork.all().order_by("id").prefetch_related("artist")
    assert dict(first.title) == {"zh": "汤圆"}
    assert (second.own("story"), second.inventory_number) == ("", None)
    assert second.artist is not None
    assert second.artist.credit_name == "派派"
    assert not await Artist.exists(credit_name="新人")
    assert not await ImportedChange.exists()


async def test_what_others_changed_since_is_not_taken_back(site: Site) -> None:
    ours = site.cast.organisation
    theme, project = await factories.theme(), await factories.project(ours, title=Texts({"zh": "画画课"}))
    consents = [await factories.consent(ours) for _ in range(2)]
    works = [
        await factories.artwork(site.storage, ours, inventory_number=str(number), consent=consents[0])
        for number in range(4)
    ]
    before = {work.id: (dict(work.title), work.project_id, work.consent_id) for work in works}
    header = ["编号", "标题", "故事", "项目", "同意书", "主题"]
    rows = [[str(n), f"新{n}", f"新故事{n}", "画画课", str(consents[1].id), theme.slug] for n in range(4)]
    # A row of another artist's consent names no artist, so the work gets that one.
    job = await confirmed(site, csv_bytes(header, *rows), update="1")
    assert await Artwork.filter(project_id=project.id, consent_id=consents[1].id).count() == 4
    client = await site.client(site.cast.partner)
    await Artwork.filter(id=works[1].id).update(title=Texts({"zh": "我的"}))
    await Artwork.filter(id=works[2].id).update(status=Status.SUBMITTED)
    await Artwork.filter(id=works[3].id).update(title=Texts({"zh": "我的"}))
    answer = await client.post(f"/desk/sheets/{job.id}/deletion", follow_redirects=True)
    assert "1 work has its former words again." in answer.text
    assert "did not get all of their former words again" in answer.text
    assert attributes(answer.text, "#sheet-outcome a", "href") == [
        f"/desk/works/{work.id}" for work in works[1:]
    ]
    now_there = {work.id: work for work in await Artwork.all().prefetch_related("themes")}
    first, second, third, _fourth = (now_there[work.id] for work in works)
    assert (dict(first.title), first.project_id, first.consent_id) == before[first.id]
    assert (second.own("title"), second.own("story")) == ("我的", works[1].own("story"))
    assert (third.own("title"), third.project_id) == ("新2", project.id)
    assert theme not in list(first.themes)


async def test_nothing_leads_back_to_a_consent_that_was_withdrawn(site: Site) -> None:
    ours = site.cast.organisation
    old, new = [await factories.consent(ours) for _ in range(2)]
    work = await factories.artwork(site.storage, ours, inventory_number="1", consent=old)
    job = await confirmed(site, csv_bytes(["编号", "标题", "同意书"], ["1", "新", str(new.id)]), update="1")
    await withdraw(old, site.storage)
    assert not await ImportedChange.exists()  # it had words that were shown under that consent
    client = await site.client(site.cast.partner)
    await client.post(f"/desk/sheets/{job.id}/deletion")
    work = await Artwork.get(id=work.id)
    assert (work.own("title"), work.consent_id) == ("新", new.id)


async def test_a_withdrawal_of_a_renewed_consent_deletes_what_a_sheet_changed(site: Site) -> None:
    ours = site.cast.organisation
    old, other = [await factories.consent(ours) for _ in range(2)]
    await factories.artwork(site.storage, ours, inventory_number="1", consent=old)
    await confirmed(site, csv_bytes(["编号", "标题", "同意书"], ["1", "新", str(other.id)]), update="1")
    old = await Consent.get(id=old.id).prefetch_related("artist")
    renewed = await renew(old, NewConsent(AgreedBy.PARENT, ["web"], today()), site.cast.partner)
    await withdraw(renewed, site.storage)
    assert not await ImportedChange.exists()


async def test_a_work_that_no_sheet_made_is_known_by_picture_and_title(site: Site) -> None:
    await confirmed(site, bundle(ONE))
    made = await Artwork.get().prefetch_related("image")
    assert made.image is not None
    by_hand = await factories.artwork(site.storage, site.cast.organisation, title="饺子")
    digest = hashlib.sha256(photograph(701, 600)).hexdigest()
    await Image.filter(id=by_hand.image_id).update(source_sha256=digest)
    job = await sent_import(site, bundle(TWO))
    assert (job.report["good"], job.report["known"]) == (0, 1)


async def test_two_rows_do_not_change_one_work(site: Site) -> None:
    work = await uploaded(site, "IMG_1.jpg")
    rows = [["IMG_1.jpg", title, "", "", "", "", "", ""] for title in ("汤圆", "饺子")]
    job = await confirmed(site, csv_bytes(HEADER, *rows), update="1")
    assert [(each["row"], each["code"]) for each in job.report["faults"]] == [(3, "work_twice")]
    assert (await Artwork.get(id=work.id)).own("title") == "汤圆"


async def test_the_language_of_a_work_is_kept_unless_the_row_says_another(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, inventory_number="1")
    await Artwork.filter(id=work.id).update(language="bo", title=Texts({"bo": "ཁ་བ།"}), status=Status.DRAFT)
    await confirmed(site, csv_bytes(HEADER, ["", "གངས།", "", "", "", "1", "", ""]), update="1")
    work = await Artwork.get(id=work.id)
    assert (work.language, dict(work.title)) == ("bo", {"bo": "གངས།"})
    await confirmed(site, csv_bytes(HEADER, ["", "雪", "", "", "", "1", "", "zh"]), update="1")
    work = await Artwork.get(id=work.id)
    assert (work.language, dict(work.title)) == ("zh", {"zh": "雪", "bo": "གངས།"})


async def test_what_was_submitted_and_what_others_have_stays(site: Site) -> None:
    ours = await factories.artwork(site.storage, site.cast.organisation, inventory_number="1", title="旧")
    await Artwork.filter(id=ours.id).update(status=Status.ACCEPTED)
    theirs = await factories.artwork(site.storage, site.cast.elsewhere, inventory_number="2", title="旧")
    rows = [["", "新", "", "", "", "1", "", ""], ["", "新", "", "", "", "2", "", ""]]
    job = await confirmed(site, csv_bytes(HEADER, *rows), update="1")
    assert (job.report["good"], job.report["known"], job.report["updatable"]) == (1, 1, 0)
    for work in (ours, theirs):
        assert (await Artwork.get(id=work.id)).own("title") == "旧"


async def test_a_withdrawal_forgets_what_reports_and_rows_to_mend_say(site: Site) -> None:
    consent = await factories.consent(site.cast.organisation)
    rows = [[*ONE[:6], "小时候", ""], ["没有.jpg", "小蜗牛画的", "", "", "", "", "", ""]]
    job = await confirmed(site, bundle(*rows))
    await Artwork.all().update(consent_id=consent.id, artist_id=consent.artist_id)
    again = await confirmed(site, bundle(*rows), update="1")
    assert [len(each.report["notes"]) for each in (job, again)] == [1, 1]
    assert len([each async for each in site.storage.private.keys("imports")]) == 2
    await withdraw(consent, site.storage)
    await site.work()
    for each in await Import.all():
        assert (each.file_name, each.rows_token) == ("", "")
        assert (each.report["notes"], each.report["faults"], each.report["headers"]) == ([], [], [])
    assert not [each async for each in site.storage.private.keys("imports")]


async def uploaded(site: Site, name: str) -> Artwork:
    """A draft from a picture that was sent alone, long ago."""
    words = {"title": "", "title_translation": "", "story_translation": ""}
    work = await factories.artwork(site.storage, site.cast.organisation, **words)
    await Image.filter(id=work.image_id).update(source_name=name)
    return work


async def test_a_sheet_fills_drafts_whose_pictures_are_there(site: Site) -> None:
    work = await uploaded(site, "IMG_1.JPG")
    twins = [await uploaded(site, "IMG_2.jpg") for _ in range(2)]
    rows = [
        ["img_1.jpg", "汤圆", "甜", "", "小蜗牛", "", "", ""],
        ["IMG_2.jpg", "饺子", "", "", "", "", "", ""],
        ["IMG_3.jpg", "年糕", "", "", "", "", "", ""],
    ]
    job = await confirmed(site, csv_bytes(HEADER, *rows), update="1")
    assert (job.report["good"], job.report["updatable"]) == (0, 1)
    faults = [(each["row"], each["code"]) for each in job.report["faults"]]
    assert faults == [(3, "two_drafts"), (4, "no_pictures")]
    filled = await Artwork.get(id=work.id).prefetch_related("artist")
    assert (filled.own("title"), filled.own("story"), filled.image_id) == ("汤圆", "甜", work.image_id)
    assert filled.artist == await Artist.get(credit_name="小蜗牛")
    assert [(await Artwork.get(id=each.id)).own("title") for each in twins] == ["", ""]


async def test_the_name_of_a_file_is_kept_while_its_work_is_a_draft(site: Site) -> None:
    client = await site.client(site.cast.partner)
    await client.post("/desk/works/many", files=files(photograph(800, 620)))  # in a form
    name = base64.b64encode("C:\\图\\二.jpg".encode()).decode()
    sent = await tus.begin(client, **{"upload-metadata": f"filename {name}"})
    await tus.send(client, sent.headers["location"], 0, tus.PICTURE)
    assert await Image.all().order_by("id").values_list("source_name", flat=True) == ["IMG_1.jpg", "二.jpg"]
    work = await factories.artwork(site.storage, site.cast.organisation)
    await Image.filter(id=work.image_id).update(source_name="三.jpg")
    await submit(work, site.cast.partner)
    withdrawn = await uploaded(site, "四.jpg")
    assert withdrawn.consent_id is not None
    await withdraw(await Consent.get(id=withdrawn.consent_id), site.storage)
    for each in (work, withdrawn):
        assert (await Image.get(id=each.image_id)).source_name == ""
