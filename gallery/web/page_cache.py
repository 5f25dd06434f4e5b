"""The cache of public pages and small pictures: bytes by (path, query), until the content version changes.

A hit costs one look-up and two ASGI messages. The visit counter counts hits, too. The cache keeps only
responses with status 200 and `Cache-Control: public`, or `private, max-age`, as pictures have. Other texts, such as the
results of a search, it only compresses.
"""

from __future__ import annotations

import asyncio
import functools
import gzip
import hashlib
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gallery.db.connection import is_outage
from gallery.db.content_version import GenerationTracker
from gallery.web.languages import page_prefixes
from gallery.web.page_keys import collecting

RawHeaders = list[tuple[bytes, bytes]]
CacheKey = tuple[str, bytes]

PICTURE_PREFIXES = ("/media/", "/iiif/")
MAX_PAGE_BYTES, MAX_PICTURE_BYTES = 4 << 20, 128 << 10  # a larger response is not cached but streamed
ENTRY_OVERHEAD = 2_000  # bytes; a generous estimate of an entry's size without its bodies
# These headers differ between responses: they depend on the content coding, or identify the request.
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


ANY_CHANGE = frozenset({""})  # the key of pages that declare no keys; every change affects it


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
    keys: frozenset[str] = ANY_CHANGE  # see page_keys.py
    responses: dict[bytes, CachedResponse] = field(default_factory=dict)
    not_modified: CachedResponse = field(init=False)

    @classmethod
    def of(cls, headers: RawHeaders, body: bytes, keys: Collection[str] = ()) -> CachedPage:
        """A cache entry for a response, with the response's ETag if there is one."""
        by_name = dict(headers)
        is_text = by_name.get(b"content-type", b"").startswith(COMPRESSIBLE)
        etag = (
            by_name.get(b"etag") or b'W/"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
        )
        kept_headers = [(name, value) for name, value in headers if name not in HEADERS_OF_ONE_RESPONSE]
        kept_headers.append((b"etag", etag))
        if is_text:
            kept_headers.append((b"vary", b"accept-encoding"))
        page = cls(kept_headers, etag, {b"": body}, is_text, frozenset(keys) or ANY_CHANGE)
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
        """The response with the page in the content coding `coding`. Each coding is compressed once."""
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
    if b"q=0" not in accept_encoding:  # the usual case: the browser excludes no coding
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


@dataclass(eq=False)
class Rendering:
    """A page that is being rendered, and the keys of changes since the rendering began."""

    done: asyncio.Event = field(default_factory=asyncio.Event)
    touched: set[str] = field(default_factory=set)
    is_outdated: bool = False  # True: some change since may affect the page


class PageCache:
    """ASGI middleware: answers paths below `prefixes` from memory, and stores the responses of `app`.

    Without `prefixes`, it does so for the pages in the site's languages.
    """

    def __init__(
        self,
        app: ASGIApp,
        content: GenerationTracker,
        max_bytes: int,
        prefixes: tuple[str, ...] = (),
    ) -> None:
        self.app = app
        self.content = content
        self.max_bytes = max_bytes
        self.prefixes = prefixes or page_prefixes()
        self._largest = MAX_PICTURE_BYTES if prefixes == PICTURE_PREFIXES else MAX_PAGE_BYTES
        # A request for the headers or a range of a picture must not read the whole file.
        self._methods = {"GET"} if prefixes == PICTURE_PREFIXES else {"GET", "HEAD"}
        self._pages: OrderedDict[CacheKey, CachedPage] = OrderedDict()
        self._by_key: dict[str, set[CacheKey]] = {}  # the pages that depend on a key
        self.weight = 0  # bytes of all pages
        self.hits = 0  # requests that this class answered; the HTTP protocol counts its own
        self._rendering: dict[CacheKey, Rendering] = {}  # the renderings that other requests wait for
        self._renderings: set[Rendering] = set()  # all renderings that have begun
        content.subscribe(self.forget)

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
        if self.content.fresh() is None:
            try:
                await self.content.generation()
            except Exception as error:
                if not is_outage(error):
                    raise
                await self.app(scope, receive, send)  # it gets the same error, and shows a page about it
                return
        key = (scope["path"], scope["query_string"])
        page = self.get(key)
        if page is None and key in self._rendering:  # another request is rendering this page
            await self._rendering[key].done.wait()
            page = self.get(key)
        if page is None:
            page = await self._render(scope, receive, send, key)
            if page is None:
                return
        else:
            self.hits += 1
        await self._send(page, scope, send)

    def get(self, key: CacheKey) -> CachedPage | None:
        """The page, if it is cached."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def get_current(self, key: CacheKey) -> CachedPage | None:
        """The page, if it is cached and known to be current without a query to the database."""
        return None if self.content.fresh() is None else self.get(key)

    def forget(self, touched: frozenset[str] | None) -> None:
        """Drop the pages that depend on one of these keys; None: all pages."""
        for rendering in self._renderings:
            rendering.is_outdated |= touched is None
            rendering.touched |= (touched or frozenset()) | ANY_CHANGE
        if touched is None:
            self._pages.clear()
            self._by_key.clear()
            self.weight = 0
            return
        for key in touched | ANY_CHANGE:
            for page in self._by_key.get(key, set()).copy():
                self._drop(page)

    async def _send(self, page: CachedPage, scope: Scope, send: Send) -> None:
        start, body, _ = page.response_to(dict(scope["headers"]))
        await send(start)
        await send(body if scope["method"] == "GET" else {"type": "http.response.body", "body": b""})

    async def _render(self, scope: Scope, receive: Receive, send: Send, key: CacheKey) -> CachedPage | None:
        """Render and cache the page; None if the response was sent directly."""
        rendering = Rendering()
        self._rendering.setdefault(key, rendering)
        self._renderings.add(rendering)
        keys: set[str] = set()
        start: Message = {}
        chunks: list[bytes] = []
        is_cached = is_held = False

        async def capture(message: Message) -> None:
            nonlocal start, is_cached, is_held
            if message["type"] == "http.response.start":
                start = message
                is_cached = message["status"] == 200 and is_cacheable(message["headers"], self._largest)
                is_held = is_cached or (message["status"] == 200 and is_only_compressed(message["headers"]))
                if not is_cached:
                    # Other requests need not wait while a slow browser reads this response.
                    self._release_waiters(key, rendering)
                if not is_held:
                    await send(message)
            elif is_held:
                chunks.append(message.get("body", b""))
            elif scope["method"] == "HEAD":  # the app was asked with GET, so it sent a body
                await send({**message, "body": b""})
            else:
                await send(message)

        try:
            inside = collecting({**scope, "method": "GET"}, keys)
            await self.app(inside, receive, capture)
            if not is_held:
                return None
            page = CachedPage.of(list(start["headers"]), b"".join(chunks), keys)
            if is_cached and not rendering.is_outdated and page.keys.isdisjoint(rendering.touched):
                self._store(key, page)
            return page
        finally:
            self._renderings.discard(rendering)
            self._release_waiters(key, rendering)

    def _release_waiters(self, key: CacheKey, rendering: Rendering) -> None:
        if self._rendering.get(key) is rendering:
            del self._rendering[key]
        rendering.done.set()

    def _store(self, key: CacheKey, page: CachedPage) -> None:
        if page.weight > self.max_bytes:
            return
        self._drop(key)
        self._pages[key] = page
        self.weight += page.weight
        for each in page.keys:
            self._by_key.setdefault(each, set()).add(key)
        while self.weight > self.max_bytes:
            self._drop(next(iter(self._pages)))

    def _drop(self, key: CacheKey) -> None:
        """Remove a page, if it is cached."""
        page = self._pages.pop(key, None)
        if page is None:
            return
        self.weight -= page.weight
        for each in page.keys:
            pages = self._by_key[each]
            pages.discard(key)
            if not pages:
                del self._by_key[each]


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


def is_only_compressed(headers: RawHeaders) -> bool:
    """Whether a response is a text that may not be kept here, but may be compressed: it has no secrets beside its query."""
    by_name = dict(headers)
    return (
        by_name.get(b"cache-control") == b"no-cache"
        and by_name.get(b"content-type", b"").startswith(COMPRESSIBLE)
        and not by_name.keys() & {b"set-cookie", b"content-encoding", b"vary"}
        and int(by_name.get(b"content-length", b"0")) <= MAX_PAGE_BYTES
    )
