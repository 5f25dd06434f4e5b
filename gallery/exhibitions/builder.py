"""The data of the builder's page: the draft with its rooms, and the works that can be hung in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from tortoise.expressions import Q, Subquery

from gallery.accounts.models import Person
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, may_hang
from gallery.clock import to_local
from gallery.exhibitions.models import Edition, Exhibition, Hanging
from gallery.exhibitions.room_parts import MAX_RULE_WORKS_SHOWN, DraftParts
from gallery.exhibitions.room_rules import FoundWorks
from gallery.numbers import row_id
from gallery.organisations.models import Organisation
from gallery.themes.models import Theme
from gallery.web.list_pages import page_within
from gallery.web.texts import contains_words

PICKER_PAGE_SIZE = 24


@dataclass(frozen=True)
class WorkPicker:
    """Accepted works that do not hang in the draft yet, filtered by the query parameters."""

    works: Sequence[Artwork]
    count: int
    page: int
    pages: int
    themes: Sequence[Theme]
    organisations: Sequence[Organisation]
    query_values: dict[str, str] = field(default_factory=dict)  # keys: room, theme, organisation, q, at

    def query(self, **changed: object) -> str:
        """The query string of the builder with some parameters changed; None removes a parameter."""
        return urlencode({name: value for name, value in {**self.query_values, **changed}.items() if value})


async def works_by_rule(parts: DraftParts, found: Mapping[int, FoundWorks]) -> dict[int, Artwork]:
    """Id → work, for the first works that the rules of open rooms found, and for excluded ones; at most one query."""
    ids = {
        id
        for part in parts.rooms
        if part.is_open and part.room.id in found
        for id in (*found[part.room.id].ids[:MAX_RULE_WORKS_SHOWN], *(part.room.without or ()))
    }
    if not ids:
        return {}
    works = await Artwork.filter(id__in=ids).prefetch_related("image", "artist", "consent", "organisation")
    await load_as_sent(works)
    return {work.id: work for work in works}


async def draft_version(exhibition: Exhibition, person: Person) -> dict[str, Any]:
    """The draft's version number, and who changed the draft last: a name, or "" for `person`."""
    draft = await Edition.get(exhibition_id=exhibition.id, number__isnull=True).select_related("changed_by")
    other = draft.changed_by if draft.changed_by_id != person.id else None
    return {"version": draft.version, "by": other.name if other else ""}


async def editions_of(exhibition: Exhibition) -> list[Edition]:
    """The published editions, the latest first."""
    return (
        await Edition.filter(exhibition_id=exhibition.id, number__not_isnull=True)
        .order_by("-number")
        .prefetch_related("published_by")
    )


MAX_ENDING_WORKS_SHOWN = 24


async def works_ending_before_closing(
    draft: Edition, parts: DraftParts, found: Mapping[int, FoundWorks]
) -> tuple[Sequence[Artwork], int]:
    """Works that leave the exhibition before it closes, because their consent ends; the earliest end first.

    Includes works hung by hand and works found by rules. Returns the first MAX_ENDING_WORKS_SHOWN, and the
    number of all.
    """
    if draft.closes_at is None:
        return [], 0
    last_day: date = to_local(draft.closes_at).date()
    # Two steps: the ids of all works in the draft would be thousands of parameters.
    hung = Hanging.filter(
        room_id__in=[part.room.id for part in parts.rooms], artwork__consent__ends_on__lt=last_day
    )
    candidates: list[Any] = await hung.values_list("artwork_id", flat=True)
    for works in found.values():
        candidates += works.ids
    ending = Artwork.filter(may_hang(), id__in=candidates or [0], consent__ends_on__lt=last_day)
    ids: list[Any] = await ending.order_by("consent__ends_on", "id").values_list("id", flat=True)
    first = Artwork.filter(id__in=ids[:MAX_ENDING_WORKS_SHOWN] or [0])
    return await first.order_by("consent__ends_on", "id").select_related("consent"), len(ids)


async def work_picker(draft: Edition, query: QueryParams, at: str = "") -> WorkPicker:
    """The works to choose from. `query` may have room, theme, organisation (ids), q (words) and page.

    `at`: the chosen part of the rooms (room_parts.py), which the picker's links keep.
    """
    query_values = {
        name: query[name][:100] for name in ("room", "theme", "organisation", "q") if query.get(name)
    }
    query_values["at"] = at
    hung = Hanging.filter(room__edition_id=draft.id).values("artwork_id")
    found = Artwork.filter(may_hang(), ~Q(id__in=Subquery(hung)))
    if "theme" in query_values:
        found = found.filter(themes__id=row_id(query_values["theme"]))
    if "organisation" in query_values:
        found = found.filter(organisation_id=row_id(query_values["organisation"]))
    if "q" in query_values:
        found = found.filter(_words_match(query_values["q"]))
    count = await found.count()
    page, pages = page_within(query, count, PICKER_PAGE_SIZE)
    works = (
        await found.order_by("-id")
        .offset((page - 1) * PICKER_PAGE_SIZE)
        .limit(PICKER_PAGE_SIZE)
        .prefetch_related("image", "artist", "consent", "organisation")
    )
    await load_further_pictures(works)
    return WorkPicker(
        works=works,
        count=count,
        page=page,
        pages=pages,
        themes=await Theme.all().order_by("-occurs_on", "-id"),
        organisations=await Organisation.all().order_by("slug"),
        query_values=query_values,
    )


def _words_match(words: str) -> Q:
    texts = ("title", "story", "artist__credit_translations")
    conditions = [Q(artist__credit_name__icontains=words), *(contains_words(name, words) for name in texts)]
    return Q(*conditions, join_type="OR")
