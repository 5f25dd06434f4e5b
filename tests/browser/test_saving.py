"""What the desk's forms say about saving is true: on a line that cuts or stalls, signed out, and beside another window."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

import gallery
from gallery.artworks.models import Artwork
from gallery.images.models import Image
from tests import factories
from tests.browser.conftest import came, hold, until
from tests.browser.people import click_through, sign_in
from tests.cast import PASSWORD
from tests.live import BadLine, LiveSite, eventually

SAVED = re.compile(r"^Saved \d\d:\d\d")
NO_TIME = "const real = AbortSignal.timeout; AbortSignal.timeout = (ms) => real.call(AbortSignal, ms / 10);"
NOTHING_KEPT = "!Object.keys(localStorage).some(key => key.startsWith('typing '))"
# The scripts of visitors' pages, which wait for nothing, and the service worker, which passes on what pages ask for.
PUBLIC = {"appreciate.js", "prefetch-check.js", "walk.js", "zoom.js", "timed-fetch.js", "offline-worker.js"}


@pytest.fixture
async def line(live: LiveSite) -> AsyncIterator[tuple[BadLine, str]]:
    address = await live.serve(worker=False)
    line = BadLine(int(address.rpartition(":")[2]), after=1, times=0)
    async with line as broken:
        yield line, broken


async def writing(live: LiveSite, browser: BrowserContext, address: str) -> tuple[Page, Artwork]:
    work = await factories.artwork(live.storage, live.cast.organisation)
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/works/{work.id}/edit")
    return page, work


async def title_of(work: Artwork) -> str:
    return (await Artwork.get(id=work.id)).own("title")


def test_each_request_of_the_desks_scripts_has_a_time_limit() -> None:
    scripts = [
        each
        for each in (Path(gallery.__file__).parent / "static/js").rglob("*.js")
        if each.name not in PUBLIC
    ]
    assert len(scripts) > 10
    assert [each.name for each in scripts if re.search(r"(?<!\w)fetch\(", each.read_text())] == []


async def test_the_state_is_true_while_the_line_stalls_and_is_cut(
    live: LiveSite, browser: BrowserContext, line: tuple[BadLine, str]
) -> None:
    bad, address = line
    await browser.add_init_script(NO_TIME)
    page, work = await writing(live, browser, address)
    state = page.locator(".typing-state")
    await page.fill("[name=title]", "One")
    await expect(state).to_have_attribute("data-state", "saving")
    await expect(state).to_have_text(SAVED)
    bad.is_stalled = True
    await page.fill("[name=title]", "Two")
    await expect(state).to_have_text("Saving…")
    await expect(state).to_contain_text(
        "the site does not answer. It will be tried again. What you typed is kept"
    )
    assert await title_of(work) == "One"
    # The answer was lost, and the server has it: what this page itself sent is no conflict.
    bad.is_stalled = False
    await eventually(lambda: Artwork.exists(id=work.id, title__contains="Two"))
    await page.fill("[name=title]", "Three")
    await expect(state).to_have_text(SAVED)
    await expect(page.locator(".edit-conflict")).to_have_count(0)
    assert await title_of(work) == "Three"
    bad.is_cut = True
    await page.fill("[name=title]", "Four")
    await expect(state).to_contain_text("there is no connection. It will be tried again.")
    await expect(state).to_have_attribute("data-state", "unsaved")
    bad.is_cut = False
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await expect(state).to_have_text(SAVED)
    await until(page, NOTHING_KEPT)
    assert await title_of(work) == "Four"


async def test_an_upload_that_stalls_is_tried_again(
    live: LiveSite, browser: BrowserContext, line: tuple[BadLine, str], tmp_path: Path
) -> None:
    bad, address = line
    await browser.add_init_script(
        """const { set } = Object.getOwnPropertyDescriptor(XMLHttpRequest.prototype, "timeout");
        Object.defineProperty(XMLHttpRequest.prototype, "timeout", { set(ms) { set.call(this, ms / 60); } });"""
    )
    page, work = await writing(live, browser, address)
    await page.goto(f"{address}/desk/works/many")
    path = tmp_path / "IMG_1.jpg"
    path.write_bytes(factories.photograph(640, 480))
    bad.is_stalled = True
    await page.set_input_files("#pictures", path)
    await expect(page.locator(".many-sending li")).to_contain_text("The connection broke")
    bad.is_stalled = False
    await expect(page.locator(".many-sending li")).to_contain_text("is now a draft")
    await eventually(lambda: Image.filter(artwork__id__gt=work.id).exists())


async def test_a_failing_server_is_not_called_a_missing_connection(
    live: LiveSite, browser: BrowserContext
) -> None:
    page, _work = await writing(live, browser, await live.serve(worker=False))
    await page.route("**/typing", lambda route: route.fulfill(status=503, body="<p>later"))
    await page.fill("[name=title]", "One")
    await expect(page.locator(".typing-state")).to_contain_text("the site does not answer")


async def test_a_browser_that_keeps_nothing_is_told_so(live: LiveSite, browser: BrowserContext) -> None:
    page, _work = await writing(live, browser, await live.serve(worker=False))
    await page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    await page.route("**/typing", lambda route: route.abort())
    await page.fill("[name=title]", "One")
    await expect(page.locator(".typing-state")).to_contain_text("Please leave this page open")


async def test_after_signing_in_again_one_is_where_one_typed(live: LiveSite, browser: BrowserContext) -> None:
    page, work = await writing(live, browser, await live.serve(worker=False))
    state = page.locator(".typing-state")
    await browser.clear_cookies()
    await page.fill("[name=story]", "A story")
    await page.press("[name=story]", "Tab")
    await page.focus("[name=story]")
    await expect(state).to_contain_text("you are signed out. What you typed is kept in this browser.")
    await click_through(state.get_by_role("link", name="Sign in again"))
    await page.fill("[name=email]", live.cast.partner.email)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.primary")
    await page.wait_for_url(re.compile(rf"/desk/works/{work.id}/edit#story$"))
    await expect(page.locator("[name=story]")).to_have_value("A story")
    await expect(page.locator("[name=story]")).to_be_focused()
    await expect(state).to_have_text(SAVED)
    assert (await Artwork.get(id=work.id)).own("story") == "A story"


async def test_a_form_sent_while_signed_out_leads_back_to_its_page(
    live: LiveSite, browser: BrowserContext
) -> None:
    page, work = await writing(live, browser, await live.serve(worker=False))
    await page.goto(f"{live.address}/desk/artists/{work.artist_id}")
    await browser.clear_cookies()
    await click_through(page.get_by_role("button", name="Save", exact=True).first)
    await page.fill("[name=email]", live.cast.partner.email)
    await page.fill("[name=password]", PASSWORD)
    await page.click("main button.primary")
    await page.wait_for_url(re.compile(rf"/desk/artists/{work.artist_id}$"))


async def unsent(live: LiveSite, browser: BrowserContext) -> tuple[Page, Artwork]:
    """A page without a line to save on, after words about a work and two new works were typed."""
    page, work = await writing(live, browser, await live.serve(worker=False))
    await page.route("**/typing", lambda route: route.abort())
    await page.fill("[name=title]", "Unsent")
    await expect(page.locator(".typing-state")).to_contain_text("no connection")
    for title in ("First new one", "Second new one"):  # each keeps its own
        await page.goto(f"{live.address}/desk/works/new")
        await page.fill("[name=title]", title)
        await expect(page.locator(".typing-state")).to_contain_text("no connection")
    await page.goto(f"{live.address}/desk/works")
    return page, work


async def test_the_list_marks_what_was_not_sent(live: LiveSite, browser: BrowserContext) -> None:
    page, work = await unsent(live, browser)
    mark = page.locator(f"#work-{work.id} .why a").last
    await expect(mark).to_have_text("What you typed here may not have arrived")
    notice = page.locator("#works > .notice")
    await expect(notice.get_by_role("link")).to_have_text(
        ["Second new one (new work)", "First new one (new work)"]
    )
    await notice.get_by_role("button", name="Discard: Second new one").click()
    await expect(notice.get_by_role("link")).to_have_count(1)
    await notice.get_by_role("link", name="First new one").click()
    await expect(page.locator("[name=title]")).to_have_value("First new one")
    await page.unroute("**/typing")
    await page.fill("[name=title]", "First one")
    await expect(page.locator(".typing-state")).to_have_text(SAVED)
    assert await Artwork.filter(title__contains="First").count() == 1


async def test_the_list_sends_what_was_not_sent(live: LiveSite, browser: BrowserContext) -> None:
    page, work = await unsent(live, browser)
    # The last save of a page that closes may have arrived: here it has not.
    change = """key => localStorage.setItem(key, localStorage.getItem(key).replace('"Unsent"', '"Unsent again"'))"""
    await page.evaluate(change, f"typing {live.cast.partner.id} {work.id}")
    other = await browser.new_page()
    await other.goto(f"{live.address}/desk/works/{work.id}/edit")  # its form is open: nothing is sent past it
    await page.unroute("**/typing")
    await page.goto(f"{live.address}/desk/works")
    notice = page.locator("#works > .notice")
    await expect(notice.get_by_text("Saved now")).to_have_count(2)
    mark = page.locator(f"#work-{work.id} .why a").last
    await expect(mark).to_have_text("What you typed here may not have arrived")
    await other.close(run_before_unload=False)
    await page.goto(f"{live.address}/desk/works")
    await expect(page.get_by_text("may not have arrived")).to_have_count(0)
    await until(page, NOTHING_KEPT)
    titles = {each.own("title") for each in await Artwork.all()}
    assert titles == {"Unsent again", "First new one", "Second new one"}
    assert await Artwork.all().count() == 3


async def test_the_first_tap_on_mine_counts_also_while_something_is_being_saved(
    live: LiveSite, browser: BrowserContext
) -> None:
    page, work = await writing(live, browser, await live.serve(worker=False))
    other = await browser.new_page()
    await other.goto(page.url)
    await other.fill("[name=title]", "Hers")
    await expect(other.locator(".typing-state")).to_have_text(SAVED)
    await page.fill("[name=title]", "Mine")
    mine = page.locator(".edit-conflict").get_by_role("button", name="Overwrite it with mine")
    await expect(mine).to_be_visible()
    posted, is_over = await hold(page, "**/typing")
    await page.fill("[name=story]", "More of it")
    await came(posted, 1)
    await mine.click()
    await expect(page.locator(".edit-conflict")).to_have_count(0)
    is_over.set()
    await came(posted, 2)
    await expect(page.locator(".typing-state")).to_have_text(SAVED)
    await expect(page.locator(".edit-conflict")).to_have_count(0)
    assert await title_of(work) == "Mine"
    assert (await Artwork.get(id=work.id)).own("story") == "More of it"


async def test_what_others_saved_meanwhile_is_not_overwritten_by_what_comes_back(
    live: LiveSite, browser: BrowserContext
) -> None:
    page, work = await writing(live, browser, await live.serve(worker=False))
    await page.route("**/typing", lambda route: route.abort())
    await page.fill("[name=title]", "Mine")
    await expect(page.locator(".typing-state")).to_contain_text("no connection")
    kept = await page.evaluate("JSON.stringify(localStorage)")
    other = await browser.new_page()
    await other.goto(page.url)
    await other.get_by_role("button", name="Discard").click()
    await other.fill("[name=title]", "Hers")
    await expect(other.locator(".typing-state")).to_have_text(SAVED)
    await page.close(run_before_unload=False)
    await other.goto(f"{live.address}/desk/works")
    put = (
        "kept => Object.entries(JSON.parse(kept)).forEach(([key, value]) => localStorage.setItem(key, value))"
    )
    await other.evaluate(put, kept)
    await other.goto(f"{live.address}/desk/works/{work.id}/edit#title")
    await expect(other.locator(".edit-conflict blockquote")).to_have_text("Hers")
    assert await title_of(work) == "Hers"
