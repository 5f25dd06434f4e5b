"""From a supporter's poster to a counted visit: the QR code of the short link, a thank-you, a followed link, the figures."""

from __future__ import annotations

import re

from playwright.async_api import Browser, expect

from gallery.artists.consents import code_hash, request_code
from gallery.artworks.models import Status
from gallery.clock import now
from gallery.supporters.models import Supporter, SupporterKind, SupporterState, SupporterVisit
from gallery.web.texts import Texts
from tests import factories
from tests.browser.test_appreciating import phone
from tests.live import LiveSite, eventually


async def test_from_the_poster_to_a_counted_visit(live: LiveSite, chromium: Browser) -> None:
    project = await factories.project(live.cast.organisation, link_once="https://support.example/")
    work = await factories.artwork(
        live.storage, live.cast.organisation, status=Status.ACCEPTED, project=project
    )
    await factories.exhibition([work], slug="winter")
    code = request_code("seed", live.settings.secret_key, "supporter")
    await Supporter.create(
        **{"kind": SupporterKind.AMBASSADOR, "state": SupporterState.AGREED, "name": Texts({"zh": "林一"})},
        **{
            "language": "zh",
            "seed": "seed",
            "code_hash": code_hash(code),
            "asked_at": now(),
            "expires_at": now(),
        },
    )
    address = await live.serve(worker=False)
    own = f"{address}/zh/supporter/{code}"
    async with phone(chromium) as page:
        await page.goto(own)
        await page.locator("#address").fill(f"{address}/zh/exhibitions/winter")
        await page.get_by_role("button", name="生成短链接").click()
        await expect(page.locator(".supporter-qr svg")).to_be_visible()
        short = await page.locator(".supporter-address a").get_attribute("href")
        assert short is not None
    async with phone(chromium) as page:  # a visitor, who scans the code
        await page.goto(address + re.sub(r"^https?://[^/]+", "", short))
        await expect(page).to_have_url(f"{address}/zh/exhibitions/winter")  # without the pass
        assert await page.context.cookies() == []
        await page.get_by_role("link", name=work.own("title")).first.click()
        await expect(page).to_have_url(re.compile(f"/zh/works/{work.public_id}$"))
        assert await page.context.cookies() == []
        button = page.locator("form.appreciation button")
        await button.click()
        await expect(page.locator("form.appreciation .status-message")).not_to_be_empty()
        await page.route("https://support.example/**", lambda route: route.fulfill(body="there"))
        await page.locator('a[href*="/support/"]').first.click()
        await expect(page).to_have_url("https://support.example/")

    async def is_counted() -> bool:
        return await SupporterVisit.filter(thanked=True, followed=True).count() == 1

    await eventually(is_counted)
    assert await SupporterVisit.all().count() == 1
    async with phone(chromium, java_script_enabled=False) as page:  # works without a script as well
        await page.goto(own)
        assert await page.locator(".supporter-figures td").all_text_contents() == ["1", "1", "1", "1"]
        await page.locator("summary").last.click()
        await page.get_by_role("button", name="确定撤回").click()
        await expect(page.locator("h1")).to_have_text("已经结束")
