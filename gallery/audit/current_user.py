"""Who acts in a request: known from the moment at which somebody is let into the desk."""

from __future__ import annotations

from contextvars import ContextVar

from starlette.types import ASGIApp, Receive, Scope, Send

_person_id: ContextVar[int | None] = ContextVar("acting_person_id", default=None)


def act_as(person_id: int | None) -> None:
    """Say who acts from here on in this request."""
    _person_id.set(person_id)


def acting_person_id() -> int | None:
    return _person_id.get()


class NobodyYet:
    """Lets each request begin without anybody, whatever ran in this task before."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        act_as(None)
        await self.app(scope, receive, send)
