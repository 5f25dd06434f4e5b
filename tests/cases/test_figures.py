"""What the figures of a case say, whatever the order in which they were entered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gallery.cases.chart import line_chart
from gallery.cases.figures import MAX_AGE, counting, doubts, is_out_of_date, latest, reached_on, state_of
from gallery.cases.models import CaseState, Ending
from gallery.stats.plots import HEIGHT, WIDTH

FIRST = date(2026, 1, 1)


@dataclass(frozen=True)
class Row:
    id: int
    day: date
    raised: int | None
    helpers: int | None = None


amounts = st.one_of(st.none(), st.integers(0, 1000))


@st.composite
def rows(draw: st.DrawFn) -> list[Row]:
    """Figures of some of twenty days, some days twice, in the order in which they were entered."""
    days = draw(st.lists(st.integers(0, 19), max_size=12))
    return [
        Row(number, FIRST + timedelta(days=day), draw(amounts), draw(amounts))
        for number, day in enumerate(days, 1)
    ]


@given(rows(), st.randoms())
def test_of_each_day_the_last_one_counts_in_any_order(figures: list[Row], chance: object) -> None:
    standing = counting(figures)
    assert [each.day for each in standing] == sorted({each.day for each in figures})
    for each in standing:
        assert each.id == max(other.id for other in figures if other.day == each.day)
    shuffled = list(figures)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert counting(shuffled) == standing


@given(rows(), st.integers(1, 1000))
def test_the_goal_is_reached_since_a_day_after_which_no_figure_is_below_it(
    figures: list[Row], goal: int
) -> None:
    sums = [(each.day, each.raised) for each in counting(figures) if each.raised is not None]
    since = reached_on(goal, figures)
    if since is None:
        assert not sums or sums[-1][1] < goal
        return
    assert all(number >= goal for day, number in sums if day >= since)
    before = [number for day, number in sums if day < since]
    assert not before or before[-1] < goal
    assert since in {day for day, _number in sums}


@given(rows(), st.integers(1, 1000), amounts, amounts, st.integers(0, 19))
def test_a_figure_that_fits_its_neighbours_is_not_asked_about(
    figures: list[Row], goal: int, raised: int | None, helpers: int | None, place: int
) -> None:
    day = FIRST + timedelta(days=place)
    found = doubts(goal, figures, day, raised, helpers)
    standing = counting(figures)
    assert ("replaces" in found) == any(each.day == day for each in standing)
    new = [*(each for each in standing if each.day != day), Row(10_000, day, raised, helpers)]

    def grows(name: str) -> bool:
        """Whether the new number lies between those before and after it."""
        number = getattr(new[-1], name)
        others = [(each.day, getattr(each, name)) for each in new[:-1]]
        known = [(when, other) for when, other in others if other is not None]
        return number is None or all(
            other <= number if when < day else other >= number for when, other in known
        )

    assert ("decreases" in found) == (not (grows("raised") and grows("helpers")))
    assert ("far_above" in found) == (raised is not None and raised > goal * 10)


@given(rows())
def test_newest_numbers_are_of_the_last_day_that_has_them(figures: list[Row]) -> None:
    for name in ("raised", "helpers"):
        found = latest(figures, name)
        having = [each for each in counting(figures) if getattr(each, name) is not None]
        assert (found is None) == (not having)
        assert found is None or found == (getattr(having[-1], name), having[-1])


def test_an_ending_counts_more_than_the_goal() -> None:
    figures = [Row(1, FIRST, 300)]
    assert state_of(None, 300, figures) == CaseState.REACHED
    assert state_of(None, 301, figures) == CaseState.RAISING
    assert state_of(Ending.CLOSED, 300, figures) == CaseState.CLOSED
    assert state_of(Ending.STOPPED, None, []) == CaseState.STOPPED


def test_a_figure_is_out_of_date_after_thirty_days() -> None:
    figures = [Row(1, FIRST, 300)]
    assert not is_out_of_date(FIRST, figures, FIRST + MAX_AGE)
    assert is_out_of_date(FIRST, figures, FIRST + MAX_AGE + timedelta(days=1))
    assert is_out_of_date(FIRST, [], FIRST + timedelta(days=31))


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=20), st.integers(1, 10**12))
def test_the_chart_stays_in_its_frame(numbers: list[int], goal: int) -> None:
    days = [(FIRST + timedelta(days=place * place), number) for place, number in enumerate(numbers)]
    chart = line_chart(days, str, goal)
    assert chart is not None
    assert all(chart.left <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in chart.dots)
    assert [dot.x for dot in chart.dots] == sorted(dot.x for dot in chart.dots)
    assert chart.goal_y is not None
    assert 0 <= chart.goal_y <= HEIGHT
    assert line_chart(days[:1], str, goal) is None
