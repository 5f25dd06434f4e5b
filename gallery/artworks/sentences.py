"""The sentence of a work's story that is shown large on a wall, on a card or on a screen.

A sentence is never shortened and never changed. Markdown is removed.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

from gallery.web.languages import LocalizedText
from gallery.web.markdown import blocks_of_text, display_width
from gallery.web.texts import NO_TEXTS, Texts

NO_SENTENCE = "-"  # the choice of a curator who wants no sentence; no sentence is that short
QUOTED_COLUMNS = range(8, 101)  # of a quotation that is chosen by itself; a Chinese character has two columns
WHOLE_COLUMNS = range(18, 101)  # of any other sentence
MAX_COLUMNS = 200  # of a sentence that a curator may choose

_QUOTES = {"“": "”", "‘": "’", "「": "」", "『": "』", "«": "»", '"': '"'}
_PAIRS = {**_QUOTES, "(": ")", "（": "）"}
_CLOSERS = frozenset(_PAIRS.values())
# The full stops of the scripts that stories are written in: Chinese and Yi, Latin, Tibetan, Devanagari, Arabic,
# Mongolian. A Latin full stop also ends abbreviations, so `_ends_at` looks at the words around it.
_STOPS = frozenset("。！？!?.…།༎।؟۔᠃")
_WIDE_STOPS = frozenset("。！？")
_ABBREVIATION = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|No|Prof|vs|e\.g|i\.e)|\b[^\W\d_])$")
_COLON_BEFORE = re.compile(r"[:：]\s*$")


class Sentence(NamedTuple):
    """`is_quoted`: whether it is a quotation in the story. It is then in its quotation marks."""

    text: str
    is_quoted: bool


class StorySentence(NamedTuple):
    """A sentence of a work's story. `is_chosen`: whether a curator chose it."""

    text: LocalizedText
    is_quoted: bool
    is_chosen: bool


def own_sentence(story: Texts, language: str, chosen: Texts = NO_TEXTS) -> StorySentence | None:
    """The sentence of a story in the page's language, or as the story is readable; None if there is none fit.

    It is the curator's choice for the language shown, if that still is a sentence of the story; else the
    first quotation, else the shortest sentence, within the limits of this module. `language` is the work's
    own; `chosen` maps a language to a sentence or NO_SENTENCE.
    """
    shown = story.localized(None, language)
    sentences = sentences_in(shown.text)
    choice = chosen.get(shown.language, "")
    if choice == NO_SENTENCE:
        return None
    found = next((each for each in sentences if each.text == choice), None)
    picked = found or _fitting(sentences)
    if picked is None:
        return None
    return StorySentence(
        LocalizedText(picked.text, shown.language), picked.is_quoted, is_chosen=found is not None
    )


def _fitting(sentences: tuple[Sentence, ...]) -> Sentence | None:
    for each in sentences:
        if each.is_quoted and display_width(each.text) in QUOTED_COLUMNS:
            return each
    whole = [each for each in sentences if display_width(each.text) in WHOLE_COLUMNS]
    return min(whole, key=lambda each: display_width(each.text), default=None)


@functools.lru_cache(maxsize=4096)
def sentences_in(story: str) -> tuple[Sentence, ...]:
    """The whole sentences and the quoted sentences of a story in Markdown, in their order, each once."""
    found: dict[str, Sentence] = {}
    for block in blocks_of_text(story):
        for sentence in _sentences_of_block(block):
            if display_width(sentence.text) <= MAX_COLUMNS:
                found.setdefault(sentence.text, sentence)
    return tuple(found.values())


def _sentences_of_block(block: str) -> list[Sentence]:
    """A sentence that holds quotations comes after them. Text after the last full stop is left out."""
    found: list[Sentence] = []
    opened: list[tuple[str, int]] = []  # the closing sign that is awaited, and where its pair began
    start = 0
    for place, sign in enumerate(block):
        if opened and sign == opened[-1][0] and not _is_apostrophe(block, place):
            _closing, begin = opened.pop()
            if not opened and block[begin] in _QUOTES and (end := _quotation_end(block, begin, place)):
                found.append(Sentence(block[begin:end], True))
        elif sign in _PAIRS and not (sign == "‘" and _is_apostrophe(block, place)):
            opened.append((_PAIRS[sign], place))
        if not opened and _ends_at(block, place):
            sentence = block[start : place + 1].strip()
            if sentence and not (found and found[-1].text == sentence):
                found.append(Sentence(sentence, False))
            start = place + 1
    return found


def _is_apostrophe(block: str, place: int) -> bool:
    return (
        block[place] == "’" and block[place - 1 : place].isalpha() and block[place + 1 : place + 2].isalpha()
    )


def _quotation_end(block: str, begin: int, place: int) -> int | None:
    """Where the quotation from `begin` to its closing mark at `place` ends, if it is a whole sentence.

    Its full stop is before the mark, or after it if the quotation follows a colon.
    """
    if block[place - 1] in _STOPS:
        return place + 1
    if block[place + 1 : place + 2] in _STOPS and _COLON_BEFORE.search(block[:begin]):
        return place + 2 if block[place + 1 : place + 2] else None
    return None


def _ends_at(block: str, place: int) -> bool:
    """Whether a sentence ends with the sign at `place`, outside of all quotation marks and brackets."""
    sign, after = block[place], block[place + 1 :]
    if sign not in _STOPS and not (sign in _CLOSERS and block[place - 1 : place] in _STOPS and place):
        return False
    if not after:
        return True
    if after[0] in _STOPS or (after[0] in _CLOSERS and after[0] not in _PAIRS):
        return False
    if sign in _WIDE_STOPS:
        return True
    following = after.lstrip()
    if after[0] in _PAIRS and after[0] not in _CLOSERS:
        return sign != "."  # “one.”“two.” ends, f.(x) does not
    if following == after or following[:1].islower():  # 3.5, or “Why?” she asked
        return False
    return not (sign == "." and _ABBREVIATION.search(block[:place]))
