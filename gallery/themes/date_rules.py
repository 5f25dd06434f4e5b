"""Date rules: the days of a yearly occasion, in China Standard Time.

A rule is stored as a short text: `fixed:6-1`, `weekday:5-2-sun` (`last` instead of 2 for the last Sunday),
`solar:winter_solstice`, `lunar:8-15` (`last` instead of 15 for the last day of the month). The library
lunar-python computes solar terms and lunar months.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from typing import Protocol

from lunar_python import LunarYear, Solar

FIRST_YEAR, LAST_YEAR = 1900, 2200  # the years for which rules give days
LAST = -1  # the last weekday of a month, the last day of a lunar month
# If a rule has no day in this many years, it never has one. The longest gap between two Februaries with a
# fifth Monday is 40 years.
MAX_YEARS_WITHOUT_DAY = 40

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# In the order of a calendar year: solar longitude from 285° in steps of 15° (GB/T 33661-2017).
SOLAR_TERMS = (
    "minor_cold",
    "major_cold",
    "start_of_spring",
    "rain_water",
    "awakening_of_insects",
    "spring_equinox",
    "pure_brightness",
    "grain_rain",
    "start_of_summer",
    "grain_buds",
    "grain_in_ear",
    "summer_solstice",
    "minor_heat",
    "major_heat",
    "start_of_autumn",
    "end_of_heat",
    "white_dew",
    "autumn_equinox",
    "cold_dew",
    "frost_descent",
    "start_of_winter",
    "minor_snow",
    "major_snow",
    "winter_solstice",
)


class InvalidDateRule(ValueError):
    """The text is not a date rule, or its day does not exist in any year (31 February)."""


class DateRule(Protocol):
    """A rule that gives the days of an occasion."""

    def days_in(self, year: int) -> tuple[date, ...]:
        """The rule's days in a Gregorian year: usually one; none if the year has no such day.

        Lunar dates near New Year can fall twice or never: 2024 has no eighth of the twelfth month after
        18 January.
        """
        ...


@dataclass(frozen=True, slots=True)
class FixedDay:
    """The same day every year, such as 1 June."""

    month: int
    day: int

    def days_in(self, year: int) -> tuple[date, ...]:
        try:
            return (date(year, self.month, self.day),)
        except ValueError:
            return ()

    def __str__(self) -> str:
        return f"fixed:{self.month}-{self.day}"


@dataclass(frozen=True, slots=True)
class NthWeekday:
    """The n-th or last weekday of a month, such as the third Sunday of May (全国助残日)."""

    month: int
    nth: int  # 1 to 5, or LAST
    weekday: int  # 0 for Monday

    def days_in(self, year: int) -> tuple[date, ...]:
        if self.nth == LAST:
            following = date(year + self.month // 12, self.month % 12 + 1, 1)
            back = (following.weekday() - 1 - self.weekday) % 7 + 1
            return (following - timedelta(days=back),)
        first = date(year, self.month, 1)
        day = first + timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1))
        return (day,) if day.month == self.month else ()

    def __str__(self) -> str:
        return f"weekday:{self.month}-{_ordinal(self.nth)}-{WEEKDAYS[self.weekday]}"


@dataclass(frozen=True, slots=True)
class SolarTerm:
    """The day, in China, of one of the 24 solar terms."""

    term: int  # an index into SOLAR_TERMS

    def days_in(self, year: int) -> tuple[date, ...]:
        # lunar-python's table begins with Major Snow and the winter solstice of the previous year.
        moment = _lunar_year(year).getJieQiJulianDays()[self.term + 2]
        return (_gregorian_date(moment),)

    def __str__(self) -> str:
        return f"solar:{SOLAR_TERMS[self.term]}"


@dataclass(frozen=True, slots=True)
class LunarDate:
    """A day of the lunar calendar, in the regular month of that number, never in its leap month."""

    month: int
    day: int  # 1 to 30, or LAST

    def days_in(self, year: int) -> tuple[date, ...]:
        # A lunar year ends in January or February of the next Gregorian year.
        days = (self._day_of_lunar_year(lunar) for lunar in (year - 1, year))
        return tuple(day for day in days if day is not None and day.year == year)

    def _day_of_lunar_year(self, year: int) -> date | None:
        month = _lunar_year(year).getMonth(self.month)
        length = month.getDayCount()
        day = length if self.day == LAST else self.day
        if day > length:  # the 30th of a month with 29 days
            return None
        return _gregorian_date(month.getFirstJulianDay()) + timedelta(days=day - 1)

    def __str__(self) -> str:
        return f"lunar:{self.month}-{_ordinal(self.day)}"


def parse_rule(text: str) -> DateRule:
    """Parse a rule. Raises InvalidDateRule, also for a rule whose day does not exist in any year."""
    kind, _colon, value = text.partition(":")
    rule = _PARSERS[kind](value) if kind in _PARSERS else None
    if rule is None:
        raise InvalidDateRule(text)
    if not any(rule.days_in(year) for year in range(2000, 2000 + MAX_YEARS_WITHOUT_DAY)):
        raise InvalidDateRule(text)
    return rule


def next_days(rule: DateRule, from_day: date, count: int) -> list[date]:
    """The next `count` days of the rule from `from_day` on; fewer near the end of 2200."""
    days = (day for year in range(from_day.year, LAST_YEAR + 1) for day in rule.days_in(year))
    return list(islice((day for day in days if day >= from_day), count))


def years_without(rule: DateRule, first: int, count: int) -> list[int]:
    """The years in which the rule has no day, among the `count` years from `first` on."""
    return [year for year in range(first, min(first + count, LAST_YEAR + 1)) if not rule.days_in(year)]


def _parse_fixed(value: str) -> DateRule | None:
    match = re.fullmatch(r"([1-9]|1[0-2])-([1-9]|[12][0-9]|3[01])", value)
    return FixedDay(int(match[1]), int(match[2])) if match else None


def _parse_weekday(value: str) -> DateRule | None:
    match = re.fullmatch(rf"([1-9]|1[0-2])-([1-5]|last)-({'|'.join(WEEKDAYS)})", value)
    return NthWeekday(int(match[1]), _parse_number(match[2]), WEEKDAYS.index(match[3])) if match else None


def _parse_solar(value: str) -> DateRule | None:
    return SolarTerm(SOLAR_TERMS.index(value)) if value in SOLAR_TERMS else None


def _parse_lunar(value: str) -> DateRule | None:
    match = re.fullmatch(r"([1-9]|1[0-2])-([1-9]|[12][0-9]|30|last)", value)
    return LunarDate(int(match[1]), _parse_number(match[2])) if match else None


_PARSERS = {"fixed": _parse_fixed, "weekday": _parse_weekday, "solar": _parse_solar, "lunar": _parse_lunar}


def _parse_number(value: str) -> int:
    return LAST if value == "last" else int(value)


def _ordinal(number: int) -> str:
    return "last" if number == LAST else str(number)


def _gregorian_date(julian_day: float) -> date:
    day = Solar.fromJulianDay(julian_day)
    return date(day.getYear(), day.getMonth(), day.getDay())


@lru_cache(maxsize=64)  # computing a year takes about 20 ms
def _lunar_year(year: int) -> LunarYear:
    return LunarYear.fromYear(year)
