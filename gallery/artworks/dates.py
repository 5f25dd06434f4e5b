"""The date of a work: stored as people write it, and parsed to a range of days.

A parsed date has a form in EDTF, the Extended Date/Time Format of ISO 8601-2
(https://www.loc.gov/standards/datetime/). Supported are: year, month, day, season (2024-21), decade (198X),
century (19XX), approximate (1980~), uncertain (1980?), both (1980%), interval (2019/2021).
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from babel.dates import format_skeleton

from gallery.artworks.unreadable import MAX_LENGTH, Unreadable
from gallery.clock import today
from gallery.web.languages import babel_locale, is_chinese, site_languages, use_language
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import shown_date, shown_month

FIRST_YEAR = 1900
# EDTF's number of a season → its first and last month. Spring begins in February in China and in March
# elsewhere; the range includes both, and likewise for the other seasons. All months belong to the year next
# to the season.
SEASONS = {21: (2, 5), 22: (5, 8), 23: (8, 11), 24: (11, 12)}
SEASON_LABELS = {
    21: _l("spring %(year)s"),
    22: _l("summer %(year)s"),
    23: _l("autumn %(year)s"),
    24: _l("winter %(year)s"),
}
CENTURY_LABELS = {19: _l("20th century"), 20: _l("21st century")}
SEASON_WORDS = {
    "spring": 21,
    "summer": 22,
    "autumn": 23,
    "fall": 23,
    "winter": 24,
    "春": 21,
    "夏": 22,
    "秋": 23,
    "冬": 24,
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

YEAR = r"(?P<year>\d{4})"
DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
SEASON = r"(?P<season>spring|summer|autumn|fall|winter)"
PATTERNS = [
    re.compile(pattern)
    for pattern in (
        rf"{YEAR}年?",
        rf"{YEAR}-(?P<season_number>2[1-4])",
        rf"{YEAR}(?P<mark>[-./])(?P<month>\d{{1,2}})(?:(?P=mark)(?P<day>\d{{1,2}}))?",
        rf"{YEAR}年(?P<month>\d{{1,2}})月(?:(?P<day>\d{{1,2}})[日号]?)?",
        rf"{YEAR}年?(?P<season>[春夏秋冬])[天季日]?",
        rf"{SEASON}(?: of)? {YEAR}",
        rf"{YEAR} {SEASON}",
        rf"{MONTH},? {YEAR}",
        rf"{YEAR} {MONTH}",
        rf"{DAY} {MONTH},? {YEAR}",
        rf"{MONTH} {DAY},? {YEAR}",
        r"(?P<decade>\d{3})x",
        r"(?:the )?(?P<decade>\d{3})0(?:年代|'?s)",
        r"(?P<century>\d{2})世纪(?P<tens>\d)0年代",
        r"(?P<hundreds>\d{2})xx",
        r"(?:the )?(?P<century>\d{2})(?:世纪|(?:st|nd|rd|th)[ -]century)",
    )
]
# Words before or after a date that say how certain it is. In EDTF, % means both uncertain and approximate.
APPROXIMATE = (
    re.compile(r"^(?:circa|ca\.?|c\.?|about|around|approximately|approx\.?|大约|大概|约) ?"),
    re.compile(r" ?(?:左右|前后|~)$"),
)
UNCERTAIN = (re.compile(r"^(?:probably|perhaps|possibly|可能) ?"), re.compile(r" ?(?:\?|\(\?\))$"))
INTERVAL_WORD = re.compile(r"from |between |自|从")
INTERVAL_MARK = re.compile(r" (?:to|and|until|-) | ?[/–—~至到] ?|(?<=\d{4})-(?=\d{4})|(?<=年)-")
SIMPLIFIED = str.maketrans("約紀號間從後", "约纪号间从后")
NUMERALS = {
    **{numeral: str(digit) for digit, numeral in enumerate("〇一二三四五六七八九")},
    "零": "0",
    "○": "0",
}
ONE = "[一二三四五六七八九]"
PLAIN = re.compile(r"\d{4}(?:[-./]\d{1,2}){0,2}")


@dataclass(frozen=True, slots=True)
class WorkDate:
    """A date in EDTF, with the first and the last day that it can mean."""

    edtf: str
    first: date
    last: date

    @property
    def day_numbers(self) -> tuple[int, int]:
        """The first and the last day as sortable numbers: 20241231."""
        first, last = self.first, self.last
        return (
            first.year * 10_000 + first.month * 100 + first.day,
            last.year * 10_000 + last.month * 100 + last.day,
        )


def read_date(text: str) -> WorkDate:
    """Parse a date between FIRST_YEAR and today. Raises Unreadable."""
    found = parse_date(text) if len(text) <= MAX_LENGTH else None
    if found is None:
        raise Unreadable("date")
    end = parse_date(found.edtf.rpartition("/")[2]) or found
    if found.first.year < FIRST_YEAR or max(found.first, end.first) > today():
        raise Unreadable("date_out_of_range", first=FIRST_YEAR)
    return found


@lru_cache(maxsize=4096)
def parse_date(text: str) -> WorkDate | None:
    """Parse a date in any year; None if it is not understood.

    Raises Unreadable for a day that is not in the calendar, and for an interval that ends before it begins.
    """
    typed = _normalised(text)
    if single := _single_date(typed):
        return single
    both = INTERVAL_WORD.sub("", typed, count=1) if INTERVAL_WORD.match(typed) else typed
    intervals = (_interval(both[: mark.start()], both[mark.end() :]) for mark in INTERVAL_MARK.finditer(both))
    return next((interval for interval in intervals if interval), None)


def _normalised(text: str) -> str:
    """Lower case and single spaces, half-width characters (NFKC), and digits for Chinese numerals."""
    typed = unicodedata.normalize("NFKC", text).casefold().translate(SIMPLIFIED)
    typed = re.sub(r"[〇零○一二三四五六七八九]{4}(?=年)", lambda found: _digits_of(found[0]), typed)
    typed = re.sub(rf"(?:{ONE}?十{ONE}?|{ONE})(?=[月日号世年])", lambda found: _number_of(found[0]), typed)
    typed = re.sub(r"(?<=[约自从年月世纪])\s+|\s+(?=[年月日号世春夏秋冬左前])", "", typed)
    return " ".join(typed.split()).strip("。")


def _digits_of(numeral: str) -> str:
    return "".join(NUMERALS[each] for each in numeral)


def _number_of(numeral: str) -> str:
    """A Chinese numeral up to 99 as digits: 二十三 is 23."""
    tens, ten, ones = numeral.partition("十")
    if not ten:
        return _digits_of(numeral)
    return f"{NUMERALS.get(tens, '1')}{NUMERALS.get(ones, '0')}"


def _single_date(typed: str) -> WorkDate | None:
    """Parse a date that is not an interval, with its sign for uncertainty. Raises Unreadable."""
    core, signs = (typed[:-1], "?~") if typed.endswith("%") else (typed, "")
    for sign, (before, after) in (("?", UNCERTAIN), ("~", APPROXIMATE)):
        rest = after.sub("", before.sub("", core))
        if rest != core:
            core, signs = rest, signs + sign
    for pattern in PATTERNS:
        if found := pattern.fullmatch(core):
            try:
                exact = _exact_date(found.groupdict())
            except ValueError:
                raise Unreadable("date_not_in_calendar", date=core) from None
            return WorkDate(
                exact.edtf + ("%" if len(set(signs)) == 2 else signs[:1]), exact.first, exact.last
            )
    return None


def _exact_date(parts: Mapping[str, str | None]) -> WorkDate:
    """The date from the named groups of a pattern. Raises ValueError if it is not in the calendar."""

    def number(name: str) -> int:
        return int(parts.get(name) or 0)

    if parts.get("decade"):
        return _years(number("decade") * 10, 10)
    if parts.get("tens"):
        return _years((number("century") - 1) * 100 + number("tens") * 10, 10)
    if parts.get("century"):
        return _years((number("century") - 1) * 100, 100)
    if parts.get("hundreds"):
        return _years(number("hundreds") * 100, 100)
    if season := SEASON_WORDS.get(parts.get("season") or "") or number("season_number"):
        first, last = SEASONS[season]
        begin = date(number("year"), first, 1)
        return WorkDate(f"{begin.year:04}-{season}", begin, _last_day(begin.year, last))
    name = parts.get("name")
    if not name and parts.get("month") is None:
        return _years(number("year"), 1)
    month = MONTHS.index(name[:3]) + 1 if name else number("month")
    day = parts.get("day")
    begin = date(number("year"), month, 1 if day is None else int(day))
    if day is not None:
        return WorkDate(begin.isoformat(), begin, begin)
    return WorkDate(begin.isoformat()[:7], begin, _last_day(begin.year, month))


def _years(year: int, count: int) -> WorkDate:
    """The year, decade or century that begins with `year`. Raises ValueError for the year 0 and before."""
    places = len(str(count)) - 1  # digits written as X
    edtf = f"{year:04}"[: 4 - places] + "X" * places
    return WorkDate(edtf, date(year, 1, 1), date(year + count - 1, 12, 31))


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _interval(first: str, last: str) -> WorkDate | None:
    """Parse an interval. Parts that both dates share may be written once: 2022年3月至5月, March to May 2022."""
    begin, end = _single_date(first), _single_date(last)
    if end is None and (common := re.match(r"\d{4}年(?:\d{1,2}月)?", first)):
        end = _single_date(common[0] + last) or _single_date(common[0][:5] + last)
    if begin is None and (common := re.search(r" \d{4}$", last)):
        begin = _single_date(first + common[0])
    if begin is None or end is None:
        return None
    if end.first < begin.first or end.last < begin.last:
        raise Unreadable("date_backwards")
    return WorkDate(f"{begin.edtf}/{end.edtf}", begin.first, end.last)


def years_between(first: int | None, last: int | None) -> range:
    """The years that a work may be from, given the columns `made_from` and `made_until`."""
    return range(first // 10_000, last // 10_000 + 1) if first and last else range(0)


def date_texts(text: str) -> list[str]:
    """The texts by which search finds a date: as written, in words of every language, and as a year if there is one."""
    found = parse_date(text) if text else None
    if found is None:
        return []
    texts = [text]
    for language in site_languages():
        with use_language(language):
            texts.append(described_date(found.edtf))
    if found.first.year == found.last.year:
        texts.append(str(found.first.year))
    return list(dict.fromkeys(texts))


def shown_work_date(text: str) -> str:
    """The date as it was written; if that was in EDTF or in another language, in words of the page's language."""
    try:
        found = parse_date(text) if text else None
    except Unreadable:
        return text
    if found is None:
        return text
    has_chinese = any("\u4e00" <= character <= "\u9fff" for character in text)
    is_code = text.upper() == found.edtf
    if PLAIN.fullmatch(text) and "-2" not in found.edtf[4:7]:
        return text
    if is_code or has_chinese != is_chinese():
        return described_date(found.edtf)
    return text


def described_date(edtf: str) -> str:
    """An EDTF date in words of the page's language: 2024年春, spring 2024."""
    first, slash, last = edtf.partition("/")
    if slash:
        return _("%(first)s to %(last)s") % {"first": described_date(first), "last": described_date(last)}
    words = _described_exactly(edtf.rstrip("~?%"))
    if edtf[-1] in "~%":
        words = _("c. %(date)s") % {"date": words}
    if edtf[-1] in "?%":
        words = _("%(date)s (?)") % {"date": words}
    return words


def _described_exactly(edtf: str) -> str:
    if edtf.endswith("XX"):
        century: Any = CENTURY_LABELS.get(int(edtf[:2]), edtf)
        return str(century)
    if edtf.endswith("X"):
        return _("%(year)ss") % {"year": f"{edtf[:3]}0"}
    parts = [int(part) for part in edtf.split("-")]
    if len(parts) == 1:
        return format_skeleton("y", date(parts[0], 1, 1), locale=babel_locale())
    if parts[1] in SEASONS:
        return str(SEASON_LABELS[parts[1]]) % {"year": parts[0]}
    day = date(parts[0], parts[1], parts[2] if len(parts) == 3 else 1)
    return shown_date(day) if len(parts) == 3 else shown_month(day)
