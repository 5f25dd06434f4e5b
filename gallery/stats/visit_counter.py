"""What one process has counted and not written yet. To count is to add one to a number in memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gallery import clock
from gallery.stats.visitors import is_visitor
from gallery.web.page_cache import PAGE_PREFIXES

COUNTED_STATUSES = (200, 304)  # a page that a browser has kept was opened all the same


@dataclass(frozen=True)
class AppreciationChange:
    """That a visitor appreciates a work, or no longer does."""

    artwork_id: int
    day: date
    is_there: bool
    changed_at: int  # nanoseconds since 1970


@dataclass
class CountBatch:
    """What is written at once."""

    opened: Counter[tuple[date, str]] = field(default_factory=Counter)  # (day, path of a page)
    followed: Counter[tuple[date, str, int]] = field(default_factory=Counter)  # (day, "projects", its id)
    presses: dict[str, AppreciationChange] = field(default_factory=dict)  # by the token of the appreciation

    def __bool__(self) -> bool:
        return bool(self.opened or self.followed or self.presses)


class VisitCounter:
    """Counts of one process since they were last taken to be written."""

    def __init__(self) -> None:
        self._waiting = CountBatch()
        self._opened: dict[
            str, int
        ] = {}  # of `_day`: one number for each path, for this is done for every page
        self._begin_day()

    def _begin_day(self) -> None:
        self._close_day()
        self._day = clock.today()
        self._day_ends = clock.start_of_tomorrow().timestamp()

    def _close_day(self) -> None:
        for path, number in self._opened.items():
            self._waiting.opened[self._day, path] += number
        self._opened = {}

    def see(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """Count that the page `path` was opened, if it was by a visitor."""
        if is_visitor(headers):
            if time.time() >= self._day_ends:
                self._begin_day()
            self._opened[path] = self._opened.get(path, 0) + 1

    def follow(self, project_id: int, artwork_id: int | None) -> None:
        """Count that a link of a project was followed, from the page of a work or from its own."""
        day = clock.today()
        self._waiting.followed[day, "projects", project_id] += 1
        if artwork_id is not None:
            self._waiting.followed[day, "works", artwork_id] += 1

    def press(self, token: str, artwork_id: int, *, is_there: bool) -> None:
        """Note that the visitor of `token` appreciates a work, or takes that back."""
        self._waiting.presses[token] = AppreciationChange(artwork_id, clock.today(), is_there, time.time_ns())

    def presses_of(self, artwork_id: int) -> dict[str, bool]:
        """What visitors said of a work and nobody has written yet: token → whether they appreciate it."""
        waiting = self._waiting.presses
        return {token: each.is_there for token, each in waiting.items() if each.artwork_id == artwork_id}

    def take(self) -> CountBatch:
        """All that waits; it is counted here no longer."""
        self._begin_day()
        taken, self._waiting = self._waiting, CountBatch()
        return taken

    def put_back(self, batch: CountBatch) -> None:
        """Let what could not be written wait again."""
        self._waiting.opened.update(batch.opened)
        self._waiting.followed.update(batch.followed)
        self._waiting.presses = {**batch.presses, **self._waiting.presses}


class VisitCounterMiddleware:
    """ASGI, outermost: counts the pages that the site inside it answers with."""

    def __init__(self, app: ASGIApp, tally: VisitCounter) -> None:
        self.app = app
        self.tally = tally

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(PAGE_PREFIXES):
            await self.app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in COUNTED_STATUSES:
                self.tally.see(scope["path"], dict(scope["headers"]))
            await send(message)

        await self.app(scope, receive, counted)
