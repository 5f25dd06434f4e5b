"""Sentences with a limit take it from the settings: with unusual settings no page shows the default limits."""

from __future__ import annotations

from pathlib import Path

import pytest

from gallery.settings import Settings
from gallery.web.languages import file_size, use_language
from tests import factories
from tests.conftest import Site, settings_for
from tests.web.routes import broken_by, path_of, routes_of, stage, whom_it_answers

PICTURE, SHEET = "123\N{NO-BREAK SPACE}kB", "45.6\N{NO-BREAK SPACE}kB"
USUAL = ("60 MB", "60\N{NO-BREAK SPACE}MB", "2 GB", "2\N{NO-BREAK SPACE}GB", "600 times")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(
        tmp_path, database_url, upload_max_bytes=123_000, import_max_bytes=45_600, api_requests_per_minute=7
    )


@pytest.mark.parametrize(
    ("size", "text"),
    [(60_000_000, "60 MB"), (2_000_000_000, "2 GB"), (1_590_000, "1.5 MB"), (400_000, "400 kB"), (7, "7 B")],
)
def test_a_size_is_told_in_its_unit(size: int, text: str) -> None:
    for language in ("zh", "en"):
        with use_language(language):
            assert file_size(size) == text.replace(" ", "\N{NO-BREAK SPACE}")


async def test_forms_name_the_limits_that_are_set(site: Site) -> None:
    client = await site.client(site.cast.partner)
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    for path in ("/desk/works/new", "/desk/works/many", f"/desk/works/{work.id}/proposal"):
        assert PICTURE in (await client.get(path)).text, path
    guide = (await client.get("/en/api")).text
    assert PICTURE in guide
    assert "7 times a minute" in guide


async def test_refusals_name_the_limits_that_are_set(site: Site) -> None:
    client = await site.client(site.cast.partner)
    large = ("picture.jpg", b"\xff\xd8\xff" + b"x" * 130_000, "image/jpeg")
    for path, field in (("/desk/works", "picture"), ("/desk/works/many", "pictures")):
        answer = await client.post(path, files={field: large}, data={"title": "A title"})
        assert f"larger than {PICTURE}" in answer.text, path
    headers = await client.post(
        "/desk/uploads", headers={"tus-resumable": "1.0.0", "upload-length": "130000"}
    )
    assert f"larger than {PICTURE}" in headers.text
    sheet = ("works.csv", b"title\n" + b"x\n" * 30_000, "text/csv")
    assert f"larger than {SHEET}" in (await client.post("/desk/sheets", files={"sheet": sheet})).text


async def test_no_page_names_the_usual_limits(site: Site) -> None:
    values = await stage(site)
    named = []
    for route in routes_of(site, "GET"):
        path = path_of(route, values)
        client = await site.client(await whom_it_answers(site, path))
        assert not await broken_by(client, "GET", path)
        answer = await client.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            named += [(route.path, usual) for usual in USUAL if usual in answer.text]
    assert named == []
