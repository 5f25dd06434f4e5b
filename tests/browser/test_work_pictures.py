"""The pictures in the form of a work, on a telephone: sent as soon as they are chosen, while the partner types."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from playwright.async_api import BrowserContext, Page, Route, expect

from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork
from tests import factories
from tests.browser.people import click_through, is_within, sign_in
from tests.live import LiveSite

SENT = "**/desk/uploads/**"  # the pieces of a picture


async def new_form(live: LiveSite, browser: BrowserContext) -> Page:
    address = await live.serve(worker=False)
    page = await browser.new_page()
    await page.set_viewport_size({"width": 390, "height": 844})
    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/works/new")
    await expect(page.locator(".picture-place #picture")).to_be_visible()
    return page


def photograph(folder: Path, name: str, width: int) -> Path:
    path = folder / name
    path.write_bytes(factories.photograph(width, 900))
    return path


async def the_work() -> Artwork:
    work = await Artwork.get().select_related("image")
    await load_further_pictures([work])
    return work


async def test_a_picture_arrives_while_its_words_are_typed(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    page = await new_form(live, browser)
    goes_on = asyncio.Event()

    async def hold(route: Route) -> None:
        await goes_on.wait()
        await route.continue_()

    await page.route(SENT, hold)
    await page.set_input_files("#picture", photograph(tmp_path, "IMG_1.jpg", 1300))
    row = page.locator(".picture-sending li")
    await expect(row).to_contain_text("is being sent")
    await page.fill("#title", "Tangyuan")
    await page.fill("#alt_text", "A bowl with five round dumplings.")
    # The button waits for the picture, so that nothing is lost and nothing is sent twice.
    await page.click("button[value=save]")
    await expect(page.locator(".picture-said")).to_contain_text("still being sent")
    assert await is_within(page)
    goes_on.set()
    await page.wait_for_url(re.compile(r"/desk/works/\d+$"))
    work = await the_work()
    assert work.own("title") == "Tangyuan"
    assert work.own("alt_text") == "A bowl with five round dumplings."
    assert work.image is not None
    assert work.image.width == 1300


async def test_pictures_are_replaced_and_added_without_leaving_the_form(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    page = await new_form(live, browser)
    picture = page.locator(".picture-state img")
    await page.set_input_files("#picture", photograph(tmp_path, "front.jpg", 1300))
    await expect(picture).to_be_visible()
    # The picture is above the words that describe it.
    places = [
        await page.locator(each).bounding_box() for each in (".picture-state img", "#alt_text", "#title")
    ]
    heights = [each["y"] for each in places if each]
    assert heights == sorted(heights)
    await page.fill("#title", "A fan")
    # The first is the largest: in whatever time each takes, they come in the order in which they were chosen.
    files = [photograph(tmp_path, f"{name}.jpg", width) for name, width in (("back", 2401), ("detail", 1302))]
    await page.set_input_files("#further", files)
    further = page.locator(".further-picture")
    await expect(further).to_have_count(2)
    await further.nth(0).locator("textarea").first.fill("The back of the fan.")
    await page.set_input_files("#picture", photograph(tmp_path, "better.jpg", 1400))
    await expect(page.locator(".picture-said")).to_contain_text("better.jpg: has arrived")
    await expect(further).to_have_count(2)
    assert await is_within(page)
    await click_through(page.locator("button[value=save]"))
    work = await the_work()
    assert next(work.all_pictures()).image.width == 1400
    assert [each.image.width for each in work.later_pictures] == [2401, 1302]
    assert [each.alt_text.get(work.language, "") for each in work.later_pictures] == [
        "The back of the fan.",
        "",
    ]


async def test_what_cannot_be_shown_is_refused_and_the_words_stay(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    page = await new_form(live, browser)
    await page.fill("#title", "A letter")
    text = tmp_path / "letter.jpg"
    text.write_text("This is no picture.")
    await page.set_input_files("#picture", text)
    row = page.locator(".picture-sending li")
    await expect(row.get_by_role("button")).to_contain_text("Try again")
    assert "letter.jpg" in await page.locator(".picture-said").inner_text()
    await click_through(page.locator("button[value=save]"))
    work = await the_work()
    assert (work.own("title"), work.image_id) == ("A letter", None)


async def test_without_a_script_the_file_is_sent_with_the_form(
    live: LiveSite, browser: BrowserContext
) -> None:
    page = await new_form(live, browser)
    address = page.url
    plain = await browser.browser.new_context(
        java_script_enabled=False, storage_state=await browser.storage_state()
    )
    page = await plain.new_page()
    await page.goto(address)
    assert await page.locator("#picture").is_visible()
    assert not await page.locator(".take-photograph").is_visible()
    order = await page.locator("form.work-form [name]").evaluate_all("all => all.map(each => each.name)")
    assert order[-3:] == ["picture", "then", "then"]  # the typed fields arrive before the file
    await plain.close()
