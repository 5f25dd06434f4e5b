"""Zooming into a work: by mouse, by touch, by keyboard, with a screen reader, and without scripts."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Response, expect

from gallery.artworks.models import Artwork, Status
from gallery.db.content_version import bump
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import original_key
from tests import factories
from tests.browser.conftest import PATIENCE
from tests.live import LiveSite

# What a browser shows here does not depend on the database.
WIDTH, HEIGHT = 2400, 1800  # px of the picture
TILE = re.compile(
    r"/iiif/[^/]+/(?:full|\d+,\d+,(?P<region>\d+),\d+)/(?:max|(?P<width>\d+),\d+)/0/default\.\w+$"
)


async def large_work(live: LiveSite) -> Artwork:
    """A work on view with a picture that is larger than any screen, to be developed by the site's own worker."""
    picture = factories.photograph(WIDTH, HEIGHT)
    image = await Image.create(
        organisation=live.cast.organisation,
        state=ImageState.RECEIVED,
        source_format="jpeg",
        source_bytes=len(picture),
        width=WIDTH,
        height=HEIGHT,
    )
    await factories.put(live.storage.private, original_key(image.token), picture)
    work = await factories.artwork(
        live.storage, live.cast.organisation, image=image, status=Status.ACCEPTED, title="看球的人"
    )
    await factories.exhibition([work])
    return work


async def served(live: LiveSite, work: Artwork) -> str:
    """The address of the site, once its worker has developed the picture."""
    address = await live.serve()
    async with httpx.AsyncClient() as client:
        while (await client.get(f"{address}/zh/works/{work.public_id}")).status_code != 200:
            assert (await Image.get(id=work.image_id)).state != ImageState.REFUSED
            await asyncio.sleep(0.2)
    return address


@dataclass
class Visit:
    """A page with its requests and its console errors."""

    page: Page
    answers: list[Response] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("response", lambda answer: self.answers.append(answer))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def fetched(self, part: str) -> list[Response]:
        return [answer for answer in self.answers if part in answer.url]

    def finest(self) -> float:
        """Pixels of the picture for one pixel of the finest requested tile; infinite before the first tile."""
        scales = []
        for tile in self.fetched("/iiif/"):
            if found := TILE.search(tile.url):
                region = int(found["region"] or WIDTH)
                scales.append(region / int(found["width"] or region))
        return min(scales, default=math.inf)

    async def open(self) -> None:
        await self.page.click(".look-closer")
        await expect(self.announcement).to_have_text(re.compile("整幅画面|The whole picture"))

    @property
    def announcement(self) -> Any:
        return self.page.locator("dialog [role=status]")

    async def becomes_finer(self, act: Callable[[], Awaitable[object]], times: int = 1) -> None:
        """Do `act`; check that tiles of a finer level are fetched, and that `announcement` is announced."""
        before, words = self.finest(), await self.announcement.text_content()
        for _ in range(times):
            await act()
        await expect(self.announcement).not_to_have_text(words)
        await expect(self.announcement).to_have_text(re.compile(r"^放大 [\d.]+ 倍，(左|右|上|下|中)"))
        await self.page.wait_for_load_state("networkidle")
        assert self.finest() < before
        assert {tile.status for tile in self.fetched("/iiif/")} == {200}


@asynccontextmanager
async def visit(chromium: Browser, **how: Any) -> AsyncIterator[Visit]:
    context = await chromium.new_context(
        **{"viewport": {"width": 800, "height": 600}, "locale": "zh-CN", "reduced_motion": "reduce", **how}
    )
    context.set_default_timeout(PATIENCE)
    try:
        yield Visit(await context.new_page())
    finally:
        await context.close()


async def magnification(visit: Visit) -> float:
    text = await visit.announcement.text_content()
    found = re.search(r"([\d.]+) 倍", text or "")
    return float(found[1]) if found else 1.0


async def focused(page: Page) -> str:
    """The focused element: its class, or its value."""
    return await page.evaluate("document.activeElement.value || document.activeElement.className")


async def test_by_mouse_and_buttons(live: LiveSite, chromium: Browser) -> None:
    work = await large_work(live)
    address = await served(live, work)
    async with visit(chromium) as visitor:
        page = visitor.page
        await page.goto(f"{address}/zh/works/{work.public_id}")
        await page.wait_for_load_state("networkidle")
        assert not visitor.fetched("openseadragon")
        assert not visitor.fetched("/iiif/")

        await visitor.open()
        assert [answer.status for answer in visitor.fetched("openseadragon")] == [200]
        await page.mouse.move(300, 250)
        await visitor.becomes_finer(lambda: page.mouse.wheel(0, -120), times=8)
        by_wheel = await magnification(visitor)
        assert by_wheel > 2

        # It is dragged to the right: more of its left side is visible.
        await page.mouse.move(200, 300)
        await page.mouse.down()
        await page.mouse.move(700, 550, steps=5)
        await page.mouse.up()
        await expect(visitor.announcement).to_have_text(re.compile("左上"))

        await page.click("dialog button[value=whole]")
        await expect(visitor.announcement).to_have_text("整幅画面")
        await expect(page.locator("[value=farther]")).to_have_attribute("aria-disabled", "true")
        for _ in range(2):
            await page.click("dialog button[value=nearer]")
        await expect(visitor.announcement).to_have_text(re.compile("^放大 2.6 倍，中部"))
        await page.click("dialog button[value=farther]")
        await expect(visitor.announcement).to_have_text(re.compile("^放大 1.6 倍，中部"))
        for _ in range(9):
            await page.click("dialog button[value=nearer]")
        await expect(page.locator("[value=nearer]")).to_have_attribute("aria-disabled", "true")
        await page.click("dialog button[value=whole]")
        await expect(visitor.announcement).to_have_text("整幅画面")
        await page.mouse.dblclick(400, 250)
        await expect(visitor.announcement).to_have_text(re.compile("^放大 2 倍"))

        await page.click("dialog button[value=turn]")
        await page.click("dialog button[value=close]")
        await expect(page.locator("dialog")).to_be_hidden()
        assert await focused(page) == "look-closer"

        # A click on the picture opens it again, upright and whole, without fetching the library again.
        await page.click(".hero img")
        await expect(visitor.announcement).to_have_text("整幅画面")
        assert len(visitor.fetched("openseadragon")) == 1
        assert visitor.complaints == []


async def test_by_keys_and_by_ear(live: LiveSite, chromium: Browser) -> None:
    work = await large_work(live)
    address = await served(live, work)
    async with visit(chromium) as visitor:
        page = visitor.page
        await page.goto(f"{address}/zh/works/{work.public_id}")
        # The picture with its alt text comes first, then the way to look closer.
        assert await page.locator(".hero img").get_attribute("alt") == work.own("alt_text")
        link = page.get_by_role("button", name="放大细看")
        await link.focus()
        await page.keyboard.press("Space")
        await expect(visitor.announcement).to_have_text("整幅画面")
        view = page.get_by_role("application", name=work.own("alt_text"))
        await expect(view).to_be_focused()
        await expect(page.get_by_role("dialog", name="放大细看")).to_be_visible()
        for name in ("放大", "缩小", "看全图", "旋转", "关闭"):
            await expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()

        await visitor.becomes_finer(lambda: page.keyboard.press("+"), times=3)
        assert await magnification(visitor) == pytest.approx(1.6**3, abs=0.1)
        await page.keyboard.press("ArrowLeft")  # by a third of the view
        await expect(visitor.announcement).to_have_text("已向左移动。放大 4.1 倍，中部")
        await page.keyboard.press("ArrowLeft")
        await expect(visitor.announcement).to_have_text("已向左移动。放大 4.1 倍，左侧")
        for _ in range(6):
            await page.keyboard.press("ArrowUp")
            await page.keyboard.press("ArrowLeft")
        await expect(visitor.announcement).to_have_text("已到左边缘。放大 4.1 倍，左上")
        for _ in range(14):
            await page.keyboard.press("ArrowRight")
        await expect(visitor.announcement).to_have_text("已到右边缘。放大 4.1 倍，右上")
        for _ in range(14):
            await page.keyboard.press("ArrowDown")
        await expect(visitor.announcement).to_have_text("已到下边缘。放大 4.1 倍，右下")
        for _ in range(9):
            await page.keyboard.press("+")
        await expect(visitor.announcement).to_have_text(re.compile("^已经放到最大。放大"))
        await page.keyboard.press("0")
        for _ in range(3):
            await page.keyboard.press("+")
        await page.keyboard.press("-")
        await expect(visitor.announcement).to_have_text(re.compile("^放大 2.6 倍"))
        await page.keyboard.press("0")
        await expect(visitor.announcement).to_have_text("整幅画面")
        await page.keyboard.press("r")  # a whole picture stays whole when it is turned
        await expect(visitor.announcement).to_have_text("已旋转到 90 度。整幅画面")
        await page.keyboard.press("+")
        await expect(visitor.announcement).to_have_text("放大 1.6 倍，中部")

        # The focus cycles through the buttons and does not reach the page behind.
        seen = set()
        for _ in range(9):
            await page.keyboard.press("Tab")
            assert await page.evaluate(
                "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
            )
            seen.add(await focused(page))
        assert seen >= {"farther", "nearer", "whole", "turn", "close"}

        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_be_hidden()
        await expect(link).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(visitor.announcement).to_have_text("整幅画面")
        await page.keyboard.press("Escape")
        await expect(link).to_be_focused()
        assert visitor.complaints == []


async def test_by_touch(live: LiveSite, chromium: Browser) -> None:
    work = await large_work(live)
    address = await served(live, work)
    async with visit(
        chromium,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        device_scale_factor=2,
        reduced_motion="no-preference",
    ) as visitor:
        page = visitor.page
        await page.goto(f"{address}/zh/works/{work.public_id}")
        await page.tap(".look-closer")
        await expect(visitor.announcement).to_have_text("整幅画面")
        fingers = await page.context.new_cdp_session(page)

        async def touch(kind: str, *points: tuple[float, float]) -> None:
            await fingers.send(
                "Input.dispatchTouchEvent",
                {"type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]},
            )

        async def spread() -> None:
            """Spread two fingers over the picture."""
            await touch("touchStart", (175, 380), (215, 380))
            for step in range(1, 11):
                await touch("touchMove", (175 - 12 * step, 380), (215 + 12 * step, 380))
            await touch("touchEnd")

        await visitor.becomes_finer(spread)
        assert await magnification(visitor) > 3

        # One finger drags it to the right: more of its left side is visible.
        for _ in range(6):
            await touch("touchStart", (60, 380))
            for step in range(1, 11):
                await touch("touchMove", (60 + 28 * step, 380))
            # The finger rests before it lifts: after a fling, a browser uses the next tap to stop the
            # movement.
            await page.wait_for_timeout(200)
            await touch("touchMove", (340, 380))
            await touch("touchEnd")
        await expect(visitor.announcement).to_have_text(re.compile("左"))
        # The page itself was not zoomed or scrolled.
        assert await page.evaluate("visualViewport.scale") == 1
        await page.tap("dialog button[value=close]")
        await expect(page.locator("dialog")).to_be_hidden()
        assert visitor.complaints == []


async def test_in_english_it_speaks_english(live: LiveSite, chromium: Browser) -> None:
    work = await large_work(live)
    address = await served(live, work)
    async with visit(chromium) as visitor:
        page = visitor.page
        await page.goto(f"{address}/en/works/{work.public_id}")
        await visitor.open()
        await page.keyboard.press("+")
        await expect(visitor.announcement).to_have_text("1.6 times larger, in the middle")
        view = page.get_by_role("application", name=work.alt_text["en"])
        await expect(view).to_be_focused()
        assert visitor.complaints == []


async def test_without_scripts_the_link_leads_to_the_picture(live: LiveSite, chromium: Browser) -> None:
    work = await large_work(live)
    address = await served(live, work)
    async with visit(chromium, java_script_enabled=False) as visitor:
        page = visitor.page
        await page.goto(f"{address}/zh/works/{work.public_id}")
        await expect(page.locator("dialog")).to_be_hidden()
        async with page.expect_navigation() as leaving:
            await page.click(".look-closer")
        answer = await leaving.value
        assert answer.status == 200
        assert answer.headers["content-type"] == "image/jpeg"
        assert f"/{WIDTH}.jpg" in answer.url


async def test_what_cannot_be_had_is_said_and_can_be_asked_for_again(
    live: LiveSite, chromium: Browser
) -> None:
    work = await large_work(live)
    address = await served(live, work)
    async with visit(chromium) as visitor:
        page = visitor.page
        await page.goto(f"{address}/zh/works/{work.public_id}")
        await page.route("**/openseadragon.min.js", lambda route: route.abort())
        await page.click(".look-closer")
        await expect(visitor.announcement).to_have_text("这幅画暂时无法放大，请稍后再试。")
        await page.keyboard.press("+")  # has no effect
        await page.keyboard.press("Escape")
        await page.unroute("**/openseadragon.min.js")
        await page.click(".look-closer")
        await expect(visitor.announcement).to_have_text("整幅画面")
        await page.keyboard.press("Escape")

        # Withdrawn while the visitor is still looking at it.
        work.status = Status.WITHDRAWN
        await work.save()
        await bump()
        await expect(page.locator("dialog")).to_be_hidden()
        await page.wait_for_timeout(700)
        await page.click(".look-closer")
        await expect(visitor.announcement).to_have_text("这幅画暂时无法放大，请稍后再试。")
        assert not [each for each in visitor.complaints if "Content Security Policy" in each]
