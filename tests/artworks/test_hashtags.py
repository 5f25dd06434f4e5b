"""Hashtags: their syntax, and the themes they propose, without tagging anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.hashtags import MAX_TAG_LENGTH, hashtags
from gallery.artworks.models import Artwork
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("他看了#世界杯#，很高兴", ["世界杯"]),
        ("＃冬至＃吃汤圆 #WorldCup!", ["冬至", "WorldCup"]),
        ("#World Cup# and #WorldCup, #World Cup#", ["World Cup", "WorldCup"]),
        ("# A heading\n\n## Another", []),
        ("https://example.org/page#part and &#39; and #1", []),
        ("#一##二#", ["一", "二"]),
        ("a#b c#", []),
        ("", []),
    ],
)
def test_what_is_a_hashtag(text: str, tags: list[str]) -> None:
    assert hashtags(text) == tags


@given(st.text(alphabet="ab1 #＃世\n/&", max_size=60))
def test_every_tag_stands_in_the_text_between_hashes(text: str) -> None:
    found = hashtags(text)
    assert len(set(found)) == len(found)
    for tag in found:
        assert 0 < len(tag) <= MAX_TAG_LENGTH
        assert f"#{tag}" in text.replace("＃", "#")
        assert "\n" not in tag


@given(st.text(alphabet="世界杯WorldCup", min_size=1, max_size=20), st.text(alphabet="，。 \n", max_size=5))
def test_a_tag_is_found_whatever_stands_around_it(tag: str, around: str) -> None:
    assert hashtags(f"{around}#{tag}#{around}") == [tag]


async def test_the_form_proposes_and_tags_nothing(site: Site) -> None:
    cup = await factories.theme(title=Texts({"zh": "世界杯 2026", "en": "World Cup 2026"}))
    await factories.theme(title=Texts({"zh": "端午"}))
    work = await factories.artwork(
        site.storage, site.cast.organisation, story="他看了 #世界杯#", themes=[await factories.theme()]
    )
    client = await site.client(site.cast.partner)
    page = (await client.get(f"/desk/works/{work.id}/edit")).text
    passage = page.partition('class="proposed"')[2].partition("</p>")[0]
    assert "World Cup 2026" in passage
    assert "端午" not in passage
    number = passage.partition('for="themes-')[2].partition('"')[0]
    assert f'id="themes-{number}" name="themes" type="checkbox" value="{cup.id}"' in page
    fetched = await Artwork.get(id=work.id).prefetch_related("themes")
    assert cup.id not in [theme.id for theme in fetched.themes]
    # A chosen theme is no longer proposed.
    await work.themes.add(cup)
    assert 'class="proposed"' not in (await client.get(f"/desk/works/{work.id}/edit")).text


async def test_curators_read_the_hashtags_of_a_story_and_which_name_no_theme_of_the_work(site: Site) -> None:
    theme = await factories.theme(title=Texts({"zh": "冬至"}))
    work = await factories.artwork(
        site.storage, site.cast.organisation, status="submitted", themes=[theme], story="#冬至# 和 #世界杯#"
    )
    page = (await (await site.client(site.cast.curator)).get(f"/desk/queue/{work.id}")).text
    assert "#冬至# · #世界杯# (not among its themes)" in " ".join(page.split())
    plain = await factories.artwork(
        site.storage, site.cast.organisation, status="submitted", story="没有标签"
    )
    assert (
        "Hashtags" not in (await (await site.client(site.cast.curator)).get(f"/desk/queue/{plain.id}")).text
    )
