"""Edit conflicts: saving a form must not undo what somebody else saved since the page was made.

A form carries a digest of each field as its page shows it, in the hidden field `seen`. When the form is
saved, each field is compared three ways: what the page showed, what is stored now, and what was typed.

The digests are of the values that the page shows, which may be older than the stored values. If a form showed
an older text with the digest of the stored one, saving the form would overwrite the stored text unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")
Digests = Mapping[str, str]  # field → digest

MAX_SEEN_LENGTH = 100_000  # characters; the rest is ignored. 24 pictures in 20 languages need about 30,000


class EditConflict(Exception):
    """Somebody else changed the same fields since the page was made, so nothing was saved."""

    def __init__(self, current: Mapping[str, Any] | None = None, by: str = "", sentence: Any = "") -> None:
        super().__init__(sentence or f"Changed since the page was made: {', '.join(current or ('?',))}")
        self.current = dict(current or {})  # field → the value stored now, if known
        self.by = by  # the name of the person who changed them; empty if unknown
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence or super().__str__())


@dataclass
class EditComparison(Generic[Value]):
    """What a form changes, compared with what others changed after its page was rendered."""

    changed: dict[str, Value] = field(default_factory=dict)  # to be saved
    elsewhere: list[str] = field(default_factory=list)  # changed by others alone: the stored value stays
    conflicts: list[str] = field(default_factory=list)  # changed by both: the stored value stays


def digest(value: Any) -> str:
    """The first 8 hex digits of the SHA-256 of a value.

    Line ends, leading and trailing spaces, the order of a list, and seconds make no difference.
    """
    return hashlib.sha256(_canonical(value).encode()).hexdigest()[:8]


def seen_field(values: Mapping[str, Any], names: Iterable[str] | None = None) -> str:
    """The field `seen`, such as `title:1a2b3c4d story:…`, of a form that shows `values` (or only `names`)."""
    return format_digests({name: digest(values.get(name)) for name in (values if names is None else names)})


def format_digests(digests: Digests) -> str:
    return " ".join(f"{name}:{value}" for name, value in digests.items())


def read_digests(seen: object) -> dict[str, str]:
    """Parse a field `seen` into field name → digest; empty if the form has no such field."""
    if not isinstance(seen, str):
        return {}
    return dict(re.findall(r"([\w\[\]-]+):([0-9a-f]{8})\b", seen[:MAX_SEEN_LENGTH]))


def changed_since(seen: Digests, current: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """The fields among `names` whose value differs from what the page showed, or that have no digest."""
    return [name for name in names if seen.get(name) != digest(current.get(name))]


def compare_edits(
    seen: Digests, current: Mapping[str, Value], typed: Mapping[str, Value]
) -> EditComparison[Value]:
    """Compare what was typed with what is stored now.

    A field without a digest counts as changed by the sender alone.

    An example with four fields. The sender changed a, b and d; somebody else changed b, c and d:

    seen    a b c d
    current a B c'D    c' stays; D is saved, because both wrote the same
    typed   A b'c D    A is saved; b is in conflict
    """
    result: EditComparison[Value] = EditComparison()
    for name, value in typed.items():
        shown, stored, mine = seen.get(name), digest(current.get(name)), digest(value)
        if shown == mine:
            if stored != shown:
                result.elsewhere.append(name)
        elif shown is None or stored in (shown, mine):
            result.changed[name] = value
        else:
            result.conflicts.append(name)
    return result


def _canonical(value: Any) -> str:
    """A value as text, the same for everything that a form shows in the same way."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\0", "").strip()
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    if isinstance(value, list | tuple):
        return "\x1f".join(sorted(filter(None, map(_canonical, value))))
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
