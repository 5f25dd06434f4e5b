"""The site's icon and web app manifest, with our own icon and with a keeper's."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as Picture

from gallery.sharing.icons import SiteIcons
from tests.conftest import Site
from tests.markup import attributes

RED = (168, 50, 42)
BLUE_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 4"><path fill="#1440c8" d="M0 0h4v4H0z"/></svg>'
)


def pixels(body: bytes) -> Picture.Image:
    with Picture.open(io.BytesIO(body)) as picture:
        return picture.convert("RGB")


async def test_every_page_has_an_icon_and_a_manifest(site: Site) -> None:
    client = await site.client()
    page = (await client.get("/en/about")).text
    for link in attributes(page, "link[rel=icon], link[rel='apple-touch-icon'], link[rel=manifest]", "href"):
        answer = await client.get(link)
        assert answer.status_code == 200, link
    (link,) = attributes(page, "link[rel=manifest]", "href")
    manifest = (await client.get(link)).json()
    assert (manifest["start_url"], manifest["lang"]) == ("/en/", "en")
    assert manifest["name"] == site.settings.site_name("en")
    for icon in manifest["icons"]:
        answer = await client.get(icon["src"])
        assert (answer.headers["content-type"], answer.headers["cache-control"][-9:]) == (
            "image/png",
            "immutable",
        )
        picture = pixels(answer.content)
        assert f"{picture.width}x{picture.height}" == icon["sizes"]
        assert picture.getpixel((2, 2)) == RED
    for path in ("/favicon.ico", "/apple-touch-icon.png", "/icons/000000000000/icon-192.png"):
        assert (await client.get(path)).headers["cache-control"] == "public, max-age=86400"
    with Picture.open(io.BytesIO((await client.get("/favicon.ico")).content)) as icon_file:
        assert icon_file.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
    for path in (
        "/icons/000000000000/icon.svg",
        "/icons/000000000000/..%2fsecret_key",
        "/fr/site.webmanifest",
    ):
        assert (await client.get(path)).status_code in {404, 400}


@pytest.mark.parametrize("name", ["icon.svg", "icon.png"])
async def test_a_keeper_puts_an_own_icon_into_the_home(site: Site, tmp_path: Path, name: str) -> None:
    settings = replace(site.settings, home=tmp_path)
    if name == "icon.svg":
        (tmp_path / name).write_text(BLUE_SVG)
    else:
        Picture.new("RGB", (400, 200), (20, 64, 200)).save(tmp_path / name)
    icons = SiteIcons(settings)
    assert icons.is_own
    assert icons.version != site.app.state.icons.version
    picture = pixels(await icons.file("icon-192.png", settings, site.storage))
    assert picture.getpixel((96, 96)) == (20, 64, 200)
    # What is not square is shown whole, on paper.
    assert picture.getpixel((96, 4)) == ((20, 64, 200) if name == "icon.svg" else (250, 248, 244))


async def test_an_icon_that_cannot_be_read_harms_no_page(site: Site, tmp_path: Path) -> None:
    (tmp_path / "icon.png").write_bytes(b"no picture")
    site.app.state.icons = SiteIcons(replace(site.settings, home=tmp_path))
    client = await site.client()
    assert (await client.get("/favicon.ico")).status_code == 503
    assert (await client.get("/en/about")).status_code == 200
