"""The rooms that visitors see, of an edition or, in a preview, of a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from gallery.artworks.dates import years_between
from gallery.artworks.models import Artwork, may_be_exhibited
from gallery.exhibitions.models import Layout
from gallery.exhibitions.room_rules import FilledRoom
from gallery.public.view_models import WORK_COLUMNS, ShownWork
from gallery.web.languages import LocalizedText

STORY_COLUMNS = (*WORK_COLUMNS, "story")
CAPTION_COLUMNS = ("hangings__room_id", "hangings__caption")


@dataclass(frozen=True, slots=True)
class RoomText:
    title: LocalizedText
    text: LocalizedText
    layout: Layout


@dataclass(frozen=True, slots=True)
class ShownRoom:
    number: int  # counted from 1; rooms without a work on view are not counted
    title: LocalizedText
    text: LocalizedText
    works: Sequence[ShownWork]
    layout: Layout = Layout.WALL
    captions: Mapping[int, LocalizedText] = field(default_factory=dict)  # work id → caption in this room
    stories: Mapping[int, LocalizedText] = field(
        default_factory=dict
    )  # work id → story; empty if the layout shows no stories

    @property
    def years(self) -> list[tuple[str, list[ShownWork]]]:
        """(year or years, works) pairs, oldest first; works without a date come last, with "".

        Within a year, works are sorted by date. Works with the same date keep their order in the room.
        """
        ordered = sorted(self.works, key=_date_order)
        groups = [(years, list(group)) for years, group in groupby(ordered, _years_of)]
        return [("–".join(dict.fromkeys(map(str, years))), group) for years, group in groups]


def _years_of(work: ShownWork) -> tuple[int, ...]:
    """The first and the last year of a work; empty without a date."""
    years = years_between(work.made_from, work.made_until)
    return (years[0], years[-1]) if years else ()


def _date_order(work: ShownWork) -> tuple[bool, tuple[int, ...], int, int]:
    years = _years_of(work)
    return not years, years, work.made_from or 0, work.made_until or 0


async def rooms_of_draft(
    rooms: Sequence[FilledRoom], picture_address: Callable[[str], str]
) -> list[ShownRoom]:
    """The rooms of a draft as they would be shown if it were published now; one query.

    `picture_address` returns the folder URL of a picture's renditions for the picture's token.
    """
    ids = {each.artwork_id for room in rooms for each in room.works}
    columns = columns_for(room.room.layout for room in rooms)
    rows = (
        {row["id"]: row for row in await Artwork.filter(may_be_exhibited(), id__in=ids).values(*columns)}
        if ids
        else {}
    )
    hung_rooms = [
        (room, [rows[each.artwork_id] for each in room.works if each.artwork_id in rows]) for room in rooms
    ]
    return [
        shown_room(
            number,
            RoomText(room.room.title.localized(), room.room.text.localized(), room.room.layout),
            hung,
            {each.artwork_id: each.caption.localized() for each in room.works},
            picture_address,
        )
        for number, (room, hung) in enumerate(((room, hung) for room, hung in hung_rooms if hung), start=1)
    ]


def columns_for(layouts: Iterable[Layout]) -> tuple[str, ...]:
    """The columns of works to query for these layouts. The story is included only if a layout shows it."""
    return STORY_COLUMNS if Layout.STORIES in layouts else WORK_COLUMNS


def shown_room(
    number: int,
    room: Any,
    rows: Iterable[dict[str, Any]],
    captions: Mapping[int, LocalizedText],
    picture_address: Callable[[str], str] | None = None,
) -> ShownRoom:
    """A room with works from `rows`. `room` has a title and a text, both localized, and a layout."""
    rows = list(rows)
    return ShownRoom(
        number=number,
        title=room.title,
        text=room.text,
        works=[
            ShownWork.of(row, picture_address(row["image__token"]) if picture_address else "") for row in rows
        ],
        layout=room.layout,
        captions={id: caption for id, caption in captions.items() if caption.text},
        stories={row["id"]: row["story"].localized(None, row["language"]) for row in rows}
        if room.layout == Layout.STORIES
        else {},
    )
