"""Real server processes for the tests that need them: a browser, or several processes of one site."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import httpx
import pytest

from gallery.settings import Settings
from gallery.storage import Storage
from tests.cast import Cast
from tests.forked import ForkedCommand
from tests.markup import values_of


async def eventually(is_so: Callable[[], Awaitable[object]]) -> None:
    """Wait until a condition holds, however slow the machine; AssertionError after two minutes."""
    ends_at = time.monotonic() + 120
    while not await is_so():
        assert time.monotonic() < ends_at, "waited in vain"
        await asyncio.sleep(0.1)


def children_of(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="there is no /proc here")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class LiveSite:
    """A site whose server processes share one database and one media folder with this process."""

    settings: Settings
    cast: Cast
    storage: Storage
    host: str = "127.0.0.1"  # the host name in its address
    addresses: list[str] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes] | ForkedCommand] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.addresses[0]

    def environment(self, address: str) -> dict[str, str]:
        """The environment variables of a process of this site."""
        return {
            **os.environ,
            "GALLERY_HOME": str(self.settings.home),
            "GALLERY_DATABASE_URL": self.settings.database_url,
            "GALLERY_MEDIA": str(self.settings.media),
            "GALLERY_SITE_URL": self.addresses[0] if self.addresses else address,
            "GALLERY_SECRET_KEY": self.settings.secret_key,
            "GALLERY_PAGE_CACHE_BYTES": str(self.settings.page_cache_bytes),
            **{
                f"GALLERY_{name.upper()}": getattr(self.settings, name)
                for name in (
                    "storage_url",
                    "storage_key_id",
                    "storage_secret",
                    "storage_public_url",
                    "purge_url",
                    "purge_token",
                )
            },
            "GALLERY_LANGUAGES": ",".join(self.settings.languages),
            "GALLERY_SECOND_FACTOR": self.settings.second_factor,
            "GALLERY_CHECK_LINKS": str(int(self.settings.check_links)),
            "GALLERY_API_REQUESTS_PER_MINUTE": str(self.settings.api_requests_per_minute),
            "GALLERY_IMAGE_LEASE_SECONDS": str(self.settings.image_lease_seconds),
        }

    async def serve(self, *options: str, worker: bool = True, under: Sequence[str] = ()) -> str:
        """Start `gallery serve` on a free port, by the command `under`, and wait until it answers; returns its
        address."""
        port = free_port()
        address = f"http://{self.host}:{port}"
        words = ["serve", "--port", str(port), *options, *([] if worker else ["--no-worker"])]
        log = self.settings.home / f"serve-{port}.log"
        if under:
            self.processes.append(
                subprocess.Popen(
                    [*under, sys.executable, "-m", "gallery.cli", *words],
                    env=self.environment(address),
                    stdout=log.open("wb"),
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
        else:
            self.processes.append(ForkedCommand(words, self.environment(address), Path.cwd(), log, log))
        async with httpx.AsyncClient() as client:
            for _ in range(900):  # a busy machine takes its time to start a process
                try:
                    if (await client.get(f"{address}/zh/")).status_code < 500:
                        self.addresses.append(address)
                        return address
                except httpx.TransportError:
                    await asyncio.sleep(0.1)
        raise AssertionError(log.read_text())

    def start_worker(self) -> ForkedCommand:
        """Start `gallery worker`, which the caller ends."""
        log = self.settings.home / "worker.log"
        return ForkedCommand(["worker"], self.environment("http://127.0.0.1"), Path.cwd(), log, log)

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class BadLine:
    """A connection to a server that breaks after some bytes, until it has broken `times` times. With a range
    for `after` each connection breaks at a random number of bytes (from `seed`), some only after everything
    has arrived, while the response is sent. While `is_stalled` nothing passes and nothing breaks; while `is_cut` every
    connection breaks at once.
    """

    def __init__(self, port: int, after: int | range, times: int, seed: int = 0) -> None:
        self.port, self.left = port, times
        self.after = after if isinstance(after, range) else range(after, after + 1)
        self.chance = random.Random(seed)
        self.breaks = self.lost_answers = 0
        self.is_stalled = self.is_cut = False

    async def __aenter__(self) -> str:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        after = self.chance.choice(self.after)
        loses_answer = len(self.after) > 1 and self.chance.random() < 0.3

        def break_off() -> None:
            self.left -= 1
            self.breaks += 1
            writer.transport.abort()
            back.close()

        async def up() -> None:
            sent = 0
            while data := await reader.read(4096):
                await self._passes()
                if self.is_cut:
                    writer.transport.abort()
                    back.close()
                    return
                if self.left and sent + len(data) > after:
                    back.write(data[: after - sent])
                    await back.drain()
                    break_off()
                    return
                sent += len(data)
                back.write(data)
                await back.drain()
            back.close()

        async def down() -> None:
            while data := await there.read(65536):
                await self._passes()
                if self.left and loses_answer:
                    self.lost_answers += 1
                    break_off()
                    return
                writer.write(data)
                await writer.drain()
            writer.close()

        await asyncio.gather(up(), down(), return_exceptions=True)

    async def _passes(self) -> None:
        while self.is_stalled:
            await asyncio.sleep(0.05)


TEXTUAL = (
    "text/html",
    "text/xml",
    "application/xml",
    "application/atom+xml",
    "application/ld+json",
    "application/json",
)


def is_text(answer: httpx.Response) -> bool:
    """Whether an answer is a page, a feed, a sitemap, or anything else that could name a work."""
    return answer.headers.get("content-type", "").startswith(TEXTUAL)


def addresses_in(html: str, base: str) -> set[str]:
    """Every address of this site that a page or document refers to, srcsets and meta included, as paths."""
    found = {unescape(path).split("#")[0] for path in re.findall(re.escape(base) + r'(/[^"<>\s\\]*)', html)}
    for name, value in values_of(html, "href", "src", "srcset", "content", "action"):
        for part in (
            (each.split()[0] for each in value.split(",") if each.strip()) if name == "srcset" else [value]
        ):
            path = part.removeprefix(base)
            if path.startswith("/") and not path.startswith("//"):
                found.add(path.split("#")[0])
    return found


def is_public(path: str) -> bool:
    # Canvases have names and no pages of their own; a picture's IIIF address leads to its info.json.
    if "/canvas" in path or re.fullmatch("/iiif/[^/]+", path):
        return False
    return path.startswith(("/zh/", "/en/", "/media/", "/iiif/", "/sharing/", "/oembed?")) or path == "/"


async def crawl(
    client: httpx.AsyncClient, base: str, *also: str, leaving_out: str = "\0"
) -> dict[str, httpx.Response]:
    """Every public address that can be reached from the two home pages, and from `also`, with its answer.

    Addresses that begin with `leaving_out` are not opened.
    """
    answers: dict[str, httpx.Response] = {}
    waiting = ["/zh/", "/en/", *also]
    while waiting:
        path = waiting.pop()
        if path in answers or path.startswith(leaving_out):
            continue
        answer = await client.get(path)
        answers[path] = answer
        if is_text(answer):
            waiting.extend(found for found in addresses_in(answer.text, base) if is_public(found))
    return answers


def any_in(text: str, words: list[str]) -> list[str]:
    return [word for word in words if word in text]
