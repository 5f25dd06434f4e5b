"""Page transitions: a picture moves to its place on the page of its work, and a page is prefetched while its
link is hovered.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.stats.models import CountKind, WorkCount
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.browser.conftest import ARGUMENTS, CHROMIUM, PATIENCE, until
from tests.live import LiveSite, eventually

# What the browser animates when a page comes in, as the page itself can tell.
WATCH = """
window.complaints = [];
addEventListener('securitypolicyviolation', event => complaints.push(event.violatedDirective));
addEventListener('pagereveal', event => {
  window.passed = event.viewTransition
    ? event.viewTransition.ready.then(
        () => document.getAnimations().map(each => each.effect.pseudoElement), error => [String(error)])
    : [];
});
addEventListener('pagehide', () => delete window.passed); // a page that is kept would tell of its last passage
"""
GOES_OVER = {"::view-transition-old(work)", "::view-transition-new(work)"}
PEOPLE = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


async def wall(live: LiveSite) -> tuple[list[Artwork], str]:
    """Three works on view, and the path of their exhibition."""
    works = [
        await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED)
        for _ in range(3)
    ]
    return works, f"/zh/exhibitions/{(await factories.exhibition(works)).slug}"


async def visitor(chromium: Browser, motion: str = "no-preference") -> Page:
    """A page that records its transitions, in a browser with the back/forward cache switched on."""
    browser = await chromium.browser_type.launch(
        executable_path=CHROMIUM, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
    )
    context = await browser.new_context(
        viewport={"width": 1280, "height": 900},
        reduced_motion=motion,  # type: ignore[arg-type]
        user_agent=PEOPLE,
    )
    page = await context.new_page()
    await page.add_init_script(WATCH)
    return page


async def passed(page: Page, path: str) -> set[str]:
    await page.wait_for_url(f"**{path}", wait_until="commit")  # a page that was kept is not loaded again
    await until(page, "window.passed !== undefined")
    animated: list[str] = await page.evaluate("window.passed")
    return set(animated)


async def hover_over(page: Page, work: Artwork) -> None:
    """Follow the link to a work, with the transition of its picture."""
    await page.get_by_role("link", name=work.own("title")).click()
    assert await passed(page, f"/zh/works/{work.public_id}") >= GOES_OVER


async def goes_back(page: Page, path: str) -> set[str]:
    """Layout shifts on returning to a page, which may come from the back/forward cache."""
    await page.evaluate("history.back()")
    return await passed(page, path)


async def test_a_picture_goes_over_to_its_work_and_back(live: LiveSite, chromium: Browser) -> None:
    works, exhibition = await wall(live)
    page = await visitor(chromium)
    await page.goto(await live.serve(worker=False) + exhibition)
    await hover_over(page, works[1])
    assert await goes_back(page, exhibition) >= GOES_OVER
    # After the transition no picture keeps the name, because two would have it on the next one.
    await hover_over(page, works[2])
    await page.context.browser.close()  # type: ignore[union-attr]


async def test_nothing_goes_over_for_those_who_asked_for_stillness(live: LiveSite, chromium: Browser) -> None:
    works, exhibition = await wall(live)
    page = await visitor(chromium, "reduce")
    await page.goto(await live.serve(worker=False) + exhibition)
    await page.get_by_role("link", name=works[1].own("title")).click()
    assert await passed(page, f"/zh/works/{works[1].public_id}") == set()
    await page.context.browser.close()  # type: ignore[union-attr]


async def delivery(page: Page) -> str:
    payload: dict[str, Any] = await page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    return str(payload["deliveryType"])


async def seen(work: Artwork) -> int:
    return sum([row.number async for row in WorkCount.filter(artwork=work, kind=CountKind.SEEN)])


async def fetched_ahead(page: Page, title: str) -> None:
    """Hover over the link of a work until the browser has prefetched its page."""
    values = await page.context.new_cdp_session(page)
    has_come = asyncio.Event()
    values.on(
        "Preload.prefetchStatusUpdated", lambda said: has_come.set() if said["status"] == "Ready" else None
    )
    await values.send("Preload.enable")
    await page.get_by_role("link", name=title).hover()
    async with asyncio.timeout(PATIENCE / 1000):
        await has_come.wait()


async def test_a_page_is_fetched_while_its_link_is_pointed_at(live: LiveSite, chromium: Browser) -> None:
    works, exhibition = await wall(live)
    page = await visitor(chromium)
    await page.goto(await live.serve(worker=False) + exhibition)
    assert await page.evaluate("window.complaints") == []
    await fetched_ahead(page, works[1].own("title"))
    assert await seen(works[1]) == 0  # nobody has looked yet
    await page.get_by_role("link", name=works[1].own("title")).click()
    await page.wait_for_url(f"**/works/{works[1].public_id}")
    assert await delivery(page) == "navigational-prefetch"
    await eventually(lambda: seen(works[1]))
    assert await seen(works[1]) == 1
    await page.context.browser.close()  # type: ignore[union-attr]


async def test_what_was_withdrawn_after_it_was_fetched_is_not_shown(
    live: LiveSite, chromium: Browser
) -> None:
    works, exhibition = await wall(live)
    page = await visitor(chromium)
    await page.goto(await live.serve(worker=False) + exhibition)
    await fetched_ahead(page, works[1].own("title"))
    consent = await works[1].consent
    assert isinstance(consent, Consent)
    await withdraw(consent, live.storage)
    await page.get_by_role("link", name=works[1].own("title")).click()
    await page.get_by_role("heading", level=1).filter(has_not_text=works[1].own("title")).wait_for()
    assert works[1].own("title") not in await page.locator("body").inner_text()
    await page.context.browser.close()  # type: ignore[union-attr]


@pytest.mark.parametrize("width", [390, 1280])
async def test_nothing_jumps_while_pictures_come_late(live: LiveSite, chromium: Browser, width: int) -> None:
    works, exhibition = await wall(live)
    address = await live.serve(worker=False)
    context = await chromium.new_context(viewport={"width": width, "height": 800})
    page = await context.new_page()

    async def late(route: Route) -> None:
        await asyncio.sleep(0.5)
        await route.continue_()

    await page.route("**/media/**", late)
    for path in ("/zh/", exhibition, f"/zh/works/{works[1].public_id}", "/zh/themes"):
        await page.goto(address + path, wait_until="load")
        # A page is not drawn while only its beginning has been read.
        foot = await page.get_attribute("[rel=expect]", "href")
        assert foot
        assert await page.locator(foot).count() == 1
        await page.evaluate("scrollTo(0, document.body.scrollHeight)")
        await until(page, "[...document.images].every(each => each.complete && each.naturalWidth)")
        assert await page.evaluate(SHIFTS) == [], path
    await context.close()


SHIFTS = """() => new Promise(told => new PerformanceObserver(list => told(list.getEntries().map(
  each => each.sources.map(source => source.node?.outerHTML?.slice(0, 120)).join())))
  .observe({type: 'layout-shift', buffered: true}) || setTimeout(() => told([]), 400))"""
