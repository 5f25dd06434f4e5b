"""The size of a work: parsed from one field as people write it, and shown in cm with the height first.

A size may also be the name of a sheet of paper. The sizes of sheets are in mm, with the long side first:

- A and B: ISO 216; China's GB/T 148 is the same.
- Letter: ANSI/ASME Y14.1, size A.
- 开: a full sheet for drawing and printing is cut into this number of equal parts, which are trimmed to whole
  centimetres, as art teachers count: 8开 is 39 × 27 cm. The full sheet is 正度 (787 × 1092 mm), or 大度
  (889 × 1194 mm) if that is written. Pages of books, which are trimmed more, have other sizes.
- 尺: sheets of Xuan paper (宣纸) and their usual cuts, from the lists of makers and mounters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Protocol

from babel.numbers import format_decimal

from gallery.artworks.unreadable import MAX_LENGTH, Unreadable
from gallery.web.languages import babel_locale
from gallery.web.languages import gettext as _

MAX_SIDE = 100_000  # mm
FLAT = 20  # mm; a work of at most this depth is compared with a sheet of paper
NEAR = 0.15  # how much each side may differ from a sheet that is "about as large"

A_SIZES = {
    "a0": (1189, 841),
    "a1": (841, 594),
    "a2": (594, 420),
    "a3": (420, 297),
    "a4": (297, 210),
    "a5": (210, 148),
    "a6": (148, 105),
}
B_SIZES = {
    "b0": (1414, 1000),
    "b1": (1000, 707),
    "b2": (707, 500),
    "b3": (500, 353),
    "b4": (353, 250),
    "b5": (250, 176),
    "b6": (176, 125),
}
# Number of parts of a full sheet → how often its long side and its short side are divided.
PARTS = {1: (1, 1), 2: (2, 1), 3: (3, 1), 4: (2, 2), 6: (3, 2), 8: (4, 2), 12: (4, 3), 16: (4, 4), 32: (8, 4)}
PART_WORDS = {
    "全": 1,
    "整": 1,
    "对": 2,
    "二": 2,
    "三": 3,
    "四": 4,
    "六": 6,
    "八": 8,
    "十二": 12,
    "十六": 16,
    "三十二": 32,
}
FULL_SHEETS = {
    "": (1092, 787),
    "正": (1092, 787),
    "正度": (1092, 787),
    "大": (1194, 889),
    "大度": (1194, 889),
}
XUAN_SHEETS = {
    "三尺": (1000, 550),
    "四尺": (1380, 690),
    "五尺": (1530, 840),
    "六尺": (1800, 970),
    "七尺": (2380, 1290),
    "八尺": (2480, 1290),
    "丈二": (3670, 1440),
    "一丈二尺": (3670, 1440),
}
# Name of a cut of Xuan paper → how often the sheet's long side and short side are divided.
XUAN_CUTS = {
    **dict.fromkeys(("", "整张", "整纸", "全开", "中堂", "横批", "横幅"), (1, 1)),
    **dict.fromkeys(("对开", "条幅", "立轴", "单条", "对联"), (1, 2)),
    "斗方": (2, 1),
    "三开": (3, 1),
    "四开": (2, 2),
    "六开": (3, 2),
    "八开": (4, 2),
}
LYING_CUTS = ("横批", "横幅")

MM = {
    **dict.fromkeys(
        ("mm", "毫米", "公厘", "millimetre", "millimetres", "millimeter", "millimeters"), Decimal(1)
    ),
    **dict.fromkeys(
        ("cm", "cms", "厘米", "公分", "centimetre", "centimetres", "centimeter", "centimeters"), Decimal(10)
    ),
    **dict.fromkeys(("m", "米", "公尺", "metre", "metres", "meter", "meters"), Decimal(1000)),
    **dict.fromkeys(("in", "inch", "inches", "英寸", "英吋", "吋", '"', "″", "”", "''"), Decimal("25.4")),
}
# The word for a dimension → its index: height 0, width 1, depth 2. 长 is the first of two numbers.
DIMENSIONS = {
    **dict.fromkeys(("height", "h", "高", "纵", "竖", "长", "length", "l"), 0),
    **dict.fromkeys(("width", "w", "宽", "横", "阔"), 1),
    **dict.fromkeys(("depth", "d", "深", "厚"), 2),
}
TRADITIONAL = str.maketrans("開張對縱橫豎寬長釐條軸聯紙濶", "开张对纵横竖宽长厘条轴联纸阔")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


DIMENSION = _any_of(DIMENSIONS)
SHEET_UNITS = {"开", "k", "尺"}  # units of sheets; left over only if the sheet is unknown
PART = re.compile(
    rf"(?P<before>{DIMENSION})?[:=]?(?P<number>[-+]?\d{{1,9}}(?:\.\d{{1,9}})?)"
    rf"(?P<unit>{_any_of(MM)}|(?!{DIMENSION}|x)(?:(?!x)[^\W\d_])+)?"
    rf"(?:\(?(?P<after>{DIMENSION})\)?(?=[x,;、]|$))?"
)
SEPARATOR = re.compile(r"[x,;、]")
LYING = re.compile(r"横幅?|landscape|horizontal")
STANDING = re.compile(r"[竖纵]幅?|portrait|vertical|upright")


@dataclass(frozen=True, slots=True)
class Size:
    """A size in mm. If only a sheet is given, without its orientation, the long side is the height."""

    height: int
    width: int
    depth: int | None = None
    may_lie: bool = False  # the text gives a sheet, but not which side is the height

    @property
    def sides(self) -> dict[str, int]:
        """height and width, and depth if the work has one."""
        depth = {} if self.depth is None else {"depth": self.depth}
        return {"height": self.height, "width": self.width, **depth}

    @property
    def words(self) -> str:
        """The size in the page's language, height first: 38 × 26 cm."""
        numbers = (format_decimal(Decimal(side) / 10, locale=babel_locale()) for side in self.sides.values())
        return _("%(size)s cm") % {"size": " × ".join(numbers)}

    @property
    def comparison(self) -> str:
        """A comparison such as “about as large as an A3 sheet”; "" if no sheet of the A series is about as large."""
        if (self.depth or 0) > FLAT:
            return ""
        nearest = min(A_SIZES, key=self._difference)
        if self._difference(nearest) > NEAR:
            return ""
        return _("about as large as an %(sheet)s sheet") % {"sheet": nearest.upper()}

    def _difference(self, sheet: str) -> float:
        """The larger difference between the sides of this size and of a sheet, as a share of the sheet's side."""
        sides = sorted((self.height, self.width), reverse=True)
        return max(abs(side / other - 1) for side, other in zip(sides, A_SIZES[sheet], strict=True))


@lru_cache(maxsize=4096)
def read_size(text: str) -> Size:
    """Parse a size. Raises Unreadable."""
    if len(text) > MAX_LENGTH:
        raise Unreadable("size")
    typed = _normalised(text)
    if sheet := _read_sheet(typed):
        return sheet
    named = re.fullmatch(r"(.+?)\((.+)\)", typed)  # in 8开(38×26cm) the numbers in brackets decide
    if named and (_read_sheet(named[1]) or _read_sheet(named[2])):
        typed = named[2] if _read_sheet(named[1]) else named[1]
    return _read_numbers(typed)


def _normalised(text: str) -> str:
    """Lower case without spaces: NFKC for full-width characters, x for every multiplication sign."""
    typed = unicodedata.normalize("NFKC", text).casefold().translate(TRADITIONAL)
    typed = re.sub(r"(?<=[\d\s])by(?=[\d\s])", "x", typed)
    typed = re.sub(r"[×✕✖╳х*乘]", "x", typed.replace("−", "-").replace("–", "-"))
    typed = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", typed)  # 1,200 mm
    typed = re.sub(r"(?<=\d),(?=\d)", ".", typed)  # 38,5 cm
    return "".join(typed.split()).strip("。.,;")


def _read_sheet(typed: str) -> Size | None:
    """The size of a named sheet; landscape if that is written next to the name."""
    if (sides := _sheet_sides(typed)) is not None:
        return _lying(sides) if typed.endswith(LYING_CUTS) else Size(*sides, may_lie=sides[0] != sides[1])
    for pattern, turn in ((LYING, _lying), (STANDING, lambda sides: Size(*sides))):
        rest = pattern.sub("", typed, count=1).strip("(),")
        if rest != typed and (sides := _sheet_sides(rest)) is not None:
            return turn(sides)
    return None


def _lying(sides: tuple[int, int]) -> Size:
    return Size(sides[1], sides[0])


def _sheet_sides(typed: str) -> tuple[int, int] | None:
    """The long and the short side of a sheet of paper, in mm."""
    name = re.sub(r"(size|paper|sheet|纸|大小)+$", "", typed)
    if sides := (A_SIZES | B_SIZES | {"letter": (279, 216), "usletter": (279, 216)}).get(name):
        return sides
    if cut := re.fullmatch(rf"({_any_of(FULL_SHEETS)})(\d\d?|{_any_of(PART_WORDS)})[开k]", name):
        parts = PART_WORDS.get(cut[2]) or int(cut[2])
        return _divided(FULL_SHEETS[cut[1]], PARTS[parts]) if parts in PARTS else None
    name = name.translate(str.maketrans("345678", "三四五六七八"))
    if cut := re.fullmatch(rf"({_any_of(XUAN_SHEETS)})(?:宣纸?)?({_any_of(XUAN_CUTS)})", name):
        return _divided(XUAN_SHEETS[cut[1]], XUAN_CUTS[cut[2]])
    return None


def _divided(sheet: tuple[int, int], by: tuple[int, int]) -> tuple[int, int]:
    """The size of a part of a sheet, in whole centimetres, with the long side first."""
    sides = sorted((side // times // 10 * 10 for side, times in zip(sheet, by, strict=True)), reverse=True)
    return sides[0], sides[1]


def _read_numbers(typed: str) -> Size:
    found: list[re.Match[str]] = []
    at = 0
    while part := PART.match(typed, at):
        found.append(part)
        at = part.end()
        if between := SEPARATOR.match(typed, at):
            at = between.end()
        elif at < len(typed) and not part["before"]:
            break  # without a separator, each number needs the word for its dimension: 高38宽26
    if not found or at < len(typed) or len(found) > 3:
        raise Unreadable("size")
    for part in found:
        if part["unit"] in SHEET_UNITS:
            raise Unreadable("size")
        if part["unit"] and part["unit"] not in MM:
            raise Unreadable("size_unit", unit=part["unit"])
    if any(Decimal(part["number"]) <= 0 for part in found):
        raise Unreadable("size_of_nothing")
    if len(found) == 1:
        raise Unreadable("size_one_side")
    return _size_of(_in_order(found, _lengths(found)))


def _lengths(found: list[re.Match[str]]) -> list[int]:
    """The lengths in mm. A number without a unit has the unit of the next number; if no number has one, cm."""
    lengths: list[int] = []
    unit = "cm"
    for part in reversed(found):
        unit = part["unit"] or unit
        lengths.insert(0, int((Decimal(part["number"]) * MM[unit]).quantize(Decimal(1), ROUND_HALF_UP)))
    return lengths


def _in_order(found: list[re.Match[str]], lengths: list[int]) -> list[int]:
    """Height, width and depth: by the words next to the numbers, else in the written order."""
    words = [part["before"] or part["after"] for part in found]
    if not any(words):
        return lengths
    places = [DIMENSIONS[word] if word else -1 for word in words]
    if sorted(places) != list(range(len(places))):
        raise Unreadable("size")
    return [length for _place, length in sorted(zip(places, lengths, strict=True))]


def _size_of(lengths: list[int]) -> Size:
    if min(lengths) < 1:
        raise Unreadable("size_too_small")
    if max(lengths) > MAX_SIDE:
        raise Unreadable("size_too_large", most=MAX_SIDE // 1000)
    return Size(lengths[0], lengths[1], lengths[2] if len(lengths) == 3 else None)


class Picture(Protocol):
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


def size_as_shown(text: str, picture: Picture | None) -> Size | None:
    """The size of a work with this picture; None if it is empty, or if only a later release can parse it.

    If only a sheet is given, it is landscape if the picture is.
    """
    try:
        size = read_size(text) if text else None
    except Unreadable:
        return None
    if size and size.may_lie and picture and picture.width > picture.height:
        return Size(size.width, size.height)
    return size
