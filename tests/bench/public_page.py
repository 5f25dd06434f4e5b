"""An exhibition of 60 works: the page from the cache, rendered each time, and from nginx with the same bytes.

Run: python -m tests.bench.public_page   (needs wrk; nginx is compared if it is installed)
"""

from __future__ import annotations

import asyncio
import gzip
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import httpx

from gallery.artworks.models import Status
from gallery.db.connection import Database
from gallery.settings import Settings
from gallery.storage import Storage
from tests import factories
from tests.cast import assemble
from tests.live import LiveSite, free_port
from tests.stats.visitors import BROWSER

WORKS = 60
SECONDS = 8
PROGRAM = {
    **BROWSER,
    "user-agent": BROWSER["user-agent"] + " bot",
}  # the same bytes, without counting visits
CONNECTIONS = 16


class Measured(NamedTuple):
    requests_per_second: float
    p99: str
    processor: float  # seconds of processor time for each request


def processor_time(pids: list[int]) -> float:
    """Seconds of processor that these processes and their children have used."""
    tick = os.sysconf("SC_CLK_TCK")
    return sum(
        sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])) / tick
        for pid in pids
    )


def load(address: str, pids: list[int], headers: Mapping[str, str]) -> Measured:
    """wrk's figures for `address` with gzip and these headers; `pids` are the server's processes."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise SystemExit("This bench wants wrk on the PATH.")
    command = [
        wrk,
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{SECONDS}s",
        "--latency",
        "-H",
        "Accept-Encoding: gzip",
        *(part for name, value in headers.items() for part in ("-H", f"{name}: {value}")),
        address,
    ]
    before = processor_time(pids)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = processor_time(pids) - before
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"99%\s+(\S+)", said)
    total = re.search(r"(\d+) requests in", said)
    assert rate is not None
    assert total is not None
    assert p99 is not None
    assert "Non-2xx" not in said, said
    return Measured(float(rate[1]), p99[1], used / int(total[1]))


async def build(settings: Settings) -> str:
    """A site with one exhibition of WORKS works; returns its slug."""
    async with Database(settings) as database:
        await database.migrate()
        cast, storage = await assemble(), Storage(settings)
        theme = await factories.theme()
        project = await factories.project(cast.organisation)
        works = [
            await factories.artwork(
                storage, cast.organisation, status=Status.ACCEPTED, themes=[theme], project=project
            )
            for _ in range(WORKS)
        ]
        return (await factories.exhibition(works, theme=theme)).slug


def nginx(folder: Path, body: bytes) -> tuple[subprocess.Popen[bytes], str] | None:
    program = shutil.which("nginx") or next(filter(Path.exists, [Path("/usr/sbin/nginx")]), None)
    if program is None:
        return None
    port = free_port()
    (folder / "page.html").write_bytes(body)
    (folder / "page.html.gz").write_bytes(gzip.compress(body, 6))
    (folder / "nginx.conf").write_text(
        f"""worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; user root;
        events {{ worker_connections 512; }}
        http {{ access_log off; client_body_temp_path {folder}/b;
        proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
        scgi_temp_path {folder}/s;
        default_type text/html; keepalive_requests 10000000;
        open_file_cache max=10; gzip_static on; server {{ listen 127.0.0.1:{port}; root {folder}; }} }}"""
    )
    process = subprocess.Popen([str(program), "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    time.sleep(1)
    return process, f"http://127.0.0.1:{port}/page.html"


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
        path = f"/zh/exhibitions/{await build(settings)}"
        rows: list[tuple[str, Measured]] = []
        for label, cache_bytes, headers in (
            ("gallery, cached", settings.page_cache_bytes, {}),
            ("gallery, cached, asked by a program", settings.page_cache_bytes, PROGRAM),
            ("gallery, cached, a visit counted", settings.page_cache_bytes, BROWSER),
            ("gallery, rendered each time", 0, {}),
        ):
            site = LiveSite(replace(settings, page_cache_bytes=cache_bytes), None, Storage(settings))
            try:
                address = await site.serve(worker=False)
                page = httpx.get(address + path, headers={"accept-encoding": "identity"})
                page.raise_for_status()
                pids = [site.processes[0].pid]
                rows.append((label, await asyncio.to_thread(load, address + path, pids, headers)))
            finally:
                site.stop()
        if started := nginx(home, page.content):
            process, address = started
            try:
                workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                pids = [process.pid, *map(int, workers)]
                rows.append(
                    ("nginx, one worker, same bytes", await asyncio.to_thread(load, address, pids, {}))
                )
            finally:
                process.terminate()
                process.wait()
        print(
            f"\nExhibition of {WORKS} works: {len(page.content):,} bytes, "
            f"{len(gzip.compress(page.content, 6)):,} as gzip"
        )
        fastest = rows[-1][1].requests_per_second
        for label, measured in rows:
            ratio = measured.requests_per_second / fastest
            print(
                f"{label:36} {measured.requests_per_second:>10,.0f} requests/s   "
                f"p99 {measured.p99:>9}   {measured.processor * 1e3:8.3f} ms processor   {ratio:.2f}"
            )


if __name__ == "__main__":
    asyncio.run(main())
