"""Projects: made and changed by their organisation, seen at once by visitors."""

from __future__ import annotations

import pytest

from gallery.db.content_version import current_number
from gallery.organisations.models import Project
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site

FIELDS = {"title[zh]": "画出联系", "summary[zh]": "教孩子画画。", "link": "https://example.org/give"}


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_partner_makes_and_changes_one(site: Site) -> None:
    client = await site.client(site.cast.partner)
    before = await current_number()
    assert (await client.post("/desk/projects", data=FIELDS)).status_code == 303
    project = await Project.get()
    assert (project.title["zh"], project.organisation_id) == ("画出联系", site.cast.organisation.id)
    path = f"/desk/projects/{project.id}/edit"
    assert 'value="画出联系"' in (await client.get(path)).text
    assert (await client.post(path, data={**FIELDS, "title[en]": "Painted ties"})).status_code == 303
    await project.refresh_from_db()
    assert project.title["en"] == "Painted ties"
    assert await current_number() == before + 2
    page = (await client.get("/desk/projects")).text
    assert "Painted ties" in page
    assert "0 works" in page


async def test_a_project_is_made_once(site: Site) -> None:
    client = await site.client(site.cast.partner)
    assert (await client.post("/desk/projects", data=FIELDS)).status_code == 303
    again = await client.post(
        "/desk/projects", data={**FIELDS, "title[zh]": "画出 联系", "summary[zh]": "又一次。"}
    )
    assert again.status_code == 422
    assert "You have a project with this title: https://example.org/give." in again.text
    assert "又一次。" in again.text
    assert await Project.all().count() == 1
    # The same title may be another organisation's.
    await factories.project(site.cast.elsewhere, title=Texts({"zh": "剪纸课"}))
    assert (await client.post("/desk/projects", data={**FIELDS, "title[zh]": "剪纸课"})).status_code == 303


async def test_a_stranger_finds_nothing(site: Site) -> None:
    project = await factories.project(site.cast.organisation)
    client = await site.client(site.cast.stranger)
    path = f"/desk/projects/{project.id}/edit"
    assert (await client.get(path)).status_code == 404
    assert (await client.post(path, data=FIELDS)).status_code == 404
    assert project.title["en"] not in (await client.get("/desk/projects")).text


async def test_a_curator_belongs_to_no_organisation(site: Site) -> None:
    client = await site.client(site.cast.curator)
    assert (await client.get("/desk/projects")).status_code == 404
    assert (await client.post("/desk/projects", data=FIELDS)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"link": "ftp://example.org"}, "begins with https://"),
        ({"link": "javascript:alert(1)"}, "begins with https://"),
        ({"link": ""}, "Please give the web address"),
        ({"title[zh]": " "}, "Please write a title"),
        ({"summary[zh]": "长" * 601}, "please keep it to 600"),
    ],
)
async def test_mistakes_are_named_and_nothing_is_lost(
    site: Site, fields: dict[str, str], sentence: str
) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post(
        "/desk/projects",
        data={**FIELDS, "title[en]": "Kept words", **fields}
        | ({"title[en]": ""} if "title[zh]" in fields else {}),
    )
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await Project.all().count() == 0


WAYS = {
    "link_once": "https://example.org/once",
    "link_monthly": "https://example.org/monthly",
    "link_volunteer": "https://example.org/help",
    "goal": "20000",
    "raised": "12345",
    "raised_on": "2026-01-31",
    "raised_source": "本机构年报",
    "starts_on": "2026-01-01",
    "ends_on": "2099-12-31",
}


async def test_ways_of_support_and_figures_are_shown(site: Site) -> None:
    client = await site.client(site.cast.partner)
    assert (await client.post("/desk/projects", data={**FIELDS, **WAYS})).status_code == 303
    project = await Project.get()
    kept = (await client.get(f"/desk/projects/{project.id}/edit")).text
    assert all(f'value="{value}"' in kept for value in WAYS.values())
    work = await factories.artwork(site.storage, site.cast.organisation, project=project, status="accepted")
    await factories.exhibition([work])
    shown = (await (await site.client()).get(f"/en/projects/{project.slug}")).text
    for word in ("Give once", "Give each month", "Volunteer", "Learn more", "20,000 yuan", "12,345 yuan"):
        assert word in shown
    assert "on 31 January 2026, source: 本机构年报" in shown
    assert "From 1 January 2026 until 31 December 2099" in shown
    zh = (await (await site.client()).get(f"/zh/projects/{project.slug}")).text
    assert "单次捐赠" in zh
    assert "20,000元" in zh


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"goal": "-1"}, "whole number of yuan"),
        ({"goal": "1.5"}, "whole number of yuan"),
        ({"goal": "9" * 30}, "whole number of yuan"),
        ({"raised": "two"}, "whole number of yuan"),
        ({"raised_on": ""}, "needs a date and a source"),
        ({"raised_source": ""}, "needs a date and a source"),
        ({"raised_on": "2098-01-01"}, "still to come"),
        ({"raised_on": "31.1.2026"}, "Please write a date"),
        ({"ends_on": "2025-12-31"}, "end before it begins"),
        ({"link_once": "javascript:alert(1)"}, "begins with https://"),
        ({"link_monthly": "https://user:x@example.org"}, "begins with https://"),
        ({"link_volunteer": "https://" + "x" * 500}, "please keep it to 500"),
    ],
)
async def test_figures_and_links_that_will_not_do(site: Site, fields: dict[str, str], sentence: str) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/projects", data={**FIELDS, **WAYS, **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "<details open>" in answer.text
    assert await Project.all().count() == 0
