"""Markup for machines in a real browser: the strict policy blocks none of it."""

from __future__ import annotations

import json

from playwright.async_api import BrowserContext

from gallery.artworks.models import Status
from tests import factories
from tests.live import LiveSite

WATCH = "addEventListener('securitypolicyviolation', event => console.error(event.violatedDirective))"


async def test_linked_data_is_left_alone_by_the_policy(live: LiveSite, browser: BrowserContext) -> None:
    work = await factories.artwork(
        live.storage, live.cast.organisation, status=Status.ACCEPTED, title="</script><script>1 & 2"
    )
    exhibition = await factories.exhibition([work])
    address = await live.serve(worker=False)
    page = await browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.add_init_script(WATCH)
    for path, kind in (
        (f"works/{work.public_id}", "VisualArtwork"),
        (f"exhibitions/{exhibition.slug}", "Exhib"),
    ):
        await page.goto(f"{address}/zh/{path}", wait_until="load")
        text = await page.locator('script[type="application/ld+json"]').inner_text()
        things = json.loads(text)["@graph"]
        assert things[0]["@type"].startswith(kind)
        assert things[0]["url"] == page.url
    assert complaints == []
