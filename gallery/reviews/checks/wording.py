"""Hints on respectful wording, from a published, versioned list with sources (wording.toml).

False alarms: the title of a book, the name of an institution, a sentence about the word itself. Quotations
are marked as the artist's own words, which nobody changes.
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
    """One entry of the wording list, for texts in one language."""

    id: str
    language: str
    pattern: re.Pattern[str]
    words: tuple[str, ...]  # as shown on the page of the wording list
    instead: str
    why_zh: str
    why_en: str
    source: str  # a key of `WordingList.sources`


@dataclass(frozen=True)
class WordingList:
    version: str
    sources: Mapping[str, Mapping[str, str]]  # key → title_zh, title_en
    entries: tuple[WordingEntry, ...]


@functools.cache
def wording_list() -> WordingList:
    content = tomllib.loads((Path(__file__).parent / "wording.toml").read_text())
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
        for each in content["entry"]
    )
    return WordingList(content["version"], content["source"], entries)


def _pattern(language: str, words: list[str], not_before: str) -> re.Pattern[str]:
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    ending = f"(?!{not_before})" if not_before else ""
    return re.compile(
        f"(?:{either}){ending}" if language == "zh" else rf"\b(?:{either})\b{ending}", re.IGNORECASE
    )


def check(texts: Mapping[str, str]) -> Iterator[CheckFinding]:
    """`texts`: field → text, with the translations."""
    for field, text in texts.items():
        for entry in wording_list().entries:
            seen: set[tuple[str, bool]] = set()
            for match in entry.pattern.finditer(text):
                quoted = is_quoted(text, *match.span())
                if (match.group(), quoted) not in seen:
                    seen.add((match.group(), quoted))
                    yield CheckFinding("wording", field, entry.id, match.group(), quoted, {"entry": entry.id})
