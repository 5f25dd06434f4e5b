"""Thirty new children entered from a phone, in Chinese: how many taps it takes, and how many screens of scrolling."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from gallery.accounts.models import Person
from gallery.artists.models import Artist, Consent
from gallery.artworks.models import Artwork, Status
from tests import factories
from tests.browser.conftest import PATIENCE
from tests.browser.people import is_within, sign_in
from tests.live import LiveSite

CHILDREN = 30
SCREEN = 844  # px, the height of the phone's window
MOST_TAPS, MOST_SCREENS = 150, 30
LONG = 4 * PATIENCE  # thirty pictures are opened one after the other

# Counts every pixel by which the page is scrolled, whoever scrolls it.
COUNT_SCROLLING = """
window.scrolled = 0;
let before = 0;
addEventListener("scroll", () => { window.scrolled += Math.abs(scrollY - before); before = scrollY; });
"""


class Hand:
    """Taps on the phone and counts them. Typing is not counted, but the tap into a field is."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0

    async def tap(self, place: Locator) -> None:
        await place.tap()
        self.taps += 1

    async def write(self, field: Locator, text: str) -> None:
        """Tap into a field, unless the page has put the cursor there, and type."""
        if not await field.evaluate("field => field === document.activeElement"):
            await self.tap(field)
        await self.page.keyboard.insert_text(text)

    async def choose(self, field: Locator, value: str) -> None:
        """Open a list and choose from it: two taps."""
        await field.select_option(value)
        self.taps += 2


async def test_thirty_new_children_are_entered_from_a_phone(
    live: LiveSite, chromium: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await Person.filter(id=live.cast.partner.id).update(language="zh")
    project, theme = await factories.project(live.cast.organisation), await factories.theme()
    address = await live.serve(worker=False)
    drawings = []
    for number in range(CHILDREN):
        drawings.append(tmp_path / f"IMG_{number:02}.jpg")
        drawings[-1].write_bytes(factories.photograph(600 + number, 450))
    context = await chromium.new_context(
        viewport={"width": 390, "height": SCREEN}, locale="zh-CN", has_touch=True, is_mobile=True
    )
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    await sign_in(page, address, live.cast.partner)
    await page.add_init_script(COUNT_SCROLLING)
    await page.goto(f"{address}/desk/works/many")
    hand = Hand(page)
    await page.set_input_files("#pictures", drawings)
    hand.taps += 3  # the field, the first and the last picture in the phone's list
    rows = page.locator(".many-draft")
    await expect(rows).to_have_count(CHILDREN, timeout=LONG)
    assert await is_within(page)

    await hand.tap(page.locator("#all"))
    await hand.tap(page.locator(".many-common > summary"))
    common = page.locator("#common")
    await hand.choose(common.locator("[name=project]"), str(project.id))
    await hand.write(common.locator("[name=medium]"), "蜡笔")
    await hand.tap(common.locator(f"[name=themes][value='{theme.id}']"))
    await hand.tap(common.locator("[name=agreed_by][value=parent]"))
    await hand.tap(common.locator("[name=scopes][value=web]"))
    await hand.tap(common.locator("button.primary"))
    await expect(page.locator(".many-results .notice-done")).to_be_visible()

    await hand.tap(rows.first.locator("summary").first)
    for number in range(CHILDREN):
        row = rows.nth(number)
        await hand.write(row.locator("[name=title]"), f"画{number}")
        await hand.write(row.locator("[name=story]"), "我和奶奶在院子里。")
        await hand.write(row.locator("[name=alt_text]"), "一个孩子和一位老人坐在树下。")
        await hand.write(row.locator("[name=credit_name]"), f"小石头{number}")
        await hand.tap(row.locator(".many-next"))
        await expect(row.locator("summary .state-ready")).to_be_visible()
    await hand.tap(page.locator("#all"))
    await hand.tap(page.locator(".many-chosen button.primary"))
    await expect(page.locator(".many-results a[href$=submitted]")).to_be_visible()

    assert await Artwork.filter(status=Status.SUBMITTED).count() == CHILDREN
    assert await Artist.filter(credit_name__startswith="小石头").count() == CHILDREN
    assert await Consent.filter(artist__credit_name__startswith="小石头", for_web=True).count() == CHILDREN
    screens = await page.evaluate("window.scrolled") / SCREEN
    with capsys.disabled():
        print(f"\nthirty new children from a phone: {hand.taps} taps, {screens:.1f} screens of scrolling")
    assert hand.taps <= MOST_TAPS
    assert screens <= MOST_SCREENS
    await context.close()
