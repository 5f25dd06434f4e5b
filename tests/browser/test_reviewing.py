"""Reviewing in a real browser: twenty works by keyboard alone, and two curators at once."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.async_api import Browser, Page, expect

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork, Status, Submission
from gallery.clock import now
from gallery.reviews.models import Hold, Review, Undo
from tests import factories
from tests.browser.people import another_browser, sign_in
from tests.live import LiveSite, eventually

WORKS = 20


async def waiting(live: LiveSite, number: int) -> list[Artwork]:
    """Works that wait, the longest first."""
    consent = await factories.consent(live.cast.organisation)
    theme = await factories.theme()
    works = []
    for place in range(number):
        work = await factories.artwork(
            live.storage,
            live.cast.organisation,
            status=Status.SUBMITTED,
            consent=consent,
            themes=[theme],
            title=f"作品{place + 1}",
            title_translation=f"Work {place + 1}",
        )
        await Submission.filter(artwork=work).update(at=now() - timedelta(hours=number - place))
        works.append(work)
    return works


async def at(page: Page, work: Artwork) -> None:
    """Wait until the page shows this work and handles keys: keys before the first paint are dropped."""
    await expect(page.locator("h1")).to_have_text(work.own("title"))
    await expect(page.locator("[data-opens=keys]")).to_be_visible()
    await page.evaluate(
        "new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))"
    )


async def test_twenty_reviews_by_keyboard_alone(live: LiveSite, chromium: Browser, engine: str) -> None:
    works = await waiting(live, WORKS)
    address = await live.serve(worker=False)
    desk = await another_browser(chromium)
    try:
        page = await desk.new_page()
        await page.emulate_media(reduced_motion="reduce")  # or Chromium complains of transitions cut short
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on("console", lambda values: broken.append(values.text) if values.type == "error" else None)
        await sign_in(page, address, live.cast.curator)
        await page.goto(f"{address}/desk/queue/{works[0].id}")
        keys = page.keyboard

        # The list of keys, zoom, next and previous: none of these decides anything.
        await at(page, works[0])
        await keys.press("?")
        await expect(page.locator("dialog#keys")).to_be_visible()
        await keys.press("a")
        await keys.press("Escape")
        await keys.press("z")
        await expect(page.locator("a.closer")).to_have_attribute("aria-pressed", "true")
        await keys.press("z")
        await keys.press("j")
        await at(page, works[1])
        await keys.press("ArrowLeft")
        await at(page, works[0])
        assert not await Review.all().exists()

        # The next picture is loaded ahead.
        await works[1].fetch_related("image")
        assert works[1].image is not None
        coming = page.locator(f"body > div[hidden] img[src*='/images/{works[1].image.id}/']")
        await expect(coming).to_have_count(1)

        # Keys do nothing while somebody writes; Ctrl + Enter sends the chosen decision.
        await keys.press("r")
        await expect(page.locator("#how-to-send")).to_contain_text("Ctrl + Enter returns the work")
        await keys.type("add a jar of lead, please")
        await keys.press("Control+Enter")
        await at(page, works[1])
        await keys.press("d")
        await expect(page.locator("#how-to-send")).to_contain_text("Ctrl + Enter declines the work")
        await keys.type("A photograph of a poster")
        await keys.press("Control+Enter")
        await at(page, works[2])

        # A mistaken decision is undone, and the work is shown again.
        await keys.press("a")
        await at(page, works[3])
        await keys.press("u")
        await at(page, works[2])
        await expect(page.locator("main")).to_contain_text("taken back")
        await keys.press("a")
        await at(page, works[3])

        # One is deferred, all others are accepted, and it comes last.
        await keys.press("l")
        for work in (*works[4:], works[3]):
            await at(page, work)
            await keys.press("a")
        await page.wait_for_url(re.compile(r"/desk/queue$"))
        assert broken == []
    finally:
        await desk.close()
    assert await Review.all().count() == WORKS
    assert await Undo.all().count() == 1
    assert (await Review.get(artwork=works[0])).reason == "add a jar of lead, please"
    statuses = [(await Artwork.get(id=work.id)).status for work in works]
    assert statuses == [Status.RETURNED, Status.DECLINED, *[Status.ACCEPTED] * (WORKS - 2)]


async def holds_nothing(work: Artwork, person: Person) -> bool:
    return not await Hold.exists(artwork=work, person=person)


async def test_two_curators_in_two_browsers(live: LiveSite, chromium: Browser) -> None:
    first, second = await waiting(live, 2)
    address = await live.serve(worker=False)
    ours, theirs = await another_browser(chromium), await another_browser(chromium)
    try:
        page, other = await ours.new_page(), await theirs.new_page()
        await sign_in(page, address, live.cast.curator)
        await sign_in(other, address, live.cast.keeper)
        await page.goto(f"{address}/desk/queue/{first.id}")
        await at(page, first)
        await other.goto(f"{address}/desk/queue/{first.id}")
        await expect(other.locator("#holder")).to_contain_text("curator is looking at this work")
        await expect(other.locator("#decision [value=accepted]")).to_have_count(0)
        await other.keyboard.press("a")
        assert not await Review.all().exists()

        # Moving on releases the work; the next curator who opens it may decide.
        await page.keyboard.press("j")
        await at(page, second)
        await eventually(lambda: holds_nothing(first, live.cast.curator))
        await other.reload()
        await at(other, first)
        await other.keyboard.press("a")
        await expect(other.locator(".undo")).to_be_visible()
        assert (await Review.get(artwork=first)).by_id == live.cast.keeper.id
        await page.keyboard.press("a")
        await page.wait_for_url(re.compile(r"/desk/queue$"))
        assert (await Review.get(artwork=second)).by_id == live.cast.curator.id
    finally:
        await ours.close()
        await theirs.close()
