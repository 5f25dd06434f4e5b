"""The rooms that visitors see, of an edition or, in a preview, of a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, NamedTuple

from gallery.artworks.dates import years_between
from gallery.artworks.models import Artwork, may_be_exhibited
from gallery.artworks.sentences import StorySentence, own_sentence
from gallery.exhibitions.models import Layout
from gallery.exhibitions.room_rules import FilledRoom, work_ids_of
from gallery.public.view_models import WORK_COLUMNS, ShownWork
from gallery.web.languages import LocalizedText
from gallery.web.texts import NO_TEXTS, Texts

STORY_COLUMNS = (*WORK_COLUMNS, "story")
HANGING_COLUMNS = ("hangings__room_id", "hangings__caption", "hangings__sentence")
SENTENCES_IN_ROOM = 3  # the most that are shown below works, besides those that a curator chose
WORKS_PER_SENTENCE = 3  # a room has one sentence for this many works


@dataclass(frozen=True, slots=True)
class RoomText:
    title: LocalizedText
    text: LocalizedText
    layout: Layout


class HangingTexts(NamedTuple):
    """What belongs to a work in one room only. `sentence`: the choice of a curator, see artworks/sentences.py."""

    caption: Texts = NO_TEXTS
    sentence: Texts = NO_TEXTS


class RoomPart(NamedTuple):
    works: Sequence[ShownWork]  # may be empty
    block: Any  # ShownBlock; None after the last works


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
    sentences: Mapping[int, StorySentence] = field(
        default_factory=dict
    )  # work id → its sentence, if it has one
    blocks: Sequence[tuple[int, Any]] = ()  # (number of works before it, ShownBlock), in order

    def without(self, work_id: int) -> ShownRoom:
        """The room without one of its works; blocks keep their places between the others."""
        gone = [place for place, work in enumerate(self.works) if work.id == work_id]
        return replace(
            self,
            works=[work for work in self.works if work.id != work_id],
            blocks=[(place - sum(each < place for each in gone), block) for place, block in self.blocks],
        )

    @property
    def parts(self) -> list[RoomPart]:
        """The works in runs, each with the block that follows it; without blocks one run.

        A work that a block shows large is not in a run as well: nothing hangs twice.
        """
        large = {work.id for _place, block in self.blocks if block.hangs_works for work in block.works}
        parts, begun = [], 0
        for place, block in [*self.blocks, (len(self.works), None)]:
            run = [work for work in self.works[begun:place] if work.id not in large]
            parts.append(RoomPart(run, block))
            begun = place
        return parts

    def sentences_below(self, elsewhere: int = 0) -> dict[int, StorySentence]:
        """Work id → its sentence, for the works that have one below them: those that a curator chose, and a few more.

        Quotations come before other sentences. `elsewhere`: the id of a work whose sentence is shown in another place.
        """
        quoted = {work.id for _place, block in self.blocks if block.is_quotation for work in block.works}
        having = [
            work.id
            for work in self.works
            if work.id in self.sentences and work.id != elsewhere and work.id not in quoted
        ]
        chosen = {id for id in having if self.sentences[id].is_chosen}
        wanted = min(SENTENCES_IN_ROOM, len(self.works) // WORKS_PER_SENTENCE) - len(chosen)
        others = sorted(
            (id for id in having if id not in chosen), key=lambda id: not self.sentences[id].is_quoted
        )[: max(0, wanted)]
        return {id: self.sentences[id] for id in having if id in chosen or id in others}

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


def leading_sentence(rooms: Iterable[ShownRoom]) -> tuple[ShownWork, StorySentence] | None:
    """The sentence for the first screen, and its work: a curator's choice before others, a quotation before others."""
    said = [
        (work, room.sentences[work.id]) for room in rooms for work in room.works if work.id in room.sentences
    ]
    return max(said, key=lambda pair: (pair[1].is_chosen, pair[1].is_quoted), default=None)


def detailed_work(works: Sequence[ShownWork]) -> ShownWork | None:
    """The work of which a detail hangs below the first room: the first after the cover that is large enough."""
    return next((work for work in works[1:] if work.picture.detail), None)


async def rows_of_draft(rooms: Sequence[FilledRoom]) -> dict[int, dict[str, Any]]:
    """Work id → its STORY_COLUMNS, for the works of a draft that would be shown; one query at most."""
    ids = work_ids_of(rooms)
    works = Artwork.filter(may_be_exhibited(), id__in=ids)
    return {row["id"]: row for row in await works.values(*STORY_COLUMNS)} if ids else {}


def rooms_of_draft(
    rooms: Sequence[FilledRoom], rows: Mapping[int, dict[str, Any]], picture_address: Callable[[str], str]
) -> list[ShownRoom]:
    """The rooms of a draft as they would be shown if it were published now. `rows`: see `rows_of_draft`.

    `picture_address` returns the folder URL of a picture's renditions for the picture's token.
    """
    hung_rooms = [
        (room, [rows[each.artwork_id] for each in room.works if each.artwork_id in rows]) for room in rooms
    ]
    return [
        shown_room(
            number,
            RoomText(room.room.title.localized(), room.room.text.localized(), room.room.layout),
            hung,
            {each.artwork_id: HangingTexts(each.caption, each.sentence) for each in room.works},
            picture_address,
        )
        for number, (room, hung) in enumerate(((room, hung) for room, hung in hung_rooms if hung), start=1)
    ]


def shown_room(
    number: int,
    room: Any,
    rows: Iterable[dict[str, Any]],
    hung: Mapping[int, HangingTexts],
    picture_address: Callable[[str], str] | None = None,
) -> ShownRoom:
    """A room with works from `rows` of STORY_COLUMNS. `room` has a title and a text, both localized, and a layout.

    `hung`: work id → its texts in this room.
    """
    rows = list(rows)
    captions = {id: texts.caption.localized() for id, texts in hung.items()}
    sentences = {
        row["id"]: own_sentence(row["story"], row["language"], hung[row["id"]].sentence) for row in rows
    }
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
        sentences={id: sentence for id, sentence in sentences.items() if sentence},
    )
