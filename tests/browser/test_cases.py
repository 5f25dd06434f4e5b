"""A case from its consent and first figure to the day on which it has reached its goal, in a browser."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.async_api import Browser, BrowserContext, expect

from gallery.accounts.models import Person
from gallery.cases.models import Case
from gallery.clock import today
from tests import factories
from tests.browser.accessibility import complaints
from tests.browser.people import another_browser, click_through, is_within, sign_in
from tests.live import LiveSite
from tests.npm import modules_or_skip


async def test_a_case_from_first_figure_to_reached(
    live: LiveSite, browser: BrowserContext, chromium: Browser, engine: str
) -> None:
    axe = (modules_or_skip("checks") / "axe-core" / "axe.min.js").read_text()
    await factories.project(live.cast.organisation)
    await Person.filter(id=live.cast.partner.id).update(language="en")
    address = await live.serve(worker=False)
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)

    # The consent, of a person without a work.
    await page.goto(f"{address}/desk/cases/consent")
    await page.fill("[name=credit_name]", "小雨")
    await page.check("[name=agreed_by][value=parent]")
    await expect(page.locator("[name=scopes][value=case]")).to_be_checked()
    assert await complaints(page, axe) == []
    await click_through(page.locator("main button.primary"))

    # The words: the hospital is not in the consent, so it is refused, and nothing is lost.
    await page.goto(f"{address}/desk/cases/new")
    await page.fill("[name='title[zh]']", "小雨的手术")
    await page.fill("[name='story[zh]']", "小雨需要一次手术。")
    await page.select_option("[name=consent]", label="小雨")
    await page.check("[name=contents][value=hospital]")
    await page.fill("[name=goal]", "300000")
    await page.fill("[name=link]", "https://give.example.org/rain")
    await page.fill("[name='platform[zh]']", "公益平台")
    await page.fill("[name=registration_number]", "53110000500020439QA23015")
    await page.fill("[name=registered_until]", str(today() + timedelta(days=90)))
    await click_through(page.locator("button[name=send]"))
    await expect(page.locator(".error-summary")).to_be_focused()
    await expect(page.locator("#contents-error")).to_contain_text("does not name")
    assert await page.input_value("[name='title[zh]']") == "小雨的手术"
    assert await complaints(page, axe) == []
    assert await is_within(page)
    await page.uncheck("[name=contents][value=hospital]")
    await click_through(page.locator("button[name=send]"))
    case = await Case.get()
    at_desk = page.url

    curator = await another_browser(chromium)
    desk = await curator.new_page()
    await sign_in(desk, address, live.cast.curator)
    await click_through(desk.locator("main a[href='/desk/cases']"))
    await click_through(desk.locator(f"main a[href='/desk/cases/{case.id}/review']"))
    await expect(desk.locator("main")).to_contain_text("names no diagnosis and no hospital")
    assert await complaints(desk, axe) == []
    await click_through(desk.locator("button[value=accept]"))
    await curator.close()

    async def enter(days_ago: int, raised: int, helpers: int) -> None:
        await page.goto(at_desk)
        await page.fill("[name=day]", str(today() - timedelta(days=days_ago)))
        await page.fill("[name=raised]", str(raised))
        await page.fill("[name=helpers]", str(helpers))
        await page.fill("[name='source[zh]']", "平台统计")
        await click_through(page.get_by_role("button", name="Save the figure"))

    visitor = await browser.new_page()
    await enter(9, 1_200, 40)
    await visitor.goto(f"{address}/zh/cases/{case.slug}")
    await expect(visitor.locator(".case-state")).to_have_text("募集中")
    await enter(4, 152_000, 2_900)
    # A total that falls is asked about, and the answer is one tick.
    await enter(2, 15_200, 3_000)
    await expect(page.get_by_role("alert").first).to_contain_text("only grows")
    assert await complaints(page, axe) == []
    await page.fill("[name=raised]", "252000")
    await click_through(page.get_by_role("button", name="Save the figure"))
    await enter(0, 300_500, 5_100)
    await expect(page.locator("main")).to_contain_text("Reached its goal on")

    await visitor.goto(f"{address}/zh/cases/{case.slug}")
    await expect(visitor.locator(".case-state")).to_contain_text("达成目标")
    await expect(visitor.locator(".case-chart polyline")).to_have_count(2)
    await expect(visitor.locator(".case-table tbody tr")).to_have_count(4)
    await expect(visitor.locator("main")).to_contain_text("53110000500020439QA23015")
    assert await complaints(visitor, axe) == []
    assert await is_within(visitor)

    # The family withdraws it by the slip.
    consent = await case.consent
    assert consent is not None
    await visitor.goto(f"{address}/c/{consent.code}")
    await expect(visitor.locator("main")).to_contain_text("小雨的手术")
    await click_through(visitor.locator("button.danger"))
    gone = await visitor.goto(f"{address}/zh/cases/{case.slug}")
    assert gone is not None
    assert gone.status == 410
    await expect(visitor.locator("body")).not_to_have_text(re.compile("小雨"))
