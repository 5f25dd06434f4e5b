"""The site's HTTP protocol: uvicorn's own, which hands out kept answers before a request is even made of them.

Most visitors ask for a page or a picture that lies ready. For them uvicorn's work for each request (a scope, a task,
two messages) costs three times what the page cache does, so the answer goes out as soon as the headers are read.
Whatever is not as plain as that takes the ordinary way and gets the same bytes there.

It also bounds what uvicorn leaves open: how large the head of a request may be, how long it may take, and which Host it
names.
"""

from __future__ import annotations

import http
import re
from asyncio import TimerHandle, Transport
from collections.abc import Mapping
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gallery.web.page_cache import PICTURE_PREFIXES, CachedResponse, PageCache

PICTURE_PATHS = tuple(prefix.encode() for prefix in PICTURE_PREFIXES)
HEADERS_FOR_THE_SITE = {b"content-length", b"transfer-encoding", b"expect", b"range"}
# uri-host [ ":" port ] (RFC 9110, 7.2), with the names that people give to machines.
HOST_PATTERN = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]{0,5})?")


class PageCounter(Protocol):
    def see(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """Count that a page was opened; the names of the headers are in small letters."""


class CachingSite(Protocol):
    page_cache: PageCache
    picture_cache: PageCache
    tally: PageCounter


class HeadRefused(Exception):
    """The head of a request is not taken: it stops the parser."""


class CachingHttpProtocol(HttpToolsProtocol):
    """One connection to the site."""

    HEAD_BYTES = 32_768  # request line and headers of one request
    HEAD_SECONDS = (
        15.0  # from the first byte of a head to its last, and from a new connection to its first head
    )

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        site: CachingSite = self.config.app  # type: ignore[assignment]
        self._pages, self._pictures = site.page_cache, site.picture_cache
        self._tally = site.tally
        self._answered = False  # the request whose bytes are being read
        self._host = b""  # the last one that was right
        self._is_between = True  # the next byte begins a request
        self._in_head = False
        self._head_bytes = 0  # of the head that is being read: what certainly belongs to it
        self._piece = 0  # bytes that the parser is being given
        self._refusal = 400
        self._waiting: TimerHandle | None = None  # ends a connection whose head takes too long

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._piece = len(data)
        if self._in_head or self._is_between:
            self._head_bytes += self._piece
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if self._head_bytes > self.HEAD_BYTES:
            self._refuse(self._too_large())
        elif self._waiting is None:
            self._wait_for_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_between, self._in_head = False, True

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._waiting is not None:
            self._stop_waiting()
        self._insist()
        self._head_bytes = 0
        answer = self._ready_answer()
        self._answered = answer is not None
        if answer is None:
            super().on_headers_complete()
            return
        changing = b"".join(
            [name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers]
        )
        self.transport.write(
            b"".join((STATUS_LINE[answer.start["status"]], changing, answer.head, answer.body["body"]))
        )

    def on_message_complete(self) -> None:
        self._is_between = True
        if self._answered:
            self.on_response_complete()
        else:
            super().on_message_complete()

    def _insist(self) -> None:
        """Raises Refused for a head that is too large, and for one without exactly one Host that could be a host's name."""
        # Other requests may be among these bytes.
        if self._piece > self.HEAD_BYTES or self._head_bytes > self.HEAD_BYTES:
            lines = sum(len(name) + len(value) + 4 for name, value in self.headers)
            if len(self.url) + lines > self.HEAD_BYTES:
                self._refusal = self._too_large()
                raise HeadRefused
        hosts = [value for name, value in self.headers if name == b"host"]
        if len(hosts) == 1 and (hosts[0] == self._host or HOST_PATTERN.fullmatch(hosts[0])):
            self._host = hosts[0]
        elif hosts or self.parser.get_http_version() != "1.0":
            raise HeadRefused

    def _too_large(self) -> int:
        return 414 if len(self.url) > self.HEAD_BYTES // 2 else 431

    def send_400_response(self, msg: str) -> None:
        """What uvicorn does where the parser stops, by itself or by Refused."""
        self._refuse(self._refusal)

    def _refuse(self, status: int) -> None:
        """Answer and end the connection; an answer that is under way is not disturbed by another one's head."""
        self._stop_waiting()
        if self.cycle is None or self.cycle.response_complete:
            text = http.HTTPStatus(status).phrase.encode() + b"\n"
            lines = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
            lines += [(b"cache-control", b"no-store"), (b"connection", b"close")]
            head = b"".join(
                name + b": " + value + b"\r\n" for name, value in [*self.server_state.default_headers, *lines]
            )
            self.transport.write(STATUS_LINE[status] + head + b"\r\n" + text)
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._waiting = self.loop.call_later(self.HEAD_SECONDS, self._head_is_late)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _head_is_late(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._wait_for_head()  # the answer before it goes first
        elif self._in_head:
            self._refuse(408)
        else:
            self.transport.close()

    def _ready_answer(self) -> CachedResponse | None:
        """The answer to a plain GET of what lies ready; None sends it the ordinary way."""
        parser = self.parser
        if (
            parser.get_method() != b"GET"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
            or parser.should_upgrade()
            or (self.cycle is not None and not self.cycle.response_complete)  # an earlier answer goes first
            or self.flow.write_paused  # the visitor does not take what was sent before
            or b"%" in self.url
        ):
            return None
        address, _, query = self.url.partition(b"?")
        cache = self._pictures if address.startswith(PICTURE_PATHS) else self._pages
        path = address.decode("latin-1")
        page = cache.kept_now((path, query))
        if page is None:
            return None
        headers = dict(self.headers)
        if not HEADERS_FOR_THE_SITE.isdisjoint(headers):
            return None
        if cache is self._pages:
            self._tally.see(path, headers)
        return page.answer_to(headers)
