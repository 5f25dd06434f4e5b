"""Passkeys in a real browser, with the authenticator that Chromium simulates for tests."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import BrowserContext, CDPSession, Page, expect

from gallery.accounts.models import Passkey
from tests.browser.people import sign_in
from tests.cast import PASSWORD
from tests.live import LiveSite

ACCOUNT = "/desk/account/second-factor"


async def authenticator(browser: BrowserContext, page: Page) -> tuple[CDPSession, str]:
    """A virtual device with passkeys, whose fingerprint check always succeeds."""
    devtools = await browser.new_cdp_session(page)
    await devtools.send("WebAuthn.enable", {"enableUI": False})
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made: dict[str, Any] = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, str(made["authenticatorId"])


async def held(devtools: CDPSession, device: str) -> int:
    answer: dict[str, Any] = await devtools.send("WebAuthn.getCredentials", {"authenticatorId": device})
    return len(answer["credentials"])


async def add(page: Page, address: str, name: str) -> None:
    await page.goto(address + ACCOUNT)
    await page.fill("[name=name]", name)
    await page.click("form.passkey button")


async def test_a_passkey_is_made_and_signs_in_alone_and_as_a_second_step(
    live: LiveSite, browser: BrowserContext
) -> None:
    live.host = "localhost"  # browsers bind passkeys to names
    address = await live.serve()
    page = await browser.new_page()
    devtools, device = await authenticator(browser, page)
    await sign_in(page, address, live.cast.partner)
    await add(page, address, "My phone")
    await expect(page.locator(".recovery-codes li")).to_have_count(10)
    assert await held(devtools, device) == 1

    # Another one cannot be made on the same device.
    await page.goto(address + ACCOUNT)
    await expect(page.locator("main")).to_contain_text("My phone")
    await page.click("form.passkey button")
    await expect(page.locator("form.passkey [role=alert]")).to_be_visible()
    assert await Passkey.all().count() == 1

    # Without a password, as the browser offers it in the e-mail field: the simulated device is touched at
    # once.
    await page.click("header form button")
    await page.wait_for_url(re.compile("/desk/works|/desk$"))

    # Without a password, by the button.
    await page.add_init_script("delete PublicKeyCredential.isConditionalMediationAvailable")
    await page.click("header form button")
    await page.wait_for_url(re.compile("/desk/sign-in"))
    await page.click("form.passkey button")
    await page.wait_for_url(re.compile("/desk/works"))

    # As the second step after the password.
    await page.click("header form button")
    await page.wait_for_url(re.compile("/desk/sign-in"))
    await page.fill("[name=email]", live.cast.partner.email)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.primary")
    await page.wait_for_url(re.compile("/desk/sign-in/second"))
    await page.click("form.passkey button")
    await page.wait_for_url(re.compile("/desk/works"))

    # Removed.
    await page.goto(address + ACCOUNT)
    await page.click("main .rows form button")
    await expect(page.locator("main .rows")).to_have_count(0)
    assert await Passkey.all().count() == 0
    await page.click("header form button")
    await page.wait_for_url(re.compile("/desk/sign-in"))
    await page.click("form.passkey button")
    await expect(page.locator("main [role=alert]").first).to_be_visible()


async def test_at_another_address_the_page_says_why_there_are_none(
    live: LiveSite, browser: BrowserContext
) -> None:
    live.host = "localhost"
    address = await live.serve()
    elsewhere = address.replace("localhost", "127.0.0.1")
    page = await browser.new_page()
    await authenticator(browser, page)
    await sign_in(page, elsewhere, live.cast.partner)
    await add(page, elsewhere, "My phone")
    await expect(page.locator("form.passkey [role=alert]")).to_contain_text(address)
    assert await Passkey.all().count() == 0


async def test_without_scripts_the_other_ways_remain(live: LiveSite, chromium: Any) -> None:
    live.host = "localhost"
    address = await live.serve()
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, address, live.cast.partner)
    await page.goto(address + ACCOUNT)
    await expect(page.locator("form.passkey")).to_be_hidden()
    await expect(page.locator("[data-without-passkeys]")).to_be_visible()
    await expect(page.get_by_role("link", name="Set up an app")).to_be_visible()
    await context.close()
