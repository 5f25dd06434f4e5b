"""The site's HTTP protocol: a subclass of uvicorn's that answers from the page cache without the ASGI app.

Most visitors request a page or a picture that is in the cache. For these, uvicorn's work for each request (a
scope, a task, two messages) costs three times as much as the page cache, so the response is sent as soon as
the headers are read. Every other request goes to the app, which sends the same bytes.

It also limits what uvicorn does not limit: the size of a request's head, the time until the head has arrived,
and the value of the Host header. When the server stops, requests that are already on their way are still
answered (`shutdown`).
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
# uri-host [ ":" port ] (RFC 9110, 7.2). Underscores are allowed, because real host names often have them.
HOST_PATTERN = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]+)(?::[0-9]{0,5})?")


class PageCounter(Protocol):
    def count_view(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """Count a page view. The names of `headers` are in lower case."""


class CachingSite(Protocol):
    page_cache: PageCache
    picture_cache: PageCache
    visit_counter: PageCounter


class HeadRefused(Exception):
    """Raised to stop the parser when the head of a request is refused."""


class CachingHttpProtocol(HttpToolsProtocol):
    """One connection to the site."""

    HEAD_BYTES = 32_768  # of one request: the request line and the headers
    # Time limit from the first to the last byte of a head; for the first head, from the opening of the connection.
    HEAD_SECONDS = 15.0
    LAST_SECONDS = 0.5  # from the server's stop to the close of a connection without a request

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        site: CachingSite = self.config.app  # type: ignore[assignment]
        self._pages, self._pictures = site.page_cache, site.picture_cache
        self._visit_counter = site.visit_counter
        self._answered = False  # whether the current request was answered from a cache
        self._host = b""  # the last valid Host header
        self._is_between = True  # whether the next byte begins a request
        self._in_head = False
        self._head_bytes = 0  # at least this many bytes of the current head have been read
        self._chunk_bytes = 0  # bytes of the data that the parser is reading
        self._refusal = 400
        self._is_last = False  # whether the connection closes after the next response
        self._head_timer: TimerHandle | None = None  # closes a connection whose head takes too long

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._chunk_bytes = len(data)
        if self._in_head or self._is_between:
            self._head_bytes += self._chunk_bytes
        super().data_received(data)
        if not self._in_head or self.transport.is_closing():
            return
        if self._head_bytes > self.HEAD_BYTES:
            self._refuse(self._too_large())
        elif self._head_timer is None:
            self._start_head_timer()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_between, self._in_head = False, True

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._head_timer is not None:
            self._stop_head_timer()
        self._check_head()
        self._head_bytes = 0
        response = self._cached_response()
        self._answered = response is not None
        if response is None:
            super().on_headers_complete()
            if self._is_last:
                self.cycle.keep_alive = False
            return
        changing_headers = b"".join(
            [name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers]
        )
        self.transport.write(
            b"".join(
                (
                    STATUS_LINE[response.start["status"]],
                    changing_headers,
                    response.head,
                    response.body["body"],
                )
            )
        )

    def on_message_complete(self) -> None:
        self._is_between = True
        if self._answered:
            self.on_response_complete()
        else:
            super().on_message_complete()

    def shutdown(self) -> None:
        """Close the connection after its next response, or after half a second without a request.

        Uvicorn would close it at once, and so lose a request that the proxy has sent but nobody has read yet.
        """
        self._is_last = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(self.LAST_SECONDS, self._close_between_requests)

    def _close_between_requests(self) -> None:
        if self._is_between and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def _check_head(self) -> None:
        """Check the head. Raises HeadRefused if it is too large, or does not have exactly one valid Host."""
        # The bytes that were counted may belong to several requests, so the length of this head is computed.
        if self._chunk_bytes > self.HEAD_BYTES or self._head_bytes > self.HEAD_BYTES:
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
        """uvicorn calls this when the parser stops, because of an error of its own or of HeadRefused."""
        self._refuse(self._refusal)

    def _refuse(self, status: int) -> None:
        """Send an error and close the connection; a response that is still being sent is not disturbed."""
        self._stop_head_timer()
        if self.cycle is None or self.cycle.response_complete:
            text = http.HTTPStatus(status).phrase.encode() + b"\n"
            lines = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(text))]
            lines += [(b"cache-control", b"no-store"), (b"connection", b"close")]
            head = b"".join(
                name + b": " + value + b"\r\n" for name, value in [*self.server_state.default_headers, *lines]
            )
            self.transport.write(STATUS_LINE[status] + head + b"\r\n" + text)
        self.transport.close()

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.HEAD_SECONDS, self._head_timed_out)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_timed_out(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._start_head_timer()  # an earlier response is still being sent
        elif self._in_head:
            self._refuse(408)
        else:
            self.transport.close()

    def _cached_response(self) -> CachedResponse | None:
        """The cached response to a simple GET; None if the app must answer."""
        parser = self.parser
        if (
            parser.get_method() != b"GET"
            or parser.get_http_version() != "1.1"
            or not parser.should_keep_alive()
            or parser.should_upgrade()
            or self._is_last
            or (
                self.cycle is not None and not self.cycle.response_complete
            )  # an earlier response is still being sent
            or self.flow.write_paused  # the browser has not yet read what was sent before
            or b"%" in self.url
        ):
            return None
        address, _, query = self.url.partition(b"?")
        cache = self._pictures if address.startswith(PICTURE_PATHS) else self._pages
        path = address.decode("latin-1")
        page = cache.get_current((path, query))
        if page is None:
            return None
        headers = dict(self.headers)
        if not HEADERS_FOR_THE_SITE.isdisjoint(headers):
            return None
        cache.hits += 1
        if cache is self._pages:
            self._visit_counter.count_view(path, headers)
        return page.response_to(headers)
