"""Public pages and small pictures, kept as bytes by (path, query) for as long as the content version stands.

The cache stands outermost: a hit is a look-up and two ASGI messages. What may be kept says so itself, with
`Cache-Control: public` on a 200 answer, or `private, max-age`, as pictures do; nothing else is.
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
}  # bytes of one answer; what is larger is better sent as it is read
ENTRY_OVERHEAD = 2_000  # bytes, a generous guess of what an entry weighs beside its bodies
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
    """An answer as ASGI's two messages, and its headers as they go over the wire."""

    start: Message
    body: Message
    head: bytes  # the headers but those that change with time, and the empty line after them

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
    headers: RawHeaders  # all but those that depend on the encoding
    etag: bytes
    bodies: dict[bytes, bytes]  # by content coding; b"" is the page as it was rendered
    is_text: bool = True
    answers: dict[bytes, CachedResponse] = field(default_factory=dict)
    not_modified: CachedResponse = field(init=False)

    @classmethod
    def of(cls, headers: RawHeaders, body: bytes) -> CachedPage:
        """From an answer's own headers: its ETag stands where it has one, and a text is compressed on demand."""
        found = dict(headers)
        is_text = found.get(b"content-type", b"").startswith(COMPRESSIBLE)
        etag = (
            found.get(b"etag") or b'W/"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
        )
        kept = [(name, value) for name, value in headers if name not in {b"content-length", b"etag", b"vary"}]
        kept.append((b"etag", etag))
        if is_text:
            kept.append((b"vary", b"accept-encoding"))
        page = cls(kept, etag, {b"": body}, is_text)
        page.not_modified = CachedResponse.of(
            304, [header for header in kept if header[0] in NOT_MODIFIED_HEADERS], b""
        )
        return page

    @property
    def weight(self) -> int:
        # A text's compressed bodies together are well below the text.
        return len(self.bodies[b""]) * (2 if self.is_text else 1) + ENTRY_OVERHEAD

    def answer_to(self, headers: Mapping[bytes, bytes]) -> CachedResponse:
        """The answer to a request with these headers: 304 where its page still holds, else the best coding."""
        if_none_match = headers.get(b"if-none-match")
        if if_none_match is not None and etag_matches(if_none_match, self.etag):
            return self.not_modified
        return self.answer(best_coding(headers.get(b"accept-encoding", b"")) if self.is_text else b"")

    def answer(self, coding: bytes) -> CachedResponse:
        """The answer with this page in `coding`, made once."""
        made = self.answers.get(coding)
        if made is None:
            made = self.answers[coding] = self._make(coding)
        return made

    def _make(self, coding: bytes) -> CachedResponse:
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
    """b"br", b"gzip" or b"" for an Accept-Encoding header (RFC 9110, 12.5.3)."""
    accept_encoding = accept_encoding.lower()
    if b"br" not in accept_encoding and b"gzip" not in accept_encoding:
        return b""
    if b"q=0" not in accept_encoding:  # nearly every browser: nothing is ruled out
        codings = {part.split(b";")[0].strip() for part in accept_encoding.split(b",")}
    else:
        codings = set()
        for part in accept_encoding.split(b","):
            name, _, weight = part.strip().partition(b";")
            if weight.strip().removeprefix(b"q=").strip(b"0.") or not weight:
                codings.add(name.strip())
    return b"br" if b"br" in codings else b"gzip" if b"gzip" in codings else b""


def etag_matches(if_none_match: bytes, etag: bytes) -> bool:
    """Weak comparison with one, several or any (RFC 9110, 13.1.2)."""
    if if_none_match.strip() == b"*":
        return True
    opaque = etag.removeprefix(b"W/")
    return any(part.strip().removeprefix(b"W/") == opaque for part in if_none_match.split(b","))


class PageCache:
    """ASGI: answers what lies under `prefixes` from memory, and keeps what the site inside it makes."""

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
        # A picture that is asked for in parts, or only after its headers, is not read whole for that.
        self._methods = {"GET", "HEAD"} if prefixes == PAGE_PREFIXES else {"GET"}
        self._generation: tuple[int, int] | None = None
        self._pages: OrderedDict[CacheKey, CachedPage] = OrderedDict()
        self._weight = 0
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
            self._weight = 0
            self._generation = generation
        key = (scope["path"], scope["query_string"])
        page = self.kept(key)
        if page is None and key in self._rendering:  # somebody else asked first: let one render for all
            await self._rendering[key].wait()
            page = self.kept(key)
        if page is None:
            page = await self._render(scope, receive, send, key, generation)
            if page is None:
                return
        await self._answer(page, scope, send)

    def kept(self, key: CacheKey) -> CachedPage | None:
        """The page of this generation, where it is kept."""
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
        return page

    def kept_now(self, key: CacheKey) -> CachedPage | None:
        """The page, where it is kept and is known to hold at this moment, without asking the database."""
        generation = self.content.fresh()
        return self.kept(key) if generation is not None and generation == self._generation else None

    async def _answer(self, page: CachedPage, scope: Scope, send: Send) -> None:
        start, body, _ = page.answer_to(dict(scope["headers"]))
        await send(start)
        await send(body if scope["method"] == "GET" else {"type": "http.response.body", "body": b""})

    async def _render(
        self, scope: Scope, receive: Receive, send: Send, key: CacheKey, generation: tuple[int, int]
    ) -> CachedPage | None:
        """The page, kept; or None where the answer may not be kept and was passed on as it came."""
        done = self._rendering.setdefault(key, asyncio.Event())
        start: Message = {}
        chunks: list[bytes] = []
        keeping = False

        async def capture(message: Message) -> None:
            nonlocal start, keeping
            if message["type"] == "http.response.start":
                start = message
                keeping = message["status"] == 200 and is_cacheable(message["headers"], self._largest)
                if not keeping:
                    self._let_go(key, done)  # nobody waits for a slow visitor to take it
                    await send(message)
            elif keeping:
                chunks.append(message.get("body", b""))
            elif scope["method"] == "HEAD":  # inside it was a GET
                await send({**message, "body": b""})
            else:
                await send(message)

        try:
            inside = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
            await self.app(inside, receive, capture)
            if not keeping:
                return None
            page = CachedPage.of(list(start["headers"]), b"".join(chunks))
            if generation == self._generation:
                self._keep(key, page)
            return page
        finally:
            self._let_go(key, done)

    def _let_go(self, key: CacheKey, done: asyncio.Event) -> None:
        if self._rendering.get(key) is done:
            del self._rendering[key]
        done.set()

    def _keep(self, key: CacheKey, page: CachedPage) -> None:
        if page.weight > self.max_bytes:
            return
        replaced = self._pages.pop(key, None)
        self._pages[key] = page
        self._weight += page.weight - (replaced.weight if replaced else 0)
        while self._weight > self.max_bytes:
            _, oldest = self._pages.popitem(last=False)
            self._weight -= oldest.weight


def is_cacheable(headers: RawHeaders, largest: int) -> bool:
    """Whether an answer is the same for all who may ask, says that it may be kept, and is not too large.

    A picture says `private, max-age`: shared caches would not notice a withdrawal, and this one does.
    """
    found = dict(headers)
    return (
        found.get(b"cache-control", b"").startswith((b"public", b"private, max-age="))
        and b"set-cookie" not in found
        and found.get(b"vary", b"accept-encoding").lower() == b"accept-encoding"
        and int(found.get(b"content-length", b"0")) <= largest
    )
