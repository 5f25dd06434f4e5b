"""The fonts of titles: which characters they hold, their addresses, and what must not have them."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from bs4 import Tag
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from gallery.app import create_app
from gallery.public.page_fonts import (
    FAMILIES,
    MOST_BYTES,
    SIMPLIFIED,
    faces_of,
    font_files,
    headings_of,
    packed,
    style_of,
    unpacked,
)
from gallery.settings import Settings
from gallery.web.languages import set_site_languages
from gallery.web.rendering import content_security_policy
from gallery.web.static_files import StaticFiles
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_zh
from tests.markup import select, text_in

FACE = re.compile(r'@font-face{font-family:"([^"]+)";src:url\(([^)]+)\)format\("woff2"\)')
TIBETAN, UYGHUR = "བོད་ཀྱི་རི་མོ", "قىش پەسلى"


@pytest.fixture
def other_languages() -> Iterator[None]:
    yield
    set_site_languages(Settings.languages)


async def fonts_of(site: Site, page: str) -> dict[str, list[TTFont]]:
    """The fonts of a page, by family, as a browser gets them."""
    client, fonts = await site.client(), {}
    for family, address in FACE.findall(page):
        answer = await client.get(address)
        assert answer.status_code == 200, address
        assert answer.headers["content-type"] == "font/woff2"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "set-cookie" not in answer.headers
        fonts.setdefault(family, []).append(TTFont(io.BytesIO(answer.content)))
    return fonts


def language_of(tag: Tag) -> str:
    return next(str(each["lang"]) for each in (tag, *tag.parents) if each.has_attr("lang"))


def family_for(language: str) -> str:
    return {"zh-Hans": "Titles SC", "zh-Hant": "Titles TC"}.get(language, "Titles")


def lacking(page: str, fonts: dict[str, list[TTFont]]) -> list[tuple[str, str]]:
    """The characters of the page's headings that their fonts lack, with the language."""
    missing = []
    for heading in select(page, "h1, h2, h3, .serif, .serif-small"):
        for text in heading.find_all(string=True):
            language = language_of(text.parent)
            has = {code for font in fonts.get(family_for(language), []) for code in font.getBestCmap()}
            missing += [
                (character, language)
                for character in text
                if not character.isspace() and ord(character) not in has
            ]
    return missing


async def test_each_page_has_fonts_with_every_character_of_its_titles(
    site: Site, other_languages: None
) -> None:
    languages = ("zh", "zh-Hant", "en")
    settings = replace(site.settings, languages=languages)
    site = Site(create_app(settings), settings, site.cast, site.storage)
    texts = [
        {"title": "《饺子皮》“冬至”—— 2022"},
        {"title": TIBETAN, "language": "bo"},
        {"title": UYGHUR, "language": "ug"},
        {"title": "骨直與麵 · Crêpes “for two”", "language": "zh-Hant"},
    ]
    works = [await accepted(site, **each) for each in texts]
    exhibition = await factories.exhibition(works, title=in_zh("冬至吃汤圆啦"))
    client = await site.client()
    for language in languages:
        for path in (
            "",
            f"exhibitions/{exhibition.slug}",
            f"works/{works[1].public_id}",
            "search?q=饺子",
            "nowhere",
        ):
            answer = await client.get(f"/{language}/{path}")
            fonts = await fonts_of(site, answer.text)
            assert lacking(answer.text, fonts) == [], answer.url
            policy = content_security_policy((select(answer.text, "style")[0].text,))
            assert answer.headers["content-security-policy"] == policy
    page = (await client.get(f"/en/exhibitions/{exhibition.slug}")).text
    assert [family for family, _ in FACE.findall(page)].count("Titles") == 4, (
        "Latin, Tibetan, Uyghur, and Chinese in a story that is said to be Tibetan"
    )
    assert len(select(page, "style")) == 1


async def test_second_titles_and_credit_names_are_set_in_the_serif_of_titles(site: Site) -> None:
    works = [await accepted(site, title="饺子皮", title_translation="Wrappers") for _ in range(2)]
    closing = in_zh("往一起靠一靠。\n\n谢谢大家。")
    exhibition = await factories.exhibition(works, closing=closing)
    client = await site.client()
    page = (await client.get(f"/en/works/{works[0].public_id}")).text
    assert select(page, ".other-title") == select(page, ".other-title.serif-small") != []
    assert select(page, ".label-head .credit") == select(page, ".credit.serif-small") != []
    assert select(page, ".turn b") == select(page, ".turn b.serif-small") != []
    page = (await client.get(f"/zh/exhibitions/{exhibition.slug}")).text
    assert [each.text.strip() for each in select(page, ".closing .serif")] == ["往一起靠一靠。"]
    assert "谢谢大家。" in text_in(page, ".closing")


async def test_an_address_is_right_in_every_process_and_cannot_be_invented(site: Site) -> None:
    await factories.exhibition([await accepted(site)], title=in_zh("冬至"))
    page = await (await site.client()).get("/zh/")
    address = next(address for family, address in FACE.findall(page.text) if family == "Titles SC")
    other = Site(create_app(site.settings), site.settings, site.cast, site.storage)
    client = await other.client()
    answers = await asyncio.gather(*(client.get(address) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    folder, _, name = address.rpartition("/")
    name = name.removesuffix(".woff2")
    for invented in (
        f"{folder}/{name[:-2]}.woff2",
        f"{folder}/{name}AA.woff2",
        f"{folder}/{name[:3]}{'b' if name[3] == 'a' else 'a'}{name[4:]}.woff2",
        f"{folder}/{name[:16]}{packed('饺')}.woff2",
        f"{folder}/.woff2",
        f"{folder}/é.woff2",
        address.replace("noto-serif-sc", "noto-serif-tc"),
        address.replace("noto-serif-sc", "noto-serif"),
        address.replace("noto-serif-sc", "nothing"),
    ):
        assert (await client.get(invented)).status_code == 404, invented
    settings = replace(site.settings, secret_key="b" * 40)
    stranger = Site(create_app(settings), settings, site.cast, site.storage)
    assert (await (await stranger.client()).get(address)).status_code == 404


async def test_pages_that_not_everybody_may_read_have_none(site: Site) -> None:
    await factories.exhibition([await accepted(site)])
    partner = await site.client(site.cast.partner)
    assert "font-face" not in (await partner.get("/desk/works")).text
    assert "font-face" not in (await partner.get("/desk/nowhere")).text
    work = await accepted(site)
    await work.fetch_related("consent")
    slip = await (await site.client()).get(f"/c/{work.consent.code}", follow_redirects=True)
    assert slip.status_code == 200
    assert "font-face" not in slip.text


@given(st.sets(st.characters(exclude_categories=["Cs"])))
def test_an_address_names_its_characters(characters: set[str]) -> None:
    text = packed(characters)
    assert unpacked(text) == characters
    assert re.fullmatch("[A-Za-z0-9_-]*", text)


def test_the_address_of_two_hundred_characters_is_short() -> None:
    assert len(packed(map(chr, range(0x4E00, 0x9F00, 104)))) < 300


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<h1>a<br>b&amp;</h1>c", {(1, "Titles"): "ab&"}),
        (
            '<h2 lang="zh-Hans">雪<span lang="en">x</span>夜</h2>',
            {(2, "Titles SC"): "雪夜", (2, "Titles"): "x"},
        ),
        (
            '<div lang="zh-Hant"><h3>雪<img alt="y">夜</h3></div><h3>z</h3>',
            {(3, "Titles TC"): "雪夜", (3, "Titles"): "z"},
        ),
        ('<p class="big serif">a</p><p class="serifs">b</p><p class="a">c</p>', {(2, "Titles"): "a"}),
        (
            '<p class="other-title serif-small" lang="en">a</p><h2>b</h2>',
            {(4, "Titles"): "a", (2, "Titles"): "b"},
        ),
        ("<h3><q>a</q></h3>", {(3, "Titles"): "a“”‘’「」『』"}),
        ("<section><p>x<p>y</section><h4>h</h4>", {}),
        ("<h1>e\u0301</h1>", {(1, "Titles"): "e\u0301é"}),
        ("</p></h1>x", {}),
    ],
)
def test_headings_are_read_with_their_language(page: str, expected: dict[tuple[int, str], str]) -> None:
    found = {key: "".join(sorted(characters)) for key, characters in headings_of(page).items()}
    assert {key: text for key, text in found.items() if text} == {
        key: "".join(sorted(text)) for key, text in expected.items()
    }


def test_where_the_fonts_would_be_too_heavy_small_headings_do_without() -> None:
    many = "".join(map(chr, range(0x5000, 0x5190)))
    faces, without = faces_of(headings_of(f'<html lang="zh-Hans"><h1>饺子</h1><h2>皮</h2><h3>{many}</h3>'))
    assert without == 3
    assert faces["Titles SC"][SIMPLIFIED] >= set("饺子皮")
    bare = "h3,.serif-small{--title-serif:var(--serif)}"
    assert bare in style_of(faces, without, lambda file, characters: "x")
    names = f'<html lang="zh-Hans"><h1>饺子</h1><h3>皮</h3><p class="serif-small">{many}</p>'
    faces, without = faces_of(headings_of(names))
    assert without == 4, "second titles and names do without before any title does"
    assert faces["Titles SC"][SIMPLIFIED] >= set("饺子皮")
    assert SIMPLIFIED.estimate(many) > MOST_BYTES


@pytest.mark.parametrize("name", sorted(font_files()))
def test_the_estimate_of_a_font_is_near_its_size(name: str) -> None:
    file = font_files()[name]
    for number in (12, 60):
        some = sorted(character for character in file.characters_it_has if character.isalpha())[
            100 : 100 + number
        ]
        assert len(file.cut(some)) <= file.estimate(some) * 1.6 + 6_000


def test_every_family_has_its_name_in_the_style_sheet() -> None:
    sheet = StaticFiles().text("public.css").decode()
    assert all(f'--title-serif: "{family}"' in sheet for family in FAMILIES)


def test_latin_texts_have_quotation_marks_of_a_latin_font() -> None:
    stacks = re.findall(r"--serif: (Georgia[^;]*);", StaticFiles().text("public.css").decode())
    assert stacks
    for stack in stacks:
        latin, _, chinese = stack.partition('"Noto Serif SC"')
        assert chinese
        assert {'"Noto Serif"', '"Liberation Serif"', '"DejaVu Serif"'} <= set(re.split(r",\s*", latin))
