"""A real browser; if none is installed, its tests are skipped with a message."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright, expect

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
REQUIRED = os.environ.get("GALLERY_TEST_BROWSER") == "required"
PATIENCE = 60_000  # ms: how long a busy machine may take, not how long it should
expect.set_options(timeout=PATIENCE)
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "locale": "zh-CN",
    "reduced_motion": "reduce",
}
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
async def chromium(not_quick: None) -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        sentence = "No Chromium was found on this machine, so the browser tests are left out."
        if REQUIRED:
            pytest.fail(sentence + " GALLERY_TEST_BROWSER=required forbids that.")
        pytest.skip(sentence)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def browser(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A fresh phone browser without cookies, whose language is Chinese; without service workers, so that `page.route`
    gets all requests."""
    context = await chromium.new_context(**PHONE, service_workers="block")
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


async def until(page: Page, truth: str) -> None:
    """Poll from outside, because the page's policy forbids evaluation within it."""
    for _ in range(PATIENCE // 100):
        if await page.evaluate(truth):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(truth)


async def hold(page: Page, address: str) -> tuple[list[str], asyncio.Event]:
    """Delay the responses to posts to `address` until the event is set; returns the list of the posts."""
    posted: list[str] = []
    is_over = asyncio.Event()

    async def wait(route: Route) -> None:
        if route.request.method != "POST":
            await route.continue_()
            return
        posted.append(route.request.post_data or "")
        answer = await route.fetch(max_redirects=0)
        await is_over.wait()
        await route.fulfill(response=answer)

    await page.route(address, wait)
    return posted, is_over


async def came(posted: list[str], number: int) -> None:
    """Wait until the list of `hold` has so many posts."""
    for _ in range(PATIENCE // 100):
        if len(posted) >= number:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(posted)
