"""Rules that fill a room with works of a theme, organisation, medium, year or language, the newest first.

A rule is applied when the exhibition is published, and its result is frozen. Works hung by hand come before
those of the rule, excluded works stay out, and no work hangs twice in one edition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from gallery.artworks.models import Artwork, edition_is_not_replaced, may_hang
from gallery.db.connection import QuerySet
from gallery.exhibitions.models import Edition, Hanging, Room
from gallery.web.texts import NO_TEXTS, Texts, contains_words

MAX_WORKS_BY_RULE = 300  # the most works in one room; older works are left out


@dataclass(frozen=True, slots=True)
class RoomRule:
    """The conditions by which a room selects accepted works.

    Empty values and None do not restrict. `theme` and `organisation` are ids.
    """

    theme: int | None = None
    organisation: int | None = None
    medium: str = ""
    year: int | None = None
    language: str = ""

    @classmethod
    def of(cls, room: Room) -> Self | None:
        """The room's rule; None if its works are hung by hand."""
        return cls(**room.rule) if room.rule is not None else None

    def to_json(self) -> dict[str, Any]:
        """The rule as stored in `Room.rule`: only the conditions that are set."""
        return {name: value for name, value in asdict(self).items() if value}

    def works(self, without: Collection[int] = ()) -> QuerySet[Artwork]:
        """The accepted works that match the rule, the newest first."""
        conditions: dict[str, Any] = {}
        for name, column in (
            ("theme", "themes__id"),
            ("organisation", "organisation_id"),
            ("language", "language"),
        ):
            if value := getattr(self, name):
                conditions[column] = value
        if self.year:  # includes works dated to several years, such as the 1980s
            conditions |= {
                "made_from__lte": self.year * 10_000 + 1231,
                "made_until__gte": self.year * 10_000 + 101,
            }
        matching = Artwork.filter(may_hang(), **conditions)
        if self.medium:
            matching = matching.filter(contains_words("medium", self.medium))
        if without:
            matching = matching.exclude(id__in=list(without))
        return matching.order_by("-id")


@dataclass(frozen=True, slots=True)
class HungWork:
    """A work as it would hang if the draft were published now."""

    artwork_id: int
    caption: Texts = NO_TEXTS
    sentence: Texts = NO_TEXTS
    hanging_id: int | None = None  # None if the room's rule hangs the work

    @classmethod
    def of(cls, hanging: Hanging) -> Self:
        return cls(hanging.artwork_id, hanging.caption, hanging.sentence, hanging.id)


@dataclass(frozen=True, slots=True)
class FilledRoom:
    """A room with the works that would hang in it."""

    room: Room
    works: Sequence[HungWork]


@dataclass(frozen=True, slots=True)
class FoundWorks:
    """The ids of the works that a room's rule finds, and the number of matching works over the limit."""

    ids: Sequence[int]
    beyond: int = 0


async def hangable_ids(ids: Collection[int]) -> set[int]:
    """The ids among `ids` of works that may hang."""
    # A separate query: if hangings were joined, the database could begin with all accepted works of the site.
    found = await Artwork.filter(may_hang(), id__in=list(ids)).values_list("id", flat=True)
    return set(found)  # type: ignore[arg-type]


async def apply_rules(rooms: Sequence[Room], hung: Collection[int]) -> dict[int, FoundWorks]:
    """Room id → the works that its rule would hang now, for rooms with a rule; two queries for each.

    `hung`: ids of works hung by hand, which no rule hangs again.
    """
    found: dict[int, FoundWorks] = {}
    taken = set(hung)
    for room in rooms:
        if rule := RoomRule.of(room):
            matching = rule.works({*taken, *(room.without or ())})
            # The rule has at most one theme, so the join finds a work with several themes only once.
            ids: list[int] = await matching.limit(MAX_WORKS_BY_RULE).values_list("id", flat=True)  # type: ignore[assignment]
            beyond = await matching.count() - len(ids) if len(ids) == MAX_WORKS_BY_RULE else 0
            taken.update(ids)
            found[room.id] = FoundWorks(ids, beyond)
    return found


async def fill_rooms(draft: Edition) -> list[FilledRoom]:
    """The rooms of a draft, filled as if it were published now.

    Three queries, and two more for each room with a rule.
    """
    rooms = await Room.filter(edition_id=draft.id).order_by("position", "id")
    hangings = await Hanging.filter(room_id__in=[room.id for room in rooms]).order_by("position", "id")
    hung = await hangable_ids([hanging.artwork_id for hanging in hangings])
    found = await apply_rules(rooms, hung)
    works = defaultdict[int, list[HungWork]](list)  # by room id
    for hanging in hangings:
        if hanging.artwork_id in hung:
            works[hanging.room_id].append(HungWork.of(hanging))
    for room_id, by_rule in found.items():
        works[room_id] += [HungWork(id) for id in by_rule.ids]
    return [FilledRoom(room, works[room.id]) for room in rooms]


def work_ids_of(rooms: Iterable[FilledRoom]) -> set[int]:
    """The ids of all works that would hang."""
    return {hung.artwork_id for room in rooms for hung in room.works}


async def count_unpublished_works(draft: Edition, found: Iterable[FoundWorks]) -> int:
    """The number of works in `found` that no current or planned edition contains; 0 if nothing is published."""
    by_rule = {id for works in found for id in works.ids}
    if not by_rule:
        return 0
    current = Edition.filter(edition_is_not_replaced(), exhibition_id=draft.exhibition_id)
    if not await current.exists():
        return 0
    seen = await Hanging.filter(
        edition_is_not_replaced("room__edition__"), room__edition__exhibition_id=draft.exhibition_id
    ).values_list("artwork_id", flat=True)
    return len(by_rule - set(seen))
