"""An organisation applies from a phone whose connection breaks."""

from __future__ import annotations

from playwright.async_api import BrowserContext, expect

from gallery.organisations.models import Application
from tests.browser.conftest import until
from tests.browser.people import click_through
from tests.live import LiveSite

TYPED = {
    "name[zh]": "山里的孩子",
    "about": "我们教山里的孩子画画。",
    "contact_name": "王老师",
    "what_it_is": "乡村学校",
    "website": "hill.example.org",
}


async def test_what_was_typed_survives_a_broken_line(
    live: LiveSite, browser: BrowserContext, engine: str
) -> None:
    address = await live.serve(worker=False)
    page = await browser.new_page()
    await page.goto(f"{address}/zh/")
    await page.click(".site-nav .join")
    await page.wait_for_url("**/zh/join")
    await page.wait_for_load_state()
    for name, words in TYPED.items():
        await page.fill(f"[name='{name}']", words)
    await page.fill("[name=contact_email]", "wang")
    send = page.locator("main button.primary")

    await browser.set_offline(True)
    await send.click()
    await expect(page.locator("form [role=status]")).to_contain_text("没有网络")
    assert await page.input_value("[name=about]") == TYPED["about"]
    await browser.set_offline(False)

    # The phone discards the tab, after the browser has stored what was typed.
    other = await browser.new_page()
    await other.goto(f"{address}/zh/about")
    await until(other, "localStorage.getItem('application')?.includes('wang')")
    await page.close()
    page = other
    await page.goto(f"{address}/zh/join")
    assert await page.input_value("[name=about]") == ""
    await page.locator("form .notice button").first.click()
    for name, words in TYPED.items():
        assert await page.input_value(f"[name='{name}']") == words

    # A wrong address is said in the site's words, because the browser says nothing.
    await click_through(page.locator("main button.primary"))
    await expect(page.locator(".has-error .field-error")).to_contain_text("name@example.org")
    await page.fill("[name=contact_email]", "wang@example.org")
    await click_through(page.locator("main button.primary"))
    await page.wait_for_url("**/join/received")
    application = await Application.get()
    assert (application.what_it_is, application.website) == ("乡村学校", "https://hill.example.org")
    await page.goto(f"{address}/zh/join")
    await expect(page.locator("form .notice")).to_have_count(0)
