"""What fills a room by rule: works of a theme, an organisation, a medium, a year or a language, the newest first.

A rule is resolved when the exhibition is published, and frozen with it. Works hung by hand come before those of the rule,
works that were left out stay out, and no work hangs twice in one edition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from tortoise.expressions import Q

from gallery.artworks.models import Artwork, edition_is_not_replaced, may_hang
from gallery.db.connection import QuerySet
from gallery.exhibitions.models import Edition, Hanging, Room

MAX_WORKS_BY_RULE = 300  # works that a rule hangs in one room, the newest ones


@dataclass(frozen=True, slots=True)
class RoomRule:
    """Which accepted works a room takes; what is empty or None is not asked. `theme` and `organisation` are ids."""

    theme: int | None = None
    organisation: int | None = None
    medium: str = ""
    year: int | None = None
    language: str = ""

    @classmethod
    def of(cls, room: Room) -> Self | None:
        """The room's rule; None where works are chosen by hand."""
        return cls(**room.rule) if room.rule is not None else None

    def kept(self) -> dict[str, Any]:
        """As `Room.rule` keeps it: only what is asked."""
        return {name: value for name, value in asdict(self).items() if value}

    def works(self, without: Collection[int] = ()) -> QuerySet[Artwork]:
        """The accepted works that meet it, the newest first."""
        asked: dict[str, Any] = {}
        for name, column in (
            ("theme", "themes__id"),
            ("organisation", "organisation_id"),
            ("year", "year"),
            ("language", "language"),
        ):
            if value := getattr(self, name):
                asked[column] = value
        found = Artwork.filter(may_hang(), **asked)
        if self.medium:
            found = found.filter(
                Q(medium__icontains=self.medium) | Q(medium_translation__icontains=self.medium)
            )
        if without:
            found = found.exclude(id__in=list(without))
        return found.order_by("-id")


@dataclass(frozen=True, slots=True)
class HungWork:
    """A work as it would hang if the draft were published now."""

    artwork_id: int
    caption_zh: str = ""
    caption_en: str = ""
    hanging_id: int | None = None  # None: by the room's rule


@dataclass(frozen=True, slots=True)
class FilledRoom:
    """A room with what would hang in it; `beyond` works more meet its rule than a room takes."""

    room: Room
    works: Sequence[HungWork]
    beyond: int = 0


async def fill_rooms(draft: Edition) -> list[FilledRoom]:
    """The rooms of a draft as they would be published now: two queries, and two more for each room with a rule."""
    rooms = await Room.filter(edition_id=draft.id).order_by("position", "id")
    by_hand = await Hanging.filter(may_hang("artwork__"), room__edition_id=draft.id).order_by(
        "position", "id"
    )
    taken = {hanging.artwork_id for hanging in by_hand}
    filled_rooms = []
    for room in rooms:
        works = [
            HungWork(hanging.artwork_id, hanging.caption_zh, hanging.caption_en, hanging.id)
            for hanging in by_hand
            if hanging.room_id == room.id
        ]
        beyond = 0
        if rule := RoomRule.of(room):
            found = rule.works({*taken, *(room.without or ())})
            # A work of many themes is found once for the one that is asked.
            ids = await found.limit(MAX_WORKS_BY_RULE).values_list("id", flat=True)
            beyond = await found.count() - len(ids) if len(ids) == MAX_WORKS_BY_RULE else 0
            taken.update(ids)  # type: ignore[arg-type]
            works += [HungWork(id) for id in ids]  # type: ignore[arg-type]
        filled_rooms.append(FilledRoom(room, works, beyond))
    return filled_rooms


def work_ids_of(rooms: Iterable[FilledRoom]) -> set[int]:
    """Every work that would hang."""
    return {hung.artwork_id for room in rooms for hung in room.works}


async def waiting(draft: Edition, rooms: Sequence[FilledRoom]) -> int:
    """How many works would hang by a rule that hang neither in what visitors see nor in what is planned; 0 where nothing is
    published."""
    if not any(room.room.rule is not None for room in rooms):
        return 0
    current = Edition.filter(edition_is_not_replaced(), exhibition_id=draft.exhibition_id)
    if not await current.exists():
        return 0
    seen = await Hanging.filter(
        edition_is_not_replaced("room__edition__"), room__edition__exhibition_id=draft.exhibition_id
    ).values_list("artwork_id", flat=True)
    by_rule = {hung.artwork_id for room in rooms for hung in room.works if hung.hanging_id is None}
    return len(by_rule - set(seen))
