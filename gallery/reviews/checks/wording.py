"""Hints on respectful wording, from a published, versioned list with its sources (wording.toml).

False alarms: a title of a book, the name of an institution, a sentence that speaks about the word itself. The artist's own
words, in quotation marks or a block quotation, are marked as such: they are never changed.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gallery.reviews.checks.findings import CheckFinding, is_quoted


@dataclass(frozen=True)
class WordingEntry:
    """One entry of the list, for one language's texts."""

    id: str
    language: str
    pattern: re.Pattern[str]
    words: tuple[str, ...]  # as a reader sees them
    instead: str
    why_zh: str
    why_en: str
    source: str  # a key of the list's sources


@dataclass(frozen=True)
class WordingList:
    version: str
    sources: Mapping[str, Mapping[str, str]]  # key → title_zh, title_en
    entries: tuple[WordingEntry, ...]


@functools.cache
def wording_list() -> WordingList:
    told = tomllib.loads((Path(__file__).parent / "wording.toml").read_text())
    entries = tuple(
        WordingEntry(
            id=each["id"],
            language=each["language"],
            pattern=_pattern(each["language"], each["words"], each.get("not_before", "")),
            words=tuple(each["words"]),
            instead=each["instead"],
            why_zh=each["why_zh"],
            why_en=each["why_en"],
            source=each["source"],
        )
        for each in told["entry"]
    )
    return WordingList(told["version"], told["source"], entries)


def _pattern(language: str, words: list[str], not_before: str) -> re.Pattern[str]:
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    ending = f"(?!{not_before})" if not_before else ""
    return re.compile(
        f"(?:{either}){ending}" if language == "zh" else rf"\b(?:{either})\b{ending}", re.IGNORECASE
    )


def check(texts: Mapping[str, str]) -> Iterator[CheckFinding]:
    """`texts`: by TEXT_FIELDS, in whatever language each of them is."""
    for field, text in texts.items():
        for entry in wording_list().entries:
            seen: set[tuple[str, bool]] = set()
            for match in entry.pattern.finditer(text):
                quoted = is_quoted(text, *match.span())
                if (match.group(), quoted) not in seen:
                    seen.add((match.group(), quoted))
                    yield CheckFinding("wording", field, entry.id, match.group(), quoted, {"entry": entry.id})
