"""Helpers for people who use a browser."""

from __future__ import annotations

import re

from playwright.async_api import Browser, BrowserContext, Locator, Page

from gallery.accounts.models import Person
from tests.browser.conftest import PATIENCE
from tests.cast import PASSWORD


async def sign_in(page: Page, address: str, person: Person) -> None:
    await page.goto(f"{address}/desk")
    await page.fill("[name=email]", person.email)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.primary")
    await page.wait_for_url(re.compile(r"/desk/(works|queue)"))


async def click_through(button: Locator) -> None:
    """Click a button that sends a form, and wait until the page that answers is open."""
    async with button.page.expect_navigation():
        await button.click()


async def another_browser(chromium: Browser) -> BrowserContext:
    """Somebody else's browser."""
    context = await chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    return context


async def is_within(page: Page) -> bool:
    """Whether the whole page is left of the window's right edge."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
