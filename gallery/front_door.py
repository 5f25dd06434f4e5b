"""The site's HTTP protocol: uvicorn's own, which hands out kept public pages before a request is even made of them.

Most visitors ask for a page that lies ready. For them uvicorn's work for each request (a scope, a task, two messages)
costs three times what the page cache does, so the answer goes out as soon as the headers are read. Whatever is
not as plain as that takes the ordinary way and gets the same bytes there.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from gallery.page_cache import Answer, PageCache

BODY_HEADERS = {b"content-length", b"transfer-encoding", b"expect"}


class FrontDoor(HttpToolsProtocol):
    """One connection to the site; `config.app` is a Gallery."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._page_cache: PageCache = self.config.app.page_cache  # type: ignore[union-attr]
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
        self.transport.write(STATUS_LINE[answer.start["status"]] + changing + answer.wire)

    def on_message_complete(self) -> None:
        if self._answered:
            self.on_response_complete()
        else:
            super().on_message_complete()

    def _ready_answer(self) -> Answer | None:
        """The answer to a plain GET of a page that lies ready; None sends it the ordinary way."""
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
        path, _, query = self.url.partition(b"?")
        page = self._page_cache.kept_now((path.decode("latin-1"), query))
        if page is None or not BODY_HEADERS.isdisjoint([name for name, _ in self.headers]):
            return None
        return page.answer_to(self.headers)
