"""The current user of a request, set as soon as the person or the API token is recognised."""

from __future__ import annotations

from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

_person_id: ContextVar[int | None] = ContextVar("acting_person_id", default=None)


def set_current_user_id(person_id: int | None) -> None:
    """Set the current user for the rest of this request."""
    _person_id.set(person_id)


def current_user_id() -> int | None:
    return _person_id.get()


class CurrentUserMiddleware:
    """Clears the current user before each request, because an asyncio task may handle several requests."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        set_current_user_id(None)
        await self.app(scope, receive, send)
