"""The public pages in Traditional Chinese, and read from right to left, in a real browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from playwright.async_api import Browser, Page, expect

from gallery.web.languages import babel_locale, read_catalogue
from tests.browser.accessibility import complaints, furnish
from tests.live import LiveSite
from tests.npm import modules_or_skip

PSEUDO = "ar-XB"  # XB is a region for private use
LETTERS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ابثدعفجحيزكلمنوپقرستغڤطخيز")
FIXED = re.compile(r"(%\(\w+\)[a-z]|%%|\{\w*\}|<[^>]*>|&\w+;)")
WIDTHS = (390, 1440)  # CSS px


def pseudo_words(text: str) -> str:
    """A text in letters that are read from right to left, with its placeholders and elements."""
    return "".join(
        part if place % 2 else part.lower().translate(LETTERS) for place, part in enumerate(FIXED.split(text))
    )


def write_pseudo_locale(home: Path) -> None:
    catalogue = Catalog(locale=babel_locale(PSEUDO))
    for message in read_catalogue("en"):
        if message.id and message.pluralizable:
            forms = [pseudo_words(message.id[1])] * catalogue.num_plurals
            catalogue.add(message.id, tuple(forms))
        elif message.id:
            catalogue.add(message.id, pseudo_words(str(message.id)))
    folder = home / "locale" / PSEUDO
    folder.mkdir(parents=True)
    with (folder / "messages.po").open("wb") as file:
        write_po(file, catalogue)


async def sideways(page: Page) -> list[str]:
    """Where the page must be scrolled sideways."""
    found = []
    for width in WIDTHS:
        await page.set_viewport_size({"width": width, "height": 844})
        if (wide := await page.evaluate("document.documentElement.scrollWidth")) > width:
            found.append(f"{wide} px at {width} px")
    return found


@pytest.mark.parametrize("language", ["zh-Hant", PSEUDO])
async def test_public_pages_in_other_languages(live: LiveSite, chromium: Browser, language: str) -> None:
    axe = (modules_or_skip("checks") / "axe-core" / "axe.min.js").read_text()
    write_pseudo_locale(live.settings.home)
    live.settings = replace(live.settings, languages=("zh", "zh-Hant", "en", PSEUDO))
    site = await furnish(live)
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
    page = await context.new_page()
    said: dict[str, list[str]] = {}
    for path in site.public(language):
        await page.set_viewport_size({"width": 1440, "height": 900})
        answer = await page.goto(site.address + path)
        assert answer is not None
        assert answer.status == (404 if path.endswith("nowhere") else 200), path
        assert await page.get_attribute("html", "dir") == ("rtl" if language == PSEUDO else "ltr")
        if found := [*await complaints(page, axe, ("light",)), *await sideways(page)]:
            said[path] = found
    await context.close()
    assert not said, json.dumps(said, ensure_ascii=False, indent=1)


async def test_the_menu_of_languages_works_without_a_script(live: LiveSite, chromium: Browser) -> None:
    write_pseudo_locale(live.settings.home)
    live.settings = replace(live.settings, languages=("zh", "zh-Hant", "en", PSEUDO))
    address = await live.serve(worker=False)
    for width in WIDTHS:
        context = await chromium.new_context(
            java_script_enabled=False, viewport={"width": width, "height": 844}
        )
        page = await context.new_page()
        await page.goto(f"{address}/en/themes")
        await page.locator("details.tongues summary").click()
        await page.get_by_role("link", name="繁體中文").click()
        await page.wait_for_url(f"{address}/zh-Hant/themes")
        await expect(page.locator("h1")).to_have_text("主題")
        await context.close()


async def test_arrow_keys_follow_the_direction_of_the_page(live: LiveSite, chromium: Browser) -> None:
    write_pseudo_locale(live.settings.home)
    live.settings = replace(live.settings, languages=("en", PSEUDO))
    site = await furnish(live)
    for language, forth, back in (("en", "ArrowRight", "ArrowLeft"), (PSEUDO, "ArrowLeft", "ArrowRight")):
        context = await chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page = await context.new_page()
        await page.goto(f"{site.address}/{language}/exhibitions/{site.slug}/walk")
        place = page.locator(".walk-bar .place")
        await expect(place).to_have_text("1 / 4")
        await page.keyboard.press(forth)
        await expect(place).to_have_text("2 / 4")
        await page.keyboard.press(back)
        await expect(place).to_have_text("1 / 4")
        assert await page.get_attribute("button[value=next]", "aria-keyshortcuts") == forth
        await context.close()
