"""Every page, public and at the desk, looked at by axe-core and html-validate, by day and night, narrow and by keyboard."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from gallery.accounts.models import Person, Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.artists.consents import set_artist_page
from gallery.artworks import import_chores, imports
from gallery.artworks.import_models import bundle_key
from gallery.artworks.models import Artwork, Status
from gallery.clock import now, today
from gallery.exhibitions.draft_lists import add_entry
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.public.previews import make_link
from gallery.reviews.models import Report
from gallery.stats.models import CountKind, WorkCount
from gallery.worker import ChoreContext
from tests import factories
from tests.api.programs import token_for
from tests.artworks.test_sheets import csv_bytes
from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.live import LiveSite
from tests.npm import modules_or_skip, run_node

# What the standard says, and what axe's authors add to it.
LOOKED_AT = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
NARROW = 320  # CSS px: 1280 px at 400 %
SMALLEST_TARGET = 24  # CSS px

pytestmark = pytest.mark.only_on("sqlite")  # what a browser shows is the same on both


@dataclass
class Furnished:
    """A site in which every page has something to show."""

    live: LiveSite
    address: str
    work: Artwork
    waiting: Artwork
    draft: Artwork
    exhibition_id: int
    slug: str
    credit_key: str  # of the draft
    report: Report
    theme_slug: str
    project_slug: str
    page_id: str
    consent_code: str
    sheet_id: int

    def public(self, language: str) -> list[str]:
        return [
            f"/{language}/{path}"
            for path in (
                "",
                "exhibitions",
                f"exhibitions/{self.slug}",
                f"exhibitions/{self.slug}?room=2",
                f"works/{self.work.public_id}",
                f"works/{self.work.public_id}/report",
                f"works/{self.work.public_id}/appreciation",
                "reported",
                "themes",
                f"themes/{self.theme_slug}",
                "organisations",
                f"organisations/{self.live.cast.organisation.slug}",
                f"projects/{self.project_slug}",
                f"artists/{self.page_id}",
                "calendar",
                "about",
                "accessibility",
                "api",
                "search",
                "search?q=%E6%B1%A4%E5%9C%86",
                "search?q=nothing-is-called-so",
                "join",
                "join/received",
                f"consent/{self.consent_code}",
                "nowhere",
            )
        ]

    def partners(self) -> list[str]:
        return [
            "/desk/works",
            "/desk/works/new",
            "/desk/works/many",
            "/desk/sheets",
            f"/desk/sheets/{self.sheet_id}",
            f"/desk/works/{self.draft.id}",
            f"/desk/works/{self.draft.id}/framing",
            f"/desk/works/{self.work.id}/proposal",
            f"/desk/works/{self.draft.id}/edit",
            f"/desk/works/{self.work.id}",
            "/desk/consents",
            f"/desk/consents/{self.work.consent_id}",
            f"/desk/consents/{self.work.consent_id}/slip",
            f"/desk/consents/{self.work.consent_id}/renewal",
            "/desk/artists",
            f"/desk/artists/{self.work.artist_id}",
            f"/desk/artists/{self.work.artist_id}/private",
            f"/desk/projects/{self.work.project_id}/cover",
            "/desk/projects",
            "/desk/projects/new",
            f"/desk/projects/{self.work.project_id}/edit",
            "/desk/figures",
            "/desk/figures?first=2026-02-30&last=",
            f"/desk/organisations/{self.live.cast.organisation.id}/edit",
            f"/desk/organisations/{self.live.cast.organisation.id}/tokens",
            "/desk/account",
            "/desk/account/address",
            "/desk/account/second-factor",
            "/desk/account/second-factor/app",
        ]

    def curators(self) -> list[str]:
        return [
            "/desk/queue",
            f"/desk/queue/{self.waiting.id}",
            "/desk/queue?status=accepted",
            "/desk/coverage",
            "/desk/later",
            "/desk/rounds",
            "/desk/calendar",
            "/desk/log",
            f"/desk/organisations/{self.live.cast.organisation.id}/logo",
            "/desk/reasons",
            "/desk/reports",
            f"/desk/reports/{self.report.id}",
            "/desk/exhibitions",
            "/desk/exhibitions/new",
            f"/desk/exhibitions/{self.exhibition_id}",
            *(
                f"/desk/exhibitions/{self.exhibition_id}/{page}"
                for page in (
                    "preview",
                    "editions",
                    "comparison?before=1&after=draft",
                    "editions/1/restoration",
                    "credits",
                    f"credits/{self.credit_key}/logo",
                    "talks",
                    "labels",
                    "copies/new",
                )
            ),
            "/desk/themes",
            "/desk/themes/new",
            "/desk/organisations",
            "/desk/organisations/new",
            "/desk/applications",
            "/desk/figures",
            f"/desk/figures?organisation={self.live.cast.organisation.id}",
        ]

    def keepers(self) -> list[str]:
        return ["/desk/site", "/desk/people", "/desk/worker", "/desk/outbox"]


CREDIT = {"kind": "donor", "name_zh": "微光基金", "name_en": "", "link": "https://example.org/glow"}
TALK = {
    "title_zh": "汤圆夜话",
    "title_en": "",
    "text_zh": "**不需要报名**。",
    "text_en": "",
    "starts_at": "2036-12-20T11:00:00+00:00",
    "ends_at": "2036-12-20T12:30:00+00:00",
    "place_zh": "上海图书馆",
    "place_en": "",
    "link": "https://live.example.org/1",
}


async def furnish(live: LiveSite) -> Furnished:
    organisation = live.cast.organisation
    theme = await factories.theme(
        slug="winter", title_zh="冬至", title_en="Winter solstice", accent="#a8322a", accent_night="#e4755f"
    )
    project = await factories.project(organisation, goal=50_000, raised=1_200, raised_source="网站")
    project.raised_on = factories.days_from_now(-3)
    await project.save()
    works = [
        await factories.artwork(
            live.storage,
            organisation,
            status=Status.ACCEPTED,
            themes=[theme],
            project=project,
            assistance="独立完成",
            **({"title_translation": "A title of very many words " * 4} if number == 2 else {}),
        )
        for number in range(4)
    ]
    exhibition = await factories.exhibition(
        works[:3], theme=theme, introduction_en="Reunion. *Round* things."
    )
    edition = await exhibition.editions.filter(is_current=True).get()
    room = await Room.create(
        edition=edition, position=2, title_zh="二号厅", title_en="Room two", text_zh="小厅。"
    )
    await Hanging.create(room=room, artwork=works[3], position=1)
    await make_link(exhibition, "王老师", live.cast.curator)
    keys: dict[str, str] = {}
    for name, entry in (("credits", CREDIT), ("talks", TALK)):
        keys[name] = await add_entry(exhibition, name, entry, live.cast.curator)
        await Edition.filter(id=edition.id).update(**{name: [{"key": "0a1b2c3d", **entry}]})
    await factories.exhibition(works[:1], opens_at=now() + timedelta(days=9))
    await factories.exhibition(
        works[1:2], opens_at=now() - timedelta(days=90), closes_at=now() - timedelta(days=60)
    )
    for work in works:
        await WorkCount.create(artwork=work, day=today(), kind=CountKind.SEEN, number=12_345)
    artist = await works[0].artist
    await set_artist_page(artist, True)
    await artist.refresh_from_db()
    consent = await works[0].consent
    await token_for(live.cast.partner)
    return Furnished(
        live=live,
        address=await live.serve(worker=False),
        work=works[0],
        waiting=await factories.artwork(live.storage, organisation, status=Status.SUBMITTED),
        draft=await factories.artwork(live.storage, organisation, created_by=live.cast.partner),
        exhibition_id=exhibition.id,
        slug=exhibition.slug,
        credit_key=keys["credits"],
        report=await Report.create(artwork=works[0], reported_for="other", told="一个疑问。", language="zh"),
        theme_slug=theme.slug,
        project_slug=project.slug,
        page_id=str(artist.page_id),
        consent_code=str(consent.code) if consent else "",
        sheet_id=await tried_sheet(live),
    )


async def tried_sheet(live: LiveSite) -> int:
    """A sheet that was looked through, with a good row and one to be mended."""
    content = csv_bytes(["标题", "故事", "年份"], ["好的", "一碗汤圆。", "2022"], ["坏的", "=1+1", "3000"])
    await factories.put(live.storage.private, bundle_key("sheet"), content)
    sheet = await imports.create_import(
        live.cast.organisation, live.cast.partner, "sheet", "作品.csv", None, "zh"
    )
    await import_chores.import_next(ChoreContext(live.settings, live.storage))
    return sheet.id


async def signed_in(person: Person, language: str) -> str:
    """The token of a session of somebody whose desk speaks `language`."""
    await Person.filter(id=person.id).update(language=language)
    token = f"accessible-{person.id}"
    if not await Session.exists(token_hash=token_hash(token)):
        await Session.create(
            token_hash=token_hash(token), person=person, seen_at=now(), expires_at=now() + timedelta(days=1)
        )
    return token


async def complaints(page: Page, axe: str) -> list[str]:
    """What axe says of a page by day and by night, what is too small a target, and whether it must be scrolled sideways."""
    said: list[str] = []
    await page.evaluate(axe)
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        only = LOOKED_AT if scheme == "light" else {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
        found: dict[str, Any] = await page.evaluate("options => axe.run(document, options)", only)
        for violation in found["violations"]:
            for node in violation["nodes"]:
                said.append(
                    f"{scheme}: {violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
                )
    await page.set_viewport_size({"width": NARROW, "height": 640})
    width = await page.evaluate("document.documentElement.scrollWidth")
    if width > NARROW:
        wide = await page.evaluate(
            "most => [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > most + 1)"
            ".slice(0, 3).map(e => e.outerHTML.slice(0, 90))",
            NARROW,
        )
        said.append(f"scrolls sideways at {NARROW} px: {width} px, {wide}")
    return said


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
            if found := await complaints(page, axe):
                said[path] = found
        await context.close()
    assert not said, json.dumps(said, ensure_ascii=False, indent=1)


async def test_axe_finds_nothing_in_a_form_that_comes_back_with_mistakes(
    live: LiveSite, chromium: Browser
) -> None:
    axe = (modules_or_skip("checks") / "axe-core" / "axe.min.js").read_text()
    site = await furnish(live)
    await Artwork.filter(id=site.draft.id).update(story="")
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


RULES = {
    "root": True,
    "extends": ["html-validate:standard"],
    "rules": {
        "no-trailing-whitespace": "off",  # of taste
        "attr-quotes": "off",
        "valid-autocomplete": "off",  # a hidden field says "off" so that Firefox does not restore an old value
        "long-title": "off",  # of search engines
    },
}


async def test_a_visitor_walks_through_by_keyboard_alone(live: LiveSite, chromium: Browser) -> None:
    """Each stop shows where the focus is, is large enough, and stays within what is seen."""
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


FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const box = at.getBoundingClientRect();
  const own = getComputedStyle(at), after = getComputedStyle(at, '::after');
  const outlined = style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return {
    name: at.textContent.trim() || at.getAttribute('aria-label') || at.name || at.tagName,
    outline: outlined(own) || outlined(after),
    seen: box.bottom > 0 && box.top < innerHeight && box.width > 0,
    height: Math.max(box.height, after.position === 'absolute' ? 48 : 0),
    inline: own.display === 'inline',
  };
}"""


async def test_own_colours_leave_all_that_matters(live: LiveSite, chromium: Browser) -> None:
    """With forced colours the current place is still marked, and pictures keep their own."""
    site = await furnish(live)
    context = await chromium.new_context(forced_colors="active")
    page = await context.new_page()
    await page.goto(f"{site.address}/en/exhibitions")
    mark = page.locator(".site-nav [aria-current]")
    assert await mark.evaluate("e => getComputedStyle(e).borderBottomStyle") == "solid"
    await page.goto(f"{site.address}/en/works/{site.work.public_id}")
    picture = page.locator(".hero img")
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
