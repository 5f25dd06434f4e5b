"""The HTTP protocol: answers from the page cache, requests that pass through, and their order."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.stats.visit_counter import VisitCounter
from gallery.web.http_protocol import CachingHttpProtocol
from gallery.web.page_cache import PICTURE_PREFIXES, PageCache
from tests.live import LiveSite, eventually
from tests.web.changes import Changes


@dataclass
class Site:
    """Public pages that show their address; posts are counted and echoed."""

    content: Changes = field(default_factory=Changes)
    asked: list[str] = field(default_factory=list)  # requests not answered by the page cache
    passed: list[str] = field(default_factory=list)  # requests not answered by the HTTP protocol
    visit_counter: VisitCounter = field(default_factory=VisitCounter)

    def __post_init__(self) -> None:
        self.picture_cache = PageCache(self.answer, self.content, 10_000_000, PICTURE_PREFIXES)  # type: ignore[arg-type]
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
        site, http=CachingHttpProtocol, lifespan="off", log_level="critical", port=0, access_log=False
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
    """One client connection, with control over each byte sent."""

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

    async def hears_the_end(self) -> bool:
        """Whether nothing more comes. A server that closes while bytes are under way resets the connection."""
        async with asyncio.timeout(20):
            try:
                return await self.reader.read() == b""
            except ConnectionResetError:
                return True

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
    assert len(site.passed) == len(site.asked) == 2  # a range request is left to the app


@pytest.mark.parametrize("coding", ["gzip", "br"])
async def test_it_hands_out_the_same_bytes_as_the_ordinary_way(coding: str) -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        await visitor.ask(get())
        ready = await visitor.ask(get("/zh/", f"Accept-Encoding: {coding}"))
        assert len(site.passed) == 1
        site.content.is_known = False  # now the database has to be asked
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


async def test_a_page_that_was_dropped_is_rendered_again() -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        await visitor.ask(get())
        site.content.touch()
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
        assert len(site.passed) > 1  # uvicorn stops reading while the app waits
        answers = [await visitor.hear() for _ in range(20_000)]
    assert {answer.status for answer in answers} == {200}


# Limits of a head

LIMIT = CachingHttpProtocol.HEAD_BYTES


def head_of(size: int, path: str = "/desk") -> bytes:
    """A request whose head has exactly `size` bytes, not counting line ends."""
    plain = get(path, "X: ")
    return get(path, f"X: {'x' * (size - len(plain))}")


async def test_a_head_may_be_large_and_no_larger() -> None:
    site = Site()
    async with serving(site) as port:
        for pieces in (1, 7):
            async with Visitor(port) as visitor:
                for size, status in ((LIMIT - 100, 200), (LIMIT + 100, 431)):
                    sent = head_of(size)
                    length = -(-len(sent) // pieces)
                    for start in range(0, len(sent), length):
                        visitor.say(sent[start : start + length])
                        await visitor.writer.drain()
                        await asyncio.sleep(0.01)
                    answer = await visitor.hear()
                    assert (answer.status, pieces) == (status, pieces)
                assert answer.headers["connection"] == "close"
                assert await visitor.hears_the_end()
    assert len(site.passed) == 2


@pytest.mark.parametrize("body", [b"", b"x" * 100_000])
async def test_a_large_head_is_refused_behind_other_requests_too(body: bytes) -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        first = get("/desk", method="POST", body=body) if body else get("/desk")
        assert (await visitor.ask(first + get("/desk"))).status == 200  # a large body is no large head
        assert (await visitor.hear()).status == 200
        visitor.say(first)
        assert (await visitor.hear()).status == 200
        assert (await visitor.ask(head_of(LIMIT + 100))).status == 431


async def test_a_line_without_end_is_refused_as_it_comes() -> None:
    site = Site()
    async with serving(site) as port:
        for beginning, status in ((b"GET /", 414), (b"GET / HTTP/1.1\r\nHost: a\r\nX: ", 431)):
            async with Visitor(port) as visitor:
                visitor.say(beginning)
                for _ in range(LIMIT // 4096 + 1):
                    visitor.say(b"x" * 4096)
                    await asyncio.sleep(0.01)
                assert (await visitor.hear()).status == status
    assert site.passed == []


@pytest.mark.parametrize(
    ("lines", "version", "status"),
    [
        ([], "1.1", 400),
        ([], "1.0", 200),
        (["Host: gallery", "Host: gallery"], "1.1", 400),
        (["Host: gallery", "Host: other"], "1.0", 400),
        (["Host: "], "1.1", 400),
        (["Host: gal lery"], "1.1", 400),
        (["Host: gallery/path"], "1.1", 400),
        (["Host: user@gallery"], "1.1", 400),
        (["Host: gallery:80a"], "1.1", 400),
        (["Host: gallery:8000"], "1.1", 200),
        (["Host: [::1]:8000"], "1.1", 200),
        (["Host: a_name.example"], "1.1", 200),
    ],
)
async def test_a_request_names_one_host(lines: list[str], version: str, status: int) -> None:
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        if version == "1.1":
            assert (await visitor.ask(get())).status == 200  # kept: the next one could be handed out
        sent = "\r\n".join([f"GET /zh/ HTTP/{version}", *lines, "", ""]).encode()
        assert (await visitor.ask(sent)).status == status


async def test_a_head_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CachingHttpProtocol, "HEAD_SECONDS", 0.5)
    site = Site()
    async with serving(site) as port:
        async with Visitor(port) as silent:
            assert await silent.hears_the_end()
        for first in (b"", get("/desk")):  # on a new line, and on one that has been answered
            async with Visitor(port) as visitor:
                if first:
                    assert (await visitor.ask(first)).status == 200
                waiting = asyncio.create_task(visitor.hear())
                visitor.say(b"GET /desk HTTP/1.1\r\nHost: gallery\r\nX: ")
                while not waiting.done():
                    visitor.say(b"x")
                    await asyncio.sleep(0.1)
                assert (await waiting).status == 408
                assert await visitor.hears_the_end()
    assert site.passed == ["GET /desk"]


async def test_a_slow_answer_and_a_slow_body_are_not_a_slow_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CachingHttpProtocol, "HEAD_SECONDS", 0.3)
    site = Site()
    async with serving(site) as port, Visitor(port) as visitor:
        visitor.say(b"POST /desk HTTP/1.1\r\nHost: gallery\r\nContent-Length: 4\r\n\r\n")
        for _ in range(4):
            await asyncio.sleep(0.2)
            visitor.say(b"x")
        answer = await visitor.hear()
    assert (answer.status, b"xxxx" in answer.body) == (200, True)


async def test_a_stopping_server_answers_what_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CachingHttpProtocol, "LAST_SECONDS", 3.0)
    async with AsyncExitStack() as server:
        port = await server.enter_async_context(serving(Site()))
        async with Visitor(port) as new, Visitor(port) as kept, Visitor(port) as silent:
            assert (await kept.ask(get("/zh/"))).status == 200
            stopping = asyncio.create_task(server.aclose())
            with pytest.raises((ConnectionRefusedError, ConnectionResetError)):
                while True:
                    async with Visitor(port):
                        await asyncio.sleep(0.01)
            for visitor, path in ((new, "/desk"), (kept, "/zh/")):  # /zh/ is in the page cache
                answer = await visitor.ask(get(path))
                assert (answer.status, answer.headers["connection"]) == (200, "close")
                assert await visitor.hears_the_end()
            assert await silent.hears_the_end()
            await stopping


UNFINISHED = {
    "a form": b"POST /desk/sign-in HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 500\r\n\r\nemail=secret%40example.org&pass",
    "another form": b"POST /zh/join HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nname=sec\r\n",
}


async def test_a_body_that_stops_is_one_line_in_the_log(live: LiveSite) -> None:
    address = await live.serve(worker=False)
    for sent in UNFINISHED.values():
        async with Visitor(int(address.rpartition(":")[2])) as visitor:
            visitor.say(sent)
            await visitor.writer.drain()
            await asyncio.sleep(0.3)  # the server may or may not have read it by then; the log is the same

    def log() -> str:
        return "".join(path.read_text() for path in live.settings.home.glob("serve-*.log"))

    async def is_written() -> bool:
        return log().count("broke off") == len(UNFINISHED)

    await eventually(is_written)
    begins = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} gallery WARNING .*broke off"  # time and zone
    assert len(re.findall(begins, log(), re.MULTILINE)) == len(UNFINISHED)
    assert "Traceback" not in log()
    assert "127.0.0.1" not in log().partition("Ctrl-C")[2]
    assert "secret" not in log()
