"""Sheets and ZIP files of works."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import httpx

from gallery.artworks.import_models import Import
from tests.conftest import Site
from tests.factories import photograph


def csv_bytes(*rows: list[str], encoding: str = "utf-8", separator: str = ",") -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=separator).writerows(rows)
    return written.getvalue().encode(encoding)


def zipped(*entries: tuple[Any, bytes], **options: Any) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for entry, content in entries:
            archive.writestr(entry, content)
    return written.getvalue()


HEADER = ["图片", "标题", "故事", "作者", "同意书", "主题", "项目", "年份"]


async def send(site: Site, content: bytes, **fields: Any) -> httpx.Response:
    client = await site.client(site.cast.partner)
    return await client.post(
        "/desk/sheets", data={"language": "zh", **fields}, files={"sheet": ("作品.zip", content)}
    )


async def sent_import(site: Site, content: bytes, **fields: Any) -> Import:
    """An import that the worker looked through."""
    response = await send(site, content, **fields)
    assert response.status_code == 303, response.text
    await site.work()
    return await Import.get(id=int(response.headers["location"].rpartition("/")[2]))


def two_works() -> bytes:
    rows = [
        ["一.jpg", "饺子皮", "他看了世界杯。", "派派", "", "", "", "2022"],
        ["图/二.png", "汤圆", "冬至吃汤圆。", "小蜗牛", "", "", "", ""],
    ]
    return zipped(
        ("works.csv", csv_bytes(HEADER, *rows, encoding="gb18030")),
        ("一.jpg", photograph()),
        ("图/二.png", photograph(1200, 900, "PNG")),
    )
