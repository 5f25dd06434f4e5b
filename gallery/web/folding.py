"""Folding: which characters count as equal in a search. Texts and queries are folded in the same way.

A search ignores width, case and accents, the vowel points of Arabic and Hebrew, and the difference between
simplified and traditional Chinese characters: 餃 → 饺, 裏 and 裡 → 里. It does not ignore the vowel signs of
Indian, Tibetan and other scripts.

Each character is folded alone, together with its marks. So a part of a text has the same folded form as in
the whole text. Conversion of whole phrases would not guarantee that.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Sequence

import opencc

MAX_FOLDS = 16_384  # the most folded characters in a cache

# Scripts without spaces between words.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf"
    "\ua000-\ua48f\ua9e0-\ua9ff\uaa60-\uaa7f\uaa80-\uaadf"
)
# UNSPACED, Chinese, Japanese and Korean; Chinese is by far the most frequent.
CJK = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff" + UNSPACED
)
_CJK_CHARACTER = re.compile(f"[{CJK}]")
_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")

# Soft hyphens, joiners, direction marks, variation selectors, and the Arabic tatweel with and without vowel points.
_IGNORED = (
    "\u00ad\u034f\u061c\u0640\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\ufcf2-\ufcf4\ufe71\ufe77\ufe79\ufe7b\ufe7d\ufe7f"
    "\U000e0000-\U000e01ef"
)
_ACCENTS = "".join(
    character
    for start, end in ((0x300, 0x900), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100), (0xFE20, 0xFE30))
    for character in map(chr, range(start, end))
    if unicodedata.combining(character)
)
# Characters that combine with the one before: accents, voice marks of kana, parts of Korean syllables.
_COMPOSING = "".join(
    {
        unicodedata.normalize("NFD", composed)[-1]
        for composed in map(chr, range(0xC0, 0x3100))
        if unicodedata.decomposition(composed)[:1] not in ("", "<")
        and unicodedata.is_normalized("NFC", composed)
    }
)
_MARKS = rf"[{_IGNORED}{_ACCENTS}{re.escape(_COMPOSING)}\u1160-\u11ff\u3131-\u318e\uff9e-\uffdc]"
_HAS_MARK = re.compile(_MARKS)
_PIECES = re.compile(rf".{_MARKS}*", re.DOTALL)
_DROPPED = re.compile(f"[{_IGNORED}]")
_ACCENT = re.compile(f"[{_ACCENTS}]")
_WITH_STROKE = re.compile(
    "LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH STROKE"
)  # đ, ł, ø: no accents in Unicode

# OpenCC converts these characters by their phrase, for example 瞭解 → 了解 but 瞭望 → 瞭望. Here both forms are
# equal: finding a few wrong texts is better than missing some. 画 and 划 stay different, although 計畫 is 计划,
# because people search most for 画, to paint.
_BY_PHRASE = str.maketrans(
    "沉藉覆链瞭甦俱彷牠妳祇锺馀钜讬谘颚揹菓籐荳", "沈借复炼了苏具仿它你只钟余巨托咨腭背果藤豆"
)


def fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    if _HAS_MARK.search(text):
        return "".join(map(_fold, _PIECES.findall(text)))
    return text.translate(_folds)


def fold_with_positions(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """The folded `text`, and for each of its characters the start and end of the original piece in `text`."""
    if text.isascii():
        return text.lower(), range(len(text)), range(1, len(text) + 1)
    if _HAS_MARK.search(text):
        pieces = _PIECES.findall(text)
        parts = [_fold(piece) for piece in pieces]
    else:  # without marks, equal length means that each character became one character
        folded = text.translate(_folds)
        if len(folded) == len(text):
            return folded, range(len(text)), range(1, len(text) + 1)
        pieces, parts = list(text), [_folds[ord(character)] for character in text]
    starts, ends, reached = list[int](), list[int](), 0
    for piece, part in zip(pieces, parts, strict=True):
        starts += [reached] * len(part)
        reached += len(piece)
        ends += [reached] * len(part)
    return "".join(parts), starts, ends


@functools.lru_cache(maxsize=MAX_FOLDS)
def _fold(piece: str) -> str:
    """Fold a character with the marks that follow it."""
    composed = unicodedata.normalize("NFKC", _DROPPED.sub("", piece))
    folded = "".join(map(_fold_character, composed))
    # A removed character may have separated two parts of one character, so fold again.
    return folded if folded == piece else _fold(folded)


def _fold_character(character: str) -> str:
    if _CHINESE.match(character):
        return simplified(character)
    if character in "’ʼ":
        return "'"
    if character in "\u3099\u309a":  # voice marks of kana without a kana
        return ""
    if character in "ıئ":  # ئ is a separate letter in Uyghur, not a form of ي
        return "i" if character == "ı" else character
    if named := _WITH_STROKE.fullmatch(unicodedata.name(character, "")):
        return named[1].lower()
    if _CJK_CHARACTER.match(character):
        return character
    return _ACCENT.sub("", unicodedata.normalize("NFKD", character)).casefold()


def simplified(character: str) -> str:
    """The simplified form of a Chinese character, from the traditional forms of all regions."""
    for converter in _converters():
        character = converter.convert(character)
    return character.translate(_BY_PHRASE)


@functools.cache
def _converters() -> tuple[opencc.OpenCC, ...]:
    """The converters for Taiwan's and then Hong Kong's forms. Both include the common forms (t2s)."""
    return opencc.OpenCC("tw2s"), opencc.OpenCC("hk2s")


class _Folds(dict[int, str]):
    """Code point → the folded character, for str.translate."""

    def __missing__(self, code: int) -> str:
        if len(self) >= MAX_FOLDS:
            self.clear()
        self[code] = folded = _fold(chr(code))
        return folded


_folds = _Folds()
