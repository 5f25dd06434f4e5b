"""The fonts of cards, posters and labels: where they lie, which characters they have, and how wide a text is in them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from PIL import ImageFont
from PIL import features as libraries

from gallery.images.sandbox.typesetting import (
    ELLIPSIS,
    is_latin_letter,
    is_wide,
    overlap_in_ems,
    visible_text,
)

# Marks that these fonts have twice, as wide as a Chinese character and as wide as a Latin text wants them.
DUAL_WIDTH_MARKS = frozenset("‘’“”…—")
MEASURED_AT = 200  # px, so large that hints for small letters do not count
UNASSIGNED = "\U0010ffff"  # no font has it: it shows how the font draws what it has not


@dataclass(frozen=True)
class TextRun:
    """Characters of one font, side by side; `x` is where they begin in their line, and `width` how wide they are, in px."""

    text: str
    x: float
    width: float
    font: ImageFont.FreeTypeFont
    features: tuple[str, ...]


class Face:
    """A font in one size, with another that stands in for what it has not."""

    def __init__(self, paths: Iterable[str], size: int, language: str, tracking: float = 0.0) -> None:
        """`size` and `tracking`, which widens Chinese text, are in px."""
        self.size, self.language, self.tracking = size, language, tracking
        self._paths = tuple(paths)

    def drawable(self, text: str) -> str:
        """`text` without what no font here has, such as emoji."""
        return visible_text(
            "".join(each for each in visible_text(text) if each == " " or self._path_for(each))
        )

    def length(self, text: str) -> float:
        """How wide `text`, which is drawable, is in px."""
        end = 0.0
        for run in self.runs(text):
            end = run.x + run.width
        return end

    def runs(self, text: str) -> Iterator[TextRun]:
        """`text`, which is drawable, in pieces to be drawn one by one."""
        x = 0.0
        start = 0
        while start < len(text):
            end = start + 1
            kind = self._kind(text, start)
            alone = is_wide(text[start])
            while end < len(text) and not alone and not is_wide(text[end]) and self._kind(text, end) == kind:
                end += 1
            path, is_narrow = kind
            features = ("pwid",) if is_narrow and has_raqm() else ()
            width = width_in_ems(path, text[start:end], features) * self.size
            yield TextRun(text[start:end], x, width, load_font(path, self.size), features)
            x += width
            if end < len(text):
                x -= overlap_in_ems(text[end - 1], text[end]) * self.size
                if is_wide(text[end - 1]):
                    x += self.tracking
            start = end

    def _kind(self, text: str, at: int) -> tuple[str, bool]:
        return self._path_for(text[at]) or self._paths[0], text[
            at
        ] in DUAL_WIDTH_MARKS and self._is_among_latin(text, at)

    def _is_among_latin(self, text: str, at: int) -> bool:
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if self.language == "en":
            return not (before and is_wide(before)) or not (after and is_wide(after))
        latin = [bool(each) and is_latin_letter(each) for each in (before, after)]
        return all(latin) or (text[at] == ELLIPSIS and latin[0])

    def _path_for(self, character: str) -> str | None:
        return next((path for path in self._paths if has_glyph(path, character)), None)


@functools.cache
def load_font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@functools.cache
def has_raqm() -> bool:
    """Whether the library that chooses among a font's forms is there; without it all marks keep their first form."""
    return bool(libraries.check("raqm"))


@functools.lru_cache(maxsize=65536)
def width_in_ems(path: str, text: str, features: tuple[str, ...]) -> float:
    """How wide `text` is, in ems: it is measured once for all sizes."""
    return float(load_font(path, MEASURED_AT).getlength(text, features=list(features) or None)) / MEASURED_AT


@functools.lru_cache(maxsize=8192)
def has_glyph(path: str, character: str) -> bool:
    """Whether a font has a picture of `character` of its own."""
    return character == " " or glyph_bitmap(path, character) not in {
        glyph_bitmap(path, UNASSIGNED),
        EMPTY_BITMAP,
    }


EMPTY_BITMAP: tuple[tuple[int, int], bytes] = ((0, 0), b"")


@functools.lru_cache(maxsize=8192)
def glyph_bitmap(path: str, character: str) -> tuple[tuple[int, int], bytes]:
    """What a character looks like, small: its size in px, and its shades."""
    mask = load_font(path, 24).getmask(character)
    return (mask.size, bytes(mask)) if 0 not in mask.size else EMPTY_BITMAP
