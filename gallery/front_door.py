"""The site's HTTP protocol: uvicorn's own, which hands out kept answers before a request is even made of them.

Most visitors ask for a page or a picture that lies ready. For them uvicorn's work for each request (a scope, a task,
two messages) costs three times what the page cache does, so the answer goes out as soon as the headers are read.
Whatever is not as plain as that takes the ordinary way and gets the same bytes there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gallery.page_cache import PICTURES, Answer, PageCache

PICTURE_PATHS = tuple(prefix.encode() for prefix in PICTURES)
NOT_PLAIN = {b"content-length", b"transfer-encoding", b"expect", b"range"}


class Counter(Protocol):
    def see(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """Count that a page was opened; the names of the headers are in small letters."""


class Site(Protocol):
    page_cache: PageCache
    picture_cache: PageCache
    tally: Counter


class FrontDoor(HttpToolsProtocol):
    """One connection to the site."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        site: Site = self.config.app  # type: ignore[assignment]
        self._pages, self._pictures = site.page_cache, site.picture_cache
        self._tally = site.tally
        self._answered = False  # the request whose bytes are being read

    def on_headers_complete(self) -> None:
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
        if self._answered:
            self.on_response_complete()
        else:
            super().on_message_complete()

    def _ready_answer(self) -> Answer | None:
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
        if not NOT_PLAIN.isdisjoint(headers):
            return None
        if cache is self._pages:
            self._tally.see(path, headers)
        return page.answer_to(headers)
