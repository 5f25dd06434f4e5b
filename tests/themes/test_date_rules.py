"""Date rules compared with independent calendars: PyEphem's Sun and Moon, and cnlunar's tables."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

import cnlunar
import ephem
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.themes.date_rules import (
    SOLAR_TERMS,
    DateRule,
    InvalidDateRule,
    LunarDate,
    SolarTerm,
    next_days,
    parse_rule,
    years_without,
)

YEARS = range(1990, 2051)
CHINA = timedelta(hours=8)


def longitude(moment: ephem.Date) -> float:
    """The Sun's apparent longitude in degrees, by PyEphem (VSOP87)."""
    sun = ephem.Sun()
    sun.compute(moment, epoch=moment)
    return math.degrees(ephem.Ecliptic(ephem.Equatorial(sun.g_ra, sun.g_dec, epoch=moment)).lon)


def crossing(year: int, term: int) -> datetime:
    """When the Sun reaches the term of that year, in China, by bisection over forty days."""
    target = 285 + 15 * term
    near = ephem.Date(f"{year}/1/5") + term * 365.2422 / 24
    low, high = near - 10, near + 10
    for _ in range(24):
        middle = (low + high) / 2
        if (longitude(ephem.Date(middle)) - target + 180) % 360 < 180:
            low = middle
        else:
            high = middle
    return ephem.Date(high).datetime() + CHINA


def test_solar_terms_agree_with_an_ephemeris_from_1990_to_2050() -> None:
    differing = []
    for year in YEARS:
        for term in range(24):
            moment = crossing(year, term)
            (day,) = SolarTerm(term).days_in(year)
            if day == moment.date():
                continue
            # Two ephemerides may differ by seconds; a term that close to midnight proves nothing.
            midnight = datetime.combine(max(day, moment.date()), datetime.min.time())
            if abs(moment - midnight) > timedelta(seconds=60):
                differing.append((year, SOLAR_TERMS[term], day, moment))
    assert differing == []


def test_solar_terms_agree_with_tables_from_1990_to_2050() -> None:
    for year in YEARS:
        table = cnlunar.Lunar(datetime(year, 6, 1, 12)).thisYearSolarTermsDateList  # noqa: DTZ001
        ours = [SolarTerm(term).days_in(year)[0] for term in range(24)]
        assert [(day.month, day.day) for day in ours] == table, year


def test_every_day_of_61_lunar_years_agrees_with_tables() -> None:
    """Each day of the common calendar is found again by the rule of its lunar date; leap months have no rule."""
    months: dict[tuple[int, int], tuple[date, int]] = {}  # lunar year and month -> first day, length
    day = date(1990, 1, 1)
    while day < date(2051, 1, 1):
        table = cnlunar.Lunar(datetime(day.year, day.month, day.day, 12))  # noqa: DTZ001
        if not table.isLunarLeapMonth:
            key = table.lunarYear, table.lunarMonth
            first, length = months.get(key, (day, 0))
            months[key] = first, length + 1
            if table.lunarDay in {1, 15, 30}:
                assert day in LunarDate(table.lunarMonth, table.lunarDay).days_in(day.year), day
        day += timedelta(days=1)
    whole = [(key, value) for key, value in months.items() if 1990 < key[0] < 2050]
    assert len(whole) == 59 * 12
    for (_year, month), (first, length) in whole:
        last = first + timedelta(days=length - 1)
        assert last in LunarDate(month, -1).days_in(last.year)


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        ("solar:winter_solstice", ["2022-12-22", "2024-12-21", "2026-12-22"]),
        ("lunar:1-1", ["2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2033-01-31", "2034-02-19"]),
        ("lunar:1-15", ["2026-03-03"]),
        ("lunar:8-15", ["2025-10-06", "2026-09-25"]),
        ("lunar:9-9", ["2025-10-29", "2026-10-18"]),
        ("lunar:12-last", ["2025-01-28", "2026-02-16"]),  # the eve of Spring Festival
        ("lunar:6-1", ["2025-06-25"]),  # and not that of the leap month on 25 July
        ("weekday:5-3-sun", ["2026-05-17", "2027-05-16"]),
        ("weekday:2-last-sun", ["2027-02-28", "2028-02-27"]),
        ("weekday:12-last-thu", ["2026-12-31"]),
        ("weekday:6-5-mon", ["2026-06-29"]),
        ("fixed:2-29", ["2028-02-29"]),
    ],
)
def test_known_days(rule: str, days: list[str]) -> None:
    for day in map(date.fromisoformat, days):
        assert parse_rule(rule).days_in(day.year) == (day,)
        assert day in next_days(parse_rule(rule), day, 1)
        assert str(parse_rule(rule)) == rule


def test_years_without_a_day_are_named() -> None:
    assert parse_rule("fixed:2-29").days_in(2027) == ()
    assert years_without(parse_rule("fixed:2-29"), 2026, 4) == [2026, 2027, 2029]
    assert parse_rule("weekday:2-5-mon").days_in(2027) == ()
    assert parse_rule("lunar:12-30").days_in(2026) == ()  # that month has 29 days
    # A common year can have two days of one lunar date, and the next one none.
    laba = parse_rule("lunar:12-8")
    counts = {year: len(laba.days_in(year)) for year in YEARS}
    assert set(counts.values()) == {0, 1, 2}


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "fixed",
            "fixed:",
            "fixed:2-31",
            "fixed:2-30",
            "fixed:13-1",
            "fixed:0-1",
            "fixed:6-01",
            "fixed:６-1",
        ),
        *("weekday:5-6-sun", "weekday:5-0-sun", "weekday:5-2-so", "solar:23", "solar:", "lunar:13-1"),
        *("lunar:1-31", "lunar:-6-1", "lunar:1-0", "moon:1-1", " fixed:1-1", "fixed:1-1\n"),
    ],
)
def test_what_gives_no_day_is_no_rule(text: str) -> None:
    with pytest.raises(InvalidDateRule):
        parse_rule(text)


rules = st.one_of(
    st.builds("fixed:{}-{}".format, st.integers(1, 12), st.integers(1, 28)),
    st.builds(
        "weekday:{}-{}-{}".format,
        st.integers(1, 12),
        st.sampled_from([1, 2, 3, 4, 5, "last"]),
        st.sampled_from(["mon", "sun"]),
    ),
    st.builds("solar:{}".format, st.sampled_from(SOLAR_TERMS)),
    st.builds("lunar:{}-{}".format, st.integers(1, 12), st.sampled_from([1, 15, 29, "last"])),
).map(parse_rule)


@given(rules, st.dates(date(1990, 1, 1), date(2050, 12, 31)))
def test_the_next_days_come_in_order_and_are_all_there(rule: DateRule, day: date) -> None:
    days = next_days(rule, day, 4)
    assert len(days) == 4
    assert days == sorted(set(days))
    assert days[0] >= day
    assert all(one in rule.days_in(one.year) for one in days)
    assert next_days(rule, days[0] + timedelta(days=1), 3) == days[1:]


@given(st.text(max_size=20) | st.from_regex(r"(fixed|weekday|solar|lunar):[0-9a-z-]{0,9}", fullmatch=True))
def test_any_text_is_a_rule_or_refused(text: str) -> None:
    try:
        rule = parse_rule(text)
    except InvalidDateRule:
        return
    assert str(rule) == text
