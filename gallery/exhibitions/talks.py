"""Talks and events of an exhibition, as stored in `Edition.talks`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from gallery.exhibitions.entries import in_one_line, read_entry
from gallery.web.rendering import datetime_local_value
from gallery.web.texts import Texts


@dataclass(frozen=True, slots=True)
class Talk:
    key: str  # 8 hex digits that never change
    title: Texts
    text: Texts  # Markdown
    starts_at: datetime
    ends_at: datetime
    place: Texts
    link: str  # URL of the stream (http or https); may be empty

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Self:
        """A talk from an entry of `Edition.talks`."""
        moments = {name: datetime.fromisoformat(entry[name]) for name in TIME_FIELDS}
        return cls(**{**read_entry(entry), **moments})

    def line(self) -> str:
        """The talk as a few lines of text, for comparing editions."""
        places = " / ".join(place for place in (in_one_line(self.place), self.link) if place)
        texts = "".join(f"\n{text.text}" for text in self.text.others(""))
        hours = f"{datetime_local_value(self.starts_at)} – {datetime_local_value(self.ends_at)}".replace(
            "T", " "
        )
        return f"{hours}: {in_one_line(self.title)} ({places}){texts}"

    @property
    def where(self) -> str:
        """The place in the page's language, or the URL of the stream if there is no place."""
        return self.place.localized().text or self.link


TIME_FIELDS = ("starts_at", "ends_at")
TALK_FIELDS = tuple(field.name for field in fields(Talk) if field.name != "key")


def talks_of(entries: Iterable[dict[str, Any]] | None) -> list[Talk]:
    """The talks, the earliest first."""
    return sorted((Talk.of(entry) for entry in entries or ()), key=lambda talk: (talk.starts_at, talk.key))
