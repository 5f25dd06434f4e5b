"""Whole numbers from outside (from a URL, a form, a header or a sheet): one parser with one upper bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# Nine digits fit every column for numbers on both databases. Python itself parses at most 4,300 digits.
MAX_DIGITS = 9
MAX_NUMBER = 10**MAX_DIGITS - 1


def whole_number(text: Any, least: int = 0, most: int = MAX_NUMBER) -> int | None:
    """Parse a str or ASCII bytes as a whole number from `least` to `most`; None if that fails.

    Only digits are allowed, and spaces around them.
    """
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    digits = text.strip() if isinstance(text, str) else ""
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(most))):
        return None
    number = int(digits)
    return number if least <= number <= most else None


def whole_numbers(texts: Iterable[Any]) -> list[int]:
    """The whole numbers among `texts`, such as the ids of checked checkboxes."""
    return [number for each in texts if (number := whole_number(each)) is not None]


def row_id(text: Any) -> int:
    """Parse the id of a row. Returns 0, which no row has, for anything else."""
    return whole_number(text) or 0


def page_number(query: Mapping[str, str], most: int = 100_000) -> int:
    """The query parameter `page`: 1 to `most`. A larger number becomes `most`; anything else becomes 1."""
    text = query.get("page", "")
    if text.isascii() and text.isdecimal() and len(text) > MAX_DIGITS:
        return most
    return min(whole_number(text, least=1) or 1, most)
