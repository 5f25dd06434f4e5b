"""The current time. Moments are in UTC; days are days in the site's time zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_zone = ZoneInfo("Asia/Shanghai")
_frozen_now: ContextVar[datetime | None] = ContextVar("stands_at", default=None)


def set_time_zone(zone: ZoneInfo) -> None:
    """Set the site's time zone; called once at the start."""
    global _zone
    _zone = zone


def now() -> datetime:
    return _frozen_now.get() or datetime.now(UTC)


def today() -> date:
    return to_local(now()).date()


@contextmanager
def frozen_at(moment: datetime) -> Iterator[None]:
    """Stop the clock at `moment` inside the `with` block."""
    token = _frozen_now.set(moment)
    try:
        yield
    finally:
        _frozen_now.reset(token)


def start_of_tomorrow() -> datetime:
    """The beginning of tomorrow in the site's time zone, as a moment in UTC."""
    return start_of_day(today() + timedelta(days=1))


def start_of_day(day: date) -> datetime:
    """The beginning of `day` in the site's time zone, as a moment in UTC."""
    return datetime.combine(day, time.min, tzinfo=_zone).astimezone(UTC)


def to_local(moment: datetime) -> datetime:
    """`moment` in the site's time zone."""
    return moment.astimezone(_zone)


def from_local(moment: datetime) -> datetime:
    """Convert a moment in the site's time zone (without tzinfo) to UTC."""
    return moment.replace(tzinfo=_zone).astimezone(UTC)
