"""A work is begun without a line: the form opens, keeps words and pictures in the browser, and sends them later."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

import gallery
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork
from tests import factories
from tests.browser.conftest import PATIENCE, PHONE, until
from tests.browser.people import click_through, is_within, sign_in
from tests.live import BadLine, LiveSite, eventually

FORM = "caches.match('/desk/works/offline', { ignoreSearch: true })"
KEPT = f"async () => Boolean(await {FORM}) && Boolean(navigator.serviceWorker.controller)"
PICTURES = """() => new Promise((resolve) => {
  const opening = indexedDB.open("kept-pictures", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("pictures", { keyPath: "id", autoIncrement: true });
  opening.onsuccess = () => {
    const all = opening.result.transaction("pictures").objectStore("pictures").count();
    all.onsuccess = () => { opening.result.close(); resolve(all.result); };
  };
})"""
KEYS = "caches.open('desk-form').then(async (cache) => (await cache.keys()).map((key) => key.url))"
NO_WORDS = "!Object.keys(localStorage).some(key => /^(typing|tus)/.test(key))"


@pytest.fixture
async def phone(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A phone's browser with service workers, whose language is Chinese."""
    context = await chromium.new_context(**PHONE, is_mobile=True, has_touch=True)
    context.set_default_timeout(PATIENCE)
    yield context
    await context.close()


async def kept_form(live: LiveSite, phone: BrowserContext, address: str) -> Page:
    """The list of works of a partner with a Chinese desk, whose browser has kept the form."""
    live.cast.partner.language = "zh"
    await live.cast.partner.save(update_fields=["language"])
    page = await phone.new_page()
    await sign_in(page, address, live.cast.partner)
    await until(page, f"({KEPT})()")
    return page


def photographs(folder: Path) -> list[Path]:
    paths = [folder / f"{name}.jpg" for name in ("front", "back")]
    for number, path in enumerate(paths):
        path.write_bytes(factories.photograph(1300 + number, 900))
    return paths


async def begin(page: Page, address: str, folder: Path) -> None:
    """Without a line: open the form, type a title, choose two pictures."""
    await page.goto(f"{address}/desk/works")  # the list cannot be shown
    await expect(page).to_have_url(f"{address}/desk/works/new")
    await expect(page.locator(".no-line")).to_contain_text("没有网络连接")
    await page.fill("#title", "饺子皮")
    front, back = photographs(folder)
    await page.set_input_files("#picture", front)
    await page.set_input_files("#further", back)
    rows = page.locator(".picture-sending li")
    await expect(rows).to_have_count(2)
    for number in range(2):
        await expect(rows.nth(number)).to_contain_text("保存在这个浏览器里")
    await expect(page.locator(".typing-state")).to_contain_text("没有网络连接")
    assert await page.evaluate(PICTURES) == 2


async def begun(live: LiveSite, phone: BrowserContext, folder: Path) -> tuple[str, Page]:
    """A site whose form this phone keeps, and the page on which a work was begun without a line."""
    address = await live.serve(worker=False)
    page = await kept_form(live, phone, address)
    await phone.set_offline(True)
    await begin(page, address, folder)
    return address, page


async def arrived() -> Artwork:
    await eventually(
        lambda: Artwork.filter(further_pictures__id__isnull=False, image__id__isnull=False).exists()
    )
    work = await Artwork.get().select_related("image")
    await load_further_pictures([work])
    return work


async def test_what_was_begun_without_a_line_arrives_once(
    live: LiveSite, phone: BrowserContext, tmp_path: Path
) -> None:
    address, page = await begun(live, phone, tmp_path)
    assert await is_within(page)
    await page.close()
    page = await phone.new_page()
    await page.goto(f"{address}/desk/works/new")
    notice = page.locator(".unsent-works")
    await expect(notice.locator("li li")).to_have_count(2)
    await click_through(notice.get_by_role("link", name="饺子皮"))
    await expect(page.locator("#title")).to_have_value("饺子皮")
    await expect(page.locator(".picture-sending li")).to_have_count(2)
    # A button that needs the site leaves the page open.
    await page.click("button[value=save]")
    await expect(page.locator("#title")).to_have_value("饺子皮")
    await phone.set_offline(False)
    await page.wait_for_url(re.compile(r"/desk/works/\d+$"))  # the button was pressed
    work = await arrived()
    assert work.own("title") == "饺子皮"
    assert work.image is not None
    assert work.image.width == 1300
    assert [each.image.width for each in work.later_pictures] == [1301]
    await until(page, NO_WORDS)
    assert await page.evaluate(PICTURES) == 0
    await page.goto(f"{address}/desk/works")
    await expect(page.locator(".unsent-works")).to_have_count(0)
    assert await Artwork.all().count() == 1


async def test_the_list_sends_what_was_begun(live: LiveSite, phone: BrowserContext, tmp_path: Path) -> None:
    address = await live.serve(worker=False)
    line = BadLine(int(address.rpartition(":")[2]), after=1, times=0)
    async with line as broken:
        page = await kept_form(live, phone, broken)
        line.is_cut = True
        await page.goto(f"{broken}/desk/works/new")
        await page.fill("#title", "汤圆")
        front, back = photographs(tmp_path)
        await page.set_input_files("#picture", front)
        await page.set_input_files("#further", back)
        await expect(page.locator(".picture-sending li").first).to_contain_text("保存在这个浏览器里")
        await until(page, f"({PICTURES})().then((count) => count === 2)")
        await page.close()
        line.is_cut = False
        page = await phone.new_page()
        await page.goto(f"{broken}/desk/works")
        await expect(page.locator(".unsent-works")).to_contain_text("汤圆")
        work = await arrived()
        assert work.own("title") == "汤圆"
        await until(page, f"({PICTURES})().then((count) => count === 0)")
        await until(page, NO_WORDS)
        assert await Artwork.all().count() == 1


async def test_a_picture_that_waits_changes_no_word_and_can_be_thrown_away(
    live: LiveSite, phone: BrowserContext, tmp_path: Path
) -> None:
    """The words have arrived, the first picture is refused for a while: the list goes on with the draft."""
    address, page = await begun(live, phone, tmp_path)
    await page.close()
    typed: list[str] = []
    phone.on("request", lambda request: typed.append(request.url) if "/typing" in request.url else None)
    await phone.route("**/desk/uploads", lambda route: route.fulfill(status=422, body="Not now"))
    await phone.set_offline(False)
    page = await phone.new_page()
    await page.goto(f"{address}/desk/works")
    rows = page.locator(".unsent-works li li")
    await expect(rows.nth(1)).to_contain_text("Not now")
    work = await Artwork.get()
    await expect(page.locator(".unsent-works a")).to_have_attribute("href", f"/desk/works/{work.id}/edit")
    await phone.unroute("**/desk/uploads")
    await phone.route("**/desk/uploads", lambda route: route.abort())
    await page.evaluate("dispatchEvent(new Event('online'))")
    await expect(rows.first).not_to_contain_text("Not now")
    await rows.first.get_by_role("button").click()
    await expect(rows).to_have_count(1)
    await phone.unroute("**/desk/uploads")
    await until(page, f"({PICTURES})().then((count) => count === 0)")
    work = await Artwork.get().select_related("image")
    await load_further_pictures([work])
    images = [each for each in (work.image, *(each.image for each in work.later_pictures)) if each]
    assert [each.width for each in images] == [1301]
    assert (work.own("title"), len(typed)) == ("饺子皮", 1)


async def test_what_is_kept_can_be_thrown_away(live: LiveSite, phone: BrowserContext, tmp_path: Path) -> None:
    address, page = await begun(live, phone, tmp_path)
    await page.goto(f"{address}/desk/works/new")
    await page.locator(".unsent-works").get_by_role("button", name="饺子皮").click()
    await expect(page.locator(".unsent-works")).to_have_count(0)
    assert await page.evaluate(PICTURES) == 0
    assert await page.evaluate(NO_WORDS)


async def test_signing_out_clears_the_browser_and_says_so(
    live: LiveSite, phone: BrowserContext, tmp_path: Path
) -> None:
    address, page = await begun(live, phone, tmp_path)
    form = page
    await form.route("**/desk/works/typing", lambda route: route.abort())
    await phone.set_offline(False)
    page = await phone.new_page()
    await page.goto(f"{address}/desk/account")  # a page that sends nothing
    await phone.set_offline(True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.get_by_role("button", name="退出登录", exact=True).click()
    await expect(page.locator(".sign-out-notice")).to_contain_text("没有网络连接")
    assert [each for each in asked if "/static/" not in each] == []  # a private page would log the reading
    await phone.set_offline(False)
    await page.get_by_role("button", name="退出登录", exact=True).click()
    notice = page.locator(".sign-out-notice")
    await expect(notice).to_contain_text("1 件作品")
    assert await is_within(page)
    assert await page.evaluate(PICTURES) == 2
    await click_through(notice.locator("button.danger"))
    assert "/desk/sign-in" in page.url
    assert await page.evaluate(PICTURES) == 0
    assert await page.evaluate(NO_WORDS)
    assert await page.evaluate("caches.keys()") == []
    assert await page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    # A form that is still open keeps nothing any more.
    await form.fill("#story", "故事")
    await expect(form.locator(".typing-state")).to_contain_text("请不要关闭本页")
    assert await page.evaluate(NO_WORDS)


async def test_another_account_sees_nothing_and_sends_nothing(
    live: LiveSite, phone: BrowserContext, tmp_path: Path
) -> None:
    """The sign-in ended without signing out, so what is kept waits for the same person."""
    address, page = await begun(live, phone, tmp_path)
    stale = page
    await phone.clear_cookies()
    await phone.set_offline(False)
    page = await phone.new_page()
    await sign_in(page, address, live.cast.colleague)
    await stale.evaluate("dispatchEvent(new Event('online'))")
    await stale.fill("#story", "故事")
    await expect(stale.locator(".typing-state")).to_contain_text("您已退出登录")
    await stale.close()
    await page.goto(f"{address}/desk/works")
    await expect(page.locator("#works")).to_be_visible()
    await expect(page.locator(".unsent-works")).to_have_count(0)
    await page.goto(f"{address}/desk/works/new")
    await expect(page.locator(".picture-sending li")).to_have_count(0)
    assert await Artwork.all().count() == 0
    await phone.clear_cookies()
    await sign_in(page, address, live.cast.partner)
    assert (await arrived()).own("title") == "饺子皮"


async def test_a_picture_on_its_way_is_kept_when_somebody_else_signs_in(
    live: LiveSite, phone: BrowserContext, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    page = await kept_form(live, phone, address)
    await page.goto(f"{address}/desk/works/new")
    await phone.route("**/desk/uploads/*", lambda route: route.fulfill(status=404, body="No such upload"))
    await page.set_input_files("#picture", photographs(tmp_path)[0])
    await expect(page.locator(".picture-sending li")).to_contain_text("No such upload")
    assert await page.evaluate(PICTURES) == 1


async def test_somebody_elses_form_is_deleted(live: LiveSite, phone: BrowserContext) -> None:
    """It would name what they have not sent."""
    address = await live.serve(worker=False)
    page = await kept_form(live, phone, address)
    await phone.clear_cookies()
    await sign_in(page, address, live.cast.curator)
    await until(page, f"{FORM}.then((kept) => !kept)")


async def test_what_the_form_says_of_the_line_and_of_keeping_is_true(
    live: LiveSite, phone: BrowserContext
) -> None:
    address = await live.serve(worker=False)
    page = await kept_form(live, phone, address)
    await phone.set_offline(True)
    await page.goto(f"{address}/desk/works/new")
    arrived, promise = page.locator(".line-is-back"), page.locator(".typing-kept")
    await expect(page.locator(".no-line")).to_contain_text("或网络很慢")
    await expect(promise).to_be_hidden()
    await page.evaluate(
        "Storage.prototype.keep = Storage.prototype.setItem; Storage.prototype.setItem = null"
    )
    await page.fill("#title", "饺子")
    await expect(page.locator(".typing-state")).to_contain_text("请不要关闭本页")
    await expect(promise).to_be_hidden()
    await page.evaluate("void (Storage.prototype.setItem = Storage.prototype.keep)")
    await page.fill("#title", "饺子皮")
    await expect(promise).to_contain_text("作品列表")
    await phone.set_offline(False)
    await expect(arrived).to_be_visible()
    await phone.set_offline(True)
    await page.fill("#story", "故事")
    await expect(page.locator(".typing-state")).to_contain_text("没有网络连接")
    await expect(arrived).to_be_hidden()
    await phone.set_offline(False)
    await expect(arrived).to_be_visible()


async def test_a_browser_without_room_says_so(live: LiveSite, phone: BrowserContext, tmp_path: Path) -> None:
    address = await live.serve(worker=False)
    page = await kept_form(live, phone, address)
    await phone.set_offline(True)
    await page.goto(f"{address}/desk/works/new")
    devtools = await phone.new_cdp_session(page)
    await devtools.send("Storage.overrideQuotaForOrigin", {"origin": address, "quotaSize": 1000})
    await page.set_input_files("#picture", photographs(tmp_path)[0])
    await expect(page.locator(".picture-said")).to_contain_text("没有空间")
    await expect(page.locator(".picture-sending li")).to_contain_text("请不要关闭本页")
    await phone.set_offline(False)
    await eventually(lambda: Artwork.filter(image__id__isnull=False).exists())


async def release_of(page: Page) -> str:
    """The version of the static files."""
    return (await page.locator("link[href$='desk.css']").get_attribute("href") or "").split("/")[2]


async def test_a_new_release_takes_over(live: LiveSite, phone: BrowserContext, tmp_path: Path) -> None:
    package = Path(gallery.__file__).parent
    (tmp_path / "gallery").mkdir()
    (tmp_path / "templates").symlink_to(package.parent / "templates")
    for each in package.iterdir():
        if each.name != "static":
            (tmp_path / "gallery" / each.name).symlink_to(each)
    shutil.copytree(package / "static", tmp_path / "gallery/static", symlinks=True)
    (tmp_path / "gallery/static/js/offline-worker.js").write_text(
        "addEventListener('activate', (event) => event.waitUntil(clients.claim()));"
    )
    old = await live.serve(worker=False, under=["env", "-C", str(tmp_path)])
    new = await live.serve(worker=False)
    line = BadLine(int(old.rpartition(":")[2]), after=1, times=0)
    async with line as address:
        page = await kept_form(live, phone, address)
        before = await release_of(page)
        line.port = int(new.rpartition(":")[2])
        live.processes[0].send_signal(signal.SIGKILL)
        live.processes[0].wait(30)
        await page.goto(f"{address}/desk/works")
        after = await release_of(page)
        assert after != before
        await until(
            page, f"({KEYS}).then((all) => all.length > 5 && all.every((key) => key.includes('{after}')))"
        )
        state = "navigator.serviceWorker.getRegistration('/desk').then((it) => !it.installing && !it.waiting)"
        await until(page, state)
        line.is_cut = True
        await page.goto(f"{address}/desk/works/new")
        await expect(page.locator(".no-line")).to_be_visible()


async def test_no_file_of_another_release_is_kept(live: LiveSite, phone: BrowserContext) -> None:
    """While a site changes to a release, a server may answer with another one's file, to be kept by nobody."""
    address = await live.serve(worker=False)
    await phone.add_init_script(
        """const ask = fetch;
        window.fetch = async (...all) => {
          const answer = await ask(...all);
          if (!answer.url.endsWith("/unsent.js")) return answer;
          window.hasAsked = true;
          return new Response(answer.body, { headers: { "cache-control": "no-cache" } });
        };"""
    )
    page = await phone.new_page()
    await sign_in(page, address, live.cast.partner)
    await until(page, "window.hasAsked")
    assert not await page.evaluate(f"({KEYS}).then((all) => all.some((key) => /unsent|offline/.test(key)))")
    assert not await page.evaluate(f"{FORM}.then(Boolean)")


async def test_all_scripts_of_the_form_are_kept(live: LiveSite, phone: BrowserContext) -> None:
    """Each module that the form loads is named in its page, so that it is kept."""
    address = await live.serve(worker=False)
    page = await kept_form(live, phone, address)
    await phone.set_offline(True)
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    await page.goto(f"{address}/desk/works/new")
    await expect(page.locator(".no-line")).to_be_visible()
    assert [each for each in failed if "/static/" in each] == []


async def test_the_kept_form_names_nothing_of_the_organisation(live: LiveSite, phone: BrowserContext) -> None:
    work = await factories.artwork(live.storage, live.cast.organisation)
    await work.fetch_related("artist", "project")
    address = await live.serve(worker=False)
    page = await kept_form(live, phone, address)
    text = await page.evaluate(f"{FORM}.then((kept) => kept.text())")
    assert work.artist.credit_name not in text
    assert work.project is not None
    assert not any(each in text for each in work.project.title.values())
    assert live.cast.partner.name not in text
    assert live.cast.partner.email not in text
