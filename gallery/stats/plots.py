"""Bar charts over time: coordinates of bars and axis labels for one kind of count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from gallery.stats.totals import Counts, DateRange, total_counts
from gallery.web.languages import gettext as _
from gallery.web.rendering import shown_date, shown_number

# In SVG user units; the page scales the chart to the width of its column.
WIDTH, HEIGHT = 360, 168
LEFT, RIGHT, TOP, BOTTOM = 44, 4, 10, 26
BAR_GAP = 0.18  # as a share of the distance from one bar to the next

DAYS_BY_DAY, DAYS_BY_WEEK = 62, 400  # the longest ranges, in days, with daily and weekly bars


@dataclass(frozen=True)
class Bucket:
    """The range of days of one bar and one table row."""

    span: DateRange
    counted: Counts

    @property
    def words(self) -> str:
        if self.span.days == 1:
            return shown_date(self.span.first, "medium")
        return f"{shown_date(self.span.first, 'medium')} – {shown_date(self.span.last, 'medium')}"


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    words: str


@dataclass(frozen=True)
class Tick:
    y: float
    words: str


@dataclass(frozen=True)
class Plot:
    bars: Sequence[Bar]
    ticks: Sequence[Tick]
    begins: str
    ends: str
    summary: str  # the chart as a sentence


def buckets(by_day: Mapping[date, Counts], span: DateRange) -> list[Bucket]:
    """Split a range into days, weeks (from its first day on) or months: about sixty bars at most."""
    days = 1 if span.days <= DAYS_BY_DAY else 7
    pieces = span.split(days) if span.days <= DAYS_BY_WEEK else split_by_month(span)
    return [
        Bucket(
            piece,
            total_counts(
                by_day[day]
                for day in (piece.first + timedelta(days=number) for number in range(piece.days))
                if day in by_day
            ),
        )
        for piece in pieces
    ]


def split_by_month(span: DateRange) -> list[DateRange]:
    parts = []
    first = span.first
    while first <= span.last:
        following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
        parts.append(DateRange(first, min(following - timedelta(days=1), span.last)))
        first = following
    return parts


def bar_plot(chart_buckets: Sequence[Bucket], number: Callable[[Counts], int]) -> Plot:
    """A bar chart; `number` returns the height of a bucket's bar."""
    numbers = [number(each.counted) for each in chart_buckets]
    top, step = axis_scale(max(numbers, default=0))
    inside = HEIGHT - TOP - BOTTOM
    slot = (WIDTH - LEFT - RIGHT) / max(len(chart_buckets), 1)
    bars = []
    for position, (each, value) in enumerate(zip(chart_buckets, numbers, strict=True)):
        if not value:
            continue
        height = value / top * inside
        bars.append(
            Bar(
                x=round(LEFT + slot * (position + BAR_GAP / 2), 2),
                y=round(TOP + inside - height, 2),
                width=round(slot * (1 - BAR_GAP), 2),
                height=round(height, 2),
                words=f"{each.words}: {shown_number(value)}",
            )
        )
    ticks = [
        Tick(round(TOP + inside - value / top * inside, 2), shown_number(value))
        for value in range(0, top + 1, step)
    ]
    return Plot(
        bars=bars,
        ticks=ticks,
        begins=shown_date(chart_buckets[0].span.first, "medium") if chart_buckets else "",
        ends=shown_date(chart_buckets[-1].span.last, "medium") if chart_buckets else "",
        summary=summary(chart_buckets, numbers),
    )


def summary(chart_buckets: Sequence[Bucket], numbers: Sequence[int]) -> str:
    """The chart as a sentence, for people who cannot see it."""
    if not any(numbers):
        return _("Nothing was counted in this time.")
    most = max(numbers)
    return _("%(total)s in all; the most, %(most)s, on %(when)s. The table below has every number.") % {
        "total": shown_number(sum(numbers)),
        "most": shown_number(most),
        "when": chart_buckets[numbers.index(most)].words,
    }


def axis_scale(largest: int) -> tuple[int, int]:
    """The top of an axis that reaches `largest`, and the step between its labels.

    There are at most four steps, each 1, 2 or 5 times a power of ten.
    """
    step, factors = 1, (2, 2.5, 2)  # 1, 2, 5, 10, 20 …
    turn = 0
    while step * 4 < largest:
        step = int(step * factors[turn % 3])
        turn += 1
    steps = max(-(-largest // step), 1)
    return steps * step, step
