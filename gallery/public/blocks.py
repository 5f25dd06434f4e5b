"""The blocks of an exhibition as visitors see them: each in the room of the work next to which it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from gallery.artworks.models import Artwork, hangs_in
from gallery.artworks.sentences import StorySentence, own_sentence
from gallery.db.compiled_queries import QueryRow
from gallery.exhibitions.blocks import REGION, Block, BlockKind, Side, film_host
from gallery.public.rooms import STORY_COLUMNS, ShownRoom
from gallery.public.view_models import Detail, ShownWork
from gallery.web.languages import LocalizedText


@dataclass(frozen=True, slots=True)
class ShownBlock:
    kind: BlockKind
    text: LocalizedText
    works: Sequence[ShownWork]  # those that it shows
    story: LocalizedText | None  # of the first work
    sentence: StorySentence | None  # of that story
    detail: Detail | None  # None in a preview or archive, which shows the whole picture
    link: str
    host: str  # the allowed host of `link`
    on_accent: bool

    @property
    def hangs_works(self) -> bool:
        """Whether its works hang here, instead of in the row of the others."""
        return self.kind in (BlockKind.WORK, BlockKind.PAIR)

    @property
    def is_quotation(self) -> bool:
        return self.kind == BlockKind.QUOTATION


def blocks_in(rooms: Iterable[ShownRoom], blocks: Iterable[Block]) -> list[Block]:
    """The blocks that stand next to a work of these rooms, which may be one page of an exhibition."""
    here = {work.id for room in rooms for work in room.works}
    return [block for block in blocks if block.place in here]


async def rows_for_blocks(blocks: Iterable[Block], edition_id: int) -> dict[int, QueryRow]:
    """Work id → its STORY_COLUMNS, for works in blocks that are on view in a published edition; one query at most."""
    ids = sorted({id for block in blocks for id in block.works})
    works = Artwork.all().on_view().filter(hangs_in(room__edition_id=edition_id), id__in=ids)
    rows: list[QueryRow] = await works.values(*STORY_COLUMNS) if ids else []
    return {row["id"]: row for row in rows}


def with_blocks(
    rooms: Sequence[ShownRoom],
    blocks: Iterable[Block],
    rows: Mapping[int, QueryRow],
    picture_address: Callable[[str], str] | None = None,
) -> list[ShownRoom]:
    """The rooms with the blocks that stand next to their works. `rows`, `picture_address`: as for `shown_room`.

    A block is left out if a work that it shows is not in `rows`, or has no sentence to quote.
    """
    shown = [
        (block, _shown(block, rows, rooms, picture_address))
        for block in blocks
        if all(id in rows for id in block.works)
    ]
    shown = [(block, each) for block, each in shown if block.kind != BlockKind.QUOTATION or each.sentence]
    return [_room_with(room, shown) for room in rooms]


def _room_with(room: ShownRoom, blocks: Iterable[tuple[Block, ShownBlock]]) -> ShownRoom:
    places = {work.id: place for place, work in enumerate(room.works)}
    placed = [
        (places[block.place] + (block.side == Side.AFTER), shown)
        for block, shown in blocks
        if block.place in places
    ]
    return replace(room, blocks=sorted(placed, key=lambda pair: pair[0])) if placed else room


def _shown(
    block: Block,
    rows: Mapping[int, QueryRow],
    rooms: Iterable[ShownRoom],
    picture_address: Callable[[str], str] | None,
) -> ShownBlock:
    works = [
        ShownWork.of(rows[id], picture_address(rows[id]["image__token"]) if picture_address else "")
        for id in block.works
    ]
    first = rows[block.work] if block.work else None
    chosen = next((room.sentences[block.work] for room in rooms if block.work in room.sentences), None)
    return ShownBlock(
        block.kind,
        block.text.localized(),
        works,
        first["story"].localized(None, first["language"]) if first else None,
        chosen or (own_sentence(first["story"], first["language"]) if first else None),
        works[0].picture.region(*(getattr(block, name) for name in REGION))
        if block.kind == BlockKind.DETAIL
        else None,
        block.link,
        film_host(block.link),
        block.on_accent,
    )
