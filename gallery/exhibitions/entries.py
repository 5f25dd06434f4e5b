"""How an edition stores its credits, talks and blocks: as JSON objects, in which a text is an object language → words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.web.texts import Texts


def read_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a stored entry, with its texts as Texts."""
    return {name: Texts(value) if isinstance(value, dict) else value for name, value in entry.items()}


def as_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an entry, with Texts, as an edition stores them."""
    return {name: dict(value) if isinstance(value, Texts) else value for name, value in values.items()}


def in_one_line(text: Texts) -> str:
    """The text in all languages on one line, for comparing editions."""
    return " / ".join(each.text for each in text.others(""))
