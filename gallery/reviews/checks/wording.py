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
from gallery.web.texts import Texts


@dataclass(frozen=True)
class WordingEntry:
    """One entry of the wording list, for texts in one language."""

    id: str
    language: str
    pattern: re.Pattern[str]
    words: tuple[str, ...]  # the words as they are shown on the page of the wording list
    instead: str
    why: Texts
    source: str  # a key of `WordingList.sources`


@dataclass(frozen=True)
class WordingList:
    version: str
    sources: Mapping[str, Texts]  # key → title
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
            why=_in_both(each, "why"),
            source=each["source"],
        )
        for each in content["entry"]
    )
    sources = {key: _in_both(source, "title") for key, source in content["source"].items()}
    return WordingList(content["version"], sources, entries)


def _in_both(entry: Mapping[str, str], name: str) -> Texts:
    return Texts({language: entry[f"{name}_{language}"] for language in ("zh", "en")})


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
