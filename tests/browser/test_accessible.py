"""Every page, public and at the desk, checked by axe-core and html-validate: light and dark, narrow, and by
keyboard.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, expect

from gallery.accounts.models import Person, Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.artworks.models import Artwork
from gallery.clock import now
from tests.browser.accessibility import (
    FOCUSED,
    RULES,
    complaints,
    furnish,
)
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.factories import in_zh
from tests.live import LiveSite
from tests.npm import modules_or_skip, run_node

SMALLEST_TARGET = 24  # CSS px


async def signed_in(person: Person, language: str) -> str:
    """The session token of a person whose desk is in `language`."""
    await Person.filter(id=person.id).update(language=language)
    token = f"accessible-{person.id}"
    if not await Session.exists(token_hash=token_hash(token)):
        await Session.create(
            token_hash=token_hash(token), person=person, seen_at=now(), expires_at=now() + timedelta(days=1)
        )
    return token


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_axe_finds_nothing_on_any_page(live: LiveSite, chromium: Browser, language: str) -> None:
    axe = (modules_or_skip("checks") / "axe-core" / "axe.min.js").read_text()
    site = await furnish(live)
    said: dict[str, list[str]] = {}
    for person, paths in (
        (None, [*site.public(language), "/desk/sign-in"]),
        (live.cast.partner, site.partners()),
        (live.cast.curator, site.curators()),
        (live.cast.keeper, site.keepers()),
    ):
        context = await chromium.new_context(
            viewport={"width": 1280, "height": 800},
            locale="zh-CN" if language == "zh" else "en-GB",
            reduced_motion="reduce",
        )
        if person is not None:
            token = await signed_in(person, language)
            await context.add_cookies([{"name": COOKIE, "value": token, "url": f"{site.address}/desk"}])
        page = await context.new_page()
        for path in paths:
            await page.set_viewport_size({"width": 1280, "height": 800})
            answer = await page.goto(site.address + path)
            assert answer is not None
            assert answer.status == {"nowhere": 404, "last=": 422}.get(re.split("[/&]", path)[-1], 200), path
            if found := await complaints(page, axe, ("light", "dark") if language == "zh" else ("light",)):
                said[path] = found
        await context.close()
    assert not said, json.dumps(said, ensure_ascii=False, indent=1)


async def test_axe_finds_nothing_in_a_form_that_comes_back_with_mistakes(
    live: LiveSite, chromium: Browser
) -> None:
    axe = (modules_or_skip("checks") / "axe-core" / "axe.min.js").read_text()
    site = await furnish(live)
    await Artwork.filter(id=site.draft.id).update(story=in_zh(""))
    await site.draft.themes.clear()
    context = await chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    token = await signed_in(live.cast.partner, "zh")
    await context.add_cookies([{"name": COOKIE, "value": token, "url": f"{site.address}/desk"}])
    page = await context.new_page()
    await page.goto(f"{site.address}/desk/works/{site.draft.id}")
    await page.click("form[action$='/submissions'] button")
    summary = page.locator(".error-summary")
    await expect(summary).to_be_focused()
    assert await complaints(page, axe) == []
    await summary.locator("a").last.click()
    await expect(page.locator("#themes-0")).to_be_focused()
    group = page.locator("#themes")
    assert await group.get_attribute("aria-describedby") == "themes-error"
    await context.close()


async def test_every_page_is_valid_html(live: LiveSite, tmp_path: Path) -> None:
    tools = modules_or_skip("checks")
    site = await furnish(live)
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(RULES))
    async with httpx.AsyncClient(base_url=site.address) as client:
        for language in ("zh", "en"):
            for number, path in enumerate(site.public(language)):
                (tmp_path / f"{language}-{number:02}.html").write_text((await client.get(path)).text)
        for person, paths in (
            (live.cast.partner, site.partners()),
            (live.cast.curator, site.curators()),
            (live.cast.keeper, site.keepers()),
        ):
            cookie = {"cookie": f"{COOKIE}={await signed_in(person, 'en')}"}
            for number, path in enumerate(paths):
                answer = await client.get(path, headers=cookie)
                assert answer.status_code == (422 if path.endswith("last=") else 200), path
                (tmp_path / f"desk-{person.id}-{number:02}.html").write_text(answer.text)
    done = run_node(tools / "html-validate/bin/html-validate.mjs", "*.html", cwd=tmp_path)
    assert done.returncode == 0, done.stdout[:6000] + done.stderr


async def test_a_visitor_walks_through_by_keyboard_alone(live: LiveSite, chromium: Browser) -> None:
    """Each stop shows the focus, is large enough, and stays within the viewport."""
    site = await furnish(live)
    context = await chromium.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    page = await context.new_page()
    for path in ("/en/", f"/en/exhibitions/{site.slug}", f"/en/works/{site.work.public_id}", "/en/search"):
        await page.goto(site.address + path)
        stops: list[str] = []
        for _ in range(120):
            await page.keyboard.press("Tab")
            stop: dict[str, Any] | None = await page.evaluate(FOCUSED)
            if stop is None:
                break
            assert stop["outline"], (path, stop)
            assert stop["seen"], (path, stop)
            # A link within a sentence may be lower: the standard leaves it out.
            assert stop["height"] >= SMALLEST_TARGET or stop["inline"], (path, stop)
            stops.append(stop["name"])
        assert stops[0] == "Skip to content"
        assert len(stops) > 8
        assert "About this gallery" in stops
    await page.goto(f"{site.address}/en/")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.querySelector('main').contains(document.activeElement)")
    await context.close()


async def test_own_colours_leave_all_that_matters(live: LiveSite, chromium: Browser) -> None:
    """With forced colours the current place is still marked, and pictures keep their own."""
    site = await furnish(live)
    context = await chromium.new_context(forced_colors="active")
    page = await context.new_page()
    await page.goto(f"{site.address}/en/exhibitions")
    mark = page.locator(".site-nav [aria-current]")
    assert await mark.evaluate("e => getComputedStyle(e).borderBottomStyle") == "solid"
    await page.goto(f"{site.address}/en/works/{site.work.public_id}")
    picture = page.locator(".hero img").first
    assert await picture.evaluate("e => getComputedStyle(e).forcedColorAdjust") == "none"
    button = page.locator(".behind .button").first
    assert await button.evaluate("e => getComputedStyle(e).borderTopStyle") == "solid"
    await context.close()


async def test_headings_read_alone_tell_what_the_page_holds(live: LiveSite, chromium: Browser) -> None:
    site = await furnish(live)
    context = await chromium.new_context()
    page = await context.new_page()
    for path in site.public("en"):
        await page.goto(site.address + path)
        levels: list[int] = await page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(e => Number(e.tagName[1]))"
        )
        assert levels.count(1) == 1, path
        assert levels[0] == 1, (path, levels)
        assert all(after <= before + 1 for before, after in pairwise(levels)), (
            path,
            levels,
        )
        for landmark in ("main", "header", "footer"):
            assert await page.locator(f"body > {landmark}").count() == 1, path
    await context.close()


async def test_the_way_back_is_kept_by_the_browser(live: LiveSite, chromium: Browser) -> None:
    """Public pages go into the back/forward cache, which Playwright's own switches turn off."""
    site = await furnish(live)
    browser = await chromium.browser_type.launch(
        executable_path=CHROMIUM, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
    )
    page = await (await browser.new_context()).new_page()
    for path in ("/en/", f"/en/exhibitions/{site.slug}", f"/en/works/{site.work.public_id}", "/en/search"):
        await page.goto(site.address + path)
        await page.evaluate("addEventListener('pageshow', event => { window.cameBack = event.persisted })")
        await page.goto(f"{site.address}/en/about")
        await page.evaluate("history.back()")
        await page.wait_for_url(site.address + path, wait_until="commit")
        await page.wait_for_function("window.cameBack === true")
    await browser.close()
