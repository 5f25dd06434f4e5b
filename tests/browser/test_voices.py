"""A voice from the browser's (fake) microphone to the visitor's ear, and out of the site again."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.sounds.models import Sound, SoundState
from tests import factories
from tests.browser.conftest import ARGUMENTS, CHROMIUM, PATIENCE, until
from tests.browser.people import click_through, is_within, sign_in
from tests.images.sounds import tone
from tests.live import LiveSite

WORDS = "0:00 下雪了，一家人围着锅。\n0:01 奶奶说：来吃汤圆吧。"
IS_PLAYING = (
    "(() => { const sound = document.querySelector('.player audio'); return sound.currentTime > 0.3; })()"
)


@pytest.fixture
async def listening(chromium: Browser) -> AsyncIterator[Browser]:
    """A browser with a microphone that beeps, which it gives to every page that asks and may."""
    microphone = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *microphone])
        yield browser
        await browser.close()


async def opened(browser: Browser, width: int) -> Page:
    size = {"width": width, "height": 844}
    context = await browser.new_context(viewport=size, locale="zh-CN", reduced_motion="reduce")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    return await context.new_page()


async def ready(work: Artwork) -> Sound:
    """The sound of the work, once the site's worker has prepared it."""
    for _ in range(PATIENCE // 100):
        sound = await Sound.get_or_none(artwork__id=work.id)
        if sound is not None and sound.state == SoundState.READY:
            return sound
        await asyncio.sleep(0.1)
    raise AssertionError("the sound was never prepared")


async def test_a_voice_is_recorded_reviewed_heard_and_withdrawn(live: LiveSite, listening: Browser) -> None:
    consent = await factories.consent(live.cast.organisation, for_voice=True)
    work = await factories.artwork(live.storage, live.cast.organisation, consent=consent)
    address = await live.serve()

    phone = await opened(listening, 390)
    await sign_in(phone, address, live.cast.partner)
    await phone.goto(f"{address}/desk/works/{work.id}/edit")
    await phone.click(".voice-recording summary")
    assert await is_within(phone)
    await phone.click("button[value=record]")
    await until(phone, "document.querySelector('.recorder meter').value > 0.05")
    await phone.click("button[value=pause]")
    stopped = await phone.inner_text(".recorder output")
    await phone.click("button[value=resume]")
    await until(
        phone,
        f"document.querySelector('.recorder output').textContent > '{stopped}' && "
        "document.querySelector('.recorder output').textContent > '0:02'",
    )
    await phone.click("button[value=stop]")
    own = phone.locator(".recorder-listen")
    await expect(own).to_be_visible()
    assert (await own.get_attribute("src") or "").startswith("blob:")
    await phone.evaluate("document.querySelector('.recorder-listen').play()")
    await until(phone, "document.querySelector('.recorder-listen').currentTime > 0.2")
    await phone.fill("[name=story]", "下雪了。")
    await phone.click(".recorder-send")
    await expect(phone.locator("[name=transcript]")).to_be_visible()
    await expect(phone.locator("[name=story]")).to_have_value("下雪了。")

    sound = await ready(work)
    assert 2000 < sound.milliseconds < 20_000
    await phone.reload()
    await expect(phone.locator(".player-play")).to_be_visible()
    await phone.fill("[name=transcript]", WORDS)
    await click_through(phone.locator("button[value=submit]"))
    assert (await Artwork.get(id=work.id)).status == Status.SUBMITTED

    wide = await opened(listening, 1440)
    await sign_in(wide, address, live.cast.curator)
    await wide.goto(f"{address}/desk/queue/{work.id}")
    await expect(wide.locator(".transcript")).to_contain_text("奶奶说")
    await wide.click(".player-play")
    await until(wide, IS_PLAYING)
    await click_through(wide.locator("button[value=accepted]"))
    await expect(wide.locator("#decision-form .field-error")).to_be_visible()
    await wide.check("[name=confirmed]")
    await click_through(wide.locator("button[value=accepted]"))
    assert (await Artwork.get(id=work.id)).status == Status.ACCEPTED
    await factories.exhibition([await Artwork.get(id=work.id)])

    visitor = await opened(listening, 390)
    complaints: list[str] = []
    visitor.on(
        "console", lambda message: complaints.append(message.text) if message.type == "error" else None
    )
    await visitor.goto(f"{address}/zh/works/{work.public_id}")
    assert await visitor.evaluate("document.querySelector('.player audio').paused")
    await visitor.locator(".transcript summary").click()
    await visitor.focus(".player-play")
    await visitor.keyboard.press("Enter")
    await until(visitor, IS_PLAYING)
    await expect(visitor.locator(".transcript [data-current]")).to_have_count(1)
    await visitor.keyboard.press("Tab")
    await visitor.keyboard.press("ArrowRight")
    place = visitor.locator(".player-place")
    assert re.search(r"共", await place.get_attribute("aria-valuetext") or "")
    await visitor.click(".player-speed")
    await expect(visitor.locator(".player-speed")).to_have_text("1.25×")
    assert await is_within(visitor)
    assert not complaints

    await visitor.goto(f"{address}/zh/consent/{(await Consent.get(id=consent.id)).code}")
    await click_through(visitor.locator("form button"))
    for store in (live.storage.private, live.storage.public):
        assert not [key async for key in store.keys("sounds")]
    gone = await visitor.request.get(f"{address}/media/sounds/{sound.token}/voice.ogg")
    assert gone.status == 410


async def test_without_a_script_a_file_is_sent_by_the_same_form(
    live: LiveSite, chromium: Browser, tmp_path: Path
) -> None:
    consent = await factories.consent(live.cast.organisation, for_voice=True)
    work = await factories.artwork(live.storage, live.cast.organisation, consent=consent)
    await factories.voice(live.storage, work)
    address = await live.serve(worker=False)
    context = await chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/works/{work.id}/voice")
    await expect(page.locator(".recorder")).to_be_hidden()
    await expect(page.locator(".player audio")).to_be_visible()
    before = await Sound.get(artwork__id=work.id)
    await page.set_input_files("[name=sound]", tone(tmp_path / "a.wav", 2))
    await click_through(page.locator("#recorder button.primary"))
    assert page.url.endswith("/edit#transcript")
    assert (await Sound.get(artwork__id=work.id)).id != before.id
    await context.close()


async def test_the_slideshow_waits_while_a_voice_is_heard(live: LiveSite, chromium: Browser) -> None:
    works = [
        await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED)
        for _ in range(2)
    ]
    await factories.voice(live.storage, works[0])
    exhibition = await factories.exhibition(works)
    address = await live.serve(worker=False)
    context = await chromium.new_context(viewport={"width": 1200, "height": 800}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    await page.goto(f"{address}/en/exhibitions/{exhibition.slug}/walk?pace=3600")
    place, pause = page.locator(".place"), page.locator("[value=pause]")
    await expect(place).to_have_text("1 / 2")
    await pause.click()
    await expect(pause).to_have_text("Pause")
    assert await page.evaluate("document.querySelector('audio').paused")  # nothing plays by itself
    await page.evaluate("document.querySelector('audio').play()")
    await expect(pause).to_have_text("Play")
    await until(page, IS_PLAYING)
    await page.click("[value=next]")
    await expect(place).to_have_text("2 / 2")
    assert await page.evaluate("document.querySelector('audio').paused")
    assert await is_within(page)
    await context.close()


async def test_a_work_is_begun_with_its_voice(live: LiveSite, listening: Browser) -> None:
    address = await live.serve(worker=False)
    phone = await opened(listening, 390)
    await sign_in(phone, address, live.cast.partner)
    await phone.goto(f"{address}/desk/works/new")
    await phone.click(".voice-recording summary")
    await expect(phone.locator(".voice-recording")).to_contain_text("A voice needs a consent that names it.")
    await phone.fill("[name=title]", "Snow")
    await phone.click("button[value=record]")
    await until(phone, "document.querySelector('.recorder output').textContent > '0:01'")
    # The button ends the recording, which is to be heard; the second press sends both.
    await phone.click("main button[value=save]")
    await expect(phone.locator(".recorder-listen")).to_be_visible()
    await phone.click("main button[value=save]")
    await phone.wait_for_url(re.compile(r"/desk/works/\d+$"))
    work = await Artwork.get()
    assert work.own("title") == "Snow"
    assert work.sound_id is not None


async def test_what_is_no_voice_is_refused_in_the_form(
    live: LiveSite, browser: BrowserContext, tmp_path: Path
) -> None:
    address = await live.serve(worker=False)
    page = await browser.new_page()
    await sign_in(page, address, live.cast.partner)
    await page.goto(f"{address}/desk/works/new")
    await page.click(".voice-recording summary")
    (tmp_path / "letter.mp3").write_text("This is no sound.")
    await page.set_input_files("#sound", tmp_path / "letter.mp3")
    await page.click(".recorder-send")
    await expect(page.locator(".recorder-status")).to_contain_text("This file is not a sound")
    assert await Sound.all().count() == 0
    await expect(page.locator(".recorder-send")).to_be_hidden()
    assert await page.evaluate("document.getElementById('sound').files.length") == 0
    await page.set_input_files("#sound", tone(tmp_path / "a.wav", 2))
    await page.click(".recorder-discard")
    await expect(page.locator(".recorder-listen")).to_be_hidden()
    assert await page.evaluate("document.getElementById('sound').files.length") == 0
    await page.set_input_files("#sound", tmp_path / "a.wav")
    await page.route("**/voice", lambda route: route.abort())
    await page.click(".recorder-send")
    await expect(page.locator(".recorder-status")).to_contain_text("could not be sent")
    await page.unroute("**/voice")
    await page.click(".recorder-send")
    await expect(page.locator("[name=transcript]")).to_be_visible()
    assert await Sound.filter(artwork__id__isnull=False).count() == 1
