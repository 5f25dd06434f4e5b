"""Appreciating a work and reading figures on a phone: with and without scripts, by touch and by keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, Page, Route, expect

from gallery.artworks.models import Artwork, Status
from gallery.stats.models import Appreciation, CountKind, ProjectCount, WorkCount
from tests import factories
from tests.browser.conftest import PATIENCE
from tests.browser.people import is_within
from tests.cast import PASSWORD
from tests.live import LiveSite, eventually
from tests.stats.visitors import PHONE

# What a browser shows here does not depend on the database.


@asynccontextmanager
async def phone(chromium: Browser, **values: Any) -> AsyncIterator[Page]:
    """A page on a phone with the user agent of a phone, which a headless browser does not send."""
    context = await chromium.new_context(
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
        user_agent=PHONE["user-agent"],
        reduced_motion="reduce",  # or Chromium complains of transitions cut short
        **values,
    )
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Security Policy" in said.text else None)
    yield page
    assert complaints == []
    await context.close()


async def hung(live: LiveSite) -> Artwork:
    work = await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED)
    await factories.exhibition([work])
    return work


async def written(model: Any, number: int, **conditions: Any) -> None:
    """Wait until there are so many rows."""

    async def are_there() -> bool:
        return bool(await model.filter(**conditions).count() == number)

    await eventually(are_there)


async def test_a_number_that_comes_late_undoes_no_press(live: LiveSite, chromium: Browser) -> None:
    work = await hung(live)
    address = await live.serve(worker=False)
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        if route.request.method != "GET":
            await route.continue_()
            return
        answer = await route.fetch()
        asked.set()
        await may_answer.wait()
        await route.fulfill(response=answer)

    async with phone(chromium) as page:
        await page.route("**/appreciations/**", late)
        await page.goto(f"{address}/zh/works/{work.public_id}")
        button = page.locator("form.appreciation button")
        await button.scroll_into_view_if_needed()
        await asyncio.wait_for(asked.wait(), 60)
        await button.press("Enter")
        await expect(button).to_have_text("取消喜欢")
        async with page.expect_response(lambda response: response.request.method == "GET"):
            may_answer.set()
        await page.evaluate("() => new Promise((done) => setTimeout(done, 100))")
        await expect(button).to_have_text("取消喜欢")


async def test_one_press_appreciates_in_place_and_another_takes_it_back(
    live: LiveSite, chromium: Browser
) -> None:
    work = await hung(live)
    address = await live.serve(worker=False)
    path = f"{address}/zh/works/{work.public_id}"
    async with phone(chromium) as page:
        await page.goto(path)
        assert await page.context.cookies() == []
        button = page.locator("form.appreciation button")
        status_line = page.locator("form.appreciation [role=status]")
        await button.focus()
        await page.keyboard.press("Enter")
        await expect(status_line).to_have_text("谢谢您的喜欢。")
        await expect(button).to_have_text("取消喜欢")
        await expect(button).to_be_focused()
        assert page.url == path
        assert await is_within(page)
        (cookie,) = await page.context.cookies()
        assert cookie["path"] == "/appreciations"
        await written(Appreciation, 1, is_there=True)
        await page.goto(f"{address}/en/works/{work.public_id}")  # the other language shows it, too
        await page.locator("form.appreciation").scroll_into_view_if_needed()
        await expect(page.locator("form.appreciation .number")).to_have_text("You have thanked the artist.")
        await button.press("Space")
        await expect(status_line).to_have_text("Your thanks have been taken back.")
        await expect(button).to_have_text("Thank the artist")
        await written(Appreciation, 0, is_there=True)
        await page.context.set_offline(True)
        await button.click()
        await expect(status_line).to_have_text("That could not be sent. Please try again.")
        await page.context.set_offline(False)
        await button.click()
        await expect(status_line).to_have_text("Thank you.")


async def test_without_scripts_a_page_says_thank_you(live: LiveSite, chromium: Browser) -> None:
    work = await hung(live)
    address = await live.serve(worker=False)
    async with phone(chromium, java_script_enabled=False) as page:
        await page.goto(f"{address}/zh/works/{work.public_id}")
        await page.get_by_role("button", name="喜欢这件作品").click()
        await page.wait_for_url("**/appreciation")
        await expect(page.get_by_role("heading", name="谢谢您")).to_be_visible()
        await expect(page.get_by_text("已收下您的喜欢。")).to_be_visible()
        await page.get_by_role("button", name="取消喜欢").click()
        await expect(page.get_by_role("heading", name="已取消")).to_be_visible()
        await page.get_by_role("link", name="返回作品").click()
        await page.wait_for_url(f"{address}/zh/works/{work.public_id}")
    await written(WorkCount, 1, kind=CountKind.SEEN)


async def test_figures_are_read_on_a_phone_with_and_without_scripts(
    live: LiveSite, chromium: Browser
) -> None:
    work = await hung(live)
    address = await live.serve(worker=False)
    async with phone(chromium) as page:
        await page.goto(f"{address}/zh/works/{work.public_id}")
        led = await page.request.get(
            f"{address}/zh/works/{work.public_id}/support/more", max_redirects=0, headers=PHONE
        )
        assert led.status == 302
    await written(WorkCount, 1, kind=CountKind.SEEN)
    await written(ProjectCount, 1, kind=CountKind.FOLLOWED)
    for scripts in (True, False):
        async with phone(chromium, java_script_enabled=scripts, color_scheme="dark") as page:
            await page.goto(f"{address}/desk/sign-in")
            await page.locator("input[name=email]").fill(live.cast.partner.email)
            await page.locator("input[name=password]").fill(PASSWORD)
            await page.locator("main form button").first.click()
            await page.get_by_role("link", name="Statistics").click()
            row = page.locator("table.figures tr", has_text=work.title["en"])
            await expect(row.locator("td")).to_have_text(["1", "0", "1"])
            assert await page.locator(".plot svg rect").count() == 2
            await expect(page.get_by_role("img", name="Works seen")).to_be_visible()
            if scripts:
                assert await is_within(page)
            await page.get_by_text("The same numbers as a table").click()
            await expect(page.get_by_role("row").filter(has_text="1").first).to_be_visible()
            async with page.expect_download() as coming:
                await page.get_by_role("link", name="Download as a sheet (CSV)").press("Enter")
            assert (await coming.value).suggested_filename.endswith(".csv")
