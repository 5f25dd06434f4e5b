"""Pinyin: titles and names are found by how they are read, with tones or without: jiaozi, dōng zhì, dong1zhi4.

The readings are pypinyin's. Its module keeps 57 MB, because it has all tones and phrases. A search needs one reading
without a tone for each character, and only the phrases that are read otherwise (音乐, 重庆): 12 MB, loaded from
pypinyin's data files when the first is asked for.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from gallery.search.folding import fold, fold_with_positions
from gallery.search.tokenizer import Term, merged_spans

PREFIX = "_p"  # of a syllable's token: no text has tokens with "_", and those of filters are hexadecimal
GAP = "_"
MAX_CODE = 0x9FFF  # rarer characters have no reading here
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
_CHINESE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_PHRASE = re.compile(r'"([^"]+)":\s*(\[\s*\[.*?\]\s*\])', re.DOTALL)


class Readings(NamedTuple):
    """Simplified character, and phrase that is read otherwise → syllables without tones, separated by spaces."""

    characters: dict[str, str]
    phrases: dict[str, str]
    longest: int  # characters of a phrase


@functools.cache
def readings() -> Readings:
    """Takes half a second for the first time."""
    spec = importlib.util.find_spec("pypinyin")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent  # the package itself is not imported
    characters = {
        chr(int(code)): sys.intern(_plain(read.split(",")[0]))
        for code, read in json.loads((folder / "pinyin_dict.json").read_text()).items()
        if int(code) <= MAX_CODE
    }
    phrases = {}
    for phrase, read in _PHRASE.findall((folder / "phrases_dict.json").read_text()):
        syllables = [_plain(each[0]) for each in json.loads(read)]
        if [characters.get(character) for character in phrase] != syllables and len(phrase) == len(syllables):
            phrases[fold(phrase)] = " ".join(syllables)
    return Readings(characters, phrases, max(map(len, phrases)))


def _plain(syllable: str) -> str:
    letters = unicodedata.normalize("NFD", syllable)
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def syllables_of(run: str) -> list[str]:
    """The syllable of each character of a folded Chinese run; "" if it is not known."""
    characters, phrases, longest = readings()
    result: list[str] = []
    while len(result) < len(run):
        start = len(result)
        for end in range(min(start + longest, len(run)), start + 1, -1):
            if run[start:end] in phrases:
                result += phrases[run[start:end]].split(" ")
                break
        else:
            result.append(characters.get(run[start], ""))
    return result


def chinese_runs(folded: str) -> Iterator[re.Match[str]]:
    return _CHINESE.finditer(folded)


def tokens_of(text: str) -> list[str]:
    """The tokens for the readings of a text's Chinese runs, with a gap before each run."""
    return [
        token
        for run in chinese_runs(fold(text))
        for token in (GAP, *(PREFIX + each if each else GAP for each in syllables_of(run[0])))
    ]


def letters_of(text: str) -> str:
    """The reading of a text as one writes it to find it: 冬至 2024 → dongzhi2024. "" without Chinese."""
    folded = fold(text)
    if not _CHINESE.search(folded):
        return ""
    read = _CHINESE.sub(lambda run: "".join(syllables_of(run[0])), folded)
    return "".join(letter for letter in read if letter.isalnum())


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
