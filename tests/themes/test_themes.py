"""Themes at the curator's desk."""

from __future__ import annotations

from datetime import date

import pytest

from gallery.db.content_version import current_number
from gallery.themes.accents import DAY_BACKGROUNDS, is_readable
from gallery.themes.models import Theme
from tests import factories
from tests.conftest import Site
from tests.themes.themes import WINTER


async def test_a_curator_makes_a_theme(site: Site) -> None:
    client = await site.client(site.cast.curator)
    before = await current_number()
    answer = await client.post("/desk/themes", data=WINTER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/themes")
    theme = await Theme.get(slug="winter-solstice-2026")
    assert theme.title["zh"] == "冬至"
    assert theme.occurs_on == date(2026, 12, 22)
    assert theme.accent == "#a8322a"
    assert await current_number() == before + 1
    assert "Winter solstice" in (await client.get("/desk/themes")).text


async def test_a_curator_changes_a_theme(site: Site) -> None:
    theme = await factories.theme(slug="winter-solstice-2026")
    client = await site.client(site.cast.curator)
    before = await current_number()
    page = await client.get(f"/desk/themes/{theme.id}/edit")
    assert page.status_code == 200
    assert theme.title["zh"] in page.text
    answer = await client.post(f"/desk/themes/{theme.id}/edit", data={**WINTER, "title[en]": "Dongzhi"})
    assert answer.status_code == 303
    assert (await Theme.get(id=theme.id)).title["en"] == "Dongzhi"
    assert await current_number() == before + 1


@pytest.mark.parametrize("path", ["/desk/themes", "/desk/themes/new"])
async def test_themes_are_kept_by_curators_alone(site: Site, path: str) -> None:
    assert (await (await site.client()).get(path)).status_code == 303
    assert (await (await site.client(site.cast.partner)).get(path)).status_code == 404
    assert (await (await site.client(site.cast.keeper)).get(path)).status_code == 200


async def test_a_member_cannot_make_a_theme(site: Site) -> None:
    answer = await (await site.client(site.cast.partner)).post("/desk/themes", data=WINTER)
    assert answer.status_code == 404
    assert not await Theme.exists(slug=WINTER["slug"])


async def test_a_theme_that_does_not_exist(site: Site) -> None:
    client = await site.client(site.cast.curator)
    assert (await client.get("/desk/themes/999/edit")).status_code == 404
    assert (await client.post("/desk/themes/999/edit", data=WINTER)).status_code == 404


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"title[zh]": "", "title[en]": " "}, "Please write a title, in one language at least."),
        ({"slug": "Winter Solstice"}, "small Latin letters"),
        ({"slug": ""}, "short name for the address"),
        ({"call_closes_on": "2026-10-31"}, "ends before it begins"),
        ({"occurs_on": "2026-02-30"}, "in the calendar"),
        ({"accent": "red"}, "choose a colour"),
        ({"accent": "#e4755f"}, "too light to read on paper"),
        ({"accent_night": "#a8322a"}, "too dark to read at night"),
        ({"title[zh]": "冬" * 81}, "81 characters"),
    ],
)
async def test_what_is_wrong_comes_back_with_a_sentence(
    site: Site, changed: dict[str, str], sentence: str
) -> None:
    client = await site.client(site.cast.curator)
    before = await current_number()
    answer = await client.post("/desk/themes", data={**WINTER, **changed})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert "团圆的日子。" in answer.text
    assert not await Theme.all().exists()
    assert await current_number() == before


async def test_a_refused_accent_names_its_ratio_and_a_tone_that_passes(site: Site) -> None:
    client = await site.client(site.cast.curator)
    answer = await client.post("/desk/themes", data={**WINTER, "accent": "#ffcc00"})
    passage = answer.text.partition("its contrast is ")[2]
    assert float(passage[:4]) < 4.5
    tone = passage.partition("can be read is ")[2][:7]
    assert is_readable(tone, DAY_BACKGROUNDS)
    assert (await client.post("/desk/themes", data={**WINTER, "accent": tone})).status_code == 303


async def test_a_name_in_use_is_refused(site: Site) -> None:
    await factories.theme(slug="winter-solstice-2026")
    client = await site.client(site.cast.curator)
    answer = await client.post("/desk/themes", data=WINTER)
    assert answer.status_code == 422
    assert "already in use" in answer.text
    assert await Theme.all().count() == 1


async def test_a_theme_keeps_its_own_name(site: Site) -> None:
    theme = await factories.theme(slug="winter-solstice-2026")
    client = await site.client(site.cast.curator)
    assert (await client.post(f"/desk/themes/{theme.id}/edit", data=WINTER)).status_code == 303
