"""Whole numbers that come from outside, in an address, a form, a header or a sheet: read in one place, with one bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Nine digits fit every column that holds a number on both databases; Python itself reads no more than 4,300.
MAX_DIGITS = 9
MAX_NUMBER = 10**MAX_DIGITS - 1


def whole_number(text: Any, least: int = 0, most: int = MAX_NUMBER) -> int | None:
    """`text`, or ASCII bytes, as a whole number from `least` to `most`; None for anything but plain digits, blanks aside."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    digits = text.strip() if isinstance(text, str) else ""
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(most))):
        return None
    number = int(digits)
    return number if least <= number <= most else None


def whole_numbers(texts: Iterable[Any]) -> list[int]:
    """Those of `texts` that are whole numbers, such as the ids of marked boxes."""
    return [number for each in texts if (number := whole_number(each)) is not None]


def page_number(query: Mapping[str, str], most: int = 100_000) -> int:
    """The page of a list that `?page=` asks for: the first for what is no number, the last that there may be for more."""
    text = query.get("page", "")
    if text.isascii() and text.isdecimal() and len(text) > MAX_DIGITS:
        return most
    return min(whole_number(text, least=1) or 1, most)
