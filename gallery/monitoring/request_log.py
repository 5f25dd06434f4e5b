"""Requests that no cache answers: their ids, log lines, and counts.

Logs identify a request by its id, method and route, and a person by number. They never contain addresses of
people, nor the path, because it may contain a secret.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gallery.audit.current_user import current_user_id

REQUEST_ID = b"x-request-id"

logger = logging.getLogger("gallery.requests")
logger.setLevel(logging.INFO)  # log requests even if the site's other loggers only warn


@dataclass
class CurrentRequest:
    """The request that this asyncio task is answering."""

    id: str  # 16 hex digits
    scope: MutableMapping[str, Any]  # the ASGI scope, into which Starlette writes the route

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def route(self) -> str:
        """The name of the route, such as `artworks:show`; "" before it is known, or if no route matches."""
        return getattr(self.scope.get("route"), "name", None) or ""

    @property
    def user_id(self) -> int | None:
        return current_user_id()


_current: ContextVar[CurrentRequest | None] = ContextVar("current_request", default=None)


def current_request() -> CurrentRequest | None:
    return _current.get()


class RequestLogMiddleware:
    """Gives each request an id, measures it, and logs it if it was slow.

    The measured duration ends when the response starts. It does not include waiting for the visitor's body.
    `count` is called with the scope, the status and the duration in seconds.
    """

    def __init__(
        self, app: ASGIApp, count: Callable[[Scope, int, float], None], slow_request_ms: int
    ) -> None:
        self.app = app
        self.count = count
        self.slow_request_ms = slow_request_ms  # 0: every request is logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        current = CurrentRequest(secrets.token_hex(8), scope)
        _current.set(current)  # not reset: uvicorn logs an exception after this returns
        started_at, waited = perf_counter(), 0.0

        async def timed_receive() -> Message:
            nonlocal waited
            began = perf_counter()
            message = await receive()
            waited += perf_counter() - began
            return message

        async def identified_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(message["status"], perf_counter() - started_at - waited, current)
                headers = [*message.get("headers", []), (REQUEST_ID, current.id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, timed_receive, identified_send)

    def _note(self, status: int, seconds: float, current: CurrentRequest) -> None:
        self.count(current.scope, status, seconds)
        ms = round(seconds * 1000)
        if ms >= self.slow_request_ms:
            level = logging.WARNING if self.slow_request_ms else logging.INFO
            logger.log(
                level, "Answered with %d after %d ms", status, ms, extra={"status": status, "duration_ms": ms}
            )
