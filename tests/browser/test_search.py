"""Searching in a real browser, by keyboard alone and without JavaScript."""

from __future__ import annotations

import asyncio

from playwright.async_api import Browser

from gallery.artworks.models import Status
from gallery.search.models import SearchEntry
from gallery.web.texts import Texts
from tests import factories
from tests.live import LiveSite


async def test_a_visitor_searches_by_keyboard_and_comes_to_a_work(live: LiveSite, chromium: Browser) -> None:
    theme = await factories.theme(title=Texts({"zh": "冬至", "en": "Winter Solstice"}))
    works = [
        await factories.artwork(
            live.storage,
            live.cast.organisation,
            status=Status.ACCEPTED,
            themes=[theme],
            title=title,
            date_made=str(year),
        )
        for title, year in (("数灯笼", 2021), ("灯笼会", 2022), ("饺子皮", 2022))
    ]
    await factories.exhibition(works)
    address = await live.serve()
    while await SearchEntry.filter(artwork_id__not_isnull=True).count() < len(works):
        await asyncio.sleep(0.1)

    context = await chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", java_script_enabled=False
    )
    page = await context.new_page()
    await page.goto(f"{address}/zh/")
    await page.keyboard.press("Tab")  # to the skip link
    link = page.get_by_role("link", name="搜索")
    await link.focus()
    await page.keyboard.press("Enter")
    field = page.get_by_role("searchbox")
    await field.focus()
    await page.keyboard.type("灯笼")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/zh/search?q=*")
    assert await page.get_by_role("status").inner_text() == "找到 2 项"
    assert await page.locator("h3 mark").all_inner_texts() == ["灯笼", "灯笼"]

    summary = page.locator("summary")
    await summary.focus()
    await page.keyboard.press("Enter")
    year = page.get_by_role("link", name="2021")
    await year.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**&year=2021")
    answers = page.locator(".found .index h3 a")
    assert await answers.all_inner_texts() == ["数灯笼"]
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await answers.first.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/zh/works/{works[0].public_id}")
    await context.close()
