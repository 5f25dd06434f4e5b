"""Works in Uyghur, Tibetan and Mongolian beside Chinese: on one wall, on their own pages, on a phone and a wide screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from gallery.artworks.models import Artwork, Status
from gallery.web.texts import Texts
from tests import factories
from tests.browser.accessibility import complaints
from tests.browser.people import is_within
from tests.live import LiveSite
from tests.npm import modules_or_skip

WORKS: list[dict[str, Any]] = [
    {
        "language": "ug",
        "title": Texts({"ug": "قۇياش", "zh": "太阳"}),
        "story": Texts({"ug": "قۇياش چىقتى. ئىككى كۈن قار ياغدى.", "zh": "太阳出来了。"}),
    },
    {
        "language": "bo",
        "title": Texts({"bo": "ཉི་མ་ཤར་སོང་།"}),
        "story": Texts({"bo": "མཚན་མོ་རིང་པོ་ཡིན། ཡིན་ནའང་ཉི་མ་ཤར་སོང་།", "zh": "夜很长。"}),
    },
    {
        "language": "mn-Mong",
        "title": Texts({"mn-Mong": "ᠨᠠᠷᠠ"}),
        "story": Texts({"mn-Mong": "ᠨᠠᠷᠠ ᠮᠣᠩᠭᠣᠯ " * 12, "zh": "太阳。"}),
    },
    {"title": Texts({"zh": "太阳照着雪"}), "story": Texts({"zh": "雪化了。"})},
]
STYLE = """selector => {
  const style = getComputedStyle(document.querySelector(selector));
  return [style.direction, style.writingMode, style.letterSpacing, style.textAlign];
}"""


VERTICAL = ["ltr", "vertical-lr", "normal", "start"]
RIGHT_TO_LEFT = ["rtl", "horizontal-tb", "normal", "left"]  # where the other lines begin


async def hung(live: LiveSite) -> list[Artwork]:
    works = [
        await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED, **texts)
        for texts in WORKS
    ]
    await factories.exhibition(works, slug="suns")
    return works


async def style_of(page: Page, selector: str) -> list[str]:
    """Direction of words, of lines, tracking, alignment."""
    found: list[str] = await page.evaluate(STYLE, selector)
    return found


@pytest.mark.parametrize("width", [390, 1440])
async def test_each_script_is_set_in_its_own_direction(
    width: int, live: LiveSite, chromium: Browser, tmp_path: Path
) -> None:
    axe = (modules_or_skip("checks") / "axe-core" / "axe.min.js").read_text()
    uyghur, tibetan, mongolian, chinese = works = await hung(live)
    address = await live.serve(worker=False)
    context = await chromium.new_context(
        viewport={"width": width, "height": 844}, locale="zh-CN", reduced_motion="reduce"
    )
    page = await context.new_page()
    for path in ("exhibitions/suns", *(f"works/{work.public_id}" for work in works)):
        await page.set_viewport_size({"width": width, "height": 844})
        await page.goto(f"{address}/zh/{path}")
        await page.screenshot(path=tmp_path / f"{path.replace('/', '-')}.png", full_page=True)
        assert await is_within(page), path
        if path == "exhibitions/suns":
            languages = "titles => titles.map(title => title.lang)"
            assert await page.locator("ul.wall h3").evaluate_all(languages) == ["bo", "mn-Mong", ""]
            assert await style_of(page, "h3[lang=mn-Mong]") == VERTICAL
        elif path.endswith(uyghur.public_id):
            assert await page.locator("h1").inner_text() == "太阳"
            assert await style_of(page, ".other-title[lang=ug]") == RIGHT_TO_LEFT
            assert await style_of(page, ".own-words .prose") == ["rtl", "horizontal-tb", "normal", "start"]
        elif path.endswith(tibetan.public_id):
            assert (await style_of(page, "h1[lang=bo]"))[:3] == ["ltr", "horizontal-tb", "normal"]
        elif path.endswith(mongolian.public_id):
            assert await style_of(page, "h1[lang=mn-Mong]") == VERTICAL
            assert await style_of(page, ".own-words .prose") == VERTICAL
        if not path.endswith((chinese.public_id, "suns")):
            summary = page.locator("details.own-words summary")
            assert "创作者自己的话" in await summary.inner_text()
            words = page.locator(".own-words .prose")
            if width == 390:  # folded, under the story in the visitor's language
                assert not await words.is_visible()
                await summary.click()
            assert await words.is_visible()
            story = await page.locator(".story > .prose").first.bounding_box()
            own = await words.bounding_box()
            assert story is not None
            assert own is not None
            assert own["y"] >= story["y"] + story["height"]
            assert await is_within(page), path
        assert await complaints(page, axe) == [], path
    await context.close()


async def test_a_title_that_is_read_right_to_left_is_marked_on_a_wall(
    live: LiveSite, chromium: Browser
) -> None:
    """Where the visitor's language is missing, the artist's own words stand on the wall."""
    work = await factories.artwork(
        live.storage,
        live.cast.organisation,
        status=Status.ACCEPTED,
        language="ug",
        title=Texts({"ug": "قۇياش"}),
    )
    await factories.exhibition([work], slug="sun")
    address = await live.serve(worker=False)
    context = await chromium.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"{address}/en/works/{work.public_id}")
    assert await style_of(page, "h1[lang=ug]") == RIGHT_TO_LEFT
    assert await is_within(page)
    await page.goto(f"{address}/en/exhibitions/sun")
    assert await style_of(page, ".cover-title[lang=ug]") == RIGHT_TO_LEFT
    assert await is_within(page)
    await context.close()
