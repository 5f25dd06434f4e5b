"""The differences between two arrangements of an exhibition: texts, dates, rooms, works, captions and sentences."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gallery.exhibitions.arrangements import ROOM_FIELDS, Arrangement
from gallery.exhibitions.models import Room
from gallery.exhibitions.room_rules import FilledRoom, HungWork
from gallery.web.languages import site_languages
from gallery.web.texts import by_language


@dataclass(frozen=True, slots=True)
class FieldChange:
    name: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class WorkMove:
    """A work that hangs in another place.

    `room` is the number of the room that the work came from; None if it stayed in its room.
    """

    artwork_id: int
    place: int  # its current place in the room, counted from 1
    place_before: int
    room: int | None = None


@dataclass(frozen=True, slots=True)
class CaptionChange:
    artwork_id: int
    fields: Sequence[FieldChange]


@dataclass(frozen=True, slots=True)
class RoomChange:
    """A room that is new (`before` is None), removed (`after` is None) or kept. Works are given by id."""

    before: Room | None
    after: Room | None
    number_before: int | None
    number: int | None
    is_moved: bool = False  # whether it was moved past other kept rooms
    fields: Sequence[FieldChange] = ()
    added: Sequence[int] = ()
    removed: Sequence[int] = ()
    moved: Sequence[WorkMove] = ()
    captions: Sequence[CaptionChange] = ()

    @property
    def room(self) -> Room:
        """The current room; for a removed room, the earlier one."""
        room = self.after or self.before
        assert room is not None
        return room

    @property
    def differs(self) -> bool:
        return (
            self.before is None
            or self.after is None
            or self.is_moved
            or any((self.fields, self.added, self.removed, self.moved, self.captions))
        )


@dataclass(frozen=True, slots=True)
class Difference:
    fields: Sequence[FieldChange]
    rooms: Sequence[RoomChange]  # rooms that differ, in their current order; removed rooms last

    @property
    def is_none(self) -> bool:
        return not self.fields and not self.rooms

    @property
    def work_ids(self) -> set[int]:
        """The ids of all works in the difference."""
        return {
            id
            for room in self.rooms
            for id in (
                *room.added,
                *room.removed,
                *(move.artwork_id for move in room.moved),
                *(caption.artwork_id for caption in room.captions),
            )
        }


def compare(before: Arrangement, after: Arrangement) -> Difference:
    """The changes that lead from `before` to `after`.

    Room ids differ from one edition to the next, so rooms are matched by their titles and works.
    """
    pairs = _matching_rooms(before.rooms, after.rooms)
    was_in = _positions_of(before)
    is_in = _positions_of(after)
    came_from = {now: then for then, now in pairs.items()}
    staying = _longest_rising([came_from[now] for now in sorted(came_from)])
    rooms = []
    for now, room in enumerate(after.rooms):
        then = came_from.get(now)
        rooms.append(
            RoomChange(
                before=before.rooms[then].room if then is not None else None,
                after=room.room,
                number_before=then + 1 if then is not None else None,
                number=now + 1,
                is_moved=then is not None and then not in staying,
                fields=_room_field_changes(before.rooms[then].room, room.room) if then is not None else (),
                added=[hung.artwork_id for hung in room.works if hung.artwork_id not in was_in],
                removed=_removed_works(before.rooms[then], is_in) if then is not None else (),
                moved=_moves(room, then, was_in),
                captions=_caption_changes(room, was_in),
            )
        )
    rooms += [
        RoomChange(room.room, None, then + 1, None, removed=_removed_works(room, is_in))
        for then, room in enumerate(before.rooms)
        if then not in pairs
    ]
    return Difference(_field_changes(before.values, after.values), [room for room in rooms if room.differs])


@dataclass(frozen=True, slots=True)
class _WorkPosition:
    room: int  # index of the room, from 0
    place: int
    hung: HungWork


def _positions_of(arrangement: Arrangement) -> dict[int, _WorkPosition]:
    return {
        hung.artwork_id: _WorkPosition(number, place, hung)
        for number, room in enumerate(arrangement.rooms)
        for place, hung in enumerate(room.works, 1)
    }


def _matching_rooms(before: Sequence[FilledRoom], after: Sequence[FilledRoom]) -> dict[int, int]:
    """Index before → index after, for the rooms that count as the same room.

    The most similar pair of rooms is matched first. Each room is matched at most once.
    """
    likeness = sorted(
        (-_similarity(then, now), abs(i - j), i, j)
        for i, then in enumerate(before)
        for j, now in enumerate(after)
        if _similarity(then, now)
    )
    pairs: dict[int, int] = {}
    for _less, _apart, i, j in likeness:
        if i not in pairs and j not in pairs.values():
            pairs[i] = j
    return pairs


def _similarity(before: FilledRoom, after: FilledRoom) -> float:
    """The similarity of two rooms: 0 if they have nothing in common, 1 for the same works and for each equal title."""
    then = {hung.artwork_id for hung in before.works}
    now = {hung.artwork_id for hung in after.works}
    shared = len(then & now) / len(then | now) if then | now else 0.0
    return shared + len(before.room.title.items() & after.room.title.items())


def _room_field_changes(before: Room, after: Room) -> list[FieldChange]:
    return _field_changes(
        {name: getattr(before, name) for name in ROOM_FIELDS},
        {name: getattr(after, name) for name in ROOM_FIELDS},
    )


def _field_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """The changes of fields; each language of a text is a field, such as `title[bo]`."""
    then, now = by_language(before, site_languages()), by_language(after, site_languages())
    return [
        FieldChange(name, then.get(name), now.get(name))
        for name in dict.fromkeys([*now, *then])
        if (then.get(name) or None) != (now.get(name) or None)
    ]


def _removed_works(room: FilledRoom, is_in: Mapping[int, _WorkPosition]) -> list[int]:
    return [hung.artwork_id for hung in room.works if hung.artwork_id not in is_in]


def _moves(room: FilledRoom, then: int | None, was_in: Mapping[int, _WorkPosition]) -> list[WorkMove]:
    """The works that came from another room, or whose order within this room changed."""
    here = [was_in[hung.artwork_id].place for hung in room.works if _was_in_room(hung, then, was_in)]
    staying = _longest_rising(here)
    moves = []
    for place, hung in enumerate(room.works, 1):
        spot = was_in.get(hung.artwork_id)
        if spot is None:
            continue
        if spot.room != then:
            moves.append(WorkMove(hung.artwork_id, place, spot.place, spot.room + 1))
        elif spot.place not in staying:
            moves.append(WorkMove(hung.artwork_id, place, spot.place))
    return moves


def _was_in_room(hung: HungWork, room: int | None, was_in: Mapping[int, _WorkPosition]) -> bool:
    return hung.artwork_id in was_in and was_in[hung.artwork_id].room == room


def _caption_changes(room: FilledRoom, was_in: Mapping[int, _WorkPosition]) -> list[CaptionChange]:
    changes = []
    for hung in room.works:
        spot = was_in.get(hung.artwork_id)
        if spot is None:
            continue
        then, now = ({"caption": each.caption, "sentence": each.sentence} for each in (spot.hung, hung))
        if then != now:
            changes.append(CaptionChange(hung.artwork_id, _field_changes(then, now)))
    return changes


def _longest_rising(order: Sequence[int]) -> set[int]:
    """The longest increasing subsequence of distinct numbers; the numbers outside it were moved.

    [1 3 4 2] → {1 3 4}: only 2 was moved.
    """
    ends: list[int] = []  # by length: the smallest number with which an increasing subsequence ends
    before: dict[int, int | None] = {}
    for number in order:
        place = bisect_left(ends, number)
        before[number] = ends[place - 1] if place else None
        ends[place : place + 1] = [number]
    staying = set()
    last = ends[-1] if ends else None
    while last is not None:
        staying.add(last)
        last = before[last]
    return staying
