"""The site as other programs use it: npm clients for cards and oEmbed, linkinator for links, viewers for
manifests.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from playwright.async_api import BrowserContext, expect

from gallery.artworks.models import Artwork, Status
from gallery.exhibitions.models import Exhibition
from tests import factories
from tests.browser.accessibility import furnish
from tests.live import LiveSite, eventually
from tests.npm import FOLDER, modules_or_skip, run_node, unpacked_or_skip

MACHINES = FOLDER / "machines"
MIRADOR = (
    "mirador@4.0.0",
    "sha512-uWsE9e2oqSc/lUu+vVwDGhTsycuhGsfZ2KfX6CLfXiT3wgGy6qT9+q5M3V9Zz72hkdIgsJugKesaowmRtYmvrA==",
)
UNIVERSAL = (
    "universalviewer@4.4.0",
    "sha512-9OVs6uCzeQYw50jg8k2vEGq6hQFu7kEv9OOAlmqVH9duhrpg1xlIqcMIb2rhNQnAxTQd3R13gxJze9UYkiwdzg==",
)


async def wall(live: LiveSite) -> tuple[Artwork, Exhibition]:
    consent = await factories.consent(live.cast.organisation, for_sharing=True)
    work = await factories.artwork(
        live.storage, live.cast.organisation, status=Status.ACCEPTED, consent=consent
    )
    return work, await factories.exhibition([work])


async def asked(script: str, *addresses: str) -> dict[str, Any]:
    done = await asyncio.to_thread(run_node, MACHINES / script, *addresses)
    assert done.returncode == 0, done.stderr
    payload: dict[str, Any] = json.loads(done.stdout)
    return payload


async def test_clients_make_a_card_of_a_page(live: LiveSite) -> None:
    modules_or_skip("machines")
    work, exhibition = await wall(live)
    address = await live.serve(worker=False)
    payload = await asked("unfurl.mjs", f"{address}/en/works/{work.public_id}")
    card = payload["open_graph"]
    assert card["url"] == f"{address}/en/works/{work.public_id}"
    assert card["title"].startswith(work.title["en"])
    assert (card["images"][0]["width"], card["images"][0]["height"]) == (1200, 630)
    assert payload["twitter_card"]["card"] == "summary_large_image"
    assert payload["result"]["ogImage"][0]["url"] == card["images"][0]["url"]
    assert payload["result"]["ogImage"][0]["alt"] == work.alt_text["en"]
    embedded = payload["oEmbed"]
    assert (embedded["type"], embedded["title"]) == ("rich", work.title["en"])
    assert f"{address}/en/works/{work.public_id}/frame" in embedded["html"]
    frame = (await asked("unfurl.mjs", f"{address}/zh/exhibitions/{exhibition.slug}"))["oEmbed"]
    assert frame["type"] == "rich"
    assert f"{address}/zh/exhibitions/{exhibition.slug}/frame" in frame["html"]


async def test_no_link_is_dead(live: LiveSite) -> None:
    modules_or_skip("machines")
    site = await furnish(live)
    payload = await asked(
        "links.mjs", f"{site.address}/zh/", f"{site.address}/en/", f"{site.address}/sitemap.xml"
    )
    assert payload["dead"] == []
    assert payload["sound"] > 100


@pytest.fixture
def viewers() -> Iterator[str]:
    """The address of another site, with Mirador and the Universal Viewer."""
    folder = unpacked_or_skip(*MIRADOR)
    unpacked_or_skip(*UNIVERSAL)
    (folder.parent / "mirador.html").write_text(
        '<!doctype html><meta charset="utf-8"><div id="m" style="position:absolute;inset:0"></div>'
        '<script src="mirador/dist/mirador.min.js"></script><script>'
        "Mirador.viewer({id:'m',windows:[{manifestId:new URLSearchParams(location.search).get('manifest')}]})</script>"
    )

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder.parent)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "page",
    ["mirador.html?manifest={manifest}", "universalviewer/dist/uv.html#?manifest={manifest}"],
    ids=["Mirador", "Universal Viewer"],
)
async def test_a_manifest_opens_in_a_viewer(
    live: LiveSite, browser: BrowserContext, viewers: str, page: str
) -> None:
    work, _ = await wall(live)
    address = await live.serve()
    manifest = f"{address}/iiif/works/{work.public_id}/manifest.json"
    shown = await browser.new_page()
    await shown.set_viewport_size({"width": 1280, "height": 900})
    pieces: list[str] = []
    shown.on(
        "response",
        lambda answer: pieces.append(answer.url) if answer.ok and answer.url.endswith(".jpg") else None,
    )
    await shown.goto(f"{viewers}/{page.format(manifest=manifest)}", wait_until="load")
    # A viewer may choose either of the two languages.
    title = re.compile(f"{work.own('title')}|{work.title['en']}")
    await expect(shown.get_by_role("heading", name=title).first).to_be_visible()
    await expect(shown.locator("canvas").first).to_be_visible()
    image = await work.image

    async def arrives() -> bool:
        return any(image.token in piece for piece in pieces)

    await eventually(arrives)
