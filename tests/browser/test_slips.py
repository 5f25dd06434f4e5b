"""Slips in a real browser: on paper, as a link, and as a picture."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image as Picture
from playwright.async_api import BrowserContext, Page, expect
from pypdfium2 import PdfDocument

from tests import factories
from tests.browser.people import is_within, sign_in
from tests.live import LiveSite

A4, A6 = (595, 842), (298, 420)  # points


async def printed(page: Page) -> tuple[int, tuple[int, int]]:
    """The number of sheets of a page on paper, and the size of the first."""
    with PdfDocument(await page.pdf(prefer_css_page_size=True)) as pdf:
        width, height = pdf[0].get_size()
        return len(pdf), (round(width), round(height))


async def test_slips_on_paper_as_a_link_and_as_a_picture(
    live: LiveSite, browser: BrowserContext, engine: str
) -> None:
    works = [await factories.artwork(live.storage, live.cast.organisation) for _ in range(9)]
    address = await live.serve(worker=False)
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)

    await page.goto(f"{address}/desk/consents")
    await page.locator(".pick-all input").check()
    await page.click("button[value='8']")
    await expect(page.locator(".slip-sheet")).to_have_count(2)
    assert await printed(page) == (2, A4)
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await is_within(page)
    await page.goto(f"{page.url}&number=6")
    assert await printed(page) == (2, A4)
    await page.goto(f"{address}/desk/consents/form")
    assert await printed(page) == (2, A4)  # a sheet for each language

    await page.goto(f"{address}/desk/consents/{works[0].consent_id}/slip")
    assert await printed(page) == (1, A6)
    await browser.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.click("button[value=copy]")
    await expect(page.locator(".share [role=status]")).to_have_text("Copied.")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied == await page.input_value(".share input")
    async with page.expect_download() as download:
        await page.click("button[value=picture]")
    picture = Picture.open(BytesIO(Path(await (await download.value).path()).read_bytes()))
    assert picture.format == "PNG"
    assert picture.width == 1080
    assert picture.height > 1080
    await expect(page.locator(".slip-saved img")).to_be_visible()
