"""How Chinese is read: the syllables of characters, without tones.

The readings are pypinyin's. Its module keeps 57 MB, because it has all tones and phrases. Names and titles need one
reading without a tone for each character, and only the phrases that are read otherwise (音乐, 重庆): 12 MB, loaded from
pypinyin's data files when the first is asked for.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gallery.web.folding import fold

MAX_CODE = 0x9FFF  # rarer characters have no reading here
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


def latin_letters(text: str) -> str:
    """The letters and digits of a text, folded, with Chinese as it is read: 《冬至》 2024 → dongzhi2024."""
    read = _CHINESE.sub(lambda run: "".join(syllables_of(run[0])), fold(text))
    return "".join(letter for letter in read if letter.isalnum())
