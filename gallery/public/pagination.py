"""An exhibition in stretches: so many works at once, from a room and a work on, however long its walls are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.expressions import Q
from tortoise.functions import Count
from tortoise.queryset import QuerySet, ValuesQuery

from gallery.artworks.models import PUBLIC_ID_ALPHABET, Artwork
from gallery.db.compiled_queries import QueryRow, compiled_query
from gallery.exhibitions.models import Hanging, Layout, Room
from gallery.numbers import whole_number
from gallery.public.queries import count_works
from gallery.public.rooms import CAPTION_COLUMNS, STORY_COLUMNS, ShownRoom, columns_for, shown_room
from gallery.public.view_models import WORK_COLUMNS, Counts, ShownWork, spoken_column
from gallery.web.languages import LocalizedText

WORKS_PER_PAGE = 60  # works on one page of an exhibition
ROOM_COLUMNS = ("id", "title_zh", "title_en", "text_zh", "text_en", "layout")
HANGING_ORDER = ("hangings__room__position", "hangings__room_id", "hangings__position", "hangings__id")


class NoSuchRoom(Exception):
    """The exhibition has no such room."""


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """A room as the plan of an exhibition names it."""

    id: int
    number: int  # 1 for the first that shows a work
    title: LocalizedText
    text: LocalizedText
    works: int
    layout: Layout


@dataclass(frozen=True, slots=True)
class ExhibitionPage:
    """What one page of an exhibition shows."""

    doors: Sequence[RoomSummary]
    rooms: Sequence[ShownRoom]
    counts: Counts  # of the whole exhibition
    begins_in_room: bool  # after a work, not at the door of its room
    following: Mapping[str, object] | None  # the query of the next stretch
    onward: RoomSummary | None  # the room in which it begins

    @property
    def works(self) -> list[ShownWork]:
        return [work for room in self.rooms for work in room.works]

    @property
    def is_whole(self) -> bool:
        return sum(door.works for door in self.doors) <= WORKS_PER_PAGE


async def exhibition_page(edition_id: int, room: str = "", after: str = "") -> ExhibitionPage:
    """The works of an edition from the room numbered `room` on, and there after the work `after`.

    Both are as they stand in the address. A work that no longer hangs there lets the stretch begin at the door.
    Five queries; two where all that hangs fits into one stretch. Raises NoSuchPlace.
    """
    rooms = await _rooms_in(edition_id)
    if not room and sum(each["hung"] for each in rooms) <= WORKS_PER_PAGE:
        return await _single_page(edition_id, rooms)
    doors, counts = await _room_summaries(rooms), await count_works(Q(hangings__room__edition_id=edition_id))
    number = whole_number(room or "1", least=1)
    if room and (number is None or number > len(doors)):
        raise NoSuchRoom
    first = (number or 1) - 1
    passed = await _hanging_of(doors[first].id, after) if room and after else None
    within = [door.id for door in _rooms_on_page(doors[first:], 0 if passed is None else doors[first].works)]
    rows = Artwork.all().on_view().filter(hangings__room_id__in=within)
    if passed is not None:
        rows = rows.exclude(
            Q(hangings__room_id=passed.room_id)
            & (
                Q(hangings__position__lt=passed.position)
                | Q(hangings__position=passed.position, hangings__id__lte=passed.id)
            )
        )
    found = (
        await rows.order_by(*HANGING_ORDER)
        .limit(WORKS_PER_PAGE + 1)
        .values(*CAPTION_COLUMNS, *columns_for(door.layout for door in doors))
    )
    hung = _by_room(found[:WORKS_PER_PAGE])
    following: dict[str, object] | None = None
    onward = None
    if len(found) > WORKS_PER_PAGE:
        onward = next(door for door in doors if door.id == found[WORKS_PER_PAGE]["hangings__room_id"])
        following = {"room": onward.number}
        if onward.id in hung:
            following["after"] = hung[onward.id][-1]["public_id"]
    return ExhibitionPage(doors, _shown_rooms(doors, hung), counts, passed is not None, following, onward)


async def first_works(edition_id: int) -> list[ShownWork]:
    """The works of the stretch with which an exhibition begins, without its rooms; one query."""
    return [ShownWork.of(row) for row in await _first_works(edition_id, WORKS_PER_PAGE)]


async def _single_page(edition_id: int, rooms: Sequence[QueryRow]) -> ExhibitionPage:
    """An exhibition that fits into one stretch; its counts come from the works themselves."""
    works_of = (
        _works_with_stories
        if Layout.STORIES in {room["layout"] for room in rooms}
        else _works_without_stories
    )
    found = await works_of(edition_id) if rooms else []
    hung = _by_room(found)
    doors = _as_room_summaries(rooms, {room_id: len(rows) for room_id, rows in hung.items()})
    counts = Counts(
        works=len({row["id"] for row in found}),
        organisations=len({row["organisation_id"] for row in found}),
        projects=len({row["project_id"] for row in found if row["project_id"] is not None}),
    )
    return ExhibitionPage(doors, _shown_rooms(doors, hung), counts, False, None, None)


@compiled_query
def _rooms_in(edition_id: int) -> ValuesQuery[Any]:
    rows = Room.filter(edition_id=edition_id).annotate(hung=Count("hangings")).order_by("position", "id")
    return rows.values(*ROOM_COLUMNS, "hung")


@compiled_query
def _works_without_stories(edition_id: int) -> ValuesQuery[Any]:
    return _works_in(edition_id).values(*CAPTION_COLUMNS, *WORK_COLUMNS)


@compiled_query
def _works_with_stories(edition_id: int) -> ValuesQuery[Any]:
    return _works_in(edition_id).values(*CAPTION_COLUMNS, *STORY_COLUMNS)


@compiled_query
def _first_works(edition_id: int, limit: int) -> ValuesQuery[Any]:
    return _works_in(edition_id).limit(limit).values(*WORK_COLUMNS)


def _works_in(edition_id: int) -> QuerySet[Artwork]:
    return Artwork.all().on_view().filter(hangings__room__edition_id=edition_id).order_by(*HANGING_ORDER)


async def _room_summaries(rooms: Sequence[QueryRow]) -> list[RoomSummary]:
    """Those of the rooms that show a work; one query."""
    if not rooms:
        return []
    rows = (
        await Artwork.all()
        .on_view()
        .filter(hangings__room_id__in=[room["id"] for room in rooms])
        .annotate(works=Count("id"))
        .group_by("hangings__room_id")
        .values_list("hangings__room_id", "works")
    )
    return _as_room_summaries(rooms, dict(rows))


def _as_room_summaries(rooms: Sequence[QueryRow], works: Mapping[int, int]) -> list[RoomSummary]:
    shown = [room for room in rooms if works.get(room["id"])]
    return [
        RoomSummary(
            room["id"],
            number,
            spoken_column(room, "title"),
            spoken_column(room, "text"),
            works[room["id"]],
            room["layout"],
        )
        for number, room in enumerate(shown, start=1)
    ]


def _by_room(rows: Sequence[QueryRow]) -> dict[int, list[QueryRow]]:
    hung: dict[int, list[QueryRow]] = {}
    for row in rows:
        hung.setdefault(row["hangings__room_id"], []).append(row)
    return hung


def _shown_rooms(doors: Sequence[RoomSummary], hung: Mapping[int, Sequence[QueryRow]]) -> list[ShownRoom]:
    return [
        shown_room(
            door.number,
            door,
            hung[door.id],
            {row["id"]: spoken_column(row, "hangings__caption") for row in hung[door.id]},
        )
        for door in doors
        if door.id in hung
    ]


def _rooms_on_page(doors: Sequence[RoomSummary], passed: int) -> list[RoomSummary]:
    """The rooms into which a stretch can reach when at most `passed` works of the first are behind it."""
    reached: list[RoomSummary] = []
    works = -passed
    for door in doors:
        reached.append(door)
        works += door.works
        if works > WORKS_PER_PAGE:
            break
    return reached


async def _hanging_of(room_id: int, public_id: str) -> Hanging | None:
    if not 0 < len(public_id) <= 16 or set(public_id) - set(PUBLIC_ID_ALPHABET):
        return None
    return await Hanging.get_or_none(room_id=room_id, artwork__public_id=public_id)
