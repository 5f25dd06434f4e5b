"""Two curators at once: what one saves does not undo what the other saved since the page was made.

A form carries a digest of each field as its window shows it. A field that its sender left alone keeps what it holds now; one
that both changed is refused, with what it holds now. So digests that go back to a window are never those of what is kept, which
may hold another's words that it does not show: they would make of the old words there a change that is meant.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any


class ChangedMeanwhile(Exception):
    """Somebody else changed the same fields; `theirs` has what each of them holds now."""

    def __init__(self, theirs: Mapping[str, Any], by: str) -> None:
        super().__init__(f"changed meanwhile: {', '.join(theirs)}")
        self.theirs = theirs
        self.by = by  # their name, empty where it is not known


def digest(value: Any) -> str:
    """Eight characters that change with a field's value; moments count to the minute, as forms show them."""
    if isinstance(value, datetime):
        value = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    said = json.dumps(value, sort_keys=True, ensure_ascii=False) if value not in (None, "") else ""
    return hashlib.sha256(said.encode()).hexdigest()[:8]


def seen_of(values: Mapping[str, Any]) -> str:
    """What a form's hidden field `seen` holds: `title_zh:1f0c22ab,…`."""
    return written({name: digest(value) for name, value in values.items()})


def written(seen: Mapping[str, str]) -> str:
    """The digests by field as a form carries them; `read_seen` reads them."""
    return ",".join(f"{name}:{value}" for name, value in seen.items())


def read_seen(text: str) -> dict[str, str]:
    """The digests by field; empty for what is no such text, which then counts as nothing seen."""
    pairs = (part.partition(":") for part in text[:2000].split(","))
    return {name: value for name, colon, value in pairs if colon}


def merged(
    seen: Mapping[str, str], now: Mapping[str, Any], typed: Mapping[str, Any], by: str = ""
) -> dict[str, Any]:
    """What to change. Raises ChangedMeanwhile where a typed value would undo another's.

    seen  a b c      the form changed a and b, somebody else b and c:
    now   a B'C'     a is changed, b is refused, c stays C'
    typed A B c
    """
    changed = {
        name: value for name, value in typed.items() if name not in seen or digest(value) != seen[name]
    }
    theirs = {
        name: now[name]
        for name in _both(seen, now, changed)
        if digest(now[name]) not in {seen[name], digest(changed[name])}
    }
    if theirs:
        raise ChangedMeanwhile(theirs, by)
    return changed


def _both(seen: Mapping[str, str], now: Mapping[str, Any], changed: Mapping[str, Any]) -> Iterable[str]:
    return (name for name in changed if name in seen and name in now)
