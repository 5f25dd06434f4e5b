"""The fonts of titles in a real browser: it can use them, and nothing moves when they arrive late."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page, Route

from gallery.exhibitions.models import Room
from tests import factories
from tests.browser.conftest import until
from tests.factories import accepted, in_zh
from tests.live import LiveSite

WATCH = """moved = []; new PerformanceObserver(list => moved.push(...list.getEntries()))
    .observe({type: "layout-shift", buffered: true});"""
# Parts of titles in another language that are not set in its family.
UNLIKE = """[...document.querySelectorAll("h1 [lang], h2 [lang], h3 [lang]")]
    .filter(each => getComputedStyle(each).fontFamily.split(",")[0] !=
        (each.lang.startsWith("zh-Hans") ? '"Titles SC"' : each.lang.startsWith("zh") ? '"Titles TC"' : "Titles"))
    .map(each => each.outerHTML + getComputedStyle(each).fontFamily)"""
# Titles, second titles and names that are set in the device's serif instead of the page's.
IN_DEVICE_SERIF = """[...document.querySelectorAll("h1, h2, h3, .serif, .serif-small")]
    .filter(each => /^(Georgia|"?Noto Serif)/.test(getComputedStyle(each).fontFamily)).map(each => each.outerHTML)"""
STATES = "[...document.fonts].filter(face => /Titles/.test(face.family)).map(face => face.status)"


@pytest.mark.parametrize("width", [390, 1440])
async def test_nothing_moves_when_the_fonts_come(live: LiveSite, chromium: Browser, width: int) -> None:
    works = [
        await accepted(
            live, title="饺子皮，和一只会飞的碗", title_translation="Wrappers and a bowl that flies"
        ),
        await accepted(live, title="བོད་ཀྱི་རི་མོ", language="bo"),
    ]
    exhibition = await factories.exhibition(works)
    await Room.all().update(title=in_zh("一号厅"))
    address = await live.serve(worker=False)
    context = await chromium.new_context(viewport={"width": width, "height": 900})
    page = await context.new_page()
    await page.add_init_script(WATCH)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))

    async def late(route: Route) -> None:
        await page.wait_for_selector("#foot")
        await asyncio.sleep(0.3)  # the page is drawn with the fonts of the machine before
        await route.continue_()

    await page.route("**/fonts/**", late)
    for language in ("zh", "en"):
        for path in ("", f"exhibitions/{exhibition.slug}", f"works/{works[0].public_id}"):
            shifts = []
            while len(shifts) < 3 and min(shifts, default=1) > 0.001:
                shifts.append(await layout_shift(page, f"{address}/{language}/{path}"))
            # A very busy machine sometimes draws a page in several steps; the fonts would move it each time.
            assert min(shifts) < 0.001, (page.url, shifts)
            assert await page.evaluate(UNLIKE) == []
            assert await page.evaluate(IN_DEVICE_SERIF) == []
    assert [text for text in wrong if "font" in text] == []
    await context.close()


async def layout_shift(page: Page, address: str) -> float:
    """How much of the page has moved until its fonts were there."""
    await page.goto(address)
    await until(page, f"({STATES}).length > 0 && ({STATES}).every(state => state == 'loaded')")
    await page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done, 100)))")
    return float(await page.evaluate("moved.reduce((sum, each) => sum + each.value, 0)"))
