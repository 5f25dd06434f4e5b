"""Before a sheet is imported: mending rows, sending another sheet, and setting for all rows what they lack."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import httpx
import openpyxl
import pytest

from gallery.artists.models import Artist, ConsentRequest
from gallery.artworks.import_models import Import, ImportState, bundle_key
from gallery.artworks.models import Artwork
from gallery.artworks.submissions import missing_fields
from gallery.clock import now
from gallery.exhibitions.stored_files import needed_bundle_keys
from gallery.images.models import Image
from gallery.web.languages import use_language
from tests import factories
from tests.artworks.sheets import csv_bytes, sent_import, zipped
from tests.conftest import Site
from tests.factories import in_zh, photograph

pytestmark = pytest.mark.engines("sqlite", "postgresql")

HEADER = ["图片", "标题", "故事", "画面描述", "材料", "作者", "编号"]
GOOD = ["一.jpg", "汤圆", "冬至吃。", "一只碗", "蜡笔", "小蜗牛", "1"]


def pictures(*names: str) -> list[tuple[str, bytes]]:
    return [(f"{name}.jpg", photograph(700 + number, 600)) for number, name in enumerate(names)]


async def post(site: Site, job: Import, what: str, **values: Any) -> httpx.Response:
    response = await (await site.client(site.cast.partner)).post(f"/desk/sheets/{job.id}/{what}", **values)
    await site.work()
    await job.refresh_from_db()
    return response


async def downloaded(site: Site, job: Import) -> list[list[Any]]:
    response = await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}/rows")
    assert response.headers["content-disposition"].startswith("attachment")
    page: Any = openpyxl.load_workbook(io.BytesIO(response.content)).active
    return [list(row) for row in page.iter_rows(values_only=True)]


def as_file(rows: list[list[Any]]) -> dict[str, Any]:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    written = io.BytesIO()
    book.save(written)
    return {"sheet": ("rows-to-mend.xlsx", written.getvalue())}


async def test_a_cell_with_control_characters_can_be_mended(site: Site) -> None:
    job = await sent_import(site, csv_bytes(HEADER, ["没有.jpg", "汤\x07圆", "=1", *GOOD[3:]]))
    title = (await downloaded(site, job))[1][2]
    assert title == "汤圆"


async def test_faulty_rows_are_mended_without_sending_the_pictures_again(site: Site) -> None:
    rows = [
        GOOD,
        ["没有.jpg", "=1+1", "x", "", "", "", "2"],
        ["三.jpg", "饺子", "", "", "", "", "1"],
        ["四.jpg", "雪", "", "", "", "", ""],
    ]
    content = zipped(
        ("表.csv", csv_bytes(["某小学作品表"], HEADER, *rows)), *pictures("一", "二", "三", "四")
    )
    job = await sent_import(site, content)
    assert (job.report["good"], job.report["bad_rows"]) == (2, [4, 5])
    page = await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")
    assert f"/desk/sheets/{job.id}/rows" in page.text
    header, second, third = await downloaded(site, job)
    assert header[0] == "Row of the first sheet (please keep)"
    assert (second[0], second[1], second[2]) == ("4", "没有.jpg", "=1+1")
    assert "There is no file of this name in the ZIP." in second[-1]
    assert "This is a formula." in second[-1]
    assert third[-1] == "Inventory number: Row 3 has this number already. Each work needs its own."
    second[1], second[2], third[7] = "二.jpg", "汤圆二", "3"
    assert (await post(site, job, "sheet", files=as_file([header, second, third]))).status_code == 303
    assert (job.report["good"], job.report["bad_rows"], job.rows_token) == (4, [], "")
    assert job.report["unused"] == 0
    kept = {key async for key in site.storage.private.keys("imports")}
    assert kept == {bundle_key(token) for token in job.tokens}
    await post(site, job, "confirmation")
    works = await Artwork.all().order_by("id")
    assert [work.own("title") for work in works] == ["汤圆", "汤圆二", "饺子", "雪"]
    assert not [key async for key in site.storage.private.keys("imports")]


async def test_a_whole_sheet_is_read_instead_and_mended_again(site: Site) -> None:
    content = zipped(("表.csv", csv_bytes(HEADER, ["x.jpg", *GOOD[1:]])), *pictures("一", "二"))
    job = await sent_import(site, content)
    assert (job.report["good"], job.picture_count) == (0, 0)
    sheet = csv_bytes(HEADER, ["一.jpg", "新", "", "", "", "", ""], ["y.jpg", "二", "", "", "", "", ""])
    await post(site, job, "sheet", files={"sheet": ("新.csv", sheet)})
    assert (job.report["good"], job.report["bad_rows"]) == (1, [3])
    rows = await downloaded(site, job)
    rows[1][1] = "二.jpg"
    await post(site, job, "sheet", files=as_file(rows))
    assert (job.report["good"], len(job.sheets), await Image.all().count()) == (2, 2, 2)


async def test_a_sheet_that_cannot_be_used_is_set_aside(site: Site) -> None:
    job = await sent_import(site, zipped(("表.csv", csv_bytes(HEADER, GOOD)), *pictures("一")))
    await post(site, job, "sheet", files={"sheet": ("x.csv", b"\xff\xfe\x80")})
    assert (job.state, job.report["good"], job.sheets) == (ImportState.CHECKED, 1, [])
    page = (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")).text
    assert "The sheet that you sent last could not be used" in page
    await post(site, job, "common", data={"medium": "蜡笔"})
    page = (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")).text
    assert "could not be used" not in page


@pytest.mark.parametrize("sheets", [[], [("a.csv", b"x"), ("b.csv", b"x")], [("a.csv", "标题\n".encode())]])
async def test_pictures_without_a_sheet_wait_for_one(site: Site, sheets: list[tuple[str, bytes]]) -> None:
    job = await sent_import(site, zipped(*sheets, *pictures("一")))
    assert job.state == ImportState.CHECKED
    page = (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")).text
    assert "The sheet could not be used; its pictures are kept." in page
    await post(site, job, "sheet", files={"sheet": ("x.csv", csv_bytes(HEADER, GOOD))})
    assert (job.report["good"], job.picture_count, job.refusal) == (1, 1, {})


async def test_what_rows_lack_is_said_and_set_for_all(site: Site) -> None:
    ours = site.cast.organisation
    theme, project = await factories.theme(), await factories.project(ours)
    consent = await factories.consent(ours)
    rows = [
        ["一.jpg", "汤圆", "冬至吃。", "一只碗", "", "", ""],
        ["", "饺子", "", "", "蜡笔", "", ""],
        ["二.jpg，三.jpg", "雪", "下雪。", "雪人", "", "", ""],
    ]
    job = await sent_import(site, zipped(("表.csv", csv_bytes(HEADER, *rows)), *pictures("一", "二", "三")))
    for_all = {"artist": 3, "consent": 3, "project": 3, "themes": 3}
    assert job.report["lacking"] == {"medium": 2, **for_all, "picture": 1, "story": 1, "alt_text": 2}
    page = (await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}")).text
    assert "0 of 3 drafts will be ready to be submitted." in page
    values = {
        "medium": "水彩",
        "project": str(project.id),
        "themes": [str(theme.id)],
        "consent": str(consent.id),
    }
    by_link = await ConsentRequest.create(
        artist_id=consent.artist_id,
        consent=consent,
        seed="s",
        code_hash="h",
        asked_at=now(),
        expires_at=now(),
    )
    await post(site, job, "common", data=values)
    assert job.report["lacking"]["consent"] == 2  # the family that agreed by a link saw none of the pictures
    await by_link.delete()
    assert (await post(site, job, "common", data=values)).status_code == 303
    assert job.report["lacking"] == {"picture": 1, "story": 1, "alt_text": 2}
    assert job.report["ready"] == 1
    await post(site, job, "confirmation")
    works = await Artwork.all().order_by("id")
    assert [work.own("medium") for work in works] == ["水彩", "蜡笔", "水彩"]
    # It was said of each work what its submission asks for.
    missing = [await missing_fields(work) for work in works]
    assert [len(each) for each in missing] == [0, 3, 1]
    assert set(missing[1]) == {"picture", "story", "alt_text"}


async def test_what_a_row_says_itself_stays(site: Site) -> None:
    ours = site.cast.organisation
    mine = await Artist.create(organisation=ours, credit_name="派派")
    await factories.project(ours, title=in_zh("画画课"))
    other = await factories.project(ours)
    content = csv_bytes(["标题", "作者", "项目"], ["一", "小蜗牛", "画画课"], ["二", "", "没有的"])
    job = await sent_import(site, content)
    await post(site, job, "common", data={"artist": str(mine.id), "project": str(other.id)})
    await post(site, job, "confirmation")
    first, second = await Artwork.all().order_by("id").prefetch_related("artist", "project")
    assert first.artist is not None
    assert first.project is not None
    assert second.artist is not None
    assert (first.artist.credit_name, first.project.title) == ("小蜗牛", in_zh("画画课"))
    assert (second.artist.credit_name, second.project_id) == ("派派", other.id)  # type: ignore[attr-defined]


async def test_strangers_and_bad_input(site: Site) -> None:
    job = await sent_import(site, csv_bytes(HEADER, ["x.jpg", *GOOD[1:]]))
    sheet = {"sheet": ("x.csv", csv_bytes(HEADER, GOOD))}
    for person in (site.cast.stranger, site.cast.curator):
        client = await site.client(person)
        assert (await client.get(f"/desk/sheets/{job.id}/rows")).status_code == 404
        assert (await client.post(f"/desk/sheets/{job.id}/sheet", files=sheet)).status_code == 404
        assert (await client.post(f"/desk/sheets/{job.id}/common", data={"medium": "x"})).status_code == 404
    foreign = await factories.project(site.cast.elsewhere)
    assert (await post(site, job, "common", data={"project": str(foreign.id)})).status_code == 422
    assert (await post(site, job, "common", data={"medium": "x" * 500})).status_code == 422
    assert (await post(site, job, "sheet", files={"sheet": ("", b"")})).status_code == 422
    assert (await post(site, job, "sheet", files={"sheet": ("x.csv", b"")})).status_code == 422
    assert (job.sheets, job.common) == ([], {})
    await Import.filter(id=job.id).update(state=ImportState.DONE, finished_at=now())
    assert (await post(site, job, "sheet", files=sheet)).status_code == 303
    assert job.sheets == []


async def test_rows_to_mend_are_kept_for_a_while(site: Site) -> None:
    rows = [["", "汤圆", "", "", "", "", ""], ["x.jpg", "饺子", "", "", "", "", ""]]
    job = await sent_import(site, csv_bytes(HEADER, *rows))
    await post(site, job, "confirmation")
    key = bundle_key(job.rows_token)
    assert job.files_cleared_at is not None
    assert [each async for each in site.storage.private.keys("imports")] == [key]
    assert await needed_bundle_keys({key, bundle_key(job.token)}) == {key}
    with use_language("en"):
        assert [row[2] for row in await downloaded(site, job)] == ["Title", "饺子"]
    await Import.filter(id=job.id).update(finished_at=now() - timedelta(days=1))
    await site.work()
    assert not [each async for each in site.storage.private.keys("imports")]
    response = await (await site.client(site.cast.partner)).get(f"/desk/sheets/{job.id}/rows")
    assert response.status_code == 404
