"""Style sheets, scripts and libraries: the right type, compressed, cached for ever under an address that
changes with the content.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gallery.web.static_files import FOLDER, StaticFiles

LIBRARY = "vendor/openseadragon/openseadragon.min.js"


def client_of(files: StaticFiles) -> httpx.AsyncClient:
    app = Starlette(routes=[Route("/static/{version}/{path:path}", files.show)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gallery.test")


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        (LIBRARY, "text/javascript; charset=utf-8"),
        ("vendor/openseadragon/LICENSE.txt", "text/plain; charset=utf-8"),
        ("public.css", "text/css; charset=utf-8"),
    ],
)
async def test_a_file_is_kept_for_ever_under_its_version(path: str, media_type: str) -> None:
    files = StaticFiles()
    async with client_of(files) as client:
        for coding in ("br", "gzip", "identity"):
            answer = await client.get(f"/static/{files.version}/{path}", headers={"accept-encoding": coding})
            assert answer.status_code == 200
            assert answer.headers["content-type"] == media_type
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["vary"] == "accept-encoding"
            assert answer.headers.get("content-encoding", "identity") == coding
            if path.startswith("vendor/"):
                assert answer.content == (FOLDER / path).read_bytes()


async def test_under_an_older_version_it_is_not_kept() -> None:
    async with client_of(StaticFiles()) as client:
        answer = await client.get(f"/static/older/{LIBRARY}")
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


async def test_a_library_travels_small() -> None:
    files = StaticFiles()
    async with client_of(files) as client:
        sizes = {}
        for coding in ("br", "gzip"):
            async with client.stream(
                "GET", f"/static/{files.version}/{LIBRARY}", headers={"accept-encoding": coding}
            ) as answer:
                raw = b"".join([piece async for piece in answer.aiter_raw()])
            plain = brotli.decompress(raw) if coding == "br" else gzip.decompress(raw)
            assert plain == (FOLDER / LIBRARY).read_bytes()
            sizes[coding] = len(raw)
        assert sizes["br"] < sizes["gzip"] < len(plain) / 3


@pytest.mark.parametrize(
    "path",
    ["package.json", "package-lock.json", "vendor/.fetched", "vendor/", "nothing.js", "%2e%2e/settings.py"],
)
async def test_what_is_not_for_browsers_is_not_there(path: str) -> None:
    files = StaticFiles()
    async with client_of(files) as client:
        assert (await client.get(f"/static/{files.version}/{path}")).status_code == 404


def test_the_version_moves_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor/library.js").write_text("let a = 1")
    (tmp_path / "package.json").write_text("{}")
    before = StaticFiles(tmp_path).version
    (tmp_path / "package.json").write_text('{"private": true}')
    assert StaticFiles(tmp_path).version == before
    (tmp_path / "vendor/library.js").write_text("let a = 2")
    assert StaticFiles(tmp_path).version != before
