"""How long visitors wait while exhibitions are published, on the sites that `tests.bench.scale --keep` made.

Run: python -m tests.bench.publications FOLDER [--works 1000,100000] [--rate 200] [--seconds 30]

A serving process and a worker; another process asks for works, exhibitions and lists at a steady rate, whether or not
earlier answers have come; this process publishes an exhibition every PAUSE seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import multiprocessing
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from gallery.accounts.models import Person
from gallery.artworks.models import Artwork, edition_is_open
from gallery.db.connection import Database
from gallery.exhibitions.drafts import change_draft, publish
from gallery.exhibitions.models import Edition, Exhibition
from gallery.settings import Settings
from gallery.storage import Storage
from tests.bench.scale import settings_of
from tests.factories import in_en
from tests.live import LiveSite

PAUSE = 5.0  # seconds between two publications
WORKS, EXHIBITIONS = 500, 40  # pages that are asked for again and again
LISTS = ("", "themes", "organisations", "calendar", "exhibitions")


def ask(address: str, paths: list[list[str]], rate: int, seconds: int, results: Any) -> None:
    """Ask for `rate` pages a second; put the milliseconds of each answer, or the status of an error."""

    async def load() -> None:
        choose, found = random.Random(4), list[float | str]()
        limits = httpx.Limits(max_connections=200)
        async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:

            async def one() -> None:
                path, started = choose.choice(choose.choices(paths, (70, 20, 10))[0]), time.perf_counter()
                try:
                    answer = await client.get(path, headers={"accept-encoding": "gzip"})
                except httpx.HTTPError as error:
                    found.append(type(error).__name__)
                    return
                waited = (time.perf_counter() - started) * 1e3
                found.append(waited if answer.status_code == 200 else str(answer.status_code))

            begun, asking = time.perf_counter(), list[asyncio.Task[None]]()
            for number in range(rate * seconds):
                await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
                asking.append(asyncio.create_task(one()))
            await asyncio.gather(*asking)
        results.put((found, time.perf_counter() - begun))

    asyncio.run(load())


async def measure(settings: Settings, rate: int, seconds: int) -> str:
    """One line of the table."""
    site = LiveSite(settings, None, Storage(settings))
    async with Database(settings) as database:
        await database.migrate()
        curator = await Person.filter(role="curator").first()
        assert curator is not None
        editions = Edition.filter(edition_is_open(), rooms__position=2).distinct().order_by("id")
        shown = await editions.limit(EXHIBITIONS).prefetch_related("exhibition")
        works = await Artwork.all().on_view().order_by("-id").limit(WORKS)
        paths = [
            [f"/en/works/{work.public_id}" for work in works],
            [f"/en/exhibitions/{edition.exhibition.slug}" for edition in shown],
            [f"/en/{name}" for name in LISTS],
        ]
        try:
            address = await site.serve()
            async with httpx.AsyncClient(base_url=address, timeout=60) as client:
                for path in itertools.chain(*paths):  # as on a site that has been running
                    (await client.get(path)).raise_for_status()
            results = multiprocessing.get_context("spawn").Queue()
            load = multiprocessing.get_context("spawn").Process(
                target=ask, args=(address, paths, rate, seconds, results)
            )
            load.start()
            published = 0
            while load.is_alive() and results.empty():
                await asyncio.sleep(PAUSE)
                id = shown[published % len(shown)].exhibition_id
                exhibition = await Exhibition.get(id=id).select_related("theme")
                await change_draft(exhibition, exhibition.theme, title=in_en(f"Edition {time.time()}"))
                await publish(exhibition, curator)
                published += 1
            found, took = results.get()
            load.join()
        finally:
            site.stop()
    times = sorted(each for each in found if isinstance(each, float))
    errors = len(found) - len(times)
    share = [times[min(int(len(times) * part), len(times) - 1)] for part in (0.5, 0.95, 0.99, 1.0)]
    cells = " | ".join(f"{each:,.0f}" for each in share)
    return f"{len(times) / took:,.0f} | {cells} | {published} | {errors}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--works", default="1000,100000")
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=30)
    arguments = parser.parse_args()
    print("| works | answers/s | median ms | p95 | p99 | longest | publications | errors |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for works in arguments.works.split(","):
        home = (arguments.folder / "sqlite" / works).absolute()
        settings = settings_of(home, f"sqlite:///{home / 'gallery.sqlite3'}")
        settings = replace(settings, page_cache_bytes=Settings.page_cache_bytes)
        print(f"| {int(works):,} | {asyncio.run(measure(settings, arguments.rate, arguments.seconds))} |")


if __name__ == "__main__":
    main()
