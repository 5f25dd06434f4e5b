"""Arrangements: the texts, dates, rooms and hung works of an exhibition that an edition freezes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.exhibitions.room_rules import FilledRoom, HungWork, fill_rooms

EDITION_FIELDS = (
    "title",
    "introduction",
    "opening",
    "closing",
    "opens_at",
    "closes_at",
    "leaves_when_closed",
)
FROZEN_FIELDS = (*EDITION_FIELDS, "credits", "talks", "blocks")
ROOM_FIELDS = ("title", "text", "layout", "rule")


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The values of FROZEN_FIELDS by name, and the rooms in order."""

    values: Mapping[str, Any]
    rooms: Sequence[FilledRoom]

    @property
    def work_ids(self) -> list[int]:
        return [hung.artwork_id for room in self.rooms for hung in room.works]


async def arrangement_of(edition: Edition) -> Arrangement:
    """The arrangement in an edition; for a draft, the arrangement that it would have if it were published now."""
    values = {name: getattr(edition, name) for name in FROZEN_FIELDS}
    return Arrangement(
        values, await fill_rooms(edition) if edition.is_draft else await _frozen_rooms(edition)
    )


async def create_rooms(edition: Edition, rooms: Sequence[FilledRoom]) -> None:
    """Create these rooms with their works in an edition without rooms. Call it in a transaction."""
    await Room.bulk_create(
        Room(
            edition_id=edition.id,
            position=position,
            without=room.room.without,
            **{name: getattr(room.room, name) for name in ROOM_FIELDS},
        )
        for position, room in enumerate(rooms, 1)
    )
    created = await Room.filter(edition_id=edition.id).order_by("position")
    await Hanging.bulk_create(
        Hanging(
            room_id=copy.id,
            artwork_id=hung.artwork_id,
            position=position,
            caption=hung.caption,
            sentence=hung.sentence,
        )
        for room, copy in zip(rooms, created, strict=True)
        for position, hung in enumerate(room.works, 1)
    )


async def _frozen_rooms(edition: Edition) -> list[FilledRoom]:
    rooms = await Room.filter(edition_id=edition.id).order_by("position", "id")
    by_room: dict[int, list[HungWork]] = {room.id: [] for room in rooms}
    for hanging in await Hanging.filter(room__edition_id=edition.id).order_by("position", "id"):
        by_room[hanging.room_id].append(HungWork.of(hanging))
    return [FilledRoom(room, by_room[room.id]) for room in rooms]
