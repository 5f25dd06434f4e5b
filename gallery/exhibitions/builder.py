"""The data of the builder's page: the draft with its rooms, and the works that can be hung in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from tortoise.expressions import Q, Subquery
from tortoise.query_utils import Prefetch

from gallery.accounts.models import Person
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork, may_hang
from gallery.clock import to_local
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room
from gallery.exhibitions.room_rules import FilledRoom, work_ids_of
from gallery.numbers import row_id
from gallery.organisations.models import Organisation
from gallery.themes.models import Theme
from gallery.web.list_pages import page_within

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
    query_values: dict[str, str] = field(default_factory=dict)  # keys: room, theme, organisation, q

    def query(self, **changed: object) -> str:
        """The query string of the builder with some parameters changed; None removes a parameter."""
        return urlencode({name: value for name, value in {**self.query_values, **changed}.items() if value})


async def rooms_of(draft: Edition) -> list[Room]:
    """The rooms of a draft in order, with hangings and everything the builder shows of their works."""
    rooms = await Room.filter(edition_id=draft.id).prefetch_related(
        Prefetch(
            "hangings",
            Hanging.all().prefetch_related(
                "artwork__image", "artwork__artist", "artwork__consent", "artwork__organisation"
            ),
        )
    )
    await load_as_sent([hanging.artwork for room in rooms for hanging in room.hangings])
    return rooms


MAX_RULE_WORKS_SHOWN = 24  # works per room on the builder's page


async def works_by_rule(rooms: Sequence[FilledRoom]) -> dict[int, Artwork]:
    """Id → work, for the first works that the rules would hang and for excluded works; at most one query."""
    ids = {
        id
        for room in rooms
        if room.room.rule is not None
        for id in (
            *[hung.artwork_id for hung in room.works if hung.hanging_id is None][:MAX_RULE_WORKS_SHOWN],
            *(room.room.without or ()),
        )
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


async def works_ending_before_closing(draft: Edition, rooms: Sequence[FilledRoom]) -> list[Artwork]:
    """The works that leave the exhibition before it closes, because their consent ends.

    Includes works hung by hand and by a rule, the earliest end first; one query.
    """
    if draft.closes_at is None:
        return []
    last_day: date = to_local(draft.closes_at).date()
    ending = Artwork.filter(id__in=work_ids_of(rooms) or [0], consent__ends_on__lt=last_day)
    return await ending.order_by("consent__ends_on", "id").select_related("consent")


async def work_picker(draft: Edition, query: QueryParams) -> WorkPicker:
    """The works to choose from. `query` may hold room, theme, organisation (ids), q (words) and page."""
    query_values = {
        name: query[name][:100] for name in ("room", "theme", "organisation", "q") if query.get(name)
    }
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
    fields = (
        "title",
        "title_translation",
        "story",
        "story_translation",
        "artist__credit_name",
        "artist__credit_name_translation",
    )
    return Q(*(Q(**{f"{name}__icontains": words}) for name in fields), join_type="OR")
