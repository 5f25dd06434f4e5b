"""What the figures of a case say: which of them count, the day on which the goal was reached, and what looks wrong.

A figure is a total since the beginning of the case. Nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Protocol, TypeVar

from gallery.cases.models import CaseState, Ending

MAX_AGE = timedelta(days=30)  # a case whose newest figure is older says so
FAR_ABOVE = 10  # times the goal; a larger sum is asked about, because a zero too many is quickly typed


class Figure(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def day(self) -> date: ...
    @property
    def raised(self) -> int | None: ...
    @property
    def helpers(self) -> int | None: ...


FigureRow = TypeVar("FigureRow", bound=Figure)


def counting(figures: Iterable[FigureRow]) -> list[FigureRow]:
    """The figures that count, by day: of each day the one that was entered last."""
    by_day = {each.day: each for each in sorted(figures, key=lambda each: each.id)}
    return [by_day[day] for day in sorted(by_day)]


def latest(figures: Iterable[Figure], name: str) -> tuple[int, Figure] | None:
    """The newest number `name` (raised or helpers), with its figure."""
    numbers = [(getattr(each, name), each) for each in counting(figures)]
    return next(((number, each) for number, each in reversed(numbers) if number is not None), None)


def reached_on(goal: int | None, figures: Iterable[Figure]) -> date | None:
    """The first day since which every figure is at least the goal; None if the newest is not, or there is no goal."""
    since = None
    for each in counting(figures):
        if goal is None or each.raised is None:
            continue
        if each.raised < goal:
            since = None
        elif since is None:
            since = each.day
    return since


def state_of(ending: Ending | None, goal: int | None, figures: Iterable[Figure]) -> CaseState:
    if ending is not None:
        return CaseState(ending.value)
    return CaseState.REACHED if reached_on(goal, figures) else CaseState.RAISING


def is_out_of_date(began: date, figures: Iterable[Figure], day: date) -> bool:
    """Whether on `day` the newest figure, or without any the case that began on `began`, is older than MAX_AGE."""
    newest = max((each.day for each in figures), default=began)
    return day - newest > MAX_AGE


def doubts(
    goal: int | None, others: Sequence[Figure], day: date, raised: int | None, helpers: int | None
) -> list[str]:
    """What looks wrong about a new figure, as keys of DOUBT_WORDS in forms.py: a member is asked about each.

    `replaces`: there is a figure of this day. `decreases`: an earlier day has more, or a later day less.
    `far_above`: more than FAR_ABOVE times the goal. More than the goal alone is nothing to ask about.
    """
    found = []
    standing = counting(others)
    if any(each.day == day for each in standing):
        found.append("replaces")
    for name, number in (("raised", raised), ("helpers", helpers)):
        if number is None:
            continue
        before = [getattr(each, name) or 0 for each in standing if each.day < day]
        after = [getattr(each, name) for each in standing if each.day > day]
        if any(number < each for each in before) or any(each is not None and number > each for each in after):
            found.append("decreases")
            break
    if goal and raised is not None and raised > goal * FAR_ABOVE:
        found.append("far_above")
    return found
