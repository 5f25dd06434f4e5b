"""The pages of an exhibition: at most WORKS_PER_PAGE works each, starting at a given room or after a work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tortoise.expressions import Q
from tortoise.functions import Count
from tortoise.queryset import QuerySet, ValuesQuery

from gallery.artworks.models import PUBLIC_ID_ALPHABET, Artwork, hangs_in
from gallery.db.compiled_queries import QueryRow, compiled_query
from gallery.exhibitions.models import Hanging, Layout, Room
from gallery.numbers import whole_number
from gallery.public.rooms import HANGING_COLUMNS, STORY_COLUMNS, HangingTexts, ShownRoom, shown_room
from gallery.public.view_models import WORK_COLUMNS, Counts, EditionWorkCount, ShownWork
from gallery.web.kept_counts import CountsById
from gallery.web.languages import LocalizedText

WORKS_PER_PAGE = 60
ROOM_COLUMNS = ("id", "title", "text", "layout")
HANGING_ORDER = ("hangings__room__position", "hangings__room_id", "hangings__position", "hangings__id")


class NoSuchRoom(Exception):
    """The exhibition has no such room."""


@dataclass(frozen=True, slots=True)
class RoomSummary:
    """A room in the plan of an exhibition, without its works."""

    id: int
    number: int  # counted from 1; rooms without a work on view are not counted
    title: LocalizedText
    text: LocalizedText
    works: int
    layout: Layout


@dataclass(frozen=True, slots=True)
class ExhibitionPage:
    summaries: Sequence[RoomSummary]
    rooms: Sequence[ShownRoom]
    counts: Counts  # the numbers for the whole exhibition
    begins_in_room: bool  # whether the page begins in the middle of its first room
    following: Mapping[str, object] | None  # the query parameters of the next page
    next_room: RoomSummary | None  # the room with which the next page begins

    @property
    def works(self) -> list[ShownWork]:
        return [work for room in self.rooms for work in room.works]

    def first_room(self) -> ExhibitionPage:
        """The page without its other rooms: the next page begins with the second one."""
        if len(self.rooms) < 2:
            return self
        second = next(each for each in self.summaries if each.number == self.rooms[1].number)
        return replace(
            self, rooms=self.rooms[:1], following=page_query(second.number, None), next_room=second
        )

    @property
    def is_only_page(self) -> bool:
        return sum(room.works for room in self.summaries) <= WORKS_PER_PAGE


async def exhibition_page(
    edition_id: int, counts: CountsById[EditionWorkCount], room: str = "", after: str = ""
) -> ExhibitionPage:
    """One page of an edition's works. It begins in the room numbered `room`, after the work `after` if given.

    Both are strings from the URL. If `after` no longer hangs in that room, the page begins with the room.
    Runs two queries, one more with `after`, and two more if the edition has several pages and is not counted
    yet. Raises NoSuchRoom.
    """
    rooms = await _rooms_in(edition_id)
    if not room and sum(each["hung"] for each in rooms) <= WORKS_PER_PAGE:
        return await _single_page(edition_id, rooms)
    counted = await counts.of(edition_id) or EditionWorkCount({}, Counts(0, 0, 0))
    summaries = _as_room_summaries(rooms, counted.by_room)
    number = whole_number(room or "1", least=1)
    if room and (number is None or number > len(summaries)):
        raise NoSuchRoom
    first = (number or 1) - 1
    passed = await _hanging_of(summaries[first].id, after) if room and after else None
    passed_works = 0 if passed is None else summaries[first].works
    within = [each.id for each in _rooms_on_page(summaries[first:], passed_works)]
    works = Artwork.all().on_view().filter(hangs_in(room_id__in=within), hangings__room_id__in=within)
    if passed is not None:
        works = works.exclude(
            Q(hangings__room_id=passed.room_id)
            & (
                Q(hangings__position__lt=passed.position)
                | Q(hangings__position=passed.position, hangings__id__lte=passed.id)
            )
        )
    rows = (
        await works.order_by(*HANGING_ORDER)
        .limit(WORKS_PER_PAGE + 1)
        .values(*HANGING_COLUMNS, *STORY_COLUMNS)
    )
    hung = _by_room(rows[:WORKS_PER_PAGE])
    following: Mapping[str, object] | None = None
    next_room = None
    if len(rows) > WORKS_PER_PAGE:
        next_room = next(each for each in summaries if each.id == rows[WORKS_PER_PAGE]["hangings__room_id"])
        shown = hung.get(next_room.id)
        following = page_query(next_room.number, ShownWork.of(shown[-1]) if shown else None)
    return ExhibitionPage(
        summaries, _shown_rooms(summaries, hung), counted.totals, passed is not None, following, next_room
    )


def page_query(room: int, after: ShownWork | None) -> dict[str, object]:
    """The query parameters of the page that begins with a room, or in it after a work."""
    return {"room": room, "after": after.public_id} if after else {"room": room}


async def first_works(edition_id: int) -> list[ShownWork]:
    """The works of an exhibition's first page; one query."""
    return [ShownWork.of(row) for row in await _first_works(edition_id, WORKS_PER_PAGE)]


async def _single_page(edition_id: int, rooms: Sequence[QueryRow]) -> ExhibitionPage:
    """The page of an exhibition that has only one page. The counts need no query: all works are on the page."""
    rows = await _all_works(edition_id) if rooms else []
    hung = _by_room(rows)
    summaries = _as_room_summaries(rooms, {room_id: len(works) for room_id, works in hung.items()})
    counts = Counts(
        works=len({row["id"] for row in rows}),
        organisations=len({row["organisation_id"] for row in rows}),
        projects=len({row["project_id"] for row in rows if row["project_id"] is not None}),
    )
    return ExhibitionPage(summaries, _shown_rooms(summaries, hung), counts, False, None, None)


@compiled_query
def _rooms_in(edition_id: int) -> ValuesQuery[Any]:
    rows = Room.filter(edition_id=edition_id).annotate(hung=Count("hangings")).order_by("position", "id")
    return rows.values(*ROOM_COLUMNS, "hung")


@compiled_query
def _all_works(edition_id: int) -> ValuesQuery[Any]:
    return _works_in(edition_id).values(*HANGING_COLUMNS, *STORY_COLUMNS)


@compiled_query
def _first_works(edition_id: int, limit: int) -> ValuesQuery[Any]:
    return _works_in(edition_id).limit(limit).values(*WORK_COLUMNS)


def _works_in(edition_id: int) -> QuerySet[Artwork]:
    here = hangs_in(room__edition_id=edition_id)
    return (
        Artwork.all().on_view().filter(here, hangings__room__edition_id=edition_id).order_by(*HANGING_ORDER)
    )


def _as_room_summaries(rooms: Sequence[QueryRow], works: Mapping[int, int]) -> list[RoomSummary]:
    shown = [room for room in rooms if works.get(room["id"])]
    return [
        RoomSummary(
            room["id"],
            number,
            room["title"].localized(),
            room["text"].localized(),
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


def _shown_rooms(summaries: Sequence[RoomSummary], hung: Mapping[int, Sequence[QueryRow]]) -> list[ShownRoom]:
    return [
        shown_room(
            room.number,
            room,
            hung[room.id],
            {
                row["id"]: HangingTexts(row["hangings__caption"], row["hangings__sentence"])
                for row in hung[room.id]
            },
        )
        for room in summaries
        if room.id in hung
    ]


def _rooms_on_page(summaries: Sequence[RoomSummary], passed: int) -> list[RoomSummary]:
    """The rooms that can be on the page.

    `passed`: the maximum number of works of the first room that earlier pages show.
    """
    on_page: list[RoomSummary] = []
    works = -passed
    for room in summaries:
        on_page.append(room)
        works += room.works
        if works > WORKS_PER_PAGE:
            break
    return on_page


async def _hanging_of(room_id: int, public_id: str) -> Hanging | None:
    if not 0 < len(public_id) <= 16 or set(public_id) - set(PUBLIC_ID_ALPHABET):
        return None
    return await Hanging.get_or_none(room_id=room_id, artwork__public_id=public_id)
