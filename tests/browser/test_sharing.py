"""Sharing a page, and walking through an exhibition, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, expect

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.db.content_version import bump
from gallery.exhibitions.models import Hanging, Room
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.browser.conftest import PATIENCE
from tests.live import LiveSite

# What a browser shows here does not depend on the database.


async def hung(live: LiveSite, number: int = 3) -> tuple[list[Artwork], str]:
    """Works on view, and the path of their exhibition."""
    works = [
        await factories.artwork(
            live.storage,
            live.cast.organisation,
            consent=await factories.consent(live.cast.organisation, for_sharing=True),
            status=Status.ACCEPTED,
            title=f"第{place}幅",
        )
        for place in range(1, number + 1)
    ]
    return works, f"/zh/exhibitions/{(await factories.exhibition(works)).slug}"


@asynccontextmanager
async def opened(chromium: Browser, address: str, **values: Any) -> AsyncIterator[Page]:
    options = {"viewport": {"width": 1000, "height": 700}, "reduced_motion": "no-preference", **values}
    context = await chromium.new_context(**options)
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(address)
    yield page
    assert complaints == []
    await context.close()


async def test_an_address_is_copied_and_a_poster_offered(live: LiveSite, chromium: Browser) -> None:
    works, exhibition = await hung(live, 1)
    address = await live.serve()
    for path in (f"/zh/works/{works[0].public_id}", exhibition):
        async with opened(
            chromium, address + path, permissions=["clipboard-read", "clipboard-write"]
        ) as page:
            await expect(page.locator(".share .ways").first).to_be_hidden()
            await page.locator(".share summary").first.press("Enter")
            await expect(page.locator(".share input").first).to_have_value(address + path)
            await page.get_by_role("button", name="复制").first.click()
            await expect(page.get_by_text("已复制。").first).to_be_visible()
            assert await page.evaluate("navigator.clipboard.readText()") == address + path
            poster = await page.locator("a.poster").first.get_attribute("href")
            assert poster
            assert (await page.request.get(address + poster)).status == 200
            await page.keyboard.press("Escape")
            await expect(page.locator(".share .ways").first).to_be_hidden()


async def test_without_scripts_the_links_are_there_and_a_walk_is_a_list(
    live: LiveSite, chromium: Browser
) -> None:
    _, exhibition = await hung(live)
    address = await live.serve()
    async with opened(chromium, address + exhibition, java_script_enabled=False) as page:
        await page.locator(".share summary").first.click()
        await expect(page.locator(".share a", has_text="微博").first).to_be_visible()
        await expect(page.get_by_role("button", name="复制")).to_have_count(0)
        await page.get_by_role("link", name="逐幅观看").click()
        await expect(page.locator(".slide:visible")).to_have_count(3)
        await expect(page.locator(".walk-bar")).to_be_hidden()


async def test_a_walk_by_keys_buttons_and_swipe(live: LiveSite, chromium: Browser) -> None:
    _, exhibition = await hung(live)
    address = await live.serve()
    async with opened(chromium, f"{address}{exhibition}/walk") as page:
        title = page.locator(".slide:visible h2")
        await expect(title).to_have_text("第1幅")
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        told, alt = page.locator(".told"), page.locator(".slide:visible img")
        await page.keyboard.press("End")
        await expect(title).to_have_text("第3幅")
        await expect(told).to_have_text(f"第 3 件，共 3 件 第3幅 {await alt.get_attribute('alt')} ")
        assert await told.get_attribute("aria-live") == "polite"
        await page.keyboard.press("Home")
        await expect(told).to_contain_text("第1幅")
        await page.keyboard.press("ArrowRight")
        await expect(title).to_have_text("第2幅")
        await page.get_by_role("button", name="下一件").click()
        await expect(title).to_have_text("第3幅")
        await expect(page.locator(".place")).to_have_text("3 / 3")
        await page.keyboard.press("ArrowRight")
        await expect(title).to_have_text("第1幅")
        await page.keyboard.press("ArrowLeft")
        await expect(title).to_have_text("第3幅")
        await page.mouse.move(300, 300)
        await page.mouse.down()
        await page.mouse.move(500, 310, steps=4)
        await page.mouse.up()
        await expect(title).to_have_text("第2幅")
        await page.keyboard.press("Escape")
        await page.wait_for_url(f"{address}{exhibition}")


async def test_a_walk_plays_when_told_and_stops_when_told(live: LiveSite, chromium: Browser) -> None:
    _, exhibition = await hung(live)
    address = await live.serve()
    async with opened(chromium, f"{address}{exhibition}/walk?pace=1") as page:
        title = page.locator(".slide:visible h2")
        await expect(title).to_have_text("第1幅")
        await page.get_by_role("button", name="播放").click()
        await expect(title).to_have_text("第2幅")
        await page.get_by_role("button", name="暂停").click()
        standing = await title.inner_text()
        await page.wait_for_timeout(2500)
        assert await title.inner_text() == standing


async def test_nothing_moves_by_itself_for_those_who_asked_for_that(
    live: LiveSite, chromium: Browser
) -> None:
    _, exhibition = await hung(live)
    address = await live.serve()
    async with opened(
        chromium, f"{address}{exhibition}/walk?kiosk=1&pace=1", reduced_motion="reduce"
    ) as page:
        title = page.locator(".slide:visible h2")
        await expect(title).to_have_text("第1幅")
        await page.wait_for_timeout(2500)
        await expect(title).to_have_text("第1幅")
        await page.keyboard.press("ArrowRight")
        await expect(title).to_have_text("第2幅")


async def test_a_screen_in_a_hall_with_nothing_on_the_walls_waits(live: LiveSite, chromium: Browser) -> None:
    """It raises no error, shows a notice, and starts once the room has a work."""
    exhibition = await factories.exhibition([])
    address = await live.serve(worker=False)
    page = await chromium.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{address}/zh/exhibitions/{exhibition.slug}/walk?kiosk=1&pace=1&idle=1&refresh=1")
    await expect(page.locator(".walk > .empty")).to_be_visible()
    for key in ("ArrowRight", "ArrowLeft", " "):
        await page.keyboard.press(key)
    work = await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED)
    room = await Room.filter(edition__exhibition=exhibition, edition__is_current=True).get()
    await Hanging.create(room=room, artwork=work, position=1)
    await bump()
    await expect(page.get_by_role("heading", name=work.own("title"))).to_be_visible()
    await expect(page.locator(".walk > .empty")).to_be_hidden()
    assert errors == []
    await page.close()


async def test_the_buttons_of_a_screen_in_a_hall_fade_and_come_back(
    live: LiveSite, chromium: Browser
) -> None:
    _, exhibition = await hung(live)
    address = await live.serve()
    # Three seconds: the assertions below look once a second.
    async with opened(chromium, f"{address}{exhibition}/walk?kiosk=1&pace=60&rest=3") as page:
        await expect(page.locator(".hall svg")).to_be_visible()
        bar = page.locator(".walk-bar")
        await expect(bar).to_have_css("opacity", "0")
        for stir in (lambda: page.mouse.move(40, 60), lambda: page.keyboard.press("Shift")):
            await stir()
            await expect(bar).to_have_css("opacity", "0.55")
            await expect(bar).to_have_css("opacity", "0")
        await page.get_by_role("button", name="下一").focus()
        await expect(bar).to_have_css("opacity", "1")
        await page.wait_for_timeout(4500)
        await expect(bar).to_have_css("opacity", "1")  # as long as a button has the focus


async def test_a_screen_in_a_hall_runs_outlasts_the_network_and_forgets_what_was_withdrawn(
    live: LiveSite, chromium: Browser
) -> None:
    works, exhibition = await hung(live)
    address = await live.serve()
    query = "?kiosk=1&pace=1&idle=2&refresh=1"
    async with opened(chromium, f"{address}{exhibition}/walk{query}") as page:
        title = page.locator(".slide:visible h2")
        for seen in ("第2幅", "第3幅", "第1幅"):  # by itself, and from the last to the first
            await expect(title).to_have_text(seen)
        await expect(page.get_by_role("button", name="离开")).to_be_hidden()
        await page.keyboard.press("ArrowRight")  # somebody pauses it, and leaves
        await expect(page.get_by_role("button", name="播放")).to_be_visible()
        await expect(page.get_by_role("button", name="暂停")).to_be_visible()
        await page.context.set_offline(True)
        for seen in ("第1幅", "第2幅", "第3幅"):
            await expect(title).to_have_text(seen)
        await withdraw(await Consent.get(id=works[1].consent_id), live.storage)
        await page.context.set_offline(False)
        await expect(page.locator(".slide")).to_have_count(2)
        for seen in ("第1幅", "第3幅", "第1幅"):
            await expect(title).to_have_text(seen)
        for work in (works[0], works[2]):
            await withdraw(await Consent.get(id=work.consent_id), live.storage)
        await expect(page.locator(".slide")).to_have_count(0)
