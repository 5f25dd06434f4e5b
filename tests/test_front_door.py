"""The front door: what it hands out itself, what it lets pass, and that the order of answers stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.figures.tally import Tally
from gallery.front_door import FrontDoor
from gallery.page_cache import PICTURES, PageCache


class Generations:
    """A content clock that is turned by hand; `known` says whether it has been read lately."""

    def __init__(self) -> None:
        self.value, self.known = (1, 0), True

    def fresh(self) -> tuple[int, int] | None:
        return self.value if self.known else None

    async def generation(self) -> tuple[int, int]:
        return self.value


@dataclass
class Site:
    """Public pages that say which they are; whatever is posted is counted and echoed."""

    content: Generations = field(default_factory=Generations)
    asked: list[str] = field(default_factory=list)  # what passed the page cache
    passed: list[str] = field(default_factory=list)  # what passed the front door
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self.picture_cache = PageCache(self.answer, self.content, 10_000_000, PICTURES)  # type: ignore[arg-type]
        self.page_cache = PageCache(self.picture_cache, self.content, 10_000_000)  # type: ignore[arg-type]

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.passed.append(f"{scope['method']} {scope['path']}")
        await self.page_cache(scope, receive, send)

    async def answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        text = b"%s ? %s : %s " % (scope["path"].encode(), scope["query_string"], body) + b"." * 2000
        kept = scope["path"].startswith(("/zh/", "/media/"))
        headers = [(b"cache-control", b"public, no-cache" if kept else b"no-store")]
        if scope["path"].startswith("/zh/"):
            headers.append((b"content-type", b"text/html"))
        headers.append((b"content-length", b"%d" % len(text)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": text})


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[int]:
    config = uvicorn.Config(
        site, http=FrontDoor, lifespan="off", log_level="critical", port=0, access_log=False
    )  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Visitor:
    """One connection, byte by byte as it is wanted."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def __aenter__(self) -> Visitor:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    def say(self, request: bytes) -> None:
        self.writer.write(request)

    async def hear(self, *, head: bool = False) -> Answer:
        async with asyncio.timeout(20):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)
            }
            length = 0 if head else int(headers.get("content-length", 0))
            return Answer(int(lines[0].split()[1]), headers, await self.reader.readexactly(length))

    async def ask(self, request: bytes, *, head: bool = False) -> Answer:
        self.say(request)
        return await self.hear(head=head)


def get(
    path: str = "/zh/", *headers: str, version: str = "1.1", method: str = "GET", body: bytes = b""
) -> bytes:
    lines = [f"{method} {path} HTTP/{version}", "Host: gallery", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def test_a_kept_page_is_handed_out_without_a_request() -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        first = await visitor.ask(get())
        assert site.passed == ["GET /zh/"]
        second = await visitor.ask(get())
        third = await visitor.ask(get("/zh/?"))
    assert site.passed == ["GET /zh/"]
    assert first.body == second.body == third.body
    assert second.status == 200
    assert first.headers.keys() == second.headers.keys()
    assert first.headers["etag"] == second.headers["etag"]
    assert "date" in second.headers


async def test_a_kept_picture_is_handed_out_as_it_is() -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        first = await visitor.ask(get("/media/token/320.avif"))
        second = await visitor.ask(get("/media/token/320.avif", "Accept-Encoding: gzip, br"))
        part = await visitor.ask(get("/media/token/320.avif", "Range: bytes=0-9"))
    assert first.body == second.body == part.body
    assert "content-encoding" not in second.headers
    assert len(site.passed) == len(site.asked) == 2  # a part is none of its business


@pytest.mark.parametrize("coding", ["gzip", "br"])
async def test_it_hands_out_the_same_bytes_as_the_ordinary_way(coding: str) -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        await visitor.ask(get())
        ready = await visitor.ask(get("/zh/", f"Accept-Encoding: {coding}"))
        assert len(site.passed) == 1
        site.content.known = False  # now the database has to be asked
        ordinary = await visitor.ask(get("/zh/", f"Accept-Encoding: {coding}"))
    assert len(site.passed) == 2
    assert ready.headers["content-encoding"] == coding
    assert (ready.body, ready.headers.keys()) == (ordinary.body, ordinary.headers.keys())


async def test_a_browser_that_has_the_page_is_told_so() -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        etag = (await visitor.ask(get())).headers["etag"]
        answer = await visitor.ask(get("/zh/", f"If-None-Match: {etag}"))
        again = await visitor.ask(get())
    assert (answer.status, answer.body) == (304, b"")
    assert answer.headers["etag"] == etag
    assert again.status == 200
    assert len(site.passed) == 1


async def test_a_page_whose_generation_passed_is_made_anew() -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        await visitor.ask(get())
        site.content.value = (2, 0)
        await visitor.ask(get())
        await visitor.ask(get())
    assert site.asked == ["/zh/", "/zh/"]
    assert len(site.passed) == 2


@pytest.mark.parametrize(
    "request_",
    [
        get(method="HEAD"),
        get("/zh/", "Connection: close"),
        get(version="1.0"),
        get("/zh/", "Expect: 100-continue", body=b"x"),
        get(body=b"a body where there should be none"),
        get("/zh/", "Connection: upgrade", "Upgrade: websocket"),
        get("/desk"),
        get("/%7ah/"),
        get("/zh/other"),
        get("/zh/?page=2"),
    ],
)
async def test_what_is_not_plain_takes_the_ordinary_way(request_: bytes) -> None:
    site = Site()
    async with serving(site) as port:
        async with Visitor(port) as visitor:
            await visitor.ask(get())
        async with Visitor(port) as visitor:
            answer = await visitor.ask(request_, head=request_.startswith(b"HEAD"))
    assert answer.status == 200
    assert len(site.passed) == 2


REQUESTS = [
    get("/zh/"),
    get("/zh/a"),
    get("/zh/?page=2"),
    get("/desk"),
    get("/zh/", "Accept-Encoding: gzip"),
    get("/zh/", body=b"unexpected"),
    get("/desk", method="POST", body=b"a form"),
]


@settings(max_examples=40)
@given(st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=25), st.integers(1, 400))
async def test_answers_come_in_order_however_the_requests_arrive(requests: list[bytes], piece: int) -> None:
    site = Site()
    async with serving(site) as port:
        expected = []
        for request in requests:
            async with Visitor(port) as visitor:
                expected.append((await visitor.ask(request)).body)
        async with Visitor(port) as visitor:
            sent = b"".join(requests)
            for start in range(0, len(sent), piece):
                visitor.say(sent[start : start + piece])
                await asyncio.sleep(0)
            assert [(await visitor.hear()).body for _ in requests] == expected


async def test_a_visitor_who_does_not_read_makes_no_heap_of_answers() -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        await visitor.ask(get())
        for _ in range(20_000):  # some forty megabytes of answers
            visitor.say(get())
        await asyncio.sleep(0.5)
        assert len(site.passed) > 1  # it waits in the ordinary way, which stops reading
        answers = [await visitor.hear() for _ in range(20_000)]
    assert {answer.status for answer in answers} == {200}
