"""The findings of checks, and the search for quotations in a text."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class CheckFinding:
    """One finding of one check. `facts`: the values for the placeholders in the hint's sentence."""

    check: str  # a key of CHECK_WORDS
    field: str  # a field of the work's form
    rule: str  # one of the check's rules
    excerpt: str = ""
    is_quoted: bool = False
    facts: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def key(self) -> str:
        """32 hex digits; the same finding in a later submission has the same key."""
        identity = "\0".join((self.check, self.field, self.rule, self.excerpt))
        return hashlib.sha256(identity.encode()).hexdigest()[:32]


# Block quotations of Markdown, and text in quotation marks within one paragraph.
QUOTATION = re.compile(r"^[ ]{0,3}>.*$|“[^”\n]*”|「[^」\n]*」|『[^』\n]*』|\"[^\"\n]*\"", re.MULTILINE)


def quoted_spans(text: str) -> list[tuple[int, int]]:
    """The (start, end) character offsets of each quotation in the text."""
    return [match.span() for match in QUOTATION.finditer(text)]


def is_quoted(text: str, start: int, end: int) -> bool:
    return any(first <= start and end <= last for first, last in quoted_spans(text))
