"""A partner asks a family for consent by a link; the family agrees on a phone, and the work is submitted."""

from __future__ import annotations

import re

from playwright.async_api import Browser, BrowserContext, expect

from gallery.accounts.models import Person
from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from tests import factories
from tests.browser.accessibility import complaints
from tests.browser.conftest import PATIENCE
from tests.browser.people import click_through, is_within, sign_in
from tests.browser.test_slips import A4, A6, printed
from tests.live import LiveSite
from tests.npm import modules_or_skip


async def test_from_asking_to_agreed_and_submitted(
    live: LiveSite, browser: BrowserContext, chromium: Browser, engine: str
) -> None:
    axe = (modules_or_skip("checks") / "axe-core" / "axe.min.js").read_text()
    works = []
    for _ in range(7):
        work = await factories.artwork(live.storage, live.cast.organisation, created_by=live.cast.partner)
        consent_id, work.consent_id = work.consent_id, None
        await work.save()
        await Consent.filter(id=consent_id).delete()
        works.append(work)
    await factories.voice(live.storage, works[0])
    await factories.further_pictures(live.storage, works[0])
    await Person.filter(id=live.cast.partner.id).update(language="zh")
    address = await live.serve(worker=False)
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)

    await page.locator(".pick-all input").check()
    await page.locator(".together-bar summary").first.click()
    await page.fill("[name=list_name]", "三年级二班")
    await click_through(page.locator(".together-bar details[open] button"))
    await expect(page.locator("h1")).to_have_text("三年级二班")
    await expect(page.locator(".answered")).to_have_text("7 份中已有 0 份答复。")
    assert await complaints(page, axe) == []
    assert await is_within(page)
    listed = page.url
    await page.locator(".pick-all input").check()
    await click_through(page.locator("button[value='8']"))
    assert await printed(page) == (1, A4)
    await page.goto(f"{address}/desk/works/{works[0].id}")
    await click_through(page.locator("dd a[href*='/requests/']"))
    assert await printed(page) == (1, A6)
    assert await complaints(page, axe) == []
    assert await is_within(page)
    link = await page.input_value(".share input")

    family = await chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", reduced_motion="reduce"
    )
    family.set_default_timeout(PATIENCE)
    phone = await family.new_page()
    await phone.goto(link)
    await expect(phone.locator("h1")).to_have_text("可以展示这些作品吗？")
    assert await complaints(phone, axe) == []
    assert await is_within(phone)
    await phone.locator(".answer-works img").last.scroll_into_view_if_needed()
    for picture in await phone.locator(".answer-works img").all():
        await expect(picture).to_have_js_property("complete", True)
        assert await picture.evaluate("image => image.naturalWidth") > 0
    await phone.check("[value=web]")
    await phone.check("[value=voice]")
    await phone.check("[value=parent]")
    await phone.fill("[name=assent]", "我要给奶奶看！")
    await click_through(phone.locator("button[value=yes]"))  # without a name
    summary = phone.locator(".error-summary")
    await expect(summary).to_be_focused()
    assert await complaints(phone, axe) == []
    assert await phone.input_value("[name=assent]") == "我要给奶奶看！"
    await expect(phone.locator("[value=voice]")).to_be_checked()
    await summary.locator("a").click()
    await expect(phone.locator("[name=signer_name]")).to_be_focused()
    await phone.keyboard.type("王秀兰")
    await phone.check("[value=artist]")
    await expect(phone.locator(".answer-assent")).to_be_hidden()
    await phone.check("[value=parent]")
    await click_through(phone.locator("button[value=yes]"))
    await expect(phone.locator("#agreed")).to_have_text("您的同意已记录")
    assert await complaints(phone, axe) == []
    assert await is_within(phone)
    assert await phone.input_value(".share input") == link
    async with phone.expect_download():
        await phone.click("button[value=picture]")
    await phone.locator(".answer-slip summary").click()
    assert await printed(phone) == (1, A6)
    await phone.get_by_role("link", name="English").click()
    await expect(phone.locator("h1")).to_have_text("What is shown, and how to withdraw it")

    await page.goto(listed)
    await expect(page.locator(".answered")).to_have_text("7 份中已有 1 份答复。")
    await page.goto(f"{address}/desk/works/{works[0].id}")
    await click_through(page.locator("form[action$='/submissions'] button"))
    await page.wait_for_url(re.compile(rf"/desk/works/{works[0].id}$"))
    assert (await Artwork.get(id=works[0].id)).status == Status.SUBMITTED
    await family.close()
