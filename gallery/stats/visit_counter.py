"""Counts that one process has not written to the database yet. Counting only changes numbers in memory."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gallery import clock
from gallery.stats.visitors import is_visitor
from gallery.web.languages import page_prefixes

COUNTED_STATUSES = (200, 304)  # 304: the browser shows the page from its own cache


@dataclass(frozen=True)
class AppreciationChange:
    """A visitor appreciates a work, or no longer does."""

    artwork_id: int
    day: date
    is_there: bool
    changed_at: int  # nanoseconds since 1970


@dataclass(frozen=True)
class VisitThroughLink:
    """A visit that came through a supporter's link, and what was done in it."""

    link_id: int
    day: date
    thanked: bool = False
    followed: bool = False

    def __or__(self, other: VisitThroughLink) -> VisitThroughLink:
        return replace(self, thanked=self.thanked or other.thanked, followed=self.followed or other.followed)


@dataclass
class CountBatch:
    """Counts to write in one transaction."""

    opened: Counter[tuple[date, str]] = field(default_factory=Counter)  # (day, path of a page)
    followed: Counter[tuple[date, str, int]] = field(default_factory=Counter)  # (day, "projects", project id)
    appreciation_changes: dict[str, AppreciationChange] = field(
        default_factory=dict
    )  # token of the appreciation → its latest change
    through_links: dict[str, VisitThroughLink] = field(default_factory=dict)  # random token → visit

    def __bool__(self) -> bool:
        return bool(self.opened or self.followed or self.appreciation_changes or self.through_links)


class VisitCounter:
    """The counts of one process since the last write."""

    def __init__(self) -> None:
        self._waiting = CountBatch()
        self._opened: dict[str, int] = {}  # path → views on `_day`
        self._begin_day()

    def _begin_day(self) -> None:
        self._close_day()
        self._day = clock.today()
        self._day_ends = clock.start_of_tomorrow().timestamp()

    def _close_day(self) -> None:
        for path, number in self._opened.items():
            self._waiting.opened[self._day, path] += number
        self._opened = {}

    def count_view(self, path: str, headers: Mapping[bytes, bytes]) -> None:
        """Count a view of the page `path`, if the request comes from a visitor."""
        if is_visitor(headers):
            if time.time() >= self._day_ends:
                self._begin_day()
            self._opened[path] = self._opened.get(path, 0) + 1

    def follow(self, project_id: int, artwork_id: int | None) -> None:
        """Count a followed support link of a project.

        `artwork_id`: the work from whose page the link was followed, if any.
        """
        day = clock.today()
        self._waiting.followed[day, "projects", project_id] += 1
        if artwork_id is not None:
            self._waiting.followed[day, "works", artwork_id] += 1

    def set_appreciation(self, token: str, artwork_id: int, *, is_there: bool) -> None:
        """Record in memory whether the visitor with `token` appreciates a work."""
        self._waiting.appreciation_changes[token] = AppreciationChange(
            artwork_id, clock.today(), is_there, time.time_ns()
        )

    def come_through(
        self, visit: str, link_id: int, *, thanked: bool = False, followed: bool = False
    ) -> None:
        """Record in memory a visit through a supporter's link, or what was done in it."""
        done = VisitThroughLink(link_id, clock.today(), thanked, followed)
        self._waiting.through_links[visit] = self._waiting.through_links.get(visit, done) | done

    def appreciation_changes_of(self, artwork_id: int) -> dict[str, bool]:
        """The unwritten changes of a work's appreciations: token → whether the visitor appreciates it."""
        waiting = self._waiting.appreciation_changes
        return {token: each.is_there for token, each in waiting.items() if each.artwork_id == artwork_id}

    def take(self) -> CountBatch:
        """Remove and return all waiting counts."""
        self._begin_day()
        taken, self._waiting = self._waiting, CountBatch()
        return taken

    def restore(self, batch: CountBatch) -> None:
        """Add back the counts that could not be written."""
        self._waiting.opened.update(batch.opened)
        self._waiting.followed.update(batch.followed)
        self._waiting.appreciation_changes = {
            **batch.appreciation_changes,
            **self._waiting.appreciation_changes,
        }
        for visit, done in batch.through_links.items():
            self._waiting.through_links[visit] = done | self._waiting.through_links.get(visit, done)


class VisitCounterMiddleware:
    """The outermost ASGI middleware: counts the pages that the site returns."""

    def __init__(self, app: ASGIApp, counter: VisitCounter) -> None:
        self.app = app
        self.counter = counter
        self.prefixes = page_prefixes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not scope["path"].startswith(self.prefixes):
            await self.app(scope, receive, send)
            return

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in COUNTED_STATUSES:
                self.counter.count_view(scope["path"], dict(scope["headers"]))
            await send(message)

        await self.app(scope, receive, counted)
