"""What a curator puts between the works of an exhibition, as stored in `Edition.blocks`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from gallery.artworks.models import Artwork
from gallery.exhibitions.entries import in_one_line, read_entry
from gallery.exhibitions.models import Edition
from gallery.exhibitions.room_rules import fill_rooms
from gallery.web.languages import LabelledEnum, localized
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import NO_TEXTS, Texts

# Hosts of films, with their subdomains. A link leads there; nothing of theirs is loaded on our pages.
FILM_HOSTS = ("bilibili.com", "v.qq.com", "youku.com", "youtube.com", "youtu.be", "vimeo.com")


class BlockKind(LabelledEnum):
    TEXT = "text", _l("A text")
    QUOTATION = "quotation", _l("A sentence of a work's story, large")
    WORK = "work", _l("One work, large, with its story")
    PAIR = "pair", _l("Two works side by side")
    DETAIL = "detail", _l("A detail of a work's picture")
    FILM = "film", _l("A film, by a link")


class Side(StrEnum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Block:
    """A block stands before or after a hung work, and is shown wherever that work hangs and is on view."""

    key: str  # 8 hex digits that never change
    kind: BlockKind
    side: Side
    place: int  # the id of the work next to which it stands
    text: Texts  # Markdown; of a detail: what can be seen there; of a film: its title
    work: int  # the id of the work that it shows; 0: none
    second: int  # the second work of a pair; 0: none
    left: int  # the region of a detail: its left and upper edge, its width and height, in per cent of the picture
    top: int
    width: int
    height: int
    link: str  # the address of a film
    on_accent: bool  # whether it stands on a surface in the theme's accent

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Self:
        """A block from an entry of `Edition.blocks`."""
        read = read_entry(entry)
        return cls(**{**read, "kind": BlockKind(read["kind"]), "side": Side(read["side"])})

    @property
    def works(self) -> tuple[int, ...]:
        """The ids of the works that it shows."""
        return tuple(id for id in (self.work, self.second) if id)

    def line(self) -> str:
        """The block as one line of text, for comparing editions."""
        shown = ", ".join(f"#{id}" for id in self.works)
        region = f"{self.left} {self.top} {self.width} {self.height} %" if self.width else ""
        parts = (in_one_line(self.text), shown, region, self.link)
        return f"{self.kind.label} ({self.side} #{self.place}): {' · '.join(part for part in parts if part)}"


BLOCK_FIELDS = tuple(field.name for field in fields(Block) if field.name != "key")
REGION = ("left", "top", "width", "height")
# The fields that a kind of block has, besides its place. The others are empty: a block that once showed a work must
# not go with it.
FIELDS_OF: dict[BlockKind, tuple[str, ...]] = {
    BlockKind.TEXT: ("text",),
    BlockKind.QUOTATION: ("work",),
    BlockKind.WORK: ("work",),
    BlockKind.PAIR: ("work", "second", "text"),
    BlockKind.DETAIL: ("work", *REGION, "text"),
    BlockKind.FILM: ("link", "text"),
}
EMPTY_FIELDS: dict[str, Any] = {
    "text": NO_TEXTS,
    "work": 0,
    "second": 0,
    **dict.fromkeys(REGION, 0),
    "link": "",
}


def blocks_of(entries: Iterable[dict[str, Any]] | None) -> list[Block]:
    return [Block.of(entry) for entry in entries or ()]


def film_host(link: str) -> str:
    """The allowed host of a film's address; "" for any other address."""
    host = urlsplit(link).hostname or ""
    return next((each for each in FILM_HOSTS if host == each or host.endswith(f".{each}")), "")


def without_works(entries: Sequence[dict[str, Any]], ids: Iterable[int]) -> list[dict[str, Any]]:
    """The stored entries without those that show or describe one of these works."""
    gone = set(ids)
    return [entry for entry in entries if gone.isdisjoint((entry["work"], entry["second"]))]


class HungLabel(NamedTuple):
    number: str  # room and place, such as 1.3
    title: str

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class HungLabels:
    """The works of a draft, as curators name them in forms: `1.3 Dumplings` is the third work of the first room."""

    def __init__(self, labels: dict[int, HungLabel]) -> None:
        self.by_id = labels
        self._by_number = {label.number: id for id, label in labels.items()}

    def of(self, id: int | None) -> str:
        """The label of a work; "" if it does not hang."""
        return str(self.by_id[id]) if id in self.by_id else ""

    def find(self, typed: str) -> int | None:
        """The id of the work that a curator means: by its number, which a title may follow, or by its whole title."""
        number = typed.split(" ", 1)[0]
        if number in self._by_number:
            return self._by_number[number]
        titled = [id for id, label in self.by_id.items() if label.title == typed]
        return titled[0] if len(titled) == 1 else None


async def hung_labels(draft: Edition) -> HungLabels:
    """The labels of all works that would hang if the draft were published now, in their order."""
    numbers = {
        hung.artwork_id: f"{room_number}.{place}"
        for room_number, room in enumerate(await fill_rooms(draft), 1)
        for place, hung in enumerate(room.works, 1)
    }
    works = await Artwork.filter(id__in=list(numbers) or [0]).only("id", "title", "language")
    titles = {work.id: localized(work, "title").text for work in works}
    return HungLabels({id: HungLabel(number, titles.get(id, "")) for id, number in numbers.items()})


async def forget_works(ids: Sequence[int]) -> None:
    """Remove the blocks that show or describe these works from all editions: their texts must not come back."""
    for edition in await Edition.filter(blocks__not_isnull=True).only("id", "blocks"):
        left = without_works(edition.blocks, ids)
        if len(left) != len(edition.blocks):
            await Edition.filter(id=edition.id).update(blocks=left or None)
