"""A partner's pictures in a real browser: thirty from a phone while the line breaks, a form that saves itself, turning and
cropping, and sheets."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from gallery.app import CHORES
from gallery.artworks.models import Artwork, Status
from gallery.artworks.submissions import submit
from gallery.artworks.taking_back import take_back
from gallery.images.models import Image, Upload
from gallery.images.storage_keys import original_key
from gallery.worker import ChoreContext, Worker
from tests import factories
from tests.artworks.sheets import two_works
from tests.browser.conftest import ARGUMENTS, CHROMIUM, came, hold, until
from tests.browser.people import click_through, is_within, sign_in
from tests.live import BadLine, LiveSite, eventually

PICTURES = 30
LONG = 240_000  # ms: thirty pictures are opened one after the other, perhaps on a slow machine
SAVED = re.compile(r"\d\d:\d\d")


@asynccontextmanager
async def phone(chromium: Browser, profile: Path) -> AsyncIterator[BrowserContext]:
    """A separate browser that keeps its data in `profile`, like a phone's browser after closing and reopening."""
    context = await chromium.browser_type.launch_persistent_context(
        profile,
        executable_path=CHROMIUM,
        args=ARGUMENTS,
        viewport={"width": 390, "height": 844},
        locale="en-GB",
        reduced_motion="reduce",
    )
    context.set_default_timeout(60_000)
    try:
        yield context
    finally:
        await context.close()


async def writing(live: LiveSite, browser: BrowserContext) -> tuple[Page, Artwork, str]:
    """A partner with the form of a draft open, the draft, and the form's address."""
    address = await live.serve(worker=False)
    work = await factories.artwork(live.storage, live.cast.organisation)
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)
    edit = f"{address}/desk/works/{work.id}/edit"
    await page.goto(edit)
    return page, work, edit


async def kept(live: LiveSite) -> dict[bytes, int]:
    """How often each picture is in storage."""
    found: dict[bytes, int] = {}
    for image in await Image.all():
        async with live.storage.private.local_copy(original_key(image.token)) as path:
            content = path.read_bytes()
        found[content] = found.get(content, 0) + 1
    return found


async def test_thirty_pictures_arrive_although_the_line_breaks_and_the_browser_is_closed(
    live: LiveSite, chromium: Browser, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    drawings = {}
    for number in range(PICTURES):
        path = tmp_path / f"IMG_{number}.jpg"
        path.write_bytes(factories.photograph(620 + number, 480))
        drawings[path] = path.read_bytes()
    line = BadLine(int(address.rpartition(":")[2]), after=6_000, times=0)
    async with line as broken:
        async with phone(chromium, tmp_path / "profile") as browser:
            page = await browser.new_page()
            await sign_in(page, broken, live.cast.partner)
            await page.goto(f"{broken}/desk/works/many")
            assert await is_within(page)
            line.left = 3  # requests break off in the middle, three times
            await page.set_input_files("#pictures", list(drawings))
            await expect(page.locator(".many-drafts > li").nth(2)).to_be_visible(timeout=LONG)
            assert line.breaks > 0
            line.left = 10_000  # from here on no upload completes, and one is in progress
            await until(page, "Object.keys(localStorage).some(key => key.startsWith('tus::'))")
            # A closed browser forgets that it was offline; the upload must not continue then, either.
            line.after = range(1)
            await browser.set_offline(True)
            broke = page.locator(".many-sending li", has_text="The connection broke")
            await expect(broke.first).to_be_visible(timeout=LONG)
            assert await is_within(page)
        line.left = 0
        # Closed during the upload. What had arrived is kept; the rest continues when the same files are
        # chosen again.
        async with phone(chromium, tmp_path / "profile") as browser:
            page = await browser.new_page()
            await page.goto(f"{broken}/desk/works/many")
            notice = page.locator(".many-notice")
            await expect(notice).to_contain_text("had not arrived")
            named = set(re.findall(r"IMG_\d+\.jpg", await notice.inner_text()))
            there = await kept(live)
            assert 0 < len(there) < PICTURES
            assert {path.name for path, content in drawings.items() if content not in there} <= named
            again = [path for path in drawings if path.name in named]
            await page.set_input_files("#pictures", again)
            summary = page.locator(".many-summary")
            await expect(summary).to_have_text(f"{len(again)} of {len(again)} have arrived", timeout=LONG)
            await expect(page.locator(".many-drafts > li")).to_have_count(PICTURES)
            assert await is_within(page)
            # The words of one are typed with the keyboard alone.
            first = page.locator(".many-drafts > li").first
            await first.locator("summary").first.press("Enter")
            await first.locator("[name=title]").focus()
            await page.keyboard.type("Tangyuan")
            await page.keyboard.press("Tab")
            await expect(first.locator(".typing-state")).to_contain_text(SAVED, timeout=60_000)
            # No message is left.
            await page.reload()
            await expect(page.locator("#many .with-script").first).to_be_visible()
            await expect(notice).to_be_hidden()
    assert await kept(live) == dict.fromkeys(drawings.values(), 1)
    works = await Artwork.all()
    assert [each.status for each in works] == [Status.DRAFT] * PICTURES
    assert [each.own("title") for each in works if each.own("title")] == ["Tangyuan"]


async def test_pictures_that_did_not_arrive_are_named_to_nobody_else_and_no_longer_than_wished(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    many = f"{address}/desk/works/many"
    path = tmp_path / "IMG_1.jpg"
    path.write_bytes(factories.photograph(640, 480))
    page, other = await browser.new_page(), await browser.new_page()
    notice = other.locator(".many-notice")

    async def opened() -> None:
        await other.goto(many)
        await expect(other.locator("#many .with-script").first).to_be_visible()
        await until(other, "navigator.locks.query().then(() => true)")  # what the notice waits for, too

    await sign_in(page, address, live.cast.partner)
    await page.goto(many)
    await page.route("**/desk/uploads", lambda route: route.abort())
    await page.set_input_files("#pictures", path)
    await expect(page.locator(".many-sending li")).to_contain_text("The connection broke")
    # The first window is still sending it, so the second shows nothing.
    await opened()
    await expect(notice).to_be_hidden()
    await page.close(run_before_unload=False)
    await opened()
    await expect(notice).to_contain_text("IMG_1.jpg")
    assert await is_within(other)
    # Somebody else at the same computer.
    await click_through(other.locator("text=Sign out"))
    await sign_in(other, address, live.cast.colleague)
    await opened()
    await expect(notice).to_be_hidden()
    await click_through(other.locator("text=Sign out"))
    await sign_in(other, address, live.cast.partner)
    await opened()
    await other.get_by_role("button", name="Do not remind me").click()
    await expect(notice).to_be_hidden()
    await expect(other.locator("#pictures")).to_be_focused()
    await opened()
    await expect(notice).to_be_hidden()
    assert await other.evaluate("Object.keys(localStorage).filter(key => key.startsWith('arriving'))") == []


async def test_choosing_all_again_sends_only_what_is_new(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/works/many")
    first = tmp_path / "IMG_1.jpg"
    first.write_bytes(factories.photograph(640, 480))
    # An answer was lost: the browser still reminds of a picture that has arrived.
    await page.set_input_files("#pictures", first)
    await expect(page.locator(".many-draft")).to_have_count(1)
    digest = hashlib.sha256(first.read_bytes()).hexdigest()
    key = f"arriving {live.cast.partner.id} {digest}"
    await page.evaluate("key => localStorage.setItem(key, 'IMG_1.jpg')", key)
    await page.reload()
    await until(page, "!Object.keys(localStorage).some(key => key.startsWith('arriving'))")
    await expect(page.locator(".many-notice")).to_be_hidden()
    # A phone hands the same picture out under another name, as a new file, beside a new one.
    same, new = tmp_path / "image.jpg", tmp_path / "雪.jpg"
    same.write_bytes(first.read_bytes())
    new.write_bytes(factories.photograph(660, 480))
    sent = [0]
    page.on("request", lambda request: sent.__setitem__(0, sent[0] + (request.method == "PATCH")))
    await page.set_input_files("#pictures", [same, new])
    await expect(page.locator(".many-draft")).to_have_count(2)
    await expect(page.locator(".many-summary")).to_contain_text("2 of 2")
    await expect(page.locator(".many-summary")).to_contain_text("1 were here already")
    assert sent == [1]
    assert await Artwork.all().count() == 2
    # The name of a file is offered as title, unless a camera gave it.
    row = page.locator(".many-draft").first
    await row.locator("summary").first.click()
    await row.get_by_role("button", name="Use the file name as title: 雪").click()
    await expect(row.locator(".typing-state")).to_contain_text(SAVED)
    assert {each.own("title") for each in await Artwork.all()} == {"雪", ""}


async def test_a_picture_goes_on_where_it_was_after_the_server_could_not_say_how_much_is_there(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    path = tmp_path / "IMG_1.jpg"
    path.write_bytes(factories.photograph(640, 480))
    page = await browser.new_page()
    breaks, statuses = [True], [502, 401]

    async def answer(route: Route) -> None:
        if route.request.method == "PATCH" and breaks:
            breaks.pop()
            await route.abort()
        elif route.request.method == "HEAD" and statuses:
            await route.fulfill(status=statuses.pop(0))
        else:
            await route.continue_()

    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/works/many")
    await page.route("**/desk/uploads/*", answer)
    await page.set_input_files("#pictures", path)
    row = page.locator(".many-sending li")
    await expect(row).to_contain_text("signed out")
    assert statuses == []
    await row.get_by_role("button").click()
    await expect(page.locator(".many-drafts > li")).to_have_count(1)
    assert await Upload.all().count() == await Artwork.all().count() == 1
    assert await kept(live) == {path.read_bytes(): 1}


async def test_a_picture_that_is_tried_again_is_not_begun_twice_when_the_line_is_back(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    path = tmp_path / "IMG_1.jpg"
    path.write_bytes(factories.photograph(640, 480))
    page = await browser.new_page()
    begun: list[Route] = []
    in_vain = 7  # the first time and after each of the page's delays; then comes its later try

    async def answer(route: Route) -> None:
        begun.append(route)
        if len(begun) <= in_vain:
            await route.abort()

    await sign_in(page, address, live.cast.partner)
    await page.clock.install()
    await page.goto(f"{address}/desk/works/many")
    await page.route("**/desk/uploads", answer)
    await page.set_input_files("#pictures", path)
    for _ in range(600):
        if len(begun) > in_vain:
            break
        await page.clock.run_for(1000)
        await asyncio.sleep(0.1)
    await page.evaluate("window.dispatchEvent(new Event('online'))")
    await asyncio.sleep(1)
    assert len(begun) == in_vain + 1
    await begun[-1].continue_()
    await expect(page.locator(".many-drafts > li")).to_have_count(1)
    assert await Upload.all().count() == await Artwork.all().count() == 1


async def test_without_scripts_several_pictures_go_in_one_form(
    live: LiveSite, chromium: Browser, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    drawings = []
    for number in range(3):
        path = tmp_path / f"IMG_{number}.jpg"
        path.write_bytes(factories.photograph(640 + number, 480))
        drawings.append(path)
    context = await chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="en-GB"
    )
    context.set_default_timeout(60_000)
    try:
        page = await context.new_page()
        await sign_in(page, address, live.cast.partner)
        await page.goto(f"{address}/desk/works/many")
        await page.set_input_files("#pictures", drawings)
        await page.click("#many button.primary")
        await expect(page.locator(".many-drafts > li")).to_have_count(3, timeout=60_000)
        assert await is_within(page)
        row = page.locator(".many-drafts > li").first
        await row.locator("summary").first.click()
        await row.locator("[name=title]").fill("Tangyuan")
        await row.locator("button[name=then][value=row]").click()
        await page.wait_for_url(re.compile(r"/desk/works/many#draft-\d+$"))
        assert await Artwork.filter(title__contains="Tangyuan").count() == 1
        # Selected works are submitted, or show what they lack.
        work = await Artwork.get(title__contains="Tangyuan")
        await page.goto(f"{address}/desk/works/many")
        await page.check(f"#draft-{work.id} [name=work]")
        await page.click(".many-chosen button")
        await expect(page.locator(".notice-error")).to_contain_text("Tangyuan: It still needs")
        assert await is_within(page)
        await page.goto(f"{address}/desk/works/{work.id}")
        # A picture is turned and cropped by numbers.
        await page.click("text=Turn or crop")
        await page.select_option("[name=turn]", "180")
        await page.fill("[name=bottom]", "5")
        assert await is_within(page)
        await page.click("main button.primary")
        await page.wait_for_url(re.compile(r"/desk/works/\d+$"))
        image = (await Artwork.get(id=work.id).prefetch_related("image")).image
        assert image is not None
        assert (image.turn, image.crop_bottom) == (180, 9500)
    finally:
        await context.close()


async def test_what_is_typed_without_a_connection_is_saved_when_it_is_back(
    live: LiveSite, browser: BrowserContext
) -> None:
    page, work, edit = await writing(live, browser)
    state = page.locator(".typing-state")
    await page.fill("[name=title]", "Online")
    await expect(state).to_contain_text(SAVED, timeout=60_000)
    await browser.set_offline(True)
    await page.fill("[name=title]", "Offline")
    await page.press("[name=title]", "Tab")
    await expect(state).to_contain_text("no connection", timeout=60_000)
    await browser.set_offline(False)
    await expect(state).to_contain_text(SAVED, timeout=60_000)
    assert (await Artwork.get(id=work.id)).own("title") == "Offline"
    # Signed out in the meantime: typed text stays in the browser and is offered after signing in again.
    cookies = await browser.cookies()
    await browser.clear_cookies()
    await page.fill("[name=title]", "Signed out")
    await page.press("[name=title]", "Tab")
    await expect(state).to_contain_text("signed out", timeout=60_000)
    # The closing page sends a last save, which must not bring the cookies back: wait for open requests first.
    await page.goto(edit.partition("/works")[0] + "/sign-in")
    await page.wait_for_load_state("networkidle")
    await browser.add_cookies(cookies)  # type: ignore[arg-type]
    await page.goto(edit)
    assert await page.input_value("[name=title]") == "Offline"
    await page.click(".typing-offer button >> nth=0")
    await expect(state).to_contain_text(SAVED, timeout=60_000)
    assert (await Artwork.get(id=work.id)).own("title") == "Signed out"


async def test_a_language_is_added_in_place_and_what_was_typed_in_it_comes_back(
    live: LiveSite, browser: BrowserContext
) -> None:
    page, work, edit = await writing(live, browser)
    await page.fill("[name=title]", "Snow")
    await page.click(".add-language > summary")
    await page.select_option("[name=add_language]", "bo")
    await page.click("button[value=language]")
    await expect(page.locator("[name='title[bo]']")).to_be_focused()
    assert await page.input_value("[name=title]") == "Snow"
    await page.fill("[name='title[bo]']", "ཁ་བ།")
    await page.press("[name='title[bo]']", "Tab")
    await eventually(lambda: Artwork.exists(id=work.id, title__contains="ཁ་བ།"))
    # What could not be sent is in a language for which the page has no fields when it is opened again.
    await page.click(".add-language > summary")
    await page.fill("[name=add_language_other]", "Uyghur")
    await page.click("button[value=language]")
    cookies = await browser.cookies()
    await browser.clear_cookies()
    await page.fill("[name='title[ug]']", "قار")
    await page.press("[name='title[ug]']", "Tab")
    await expect(page.locator(".typing-state")).to_contain_text("signed out", timeout=60_000)
    await page.goto(edit.partition("/works")[0] + "/sign-in")
    await page.wait_for_load_state("networkidle")
    await browser.add_cookies(cookies)  # type: ignore[arg-type]
    await page.goto(edit)
    await expect(page.locator("[name='title[ug]']")).to_have_count(0)
    await page.click(".typing-offer button >> nth=0")
    await expect(page.locator("[name='title[ug]']")).to_have_value("قار")
    await expect(page.locator(".typing-state")).to_contain_text(SAVED, timeout=60_000)
    assert (await Artwork.get(id=work.id)).title["ug"] == "قار"


async def test_who_looks_away_while_a_save_takes_long_is_not_told_of_another(
    live: LiveSite, browser: BrowserContext
) -> None:
    page, work, _edit = await writing(live, browser)
    posted, is_over = await hold(page, "**/typing")
    await page.fill("[name=title]", "Tang")
    await came(posted, 1)
    await page.fill("[name=title]", "Tangyuan")
    await page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    await asyncio.sleep(1)
    assert len(posted) == 1
    is_over.set()
    await expect(page.locator(".typing-state")).to_contain_text(SAVED, timeout=60_000)
    await came(posted, 2)
    await until(
        page, "!Object.keys(localStorage).some(key => key.startsWith('typing '))"
    )  # all of it was sent
    await expect(page.locator(".edit-conflict")).to_have_count(0)
    assert (await Artwork.get(id=work.id)).own("title") == "Tangyuan"


async def test_of_two_windows_the_later_one_is_told_what_it_would_overwrite(
    live: LiveSite, browser: BrowserContext
) -> None:
    address = await live.serve(worker=False)
    work = await factories.artwork(live.storage, live.cast.organisation)
    page, other = await browser.new_page(), await browser.new_page()
    await sign_in(page, address, live.cast.partner)
    for window in (page, other):
        await window.goto(f"{address}/desk/works/{work.id}/edit")
    await other.fill("[name=title]", "Hers")
    await expect(other.locator(".typing-state")).to_contain_text(SAVED, timeout=60_000)
    await page.fill("[name=title]", "Mine")
    await page.press("[name=title]", "Tab")
    await expect(page.locator(".edit-conflict blockquote")).to_have_text("Hers", timeout=60_000)
    assert (await Artwork.get(id=work.id)).own("title") == "Hers"
    await page.click(".edit-conflict button >> nth=0")
    await expect(page.locator(".edit-conflict")).to_have_count(0, timeout=60_000)
    await expect(page.locator(".typing-state")).to_contain_text(SAVED, timeout=60_000)
    assert (await Artwork.get(id=work.id)).own("title") == "Mine"


async def test_what_another_window_saved_stays_while_somebody_types_on(
    live: LiveSite, browser: BrowserContext
) -> None:
    page, work, edit = await writing(live, browser)
    other = await browser.new_page()
    await other.goto(edit)
    await other.fill("[name=medium]", "Hers")
    await expect(other.locator(".typing-state")).to_contain_text(SAVED, timeout=60_000)
    posted, is_over = await hold(page, "**/typing")
    await page.fill("[name=title]", "Mine")
    await came(posted, 1)
    await page.fill("[name=story]", "My story")
    is_over.set()
    await expect(page.locator("[name=medium]")).to_have_value("Hers", timeout=60_000)
    all_is_sent = "!Object.keys(localStorage).some(key => key.startsWith('typing '))"
    await until(page, all_is_sent)
    await work.refresh_from_db()
    assert (work.own("title"), work.own("story"), work.own("medium")) == ("Mine", "My story", "Hers")

    # In a field where both typed, the partner is asked.
    await other.fill("[name=medium]", "Hers again")
    await until(other, all_is_sent)
    is_over.clear()
    so_far = len(posted)
    await page.fill("[name=title]", "Mine again")
    await came(posted, so_far + 1)
    await page.fill("[name=medium]", "Mine too")
    is_over.set()
    await expect(page.locator(".edit-conflict blockquote")).to_have_text("Hers again", timeout=60_000)
    await expect(page.locator("[name=medium]")).to_have_value("Mine too")
    await work.refresh_from_db()
    assert (work.own("title"), work.own("medium")) == ("Mine again", "Hers again")


async def test_what_comes_too_late_is_said_and_stays_in_the_form(
    live: LiveSite, browser: BrowserContext
) -> None:
    page, work, edit = await writing(live, browser)
    state = page.locator(".typing-state")
    await submit(work, live.cast.colleague)
    await page.fill("[name=title]", "Too late")
    await page.press("[name=title]", "Tab")
    await expect(state).to_contain_text("What you typed is still here", timeout=60_000)
    await page.click("button[name=then][value=save]")
    await expect(page.locator(".error-summary")).to_contain_text("take the work back")
    assert await page.input_value("[name=title]") == "Too late"
    await take_back(work, live.cast.colleague)
    await page.click("button[name=then][value=save]")
    await page.wait_for_url(re.compile(r"/desk/works/\d+$"))
    assert (await Artwork.get(id=work.id)).own("title") == "Too late"
    # Deleted in the meantime: the message says so instead of reporting a connection error.
    await page.goto(edit)
    await work.delete()
    await page.fill("[name=title]", "Deleted")
    await page.press("[name=title]", "Tab")
    await expect(state).to_contain_text("was deleted", timeout=60_000)
    assert await page.input_value("[name=title]") == "Deleted"


async def test_a_picture_is_turned_and_cropped_by_keyboard_and_by_drag(
    live: LiveSite, browser: BrowserContext
) -> None:
    address = await live.serve(worker=False)
    work = await factories.artwork(live.storage, live.cast.organisation)
    page = await browser.new_page()
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    page.on("console", lambda values: broken.append(values.text) if values.type == "error" else None)
    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/works/{work.id}/framing")
    stage = page.locator(".framing-stage")
    await expect(stage).to_be_visible()
    assert await is_within(page)

    # By keyboard alone: the left edge by three steps, the top by a large one, a quarter turn, and save.
    await page.focus("main a")
    await page.keyboard.press("Tab")
    await expect(page.locator("[data-edges=left]")).to_be_focused()
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Shift+ArrowDown")
    await expect(page.locator("[data-edges=top]")).to_have_attribute("aria-valuenow", "5")
    await page.focus("[data-turn='90']")
    await page.keyboard.press("Enter")
    shown = {
        name: await page.input_value(f"[name={name}]") for name in ("turn", "left", "top", "right", "bottom")
    }
    assert shown == {"turn": "90", "left": "0", "top": "3", "right": "5", "bottom": "0"}
    await page.focus("main button.primary")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/desk/works/\d+$"))
    image = (await Artwork.get(id=work.id).prefetch_related("image")).image
    assert image is not None
    assert (image.turn, image.crop_top, image.crop_right) == (90, 300, 9500)

    # By drag: the lower edge is pulled up by a fifth of the picture's height.
    page = await browser.new_page()
    await page.goto(f"{address}/desk/works/{work.id}/framing")
    canvas = await page.locator(".framing-stage canvas").bounding_box()
    handle = await page.locator("[data-edges=bottom]").bounding_box()
    assert canvas is not None
    assert handle is not None
    assert canvas["height"] > canvas["width"]  # it is shown turned
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] - 4
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x, y - canvas["height"] / 5, steps=5)
    await page.mouse.up()
    assert 19 < float(await page.input_value("[name=bottom]")) < 21
    await page.click("button[value=as_it_came]")
    await page.wait_for_url(re.compile(r"/desk/works/\d+$"))
    image = (await Artwork.get(id=work.id).prefetch_related("image")).image
    assert image is not None
    assert image.framing.is_whole
    assert broken == []


async def test_a_picture_that_gets_ready_comes_without_the_page_being_loaded_again(
    live: LiveSite, browser: BrowserContext
) -> None:
    address = await live.serve(worker=False)
    image = await factories.received(live.storage, live.cast.organisation)
    work = await factories.artwork(live.storage, live.cast.organisation, image=image)
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/works/{work.id}")
    await page.evaluate("window.isTheSame = true")
    await expect(page.locator(".by-itself")).to_be_visible()
    fold = page.locator("details > summary")
    await fold.click()
    await expect(fold).to_be_focused()
    await Worker(ChoreContext(live.settings, live.storage), CHORES).run_dry()
    await expect(page.locator("#work-picture picture img")).to_have_count(1, timeout=60_000)
    await expect(page.locator("#look-again")).not_to_be_empty()
    await expect(page.locator("[data-look-again] .by-itself")).to_have_count(0)
    await expect(fold).to_be_focused()
    assert await page.locator("details").get_attribute("open") is not None
    assert await page.evaluate("window.isTheSame")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A ZIP with a sheet of two works."""
    path = tmp_path / "作品.zip"
    path.write_bytes(two_works())
    return path


async def send_sheet(page: Page, bundle: Path) -> None:
    await page.set_input_files("[name=sheet]", bundle)
    await page.click("main button.primary")


async def test_a_sheet_is_tried_and_brought_in(live: LiveSite, browser: BrowserContext, bundle: Path) -> None:
    address = await live.serve()
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/sheets")
    assert await is_within(page)
    await send_sheet(page, bundle)
    await page.wait_for_url(re.compile(r"/desk/sheets/\d+$"))
    confirm = page.locator("form[action$='/confirmation'] button")
    await expect(confirm).to_be_visible(timeout=LONG)  # the page looks again by itself
    assert await is_within(page)
    assert await Artwork.all().count() == 0
    await confirm.click()
    back = page.locator("form[action$='/deletion'] button.danger")
    await expect(back).to_have_count(1, timeout=LONG)
    assert await is_within(page)
    assert {each.own("title") for each in await Artwork.all()} == {"饺子皮", "汤圆"}
    await page.click("details:has(button.danger) summary")
    await back.click()
    await expect(back).to_have_count(0, timeout=LONG)
    assert await Artwork.all().count() == 0


async def test_a_sheet_arrives_although_the_line_breaks_and_the_page_is_closed(
    live: LiveSite, browser: BrowserContext, bundle: Path
) -> None:
    address = await live.serve()
    line = BadLine(int(address.rpartition(":")[2]), after=6_000, times=0)
    async with line as broken:
        page = await browser.new_page()
        await sign_in(page, broken, live.cast.partner)
        await page.goto(f"{broken}/desk/sheets")
        line.left = 10_000  # no request gets through
        await send_sheet(page, bundle)
        await expect(page.locator(".sheet-sending")).to_contain_text("The connection broke", timeout=LONG)
        await until(page, "Object.keys(localStorage).some(key => key.startsWith('tus::'))")
        assert await is_within(page)
        await page.close(run_before_unload=False)
        line.left = 0
        page = await browser.new_page()
        await page.goto(f"{broken}/desk/sheets")
        line.left = 2
        await send_sheet(page, bundle)
        await page.wait_for_url(re.compile(r"/desk/sheets/\d+$"), timeout=LONG)
        await expect(page.locator("form[action$='/confirmation'] button")).to_be_visible(timeout=LONG)
    assert await Upload.all().count() == 1  # the second page went on with the upload of the first


async def test_of_a_hundred_and_one_pictures_the_last_is_named_and_waits_for_another_choice(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    files = []
    for number in range(1, 102):
        path = tmp_path / f"IMG_{number}.jpg"
        path.write_bytes(b"")
        files.append(path)
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/works/many")
    await page.route("**/desk/uploads", lambda route: route.abort())  # none of them need be sent
    await page.set_input_files("#pictures", files)
    await expect(page.locator(".many-sending > li")).to_have_count(100)
    notice = page.locator(".many-notice")
    await expect(notice).to_contain_text("IMG_101.jpg")
    await expect(notice).not_to_contain_text("IMG_100.jpg")
    assert await is_within(page)
