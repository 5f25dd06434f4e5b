"""Which column of a sheet is which: guessed, said at the desk, and remembered for the organisation."""

from __future__ import annotations

import pytest

from gallery.artworks.import_models import Import, ImportState, SheetColumn
from gallery.artworks.models import Artwork
from gallery.images.models import Image
from tests.artworks.sheets import csv_bytes, sent_import, zipped
from tests.conftest import Site
from tests.factories import photograph

pytestmark = pytest.mark.engines("sqlite", "postgresql")

GUESSED = ["照片名称", "作品题目", "作品简介（200字以内）", "创作时间", "作者姓名*", "指导老师", "材料"]
WORDS = ["a.jpg", "汤圆", "冬至吃。", "2022年冬", "小蜗牛", "王老师", "蜡笔"]


async def choose(site: Site, job: Import, **columns: str) -> int:
    client = await site.client(site.cast.partner)
    response = await client.post(f"/desk/sheets/{job.id}/columns", data=columns)
    await site.work()
    await job.refresh_from_db()
    return response.status_code


async def test_what_schools_write_is_guessed(site: Site) -> None:
    content = zipped(("表.csv", csv_bytes(GUESSED, WORDS, encoding="gbk")), ("a.jpg", photograph()))
    job = await sent_import(site, content)
    assert [column for _text, column, _example in job.report["headers"]] == [
        *("picture", "title", "story", "date_made", "credit_name", "assistance", "medium"),
    ]
    assert (job.report["good"], job.report["strangers"]) == (1, [])


async def test_a_sheet_without_a_known_title_asks_and_remembers(site: Site) -> None:
    sheet = csv_bytes(["照片", "画的是什么", "谁画的", "班级"], ["a.jpg", "汤圆", "小蜗牛", "二班"])
    job = await sent_import(site, zipped(("表.csv", sheet), ("a.jpg", photograph())))
    assert (job.state, job.report["good"], await Image.all().count()) == (ImportState.CHECKED, 0, 0)
    client = await site.client(site.cast.partner)
    page = await client.get(f"/desk/sheets/{job.id}")
    assert "There is no column “Title”." in page.text
    assert "For example: 汤圆" in page.text
    chosen = {"column_0": "picture", "column_1": "title", "column_2": "credit_name", "column_3": ""}
    assert await choose(site, job, **chosen) == 303
    assert (job.report["good"], job.report["artist_names"], job.report["strangers"]) == (
        1,
        ["小蜗牛"],
        ["班级"],
    )
    assert await SheetColumn.all().order_by("id").values_list("header", "column") == [
        ("画的是什么", "title"),
        ("谁画的", "credit_name"),
    ]
    again = await sent_import(site, csv_bytes(["画的是什么", "谁画的 "], ["饺子", "派派"]))
    assert (again.report["good"], again.report["artist_names"]) == (1, ["派派"])
    await client.post(f"/desk/sheets/{again.id}/confirmation")
    await site.work()
    assert [work.own("title") for work in await Artwork.all()] == ["饺子"]


async def test_a_guess_can_be_put_right(site: Site) -> None:
    """A column that is known can be left out, and another one take its place."""
    job = await sent_import(site, csv_bytes(["名称", "说明", "题名"], ["第3号", "x", "汤圆"]))
    assert await choose(site, job, column_0="", column_1="alt_text", column_2="title") == 303
    assert [column for _text, column, _example in job.report["headers"]] == ["", "alt_text", "title"]
    assert job.report["strangers"] == ["名称"]
    assert await choose(site, job, column_0="inventory_number", column_1="", column_2="title[zh]") == 303
    assert [column for _text, column, _example in job.report["headers"]] == [
        "inventory_number",
        "",
        "title[zh]",
    ]


async def test_other_organisations_keep_their_own_choice(site: Site) -> None:
    await SheetColumn.create(organisation=site.cast.elsewhere, header="画的是什么", column="title")
    job = await sent_import(site, csv_bytes(["画的是什么"], ["汤圆"]))
    assert job.report["good"] == 0


async def test_bad_choices(site: Site) -> None:
    job = await sent_import(site, csv_bytes(["标题", "其他"], ["汤圆", "x"]))
    for person in (site.cast.stranger, site.cast.curator):
        client = await site.client(person)
        response = await client.post(
            f"/desk/sheets/{job.id}/columns", data={"column_0": "", "column_1": "title"}
        )
        assert response.status_code == 404
    assert await choose(site, job, column_0="title", column_1="title") == 422
    assert await choose(site, job, column_0="title", column_1="no such column") == 422
    assert (await SheetColumn.all().count(), job.state) == (0, ImportState.CHECKED)
    await Import.filter(id=job.id).update(state=ImportState.DONE)
    assert await choose(site, job, column_0="", column_1="title") == 303
    assert (await SheetColumn.all().count(), job.state) == (0, ImportState.DONE)
