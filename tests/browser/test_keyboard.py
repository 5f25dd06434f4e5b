"""A partner who uses no mouse: signing in, several pictures, their texts, a mistake, and the submission."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from playwright.async_api import BrowserContext, FileChooser, Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeout

from gallery.artworks.models import Artwork, Status
from gallery.web.texts import Texts
from tests import factories
from tests.browser.accessibility import FOCUSED
from tests.cast import PASSWORD
from tests.live import LiveSite

MOST_STOPS = 120
LONG = 120_000  # ms
SAVED = re.compile(r"\d\d:\d\d")


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the focus is there; each stop on the way is visible and within the window."""
    for _ in range(MOST_STOPS):
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        await page.keyboard.press("Tab")
        stop = await page.evaluate(FOCUSED)
        if stop is not None:
            assert stop["outline"], stop
            assert stop["seen"], stop
    raise AssertionError(f"no Tab leads to {selector}")


async def chooser_by_key(page: Page) -> FileChooser:
    """The dialog that Space opens; a busy browser can lose a key, so press it again as people do."""
    for _ in range(10):
        with suppress(PlaywrightTimeout):
            async with page.expect_file_chooser(timeout=6000) as chooser:
                await page.keyboard.press("Space")
            return await chooser.value
    raise AssertionError("Space opens no dialog")


async def test_a_partner_sends_pictures_by_keyboard_alone(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    theme = await factories.theme(title=Texts({"zh": "冬至"}))
    consent = await factories.consent(live.cast.organisation)
    await factories.project(live.cast.organisation)
    drawings = []
    for number in range(2):
        path = tmp_path / f"IMG_{number}.jpg"
        path.write_bytes(factories.photograph(700 + number, 500))
        drawings.append(path)
    page = await browser.new_page()
    await page.goto(f"{address}/desk")
    await tab_to(page, "[name=email]")
    await page.keyboard.type(live.cast.partner.email)
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/desk/works"))

    await tab_to(page, "a[href='/desk/works/many']")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/desk/works/many$"))
    await expect(page.locator(".many-drop .with-script")).to_be_visible()
    await tab_to(page, "#pictures")
    await (await chooser_by_key(page)).set_files(drawings)
    await expect(page.locator(".many-drafts > li")).to_have_count(2, timeout=LONG)

    # What both have in common.
    await page.reload()
    await tab_to(page, ".many-common > summary")
    await page.keyboard.press("Enter")
    for name, letters in (("artist", consent.artist_id), ("consent", consent.id)):
        await tab_to(page, f"#common [name={name}]")
        while await page.evaluate("document.activeElement.value") != str(letters):
            await page.keyboard.press("ArrowDown")
    await tab_to(page, "#common [name=project]")
    await page.keyboard.press("ArrowDown")
    await tab_to(page, "#common [name=medium]")
    await page.keyboard.type("蜡笔")
    await tab_to(page, f"#common [name=themes][value='{theme.id}']")
    await page.keyboard.press("Space")
    await page.focus("#drafts ~ .many-drafts [name=work] >> nth=0")
    for row in range(2):
        await tab_to(page, f".many-draft:nth-child({row + 1}) [name=work]")
        await page.keyboard.press("Space")
    await page.focus("#common button.primary")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice-done")).to_be_visible()

    # The texts of each, saved while they are typed; one lacks its story.
    for row in range(2):
        draft = f".many-draft:nth-child({row + 1})"
        await tab_to(page, f"{draft} > details > summary")
        await page.keyboard.press("Enter")
        await tab_to(page, f"{draft} [name=title]")
        await page.keyboard.type(f"第{row + 1}幅")
        if row == 0:
            await tab_to(page, f"{draft} [name=story]")
            await page.keyboard.type("一碗汤圆。")
        await tab_to(page, f"{draft} [name=alt_text]")
        await page.keyboard.type("一只碗")
        await page.keyboard.press("Tab")
        await expect(page.locator(f"{draft} .typing-state")).to_contain_text(SAVED, timeout=LONG)
    await tab_to(page, "#all")
    await page.keyboard.press("Space")
    await tab_to(page, ".many-chosen button")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice-error")).to_contain_text("第2幅")
    assert await Artwork.filter(status=Status.SUBMITTED).count() == 1

    # The mistake is corrected: the link leads to the field in its row.
    await tab_to(page, ".notice-error a")
    await page.keyboard.press("Enter")
    await expect(page.locator(".many-draft [name=story]")).to_be_focused()
    await page.keyboard.type("一碗饺子。")
    await tab_to(page, ".many-chosen button.primary")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice-error")).to_have_count(0)  # the answer before had the link too
    await expect(page.locator(".many-results a[href$=submitted]")).to_be_visible()
    assert await Artwork.filter(status=Status.SUBMITTED).count() == 2
