"""The cache of public pages and small pictures: their bytes by (path, query), until the content version changes.

Only the visit counter is outside the caches: a hit is a look-up and two ASGI messages. It keeps only 200 responses that
say `Cache-Control: public`, or `private, max-age`, as pictures do.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gallery.db.content_version import GenerationTracker
from gallery.web.languages import LANGUAGES

RawHeaders = list[tuple[bytes, bytes]]
CacheKey = tuple[str, bytes]

PAGE_PREFIXES = tuple(f"/{language}/" for language in LANGUAGES)
PICTURE_PREFIXES = ("/media/", "/iiif/")
MAX_RESPONSE_BYTES = {
    PAGE_PREFIXES: 4 << 20,
    PICTURE_PREFIXES: 128 << 10,
}  # bytes; a larger response is not cached but streamed
ENTRY_OVERHEAD = 2_000  # bytes; a generous estimate of an entry's size without its bodies
# Each response has its own: they depend on the content coding, or name the request.
HEADERS_OF_ONE_RESPONSE = {b"content-length", b"etag", b"vary", b"x-request-id"}
NOT_MODIFIED_HEADERS = {
    b"access-control-allow-origin",
    b"cache-control",
    b"content-language",
    b"etag",
    b"vary",
    b"x-robots-tag",
}
COMPRESSIBLE = (
    b"text/",
    b"application/json",
    b"application/xml",
    b"application/atom+xml",
    b"application/ld+json",
)


class CachedResponse(NamedTuple):
    """A response as ASGI's two messages, and its headers as bytes."""

    start: Message
    body: Message
    head: bytes  # the headers that do not change with time, and the empty line after them

    @classmethod
    def of(cls, status: int, headers: RawHeaders, body: bytes) -> CachedResponse:
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        return cls(
            {"type": "http.response.start", "status": status, "headers": headers},
            {"type": "http.response.body", "body": body},
            lines + b"\r\n",
        )


@dataclass
class CachedPage:
    headers: RawHeaders  # without the headers that depend on the content coding
    etag: bytes
    bodies: dict[bytes, bytes]  # by content coding; b"" is the uncompressed page
    is_text: bool = True
    responses: dict[bytes, CachedResponse] = field(default_factory=dict)
    not_modified: CachedResponse = field(init=False)

    @classmethod
    def of(cls, headers: RawHeaders, body: bytes) -> CachedPage:
        """A page from a response; it keeps the response's ETag, if there is one."""
        by_name = dict(headers)
        is_text = by_name.get(b"content-type", b"").startswith(COMPRESSIBLE)
        etag = (
            by_name.get(b"etag") or b'W/"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
        )
        kept_headers = [(name, value) for name, value in headers if name not in HEADERS_OF_ONE_RESPONSE]
        kept_headers.append((b"etag", etag))
        if is_text:
            kept_headers.append((b"vary", b"accept-encoding"))
        page = cls(kept_headers, etag, {b"": body}, is_text)
        page.not_modified = CachedResponse.of(
            304, [header for header in kept_headers if header[0] in NOT_MODIFIED_HEADERS], b""
        )
        return page

    @property
    def weight(self) -> int:
        # An upper bound. The compressed bodies of a text are together smaller than its uncompressed body,
        # so the uncompressed size is counted twice.
        return len(self.bodies[b""]) * (2 if self.is_text else 1) + ENTRY_OVERHEAD

    def response_to(self, headers: Mapping[bytes, bytes]) -> CachedResponse:
        """The response to a request with `headers`.

        304 if the browser's copy is current, else the page in the best content coding for the browser.
        """
        if_none_match = headers.get(b"if-none-match")
        if if_none_match is not None and etag_matches(if_none_match, self.etag):
            return self.not_modified
        return self.response_in(best_coding(headers.get(b"accept-encoding", b"")) if self.is_text else b"")

    def response_in(self, coding: bytes) -> CachedResponse:
        """The page in `coding`, compressed once."""
        response = self.responses.get(coding)
        if response is None:
            response = self.responses[coding] = self._build_response(coding)
        return response

    def _build_response(self, coding: bytes) -> CachedResponse:
        if coding not in self.bodies:
            plain = self.bodies[b""]
            self.bodies[coding] = (
                brotli.compress(plain, mode=brotli.MODE_TEXT, quality=6)
                if coding == b"br"
                else gzip.compress(plain, 6, mtime=0)
            )
        body = self.bodies[coding]
        headers = [*self.headers, (b"content-length", str(len(body)).encode())]
        if coding:
            headers.append((b"content-encoding", coding))
        return CachedResponse.of(200, headers, body)


@functools.lru_cache(maxsize=256)
def best_coding(accept_encoding: bytes) -> bytes:
    """The content coding for an Accept-Encoding header: b"br", b"gzip" or b"" (RFC 9110, 12.5.3)."""
    accept_encoding = accept_encoding.lower()
    if b"br" not in accept_encoding and b"gzip" not in accept_encoding:
        return b""
    if b"q=0" not in accept_encoding:  # the usual case: no coding is excluded
        codings = {part.split(b";")[0].strip() for part in accept_encoding.split(b",")}
    else:
        codings = set()
        for part in accept_encoding.split(b","):
            name, _, weight = part.strip().partition(b";")
            if weight.strip().removeprefix(b"q=").strip(b"0.") or not weight:
                codings.add(name.strip())
    return b"br" if b"br" in codings else b"gzip" if b"gzip" in codings else b""


def etag_matches(if_none_match: bytes, etag: bytes) -> bool:
    """Whether an If-None-Match header is `*` or has the ETag, by weak comparison (RFC 9110, 13.1.2)."""
    if if_none_match.strip() == b"*":
        return True
    opaque = etag.removeprefix(b"W/")
    return any(part.strip().removeprefix(b"W/") == opaque for part in if_none_match.split(b","))


class PageCache:
    """ASGI middleware: answers paths below `prefixes` from memory, and keeps what `app` answers."""

    def __init__(
        self,
        app: ASGIApp,
        content: GenerationTracker,
        max_bytes: int,
        prefixes: tuple[str, ...] = PAGE_PREFIXES,
    ) -> None:
        self.app = app
        self.content = content
        self.max_bytes = max_bytes
        self.prefixes = prefixes
        self._largest = MAX_RESPONSE_BYTES[prefixes]
        # A request for the headers or a range of a picture must not read the whole file.
        self._methods = {"GET", "HEAD"} if prefixes == PAGE_PREFIXES else {"GET"}
        self._generation: tuple[int, int] | None = None
        self._pages: OrderedDict[CacheKey, CachedPage] = OrderedDict()
        self.weight = 0  # bytes of all pages
        self.hits = 0  # requests answered from here; the HTTP protocol counts those that it answers itself
        self._rendering: dict[CacheKey, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if (
            scope["type"] != "http"
            or not self.max_bytes
            or scope["method"] not in self._methods
            or not scope["path"].startswith(self.prefixes)
            or (self.prefixes == PICTURE_PREFIXES and any(name == b"range" for name, _ in scope["headers"]))
        ):
            await self.app(scope, receive, send)
            return
        generation = self.content.fresh() or await self.content.generation()
        if generation != self._generation:
            self._pages.clear()
            self.weight = 0
            self._generation = generation
        key = (scope["path"], scope["query_string"])
        page = self.get(key)
        if page is None and key in self._rendering:  # another request is rendering this page
            await self._rendering[key].wait()
            page = self.get(key)
        if page is None:
            page = await self._render(scope, receive, send, key, generation)
            if page is None:
                return
        else:
            self.hits += 1
        await self._send(page, scope, send)

    def get(self, key: CacheKey) -> CachedPage | None:
        """The page of the current generation, if it is cached."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def get_current(self, key: CacheKey) -> CachedPage | None:
        """The page, if it is cached and known to be current without a query to the database."""
        generation = self.content.fresh()
        return self.get(key) if generation is not None and generation == self._generation else None

    async def _send(self, page: CachedPage, scope: Scope, send: Send) -> None:
        start, body, _ = page.response_to(dict(scope["headers"]))
        await send(start)
        await send(body if scope["method"] == "GET" else {"type": "http.response.body", "body": b""})

    async def _render(
        self, scope: Scope, receive: Receive, send: Send, key: CacheKey, generation: tuple[int, int]
    ) -> CachedPage | None:
        """Render and cache the page; None if the response may not be cached and was sent directly."""
        done = self._rendering.setdefault(key, asyncio.Event())
        start: Message = {}
        chunks: list[bytes] = []
        is_cached = False

        async def capture(message: Message) -> None:
            nonlocal start, is_cached
            if message["type"] == "http.response.start":
                start = message
                is_cached = message["status"] == 200 and is_cacheable(message["headers"], self._largest)
                if not is_cached:
                    self._release_waiters(
                        key, done
                    )  # other requests need not wait while a slow browser reads this response
                    await send(message)
            elif is_cached:
                chunks.append(message.get("body", b""))
            elif scope["method"] == "HEAD":  # the app received GET and sent a body
                await send({**message, "body": b""})
            else:
                await send(message)

        try:
            inside = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
            await self.app(inside, receive, capture)
            if not is_cached:
                return None
            page = CachedPage.of(list(start["headers"]), b"".join(chunks))
            if generation == self._generation:
                self._store(key, page)
            return page
        finally:
            self._release_waiters(key, done)

    def _release_waiters(self, key: CacheKey, done: asyncio.Event) -> None:
        if self._rendering.get(key) is done:
            del self._rendering[key]
        done.set()

    def _store(self, key: CacheKey, page: CachedPage) -> None:
        if page.weight > self.max_bytes:
            return
        replaced = self._pages.pop(key, None)
        self._pages[key] = page
        self.weight += page.weight - (replaced.weight if replaced else 0)
        while self.weight > self.max_bytes:
            _, oldest = self._pages.popitem(last=False)
            self.weight -= oldest.weight


def is_cacheable(headers: RawHeaders, largest: int) -> bool:
    """Whether a response is the same for every visitor, allows caching, and is not too large.

    Pictures say `private, max-age` because shared caches would not notice a withdrawal; this cache does.
    """
    by_name = dict(headers)
    return (
        by_name.get(b"cache-control", b"").startswith((b"public", b"private, max-age="))
        and b"set-cookie" not in by_name
        and by_name.get(b"vary", b"accept-encoding").lower() == b"accept-encoding"
        and int(by_name.get(b"content-length", b"0")) <= largest
    )
