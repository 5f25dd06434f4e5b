"""The settings that a keeper changes, such as name and texts: visitors see them at once, on every process."""

from __future__ import annotations

import asyncio
import re

import pytest

from gallery.app import create_app
from gallery.db.content_version import STALENESS
from gallery.mail.messages import compose
from gallery.mail.models import Mail
from gallery.settings import SITE_NAMES
from gallery.web.models import Site
from gallery.web.site_settings import reload
from tests.conftest import Site as Gallery
from tests.markup import attributes, text_in

pytestmark = pytest.mark.engines("sqlite", "postgresql")

TEXTS = {
    "name[zh]": "冬日画廊",
    "name[en]": "Winter Gallery",
    "home[zh]": "欢迎。",
    "home[en]": "Welcome to **our** winter.\n\nCome **in**.",
    "about[zh]": "",
    "about[en]": "# Who we are\n\nThree friends.<script>alert(1)</script>",
    "footer[zh]": "",
    "footer[en]": "Run by [three friends](https://example.org/friends).",
}


async def seen(site: Gallery, path: str) -> str:
    return (await (await site.client()).get(path)).text


async def test_visitors_see_the_keepers_texts_within_a_second(site: Gallery) -> None:
    assert "In the Light" in await seen(site, "/en/about")
    client = await site.client(site.cast.keeper)
    answer = await client.post("/desk/site/texts", data=TEXTS)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/site")
    await asyncio.sleep(STALENESS)
    home = await seen(site, "/en/")
    assert text_in(home, "h1") == "Welcome to our winter."
    assert "Come <strong>in</strong>." in home
    assert "Winter Gallery" in home
    assert 'href="https://example.org/friends"' in home
    about = await seen(site, "/en/about")
    assert "<h2>Who we are</h2>" in about
    assert "<script>alert" not in about
    assert "How works get here" not in about
    chinese = await seen(site, "/zh/about")
    assert "冬日画廊" in chinese
    assert "同意书凭条" in chinese, "where there is no text, the page that comes with the gallery is shown"
    assert "three friends" not in chinese
    assert "Winter Gallery" in (await client.get("/desk/site")).text


async def test_another_process_reads_them_too(site: Gallery) -> None:
    await (await site.client(site.cast.keeper)).post("/desk/site/texts", data=TEXTS)
    other = create_app(site.settings)  # begins with nothing known, as a new process
    there = Gallery(other, site.settings, site.cast, site.storage)
    assert "Winter Gallery" in await seen(there, "/en/about")
    await there._clients.aclose()


async def test_mails_are_signed_with_the_name(site: Gallery) -> None:
    texts = {**TEXTS, "name[zh]": ""}  # its Chinese name comes from the environment
    await (await site.client(site.cast.keeper)).post("/desk/site/texts", data=texts)
    await reload()  # as the worker does before each mail
    for language, name in (("en", "Winter Gallery"), ("zh", SITE_NAMES["zh"])):
        mail = Mail(
            kind="sign_in_link",
            email="a@example.org",
            language=language,
            path="/desk/",
            secret="x",
            facts={"minutes": 30},
        )
        letter = compose(mail, site.settings)
        assert letter.text.endswith(f"\n\n{name}\n")
        assert f"<p>{name}</p>" in letter.html


async def test_a_preview_keeps_nothing(site: Gallery) -> None:
    client = await site.client(site.cast.keeper)
    page = await client.post("/desk/site/texts", data={**TEXTS, "preview": "1"})
    assert page.status_code == 200
    assert "Preview" in page.text
    assert "Welcome to <strong>our</strong> winter." in page.text
    assert not await Site.all().exists()


async def test_what_is_too_long_comes_back(site: Gallery) -> None:
    client = await site.client(site.cast.keeper)
    answer = await client.post("/desk/site/texts", data={**TEXTS, "name[en]": "x" * 61})
    assert answer.status_code == 422
    assert "61 characters" in answer.text
    assert "Three friends." in answer.text
    assert not await Site.all().exists()


async def test_everything_of_the_site_is_reached_from_one_place_and_what_is_in_force_is_said(
    site: Gallery,
) -> None:
    client = await site.client(site.cast.keeper)
    page = (await client.get("/desk/site")).text
    places = attributes(page, "nav.tabs a", "href")
    assert {"/desk/people", "/desk/organisations", "/desk/worker", "/desk/outbox", "/desk/log"} < set(places)
    for place in places:
        assert (await client.get(place)).status_code == 200
    for words in (
        site.settings.site_url,
        site.settings.time_zone,
        "60\N{NO-BREAK SPACE}MB",
        '<span lang="zh-Hans">中文</span>, <span lang="en">English</span>',
        "are kept in the outbox: no mail server is set",
        f'placeholder="{SITE_NAMES["zh"]}"',
    ):
        assert words in page, words


@pytest.mark.parametrize("path", ["/desk/site", "/desk/people", "/desk/worker"])
async def test_only_keepers_come_here(site: Gallery, path: str) -> None:
    for person in (site.cast.curator, site.cast.partner):
        assert (await (await site.client(person)).get(path)).status_code == 404
    assert (await (await site.client()).get(path)).status_code == 303
    assert (await (await site.client(site.cast.keeper)).get(path)).status_code == 200


async def test_nobody_else_writes_the_texts(site: Gallery) -> None:
    for person in (site.cast.curator, site.cast.partner):
        assert (await (await site.client(person)).post("/desk/site/texts", data=TEXTS)).status_code == 404
    assert not await Site.all().exists()


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("path", ["people", "worker", "outbox", "owner-requests"])
async def test_the_navigation_shows_that_a_page_belongs_to_the_site(site: Gallery, path: str) -> None:
    page = await (await site.client(site.cast.keeper)).get(f"/desk/{path}")
    assert re.findall(r'<a href="([^"]+)"\s+aria-current="true"', page.text) == ["/desk/site"]
