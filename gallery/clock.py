"""What time it is: moments are UTC, days are those of the site's time zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_zone = ZoneInfo("Asia/Shanghai")
_frozen_now: ContextVar[datetime | None] = ContextVar("stands_at", default=None)


def set_time_zone(zone: ZoneInfo) -> None:
    """Let days begin by `zone`; called once when the site starts."""
    global _zone
    _zone = zone


def now() -> datetime:
    return _frozen_now.get() or datetime.now(UTC)


def today() -> date:
    return to_local(now()).date()


@contextmanager
def frozen_at(moment: datetime) -> Iterator[None]:
    """Let it be `moment` within."""
    token = _frozen_now.set(moment)
    try:
        yield
    finally:
        _frozen_now.reset(token)


def start_of_tomorrow() -> datetime:
    """The moment at which the next day of the site begins, in UTC."""
    return start_of_day(today() + timedelta(days=1))


def start_of_day(day: date) -> datetime:
    """The moment at which `day` begins at the site, in UTC."""
    return datetime.combine(day, time.min, tzinfo=_zone).astimezone(UTC)


def to_local(moment: datetime) -> datetime:
    """`moment` as the site's clocks show it."""
    return moment.astimezone(_zone)


def from_local(moment: datetime) -> datetime:
    """A moment typed without a zone, as the site's clocks mean it, in UTC."""
    return moment.replace(tzinfo=_zone).astimezone(UTC)
