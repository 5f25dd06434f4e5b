"""`gallery serve --processes`: several processes on one socket, and their replacement under load."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest

from tests.live import LiveSite, children_of, eventually, is_running, needs_proc

pytestmark = [needs_proc, pytest.mark.usefixtures("not_quick")]

REQUESTS_AT_MOST = 10_000


async def supervised(live: LiveSite, processes: int) -> tuple[str, int, list[int]]:
    """A live site: its address, the supervisor and its children."""
    address = await live.serve("--processes", str(processes))
    supervisor = live.processes[0].pid

    async def are_all_there() -> bool:
        return len(children_of(supervisor)) == processes + 1

    await eventually(are_all_there)
    return address, supervisor, children_of(supervisor)


def commands(pids: list[int]) -> list[str]:
    """The gallery's command that each process runs; "" for one that has not begun or has ended."""
    words = [Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") for pid in pids if is_running(pid)]
    return [line[3].decode() if len(line) > 3 else "" for line in words]


@asynccontextmanager
async def load(address: str) -> AsyncIterator[list[str]]:
    """Visitors who ask for a page again and again, half of them over new connections. Yields what fails.

    Kept connections are left alone after a request, as proxies do, so some are idle when a process stops.
    """
    faults: list[str] = []
    asked = 0
    stopped = asyncio.Event()

    async def visit(keeps_connection: bool) -> None:
        nonlocal asked
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            while not stopped.is_set() and asked < REQUESTS_AT_MOST:
                asked += 1
                path = "/zh/" if asked % 2 else "/desk/sign-in"  # one from the cache, one that is rendered
                try:
                    answer = await client.get(
                        path, headers={} if keeps_connection else {"connection": "close"}
                    )
                except httpx.TransportError as fault:
                    faults.append(f"{type(fault).__name__} {fault}")
                    continue
                if answer.status_code != 200:
                    faults.append(str(answer.status_code))
                await asyncio.sleep(0.02)  # leave the processors to the processes that start

    async with asyncio.TaskGroup() as visitors:
        for number in range(8):
            visitors.create_task(visit(keeps_connection=number % 2 == 0))
        try:
            yield faults
        finally:
            stopped.set()
    assert asked > 100


async def test_a_restart_under_load_fails_no_request(live: LiveSite) -> None:
    address, supervisor, children = await supervised(live, processes=2)
    assert sorted(commands(children)) == ["serve", "serve", "worker"]
    reader, finish_form = await begin_form(httpx.URL(address))
    async with load(address) as faults:
        os.kill(supervisor, signal.SIGHUP)

        async def have_new_ones() -> bool:  # the worker is replaced last
            present = set(children_of(supervisor)) - set(children)
            return sorted(commands([*present])) == ["serve", "serve", "worker"]

        await eventually(have_new_ones)
    assert faults == []
    finish_form()  # it reaches the process that began to read it, which has waited for it
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 422")
    assert b"connection: close" in answer

    async def are_gone() -> bool:
        return not any(map(is_running, children))

    await eventually(are_gone)
    os.kill(supervisor, signal.SIGHUP)

    async def is_one_more_there() -> bool:
        return len(children_of(supervisor)) > 3

    await eventually(is_one_more_there)
    children = children_of(supervisor)
    os.kill(supervisor, signal.SIGTERM)  # while processes are being replaced
    assert live.processes[0].wait(60) == 0
    assert not any(map(is_running, children))


async def begin_form(url: httpx.URL) -> tuple[asyncio.StreamReader, Callable[[], None]]:
    """Send a sign-in but for its last bytes; returns what reads the answer, and what sends the rest."""
    reader, writer = await asyncio.open_connection(url.host, url.port)
    body = b"email=nobody%40example.org&password=wrong-and-long-enough"
    head = (
        f"POST /desk/sign-in HTTP/1.1\r\nhost: {url.host}:{url.port}\r\nsec-fetch-site: same-origin\r\n"
        f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body[:-10])
    await writer.drain()
    return reader, lambda: writer.write(body[-10:])


async def test_what_cannot_start_replaces_nothing_and_what_dies_is_started_again(live: LiveSite) -> None:
    address, supervisor, children = await supervised(live, processes=1)
    victim = children[commands(children).index("serve")]
    log = next(live.settings.home.glob("serve-*.log"))
    last = "id = (SELECT max(id) FROM tortoise_migrations)"
    with closing(
        sqlite3.connect(live.settings.home / "gallery.sqlite3")
    ) as database:  # upgraded without init
        database.execute(f"UPDATE tortoise_migrations SET name = '-' || name WHERE {last}")
        database.commit()
        os.kill(supervisor, signal.SIGHUP)

        async def is_given_up() -> bool:
            return "the present ones go on" in log.read_text()

        await eventually(is_given_up)
        database.execute(f"UPDATE tortoise_migrations SET name = substr(name, 2) WHERE {last}")
        database.commit()
    assert is_running(victim)
    os.kill(victim, signal.SIGKILL)
    async with httpx.AsyncClient(base_url=address, timeout=120) as client:
        assert (await client.get("/zh/")).status_code == 200  # it waited in the socket for the next process
    assert not is_running(victim)
    children = children_of(supervisor)
    os.kill(supervisor, signal.SIGKILL)

    async def are_gone() -> bool:
        return not any(map(is_running, children))

    await eventually(are_gone)
