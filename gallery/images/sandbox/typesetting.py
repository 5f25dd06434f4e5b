"""Setting text in lines, Chinese and English alike: where a line may end, how large letters can be, where to cut.

Pure functions; how wide a text is, the caller's `measure` says, in units of its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# What no line begins with and what no line ends with: the basic rules of GB/T 15834-2011 (5.1), wider by what CSS's
# "line-break: strict" adds, and the same marks of Latin texts.
NOT_AT_START = frozenset("。．，、；：？！…—～·」』）】》〉〕〗”’％‰℃々ー!?,.:;)]}%°\"'")
NOT_AT_END = frozenset("「『（【《〈〔〖“‘￥＄$([{#£€")
OPENING = frozenset("「『（【《〈〔〖")  # full-width marks whose left half is empty
CLOSING = frozenset("。．，、；：」』）】》〉〕〗")  # full-width marks whose right half is empty
ELLIPSIS = "…"

Measure = Callable[[str], float]


@dataclass(frozen=True)
class FittedText:
    """A text as it is set: its lines, and the size that they fit in."""

    texts: tuple[str, ...]
    size: int


def is_wide(character: str) -> bool:
    """Whether a line may end on either side of it: Chinese characters and full-width marks."""
    return unicodedata.east_asian_width(character) in "WF"


def visible_text(text: str) -> str:
    """`text` on one line without what is not seen: marks of direction, joiners, controls, selectors of emoji.

    A tag stays as the letters it is made of, and is drawn as such.
    """
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    seen = "".join(each for each in kept if not 0xFE00 <= ord(each) <= 0xFE0F)
    return " ".join(seen.split())


def can_break_before(text: str, at: int) -> bool:
    """Whether a line may end before `text[at]`."""
    before, after = text[at - 1], text[at]
    if after == " ":
        return False  # the space hangs behind the line, which ends after it
    if before == " ":
        before = text[at - 2] if at > 1 else " "
        return after not in NOT_AT_START and before not in NOT_AT_END
    if after in NOT_AT_START or before in NOT_AT_END:
        return False
    if before in "-–" and after.isalpha():
        return True
    # After a mark that ends something a line may end even where a word follows, as in 作者：Anna.
    return is_wide(before) or is_wide(after) or before == "—"


def break_lines(text: str, width: float, measure: Measure) -> list[str]:
    """The lines of `text`, none wider than `width`, as long as each can be.

    Where a line has no place at which it may end, it ends where it is full: at least one character stands in each.
    """
    lines = []
    start = 0
    while start < len(text):
        most = longest_fit(text, start, width, measure)
        end = most
        if most < len(text):
            places = (at for at in range(most, start, -1) if can_break_before(text, at))
            end = next(places, most)
        lines.append(text[start:end].rstrip(" "))
        start = end
        while start < len(text) and text[start] == " ":
            start += 1
    return lines


def longest_fit(text: str, start: int, width: float, measure: Measure) -> int:
    """The end of the longest part from `start` on that is no wider than `width`, and has a character at least."""
    low, high = start + 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[start:middle].rstrip(" ")) <= width:
            low = middle
        else:
            high = middle - 1
    return low


def balance_lines(text: str, width: float, measure: Measure) -> list[str]:
    """The lines of `text`, as few as can be and of lengths as equal as can be."""
    lines = break_lines(text, width, measure)
    if len(lines) < 2:
        return lines
    narrow, wide = width / len(lines), width
    while wide - narrow > width / 100:
        middle = (narrow + wide) / 2
        if len(break_lines(text, middle, measure)) > len(lines):
            narrow = middle
        else:
            wide = middle
    return break_lines(text, wide, measure)


def truncate_lines(lines: Sequence[str], most: int, width: float, measure: Measure) -> list[str]:
    """At most `most` lines, the last of which ends in … where some were left out."""
    kept = list(lines[:most])
    if len(lines) <= most:
        return kept
    last = kept[-1]
    while last and (measure(last + ELLIPSIS) > width or last[-1] in NOT_AT_END or not last[-1].isalnum()):
        last = last[:-1]
    kept[-1] = last + ELLIPSIS
    return kept


def fit_text(
    text: str,
    width: float,
    most: int,
    sizes: Sequence[int],
    measure_at: Callable[[int], Measure],
    height: float | None = None,
    leading: float = 1.0,
) -> FittedText:
    """`text` in the first of `sizes` in which it takes no more than `most` lines (and, with `leading`, no more than
    `height`); cut in the last one."""
    for size in sizes:
        lines = break_lines(text, width, measure_at(size))
        if len(lines) <= most and (height is None or len(lines) * size * leading <= height):
            return FittedText(tuple(balance_lines(text, width, measure_at(size))), size)
    size = sizes[-1]
    room = most if height is None else max(1, min(most, int(height // (size * leading))))
    measure = measure_at(size)
    return FittedText(tuple(truncate_lines(break_lines(text, width, measure), room, width, measure)), size)


def overlap_in_ems(before: str, after: str) -> float:
    """By how many ems the two move together or, where negative, apart.

    Two full-width marks share the empty halves between them; Chinese and Latin letters keep an eighth apart.
    """
    if (before in CLOSING and after in CLOSING | OPENING) or (before in OPENING and after in OPENING):
        return 0.5
    is_han = is_han_letter(before), is_han_letter(after)
    is_latin = is_latin_letter(before), is_latin_letter(after)
    if (is_han[0] and is_latin[1]) or (is_latin[0] and is_han[1]):
        return -0.125
    return 0.0


def is_han_letter(character: str) -> bool:
    return is_wide(character) and character.isalpha()


def is_latin_letter(character: str) -> bool:
    return character.isalnum() and not is_wide(character)
