"""Searching in a real browser, by keyboard alone and without JavaScript."""

from __future__ import annotations

import asyncio
import re

from playwright.async_api import Browser, expect

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


async def test_suggestions_are_a_list_that_keys_and_screen_readers_know(
    live: LiveSite, chromium: Browser
) -> None:
    works = [
        await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED, title=title)
        for title in ("饺子皮", "饺子", "数灯笼")
    ]
    await factories.exhibition(works)
    address = await live.serve()
    while await SearchEntry.filter(artwork_id__not_isnull=True).count() < len(works):
        await asyncio.sleep(0.1)
    context = await chromium.new_context(viewport={"width": 320, "height": 640}, locale="zh-CN")
    page = await context.new_page()
    await page.goto(f"{address}/zh/search")
    field = page.get_by_role("combobox")
    options = page.get_by_role("option")
    await field.press_sequentially("jiaoz")
    await expect(options).to_have_text(["饺子", "饺子皮"])
    await expect(field).to_have_attribute("aria-expanded", "true")
    await expect(page.locator("form [role=status]")).to_have_text("有 2 条搜索建议，可用方向键选择。")
    assert await page.evaluate("document.documentElement.scrollWidth") == 320
    await page.keyboard.press("ArrowUp")
    await expect(options.last).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowDown")  # back to what was typed
    await expect(field).not_to_have_attribute("aria-activedescendant", re.compile("."))
    await page.keyboard.press("Escape")
    await expect(options.first).to_be_hidden()
    await expect(field).to_have_value("jiaoz")
    await field.press_sequentially("i")
    await expect(options.first).to_be_visible()
    await page.keyboard.press("ArrowDown")
    chosen = await options.first.get_attribute("id")
    await expect(field).to_have_attribute("aria-activedescendant", str(chosen))
    await expect(field).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/zh/search?q=*")
    assert await page.locator("h3 mark").all_inner_texts() == ["饺子", "饺子"]
    await page.get_by_role("combobox").fill("shudeng")
    await options.first.click()
    await page.wait_for_url("**q=%E6%95%B0%E7%81%AF%E7%AC%BC")
    await page.get_by_role("combobox").fill("zebra")
    await page.keyboard.press("Enter")  # the form works as without suggestions
    await page.wait_for_url("**q=zebra")
    await expect(page.locator(".no-hits")).to_be_visible()
    await context.close()
