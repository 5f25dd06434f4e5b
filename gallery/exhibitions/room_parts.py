"""What the builder's page shows of a draft's rooms: some rooms are closed, and of a long room it shows one part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

from gallery.artworks.as_sent import load_as_sent
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.numbers import row_id, whole_number

MAX_HANGINGS_SHOWN = 60  # the most hangings of one room on a page
MAX_RULE_WORKS_SHOWN = 24  # the most works found by a rule of one room
# The cost of an open room's form, which lists all organisations: 28 kB for 500 of them; a work takes 2.4 kB.
ROOM_COST = 16
SPACE = 4 * (ROOM_COST + MAX_HANGINGS_SHOWN)  # 240 works in four rooms, or fewer works in more rooms
FEW_ROOMS = 12  # if there are more, they are not offered in a select field for each work


class Place(NamedTuple):
    """A place in a room, counted from 1. In URLs: `?at=ROOM.PLACE`."""

    room_id: int
    number: int = 1

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """The place in the query. Missing or wrong values become room 0 and place 1."""
        room, _, number = query.get("at", "").partition(".")
        return cls(row_id(room), whole_number(number, least=1) or 1)


class HungId(NamedTuple):
    """A hanging without its texts."""

    id: int
    artwork_id: int


@dataclass(frozen=True, slots=True)
class RoomPart:
    """A room of a draft, and the part of its hangings that the builder's page shows."""

    room: Room
    number: int  # number of the room, from 1
    hung: Sequence[HungId]  # all hangings of the room, in order
    first: int = 1  # the place of the first hanging shown, from 1
    is_open: bool = False  # whether the page shows the room's form and works

    @property
    def shown(self) -> Sequence[HungId]:
        return self.hung[self.first - 1 : self.first - 1 + MAX_HANGINGS_SHOWN] if self.is_open else []

    @property
    def cost(self) -> int:
        """How much of SPACE the open room takes; a work takes 1."""
        by_rule = 0 if self.room.rule is None else MAX_RULE_WORKS_SHOWN
        return ROOM_COST + min(len(self.hung), MAX_HANGINGS_SHOWN) + by_rule

    def opened(self, place: int = 1) -> RoomPart:
        """The open room, showing the part with this place; the last part if there is no such place."""
        place = max(1, min(place, len(self.hung)))
        first = place - (place - 1) % MAX_HANGINGS_SHOWN
        return replace(self, first=first, is_open=True)


@dataclass(frozen=True, slots=True)
class DraftParts:
    """The rooms of a draft in order. `at` is the chosen place as in URLs; "" if none is chosen."""

    rooms: Sequence[RoomPart]
    at: str = ""

    @property
    def artwork_ids(self) -> list[int]:
        """The ids of all works that were hung in the draft by hand."""
        return [hung.artwork_id for part in self.rooms for hung in part.hung]

    def open_at(self, chosen: Place) -> DraftParts:
        """Open the chosen room at the chosen place, then other rooms in their order while there is space."""
        opened: dict[int, RoomPart] = {}
        space = SPACE
        for part in sorted(self.rooms, key=lambda part: part.room.id != chosen.room_id):
            is_chosen = part.room.id == chosen.room_id
            if is_chosen or part.cost <= space:
                opened[part.room.id] = part.opened(chosen.number if is_chosen else 1)
                space -= part.cost
        at = opened.get(chosen.room_id)
        return DraftParts(
            [opened.get(part.room.id) or replace(part, is_open=False) for part in self.rooms],
            f"{at.room.id}.{at.first}" if at else "",
        )

    def place_of(self, hanging_id: int) -> Place | None:
        """The place of a hanging; None if it is not in the draft."""
        for part in self.rooms:
            for number, hung in enumerate(part.hung, 1):
                if hung.id == hanging_id:
                    return Place(part.room.id, number)
        return None

    def shows_room(self, room_id: int) -> bool:
        return any(part.is_open for part in self.rooms if part.room.id == room_id)

    def shows(self, hanging_id: int) -> bool:
        return any(hung.id == hanging_id for part in self.rooms for hung in part.shown)


async def parts_of(draft: Edition, query: Mapping[str, str]) -> DraftParts:
    """The rooms of a draft, opened as the query says. Reads the ids of all hangings in one query."""
    rooms = await Room.filter(edition_id=draft.id)
    hung: dict[int, list[HungId]] = {room.id: [] for room in rooms}
    hangings = Hanging.filter(room_id__in=list(hung)).order_by("position", "id")
    for room_id, id, artwork_id in await hangings.values_list("room_id", "id", "artwork_id"):
        hung[room_id].append(HungId(id, artwork_id))
    closed = DraftParts([RoomPart(room, number, hung[room.id]) for number, room in enumerate(rooms, 1)])
    return closed.open_at(Place.read(query))


async def load_hangings(parts: DraftParts) -> dict[int, Hanging]:
    """Id → hanging, for the hangings on the page, with everything that the builder shows of their works."""
    ids = [hung.id for part in parts.rooms for hung in part.shown]
    hangings = await Hanging.filter(id__in=ids or [0]).prefetch_related(
        "artwork__image", "artwork__artist", "artwork__consent", "artwork__organisation"
    )
    await load_as_sent([hanging.artwork for hanging in hangings])
    return {hanging.id: hanging for hanging in hangings}
