"""Pinyin: titles and names are found by how they are read, with tones or without: jiaozi, dōng zhì, dong1zhi4."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import NamedTuple

from gallery.search.tokenizer import Term, merged_spans
from gallery.web.folding import fold, fold_with_positions
from gallery.web.pinyin import chinese_runs, latin_letters, syllables_of

PREFIX = "_p"  # of a syllable's token: no text has tokens with "_", and those of filters are hexadecimal
GAP = "_"
MAX_SYLLABLES = 12  # of one word in a query
MAX_READINGS = 4  # ways to divide a word: xian is 西安 (xi an) or 先 (xian)

# All syllables of Standard Mandarin, ü written as u. tests/search/test_pinyin.py compares them with pypinyin's.
_SYLLABLE = re.compile(
    "(?:a[io]?|e[inr]?|ou?|an?g?|eng"
    "|[bpm](?:a[io]?|[ae]ng?|ei|i|ie|iao?|ian|ing?|o|u)|[pm]ou|m(?:e|iu)|f(?:an?g?|ei|eng?|iao|ou?|u)"
    "|w(?:ai?|ang?|ei|eng?|o|u)"
    "|[dt](?:a[io]?|an?g?|e|en?g?|ei|i|ie|iao?|ian|ing|iu|ong|ou|u|uan?|ui|un?|uo)"
    "|[nl](?:a[io]?|an?g?|ei?|en?g?|i|ia|ie|iang?|iao|ing?|iu|ong?|ou?|u|uan?|ue|un?|uo)"
    "|[gkh](?:a[io]?|an?g?|ei?|en?g?|ong|ou|u|ua|uai|uang?|ui|un|uo)"
    "|[jqx](?:i|ia|iang?|iao|ie|ing?|iong|iu|u|uan|ue|un)"
    "|(?:zh|ch|sh|[rzcs])(?:a[io]?|an?g?|ei?|en?g?|i|ong|ou|u|uai?|uang?|ui|un|uo)"
    "|y(?:ao?|ang?|e|ing?|i|ong?|ou|u|uan|ue|un))"
)
_TONES = re.compile("(?<=[a-z])[1-5](?![0-9])")


def tokens_of(text: str) -> list[str]:
    """The tokens for the readings of a text's Chinese runs, with a gap before each run."""
    return [
        token
        for run in chinese_runs(fold(text))
        for token in (GAP, *(PREFIX + each if each else GAP for each in syllables_of(run[0])))
    ]


def letters_of(text: str) -> str:
    """The reading of a text as one writes it to find it: 冬至 2024 → dongzhi2024. "" without Chinese."""
    return latin_letters(text) if next(chinese_runs(fold(text)), None) else ""


def divisions(word: str) -> list[tuple[str, ...]]:
    """The ways to read a folded Latin word as syllables, those with long ones first; empty if it is no pinyin."""
    parts = [spelled(part) for part in word.split("'")]
    found: list[tuple[str, ...]] = [()]
    for part in parts:
        ways = _divided(part) if part.isascii() and part.isalpha() else ()
        found = [(*before, *way) for before in found for way in ways][:MAX_READINGS]
    usual = [way for way in found if len(way) == 1 or not any(len(each) == 1 for each in way)]
    return [way for way in usual or found if len(way) <= MAX_SYLLABLES]


def spelled(word: str) -> str:
    """A word without tone digits, and with u for ü in each of its spellings (lv, lyu)."""
    return re.sub("(?<=[nl])(?:v|yu)", "u", _TONES.sub("", word))


@functools.lru_cache(maxsize=1024)
def _divided(letters: str) -> tuple[tuple[str, ...], ...]:
    if not letters:
        return ((),)
    ways: list[tuple[str, ...]] = []
    for end in range(min(6, len(letters)), 0, -1):
        if _SYLLABLE.fullmatch(letters[:end]):
            ways += [(letters[:end], *rest) for rest in _divided(letters[end:])]
            if len(ways) >= MAX_READINGS:
                break
    return tuple(ways[:MAX_READINGS])


class Sounds(NamedTuple):
    """What a query asks for in titles if its Latin words are read as pinyin."""

    choices: tuple[tuple[Term, ...], ...]  # one term of each choice must match
    is_single: bool  # one syllable: that finds much, so only if nothing else is found


def sounds_of(terms: Sequence[Term]) -> Sounds | None:
    """A query's words read as pinyin. None if none of them can be.

    Words of one syllable that follow each other are one phrase: dong zhi is 冬至.
    """
    read = [divisions(fold(term.typed)) if term.typed.isascii() or _is_latin(term) else [] for term in terms]
    choices: list[tuple[Term, ...]] = []
    place = 0
    while place < len(terms):
        end = place
        while end < len(terms) and any(len(way) == 1 for way in read[end]):
            end += 1
        if end - place > 1:
            together = tuple(way[0] for each in read[place:end] for way in each if len(way) == 1)
            choices.append((_term(together[: end - place]),))
            place = end
            continue
        choices.append((terms[place], *map(_term, read[place])))
        place += 1
    if not any(read):
        return None
    return Sounds(tuple(choices), len(terms) == 1 and any(len(way) == 1 for way in read[0]))


def _is_latin(term: Term) -> bool:
    return len(term.tokens) == 1 and term.tokens[0].isascii()


def _term(syllables: Sequence[str]) -> Term:
    return Term(tuple(PREFIX + each for each in syllables), typed=" ".join(syllables))


def sound_spans(text: str, sounds: Sounds) -> list[tuple[int, int]]:
    """The parts of `text` whose readings match, in order. Parts that touch are merged."""
    folded, starts, ends = fold_with_positions(text)
    wanted = [
        [token.removeprefix(PREFIX) for token in term.tokens]
        for choice in sounds.choices
        for term in choice
        if term.tokens[0].startswith(PREFIX)
    ]
    found = []
    for run in chinese_runs(folded):
        read = syllables_of(run[0])
        for syllables in wanted:
            for place in range(len(read) - len(syllables) + 1):
                if read[place : place + len(syllables)] == syllables:
                    first = run.start() + place
                    found.append((starts[first], ends[first + len(syllables) - 1]))
    return merged_spans(found)
