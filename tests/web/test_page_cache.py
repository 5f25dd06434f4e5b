"""The page cache: which pages it keeps, its answers, and its expiry."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from gallery.web.page_cache import (
    ENTRY_OVERHEAD,
    MAX_PICTURE_BYTES,
    PICTURE_PREFIXES,
    PageCache,
    best_coding,
    etag_matches,
)
from gallery.web.page_keys import declare_keys
from tests.web.changes import Changes

PUBLIC = [(b"content-type", b"text/html"), (b"cache-control", b"public, no-cache")]


@dataclass
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


@dataclass
class Inner:
    """A site of one page that counts its requests."""

    headers: list[tuple[bytes, bytes]] = field(default_factory=lambda: list(PUBLIC))
    status: int = 200
    body: Callable[[int], bytes] = lambda times: b"<p>page %d</p>" % times
    error: Exception | None = None
    gate: asyncio.Event | None = None
    methods: list[str] = field(default_factory=list)

    @property
    def times(self) -> int:
        return len(self.methods)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.methods.append(scope["method"])
        times = self.times
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        body = self.body(times)
        await send({"type": "http.response.body", "body": body[:3], "more_body": True})
        await send({"type": "http.response.body", "body": body[3:]})


async def ask(
    app: Any, path: str = "/zh/", query: bytes = b"", method: str = "GET", **headers: str
) -> Answer:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    await app(scope, receive, send)
    assert [message["type"] for message in messages].count("http.response.start") == 1
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return Answer(messages[0]["status"], dict(messages[0]["headers"]), body)


@pytest.fixture
def inner() -> Inner:
    return Inner()


@pytest.fixture
def content() -> Changes:
    return Changes()


@pytest.fixture
def cache(inner: Inner, content: Changes) -> PageCache:
    return PageCache(inner, content, 1_000_000)  # type: ignore[arg-type]


async def test_a_public_page_is_rendered_once(cache: PageCache, inner: Inner) -> None:
    first, second = await ask(cache), await ask(cache)
    assert inner.times == 1
    assert first == second
    assert first.body == b"<p>page 1</p>"
    assert first.headers[b"content-length"] == b"13"
    assert first.headers[b"vary"] == b"accept-encoding"


async def test_path_and_query_tell_pages_apart(cache: PageCache, inner: Inner) -> None:
    for path, query in [("/zh/", b""), ("/en/", b""), ("/zh/", b"page=2"), ("/zh/a", b"")]:
        await ask(cache, path, query)
    assert inner.times == 4


@pytest.mark.parametrize(
    "headers",
    [
        [(b"cache-control", b"no-cache")],
        [(b"cache-control", b"private")],
        [(b"cache-control", b"no-store")],
        [],
        [(b"cache-control", b"public, no-cache"), (b"set-cookie", b"a=1")],
    ],
)
async def test_what_does_not_say_that_it_is_public_is_not_kept(
    cache: PageCache, inner: Inner, headers: list[tuple[bytes, bytes]]
) -> None:
    inner.headers = headers
    assert (await ask(cache)).body == b"<p>page 1</p>"
    assert (await ask(cache)).body == b"<p>page 2</p>"


@pytest.mark.parametrize("status", [201, 206, 303, 404, 410, 500])
async def test_only_whole_pages_are_kept(cache: PageCache, inner: Inner, status: int) -> None:
    inner.status = status
    assert (await ask(cache)).status == status
    assert (await ask(cache)).status == status
    assert inner.times == 2


@pytest.mark.parametrize(
    ("path", "method"),
    [("/desk", "GET"), ("/media/a/320.jpg", "GET"), ("/", "GET"), ("/zh/", "POST"), ("/zhx/", "GET")],
)
async def test_what_is_not_a_public_page_passes_by(
    cache: PageCache, inner: Inner, path: str, method: str
) -> None:
    await ask(cache, path, method=method)
    await ask(cache, path, method=method)
    assert inner.methods == [method, method]


async def test_a_cache_without_memory_passes_everything_by(inner: Inner, content: Changes) -> None:
    cache = PageCache(inner, content, 0)  # type: ignore[arg-type]
    await ask(cache)
    await ask(cache)
    assert inner.times == 2


async def test_if_none_match_is_answered_304(cache: PageCache) -> None:
    etag = (await ask(cache)).headers[b"etag"].decode()
    assert etag.startswith('W/"')
    for asked in (etag, etag.removeprefix("W/"), f'"other", {etag}', "*"):
        answer = await ask(cache, if_none_match=asked)
        assert (answer.status, answer.body) == (304, b"")
        assert answer.headers[b"etag"].decode() == etag
        assert answer.headers[b"cache-control"] == b"public, no-cache"
        assert b"content-length" not in answer.headers
    assert (await ask(cache, if_none_match='"other"')).status == 200


async def test_the_etag_follows_what_the_page_says(cache: PageCache, inner: Inner, content: Changes) -> None:
    inner.body = lambda times: b"always the same"
    first = (await ask(cache)).headers[b"etag"]
    content.touch()
    assert (await ask(cache)).headers[b"etag"] == first
    inner.body = lambda times: b"another"
    content.touch()
    assert (await ask(cache)).headers[b"etag"] != first


async def test_head_has_the_headers_of_get_and_no_body(cache: PageCache, inner: Inner) -> None:
    head = await ask(cache, method="HEAD")
    get = await ask(cache)
    assert head.body == b""
    assert head.headers == get.headers
    assert inner.methods == ["GET"]


async def test_head_of_what_is_not_kept_has_no_body(cache: PageCache, inner: Inner) -> None:
    inner.status = 404
    answer = await ask(cache, method="HEAD")
    assert (answer.status, answer.body) == (404, b"")


async def test_pages_are_compressed_as_the_browser_can(cache: PageCache) -> None:
    plain = await ask(cache)
    br = await ask(cache, accept_encoding="gzip, deflate, br")
    zipped = await ask(cache, accept_encoding="gzip")
    refused = await ask(cache, accept_encoding="br;q=0, gzip;q=0.0")
    assert b"content-encoding" not in plain.headers
    assert br.headers[b"content-encoding"] == b"br"
    assert brotli.decompress(br.body) == plain.body
    assert zipped.headers[b"content-encoding"] == b"gzip"
    assert gzip.decompress(zipped.body) == plain.body
    assert int(zipped.headers[b"content-length"]) == len(zipped.body)
    assert refused == plain


async def test_a_change_without_keys_empties_it(cache: PageCache, content: Changes) -> None:
    await ask(cache)
    await ask(cache, "/en/")
    content.touch()
    assert (await ask(cache)).body == b"<p>page 3</p>"
    content.touch()
    assert (await ask(cache)).body == b"<p>page 4</p>"
    assert cache.weight == next(iter(cache._pages.values())).weight


async def test_many_at_once_are_served_by_one_rendering(cache: PageCache, inner: Inner) -> None:
    inner.gate = asyncio.Event()
    asking = [asyncio.create_task(ask(cache)) for _ in range(20)]
    while not inner.times:
        await asyncio.sleep(0)
    inner.gate.set()
    answers = await asyncio.gather(*asking)
    assert inner.times == 1
    assert all(answer == answers[0] for answer in answers)
    assert cache._rendering == {}


async def test_an_error_reaches_its_own_request_and_the_next_renders_again(
    cache: PageCache, inner: Inner
) -> None:
    inner.gate, inner.error = asyncio.Event(), RuntimeError("broken")
    asking = [asyncio.create_task(ask(cache)) for _ in range(3)]
    while not inner.times:
        await asyncio.sleep(0)
    inner.gate.set()
    answers = await asyncio.wait_for(asyncio.gather(*asking, return_exceptions=True), 5)
    assert all(isinstance(answer, RuntimeError) for answer in answers)
    assert cache._rendering == {}
    inner.error = None
    assert (await ask(cache)).status == 200


async def test_followers_of_a_request_that_was_cut_off_do_not_hang(cache: PageCache, inner: Inner) -> None:
    inner.gate = asyncio.Event()
    leader = asyncio.create_task(ask(cache))
    while not inner.times:
        await asyncio.sleep(0)
    follower = asyncio.create_task(ask(cache))
    await asyncio.sleep(0.01)
    leader.cancel()
    inner.gate.set()
    assert (await asyncio.wait_for(follower, 5)).status == 200


async def test_what_was_rendered_before_a_change_is_not_kept_after_it(
    cache: PageCache, inner: Inner, content: Changes
) -> None:
    inner.gate = asyncio.Event()
    early = asyncio.create_task(ask(cache))
    while not inner.times:
        await asyncio.sleep(0)
    content.touch()
    late = asyncio.create_task(ask(cache))
    await asyncio.sleep(0.01)
    inner.gate.set()
    assert (await early).body == b"<p>page 1</p>"
    assert (await late).body == b"<p>page 2</p>"
    assert (await ask(cache)).body == b"<p>page 2</p>"


async def test_a_change_drops_the_pages_that_depend_on_its_keys(content: Changes) -> None:
    async def site(scope: Any, receive: Any, send: Any) -> None:
        keys = scope["path"].removeprefix("/zh/").split("+")
        declare_keys(Request(scope), [key for key in keys if key])
        asked.append(scope["path"])
        await Inner()(scope, receive, send)

    asked: list[str] = []
    cache = PageCache(site, content, 1_000_000)  # type: ignore[arg-type]
    paths = ["/zh/", "/zh/a", "/zh/a+b", "/zh/c"]

    async def rendered() -> list[str]:
        asked.clear()
        for path in paths:
            await ask(cache, path)
        return asked

    assert await rendered() == paths
    assert await rendered() == []
    content.touch("b")
    assert await rendered() == ["/zh/", "/zh/a+b"]
    content.touch("a")
    assert await rendered() == ["/zh/", "/zh/a", "/zh/a+b"]
    content.touch("d")
    assert await rendered() == ["/zh/"]  # it declares no keys
    content.touch()
    assert await rendered() == paths
    assert cache.weight == sum(page.weight for page in cache._pages.values())
    content.touch("a", "b", "c")
    assert (cache.weight, cache._by_key) == (0, {})


@pytest.mark.parametrize(("touched", "is_kept"), [("a", False), ("b", True)])
async def test_a_page_whose_keys_were_touched_while_it_was_rendered_is_not_kept(
    inner: Inner, content: Changes, touched: str, is_kept: bool
) -> None:
    async def site(scope: Any, receive: Any, send: Any) -> None:
        declare_keys(Request(scope), ["a"])
        await inner(scope, receive, send)

    inner.gate = asyncio.Event()
    cache = PageCache(site, content, 1_000_000)  # type: ignore[arg-type]
    asking = [asyncio.create_task(ask(cache)) for _ in range(3)]
    while not inner.times:
        await asyncio.sleep(0)
    content.touch(touched)
    inner.gate.set()
    await asyncio.gather(*asking)
    await ask(cache)
    assert inner.times == (1 if is_kept else 2)


async def test_the_oldest_page_makes_room(inner: Inner, content: Changes) -> None:
    inner.body = lambda times: b"x" * 1000
    cache = PageCache(inner, content, 3 * (2000 + ENTRY_OVERHEAD))  # type: ignore[arg-type]
    for path in ("/zh/1", "/zh/2", "/zh/3", "/zh/1", "/zh/4"):
        await ask(cache, path)
    assert [path for path, _ in cache._pages] == ["/zh/3", "/zh/1", "/zh/4"]
    assert cache.weight <= cache.max_bytes


async def test_a_page_larger_than_the_cache_is_answered_and_not_kept(inner: Inner, content: Changes) -> None:
    inner.body = lambda times: b"x" * 5000
    cache = PageCache(inner, content, 4000)  # type: ignore[arg-type]
    assert len((await ask(cache)).body) == 5000
    assert not cache._pages


async def test_a_page_that_is_kept_twice_weighs_once(content: Changes) -> None:
    """Requests that waited for an uncached answer render in parallel, and each caches its own."""
    missing, found = Inner(status=404, gate=asyncio.Event()), Inner()

    async def site(scope: Any, receive: Any, send: Any) -> None:
        await (found if missing.times else missing)(scope, receive, send)

    cache = PageCache(site, content, 1_000_000)  # type: ignore[arg-type]
    asking = [asyncio.create_task(ask(cache)) for _ in range(4)]
    while not missing.times:
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    found.gate = asyncio.Event()
    assert missing.gate is not None
    missing.gate.set()
    await asyncio.sleep(0.01)
    found.gate.set()
    assert [answer.status for answer in await asyncio.gather(*asking)] == [404, 200, 200, 200]
    assert found.times == 3
    assert cache.weight == sum(page.weight for page in cache._pages.values())


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (b"", b""),
        (b"gzip", b"gzip"),
        (b"br", b"br"),
        (b"gzip, deflate, br, zstd", b"br"),
        (b"GZIP", b"gzip"),
        (b"br;q=0", b""),
        (b"br;Q=0, gzip", b"gzip"),
        (b"br; q=0.0, gzip; q=0.5", b"gzip"),
        (b"br;q=0.000,gzip;q=0", b""),
        (b"gzip;q=0.001", b"gzip"),
        (b"br;q=0.05", b"br"),
        (b"identity", b""),
        (b"brotli, x-gzip", b""),
        (b"deflate, *;q=0", b""),
    ],
)
def test_best_coding(header: bytes, coding: bytes) -> None:
    assert best_coding(header) == coding


weights = st.one_of(st.just(""), st.integers(0, 1000).map(lambda n: f";q={n / 1000:.3f}"))


@given(
    st.dictionaries(st.sampled_from(["br", "gzip", "deflate", "zstd", "identity"]), weights, max_size=5),
    st.booleans(),
)
def test_best_coding_is_one_that_was_not_ruled_out(offers: dict[str, str], spaced: bool) -> None:
    header = (", " if spaced else ",").join(name + weight for name, weight in offers.items())
    allowed = {name for name, weight in offers.items() if weight != ";q=0.000"}
    wanted = "br" if "br" in allowed else "gzip" if "gzip" in allowed else ""
    assert best_coding(header.encode()).decode() == wanted


@given(st.binary())
def test_best_coding_never_raises(header: bytes) -> None:
    assert best_coding(header) in {b"", b"br", b"gzip"}


tags = st.text("abcdef0123456789", min_size=1, max_size=8)


@given(tags, st.lists(tags, max_size=4), st.booleans(), st.booleans())
def test_etags_match_weakly(tag: str, others: list[str], weak: bool, among: bool) -> None:
    asked = [f'"{other}"' for other in others] + ([f'{"W/" if weak else ""}"{tag}"'] if among else [])
    matches = etag_matches(", ".join(asked).encode(), f'W/"{tag}"'.encode())
    assert matches == (among or tag in others)


# Pictures

PICTURE = [
    (b"content-type", b"image/avif"),
    (b"cache-control", b"private, max-age=3600"),
    (b"etag", b'"token-320.avif"'),
]
ADDRESS = "/media/token/320.avif"


def pictures(inner: Inner) -> PageCache:
    return PageCache(inner, Changes(), 10_000_000, PICTURE_PREFIXES)  # type: ignore[arg-type]


async def test_a_picture_keeps_its_own_etag_and_is_not_compressed() -> None:
    inner = Inner(headers=PICTURE, body=lambda _: b"picture" * 100)
    cache = pictures(inner)
    await ask(cache, ADDRESS)
    answer = await ask(cache, ADDRESS, accept_encoding="br, gzip")
    assert (answer.status, answer.body) == (200, b"picture" * 100)
    assert answer.headers[b"etag"] == b'"token-320.avif"'
    assert not {b"content-encoding", b"vary"} & answer.headers.keys()
    assert (await ask(cache, ADDRESS, if_none_match='"token-320.avif"')).status == 304
    assert inner.times == 1


@pytest.mark.parametrize(
    "headers",
    [
        [*PICTURE, (b"vary", b"accept")],
        [*PICTURE, (b"content-length", str(MAX_PICTURE_BYTES + 1).encode())],
        [(b"content-type", b"image/avif"), (b"cache-control", b"private")],
    ],
)
async def test_what_differs_by_request_or_is_large_is_not_kept(headers: list[tuple[bytes, bytes]]) -> None:
    inner = Inner(headers=headers)
    cache = pictures(inner)
    first, second = await ask(cache, ADDRESS), await ask(cache, ADDRESS)
    assert (first.status, second.status, inner.times) == (200, 200, 2)
    assert first.body != second.body


async def test_parts_and_headers_of_pictures_pass_by() -> None:
    inner = Inner(headers=PICTURE)
    cache = pictures(inner)
    await ask(cache, ADDRESS)
    await ask(cache, ADDRESS, range="bytes=0-1")
    await ask(cache, ADDRESS, method="HEAD")
    assert inner.methods == ["GET", "GET", "HEAD"]


async def test_nobody_waits_for_a_slow_visitor_to_take_a_large_picture() -> None:
    inner = Inner(headers=[*PICTURE, (b"content-length", b"9000000")])
    cache = pictures(inner)
    taken = asyncio.Event()

    async def slow(message: Any) -> None:
        if message["type"] == "http.response.body":
            await taken.wait()

    scope = {"type": "http", "method": "GET", "path": ADDRESS, "query_string": b"", "headers": []}
    slow_visitor = asyncio.create_task(cache(scope, None, slow))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        assert (await ask(cache, ADDRESS)).status == 200
    taken.set()
    await slow_visitor
