"""Talks and events of an exhibition, as stored in `Edition.talks`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Self

from gallery.web.languages import localized
from gallery.web.rendering import datetime_local_value


@dataclass(frozen=True, slots=True)
class Talk:
    key: str  # 8 hex digits that never change
    title_zh: str
    title_en: str
    text_zh: str  # Markdown
    text_en: str
    starts_at: datetime
    ends_at: datetime
    place_zh: str
    place_en: str
    link: str  # URL of the stream (http or https); may be empty

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Self:
        """A talk from an entry of `Edition.talks`."""
        moments = {name: datetime.fromisoformat(entry[name]) for name in TIME_FIELDS}
        return cls(**{**entry, **moments})

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), **{name: getattr(self, name).isoformat() for name in TIME_FIELDS}}

    def line(self) -> str:
        """The talk as a few lines of text, for comparing editions."""
        titles = " / ".join(title for title in (self.title_zh, self.title_en) if title)
        places = " / ".join(place for place in (self.place_zh, self.place_en, self.link) if place)
        texts = "".join(f"\n{text}" for text in (self.text_zh, self.text_en) if text)
        hours = f"{datetime_local_value(self.starts_at)} – {datetime_local_value(self.ends_at)}".replace(
            "T", " "
        )
        return f"{hours}: {titles} ({places}){texts}"

    @property
    def where(self) -> str:
        """The place in the page's language, or the URL of the stream if there is no place."""
        return localized(self, "place").text or self.link


TIME_FIELDS = ("starts_at", "ends_at")
TALK_FIELDS = tuple(field.name for field in fields(Talk) if field.name != "key")


def talks_of(entries: Iterable[dict[str, Any]] | None) -> list[Talk]:
    """The talks, the earliest first."""
    return sorted((Talk.of(entry) for entry in entries or ()), key=lambda talk: (talk.starts_at, talk.key))
