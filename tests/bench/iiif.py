"""Requests/s for a rendition and a ready tile, from the site and from nginx with the same files, and for pieces on demand.

Run: python -m tests.bench.iiif (needs wrk; nginx is compared if it is installed)
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from gallery.artworks.models import Status
from gallery.db.connection import Database
from gallery.images.storage_keys import public_key, tile_key
from gallery.interop.iiif.tiles import cut_next
from gallery.public.chores import publish_images
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.worker import ChoreContext
from tests import factories
from tests.bench.public_page import load, nginx
from tests.cast import assemble
from tests.live import LiveSite

TILE = "0-0-512-512_512-512_0_default.jpg"
PIECES = 24


async def build(settings: Settings) -> str:
    """A site with one picture on view, its tiles ready; returns its token."""
    async with Database(settings) as database:
        await database.migrate()
        cast, storage = await assemble(), Storage(settings)
        work = await factories.artwork(storage, cast.organisation, status=Status.ACCEPTED)
        await factories.exhibition([work])
        context = ChoreContext(settings, storage)
        await publish_images(context)
        await cut_next(context)
        assert work.image is not None
        return work.image.token


async def on_demand(address: str, token: str) -> float:
    """Pieces made per second, two requests at a time."""
    waiting = list(range(300, 300 + PIECES))
    began = time.perf_counter()

    async def ask(client: httpx.AsyncClient) -> None:
        while waiting:
            width = waiting.pop()
            (await client.get(f"{address}/iiif/{token}/full/{width},/0/default.jpg")).raise_for_status()

    async with httpx.AsyncClient(timeout=60) as client:
        await asyncio.gather(ask(client), ask(client))
    return PIECES / (time.perf_counter() - began)


@contextlib.contextmanager
def beside(folder: Path, body: bytes) -> Iterator[tuple[str, list[int]] | None]:
    """Serve `body` by nginx; returns its address and process, or None without nginx."""
    started: tuple[subprocess.Popen[bytes], str] | None = nginx(folder, body)
    try:
        if started is None:
            yield None
            return
        process, address = started
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield address, [process.pid, *map(int, workers)]
    finally:
        if started:
            started[0].terminate()
            started[0].wait()


async def main() -> None:
    with tempfile.TemporaryDirectory(prefix="gallery-bench-") as name:
        home = Path(name)
        home.chmod(0o755)
        settings = Settings(
            home=home,
            database_url=f"sqlite:///{home / 'g.sqlite3'}",
            media=home / "media",
            secret_key="bench",
        )
        token = await build(settings)
        site = LiveSite(settings, None, Storage(settings))
        try:
            address = await site.serve(worker=False)
            for label, path, key in (
                ("rendition", f"/media/{token}/640.webp", public_key(token, "640.webp")),
                ("tile", f"/iiif/{token}/0,0,512,512/512,512/0/default.jpg", tile_key(token, TILE)),
            ):
                body = (settings.media / "public" / key).read_bytes()
                assert httpx.get(address + path).content == body
                ours = await asyncio.to_thread(load, address + path, [site.processes[0].pid], {})
                print(f"\n{label}, {len(body):,} bytes")
                print(
                    f"  gallery {ours.requests_per_second:>10,.0f} requests/s   "
                    f"{ours.processor * 1e6:>6,.0f} µs of processor   p99 {ours.p99:>9}"
                )
                with beside(home, body) as other:
                    if other:
                        theirs = await asyncio.to_thread(load, *other, {})
                        ratio = ours.requests_per_second / theirs.requests_per_second
                        print(
                            f"  nginx   {theirs.requests_per_second:>10,.0f} requests/s   "
                            f"{theirs.processor * 1e6:>6,.0f} µs of processor   p99 {theirs.p99:>9}   {ratio:.2f}"
                        )
            print(f"\non demand, 1300 × 1000 px: {await on_demand(address, token):.1f} pieces/s")
        finally:
            site.stop()


if __name__ == "__main__":
    asyncio.run(main())
