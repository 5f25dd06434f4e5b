"""An archive in a real browser, opened from disk without a server."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from playwright.async_api import Browser, Page

from gallery.archives.writer import write_archive_folder
from gallery.artworks.models import Artwork, Status
from tests import factories
from tests.browser.accessibility import RULES, complaints
from tests.browser.conftest import until
from tests.live import LiveSite
from tests.npm import modules_or_skip, run_node


async def archived(live: LiveSite) -> tuple[list[Artwork], Path]:
    consent = await factories.consent(live.cast.organisation, for_archive=True)
    works = [
        await factories.artwork(live.storage, live.cast.organisation, status=Status.ACCEPTED, consent=consent)
        for _ in range(3)
    ]
    exhibition = await factories.exhibition(works)
    return works, (await write_archive_folder(exhibition.slug, live.settings, live.storage)).folder


async def all_is_shown(page: Page) -> None:
    """Whether the style sheet, the fonts of titles and all pictures are loaded."""
    assert await page.evaluate("getComputedStyle(document.querySelector('.wall, .work .inner')).display") in (
        "flex",
        "grid",
    )
    await until(
        page, "[...document.fonts].some(each => /Titles/.test(each.family) && each.status === 'loaded')"
    )
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    await until(page, "[...document.images].every(each => each.complete && each.naturalWidth)")


async def test_an_archive_is_walked_through_from_a_disk(live: LiveSite, chromium: Browser) -> None:
    works, folder = await archived(live)
    axe = (modules_or_skip("checks") / "axe-core" / "axe.min.js").read_text()
    context = await chromium.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto((folder / "index.html").as_uri())
    assert await complaints(page, axe) == []
    await page.get_by_role("link", name="中文").click()
    await all_is_shown(page)
    assert await complaints(page, axe) == []
    await page.get_by_role("link", name=works[1].own("title")).click()
    assert await page.get_by_role("heading", level=1).inner_text() == works[1].own("title")
    await all_is_shown(page)
    assert await complaints(page, axe) == []
    await page.get_by_role("link", name="English").click()
    assert await page.get_by_role("heading", level=1).inner_text() == works[1].title["en"]
    await page.locator("a[rel=next]").click()
    assert await page.get_by_role("heading", level=1).inner_text() == works[2].title["en"]
    await page.get_by_role("banner").get_by_role("link").first.click()
    await page.get_by_role("link", name=works[0].title["en"]).first.wait_for()
    await context.close()


async def test_its_pages_are_valid_html(live: LiveSite, tmp_path: Path) -> None:
    tools = modules_or_skip("checks")
    _, folder = await archived(live)
    looked_at = tmp_path / "looked-at"
    shutil.copytree(folder, looked_at, ignore=shutil.ignore_patterns("media"))
    (looked_at / ".htmlvalidate.json").write_text(json.dumps(RULES))
    done = run_node(tools / "html-validate/bin/html-validate.mjs", "**/*.html", cwd=looked_at)
    assert done.returncode == 0, done.stdout[:6000] + done.stderr
