"""A chart of a case's figures over time: the coordinates of a line, its days, and the goal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from gallery.stats.plots import HEIGHT, TOP, WIDTH, Tick, axis_scale
from gallery.web.languages import gettext as _
from gallery.web.rendering import shown_date, shown_number

# In SVG user units, as gallery/stats/plots.py; the page scales the chart to the width of its column.
BOTTOM, RIGHT = 26, 8
DIGIT_WIDTH = 6.4  # of the axis labels, at their size of 11 units
DOT_RADIUS = 3


@dataclass(frozen=True)
class Dot:
    x: float
    y: float
    words: str  # the day and the number, for who points at it


@dataclass(frozen=True)
class LineChart:
    dots: Sequence[Dot]
    ticks: Sequence[Tick]
    left: float  # where the axis begins, after its longest label
    goal_y: float | None
    begins: str
    ends: str
    summary: str  # the chart as a sentence

    @property
    def points(self) -> str:
        """The line, as the attribute `points` of a polyline."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots)


def line_chart(
    numbers: Sequence[tuple[date, int]], words: Callable[[int], str], goal: int | None = None
) -> LineChart | None:
    """The chart of `numbers`, by day; None with less than two days, between which nothing can be drawn.

    The distance between two days on the chart is that of the days. `words`: a number as it is said in the page's language.
    """
    if len(numbers) < 2:
        return None
    top, step = axis_scale(max(*(number for _day, number in numbers), goal or 0))
    labels = [shown_number(value) for value in range(0, top + 1, step)]
    left = 12 + DIGIT_WIDTH * max(map(len, labels))
    first, last = numbers[0][0], numbers[-1][0]
    inside = HEIGHT - TOP - BOTTOM

    def height_of(number: int) -> float:
        return round(TOP + inside - number / top * inside, 2)

    def place_of(day: date) -> float:
        return round(left + (day - first).days / (last - first).days * (WIDTH - RIGHT - left), 2)

    return LineChart(
        dots=[
            Dot(place_of(day), height_of(number), f"{shown_date(day, 'medium')}: {words(number)}")
            for day, number in numbers
        ],
        ticks=[
            Tick(height_of(value), label)
            for value, label in zip(range(0, top + 1, step), labels, strict=True)
        ],
        left=round(left, 2),
        goal_y=height_of(goal) if goal else None,
        begins=shown_date(first, "medium"),
        ends=shown_date(last, "medium"),
        summary=_("%(first)s on %(begin)s, %(last)s on %(end)s. The table has every figure.")
        % {
            "first": words(numbers[0][1]),
            "begin": shown_date(first),
            "last": words(numbers[-1][1]),
            "end": shown_date(last),
        },
    )
