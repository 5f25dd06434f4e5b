"""What the index holds of each thing that is on view, and how it is kept true.

Nothing private is read here: credit names, never others. A pass goes through everything on view, in pieces, from the
exhibitions down to the oldest work; each piece is compared with the entries of the same range of ids.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from tortoise.queryset import ValuesQuery

from gallery.artworks.models import Artwork, may_hang
from gallery.clock import now
from gallery.db.compiled_queries import QueryRow, compiled_query
from gallery.db.connection import in_transaction, locked
from gallery.db.models import ContentVersion
from gallery.exhibitions.models import Room
from gallery.exhibitions.schedule import next_change
from gallery.organisations.models import Organisation, Project
from gallery.public.queries import has_opened, published_editions
from gallery.search import engine, tokenizer
from gallery.search.engine import ABOVE_ALL_IDS
from gallery.search.models import IDS_PER_KIND, EntryKind, IndexPass, SearchEntry, entry_id
from gallery.search.tokenizer import facet_token, token_stream
from gallery.themes.models import Theme
from gallery.web.languages import LANGUAGES
from gallery.web.markdown import markdown_to_text

READ_AT_ONCE = 300  # rows compared in one step
WRITTEN_AT_ONCE = 50  # entries written in one transaction, so that nobody else waits long
INCOMPLETE = -1  # as the content version of a pass: none
MAX_ROW_ID = 2**31 - 1  # the greatest id that PostgreSQL compares with a row's

TAG_NAMES = ("themes__title_zh", "themes__title_en")
MARKDOWN = frozenset("*_[<&\\")  # characters without which nothing of it is taken away but signs

WORK_TEXTS = (
    "title",
    "title_translation",
    "artist__credit_name",
    "artist__credit_name_translation",
    "medium",
    "medium_translation",
    "organisation__name_zh",
    "organisation__name_en",
    "project__title_zh",
    "project__title_en",
    "alt_text",
    "alt_text_translation",
    "story",
    "story_translation",
)
WORK_TITLES = WORK_TEXTS[:4]  # a credit name is looked for as a title is


@dataclass(frozen=True)
class EntrySource:
    """What an entry is made from: texts, and the values that filters ask for."""

    id: int
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    facets: tuple[tuple[str, str], ...]

    @property
    def stamp(self) -> str:
        told = repr((tokenizer.VERSION, self.titles, self.texts, self.facets))
        return blake2b(told.encode(errors="replace"), digest_size=16).hexdigest()

    def entry(self, kind: EntryKind) -> SearchEntry:
        facets = [facet_token("kind", kind.name.lower())]
        facets += [facet_token(name, value) for name, value in self.facets]
        return SearchEntry(
            id=entry_id(kind, self.id),
            artwork_id=self.id if kind == EntryKind.WORK else None,
            stamp=self.stamp,
            title_tokens=token_stream(self.titles, facets),
            text_tokens=token_stream([*self.titles, *map(plain_line, self.texts)], facets),
        )


def plain_line(text: str) -> str:
    """A text on one line without its Markdown, where it has any: reading that takes longer than all the rest."""
    return markdown_to_text(text) if MARKDOWN.intersection(text) else " ".join(text.split())


@dataclass(frozen=True)
class SourceBatch:
    """What is on view of a stretch of rows, the newest first; the stretch goes down to the id `down_to`."""

    sources: list[EntrySource]
    down_to: int


Reader = Callable[[int, int], Awaitable[SourceBatch]]


async def works(before: int, most: int) -> SourceBatch:
    """The works on view among `most` accepted ones whose ids are below `before`."""
    accepted = Artwork.filter(may_hang(), id__lt=before).order_by("-id").limit(most)
    ids: list[Any] = await accepted.values_list("id", flat=True)
    columns = ("id", "language", "year", "organisation__slug", *WORK_TEXTS)
    rows = await Artwork.all().on_view(ids).order_by("-id").values(*columns)
    tagged: dict[int, list[Mapping[str, Any]]] = {row["id"]: [] for row in rows}
    for pair in await tags_of(tagged):
        tagged[pair["id"]].append(pair)
    return SourceBatch(
        [_work_source(row, tagged[row["id"]]) for row in rows], ids[-1] if len(ids) == most else 0
    )


async def tags_of(ids: Collection[int]) -> list[QueryRow]:
    """Each theme of each of the works, as a row: the work's id, the theme's slug and names; by the theme's id."""
    return sorted(await _tags_of(list(ids)), key=lambda row: int(row["themes__id"]))


@compiled_query
def _tags_of(ids: list[int]) -> ValuesQuery[Any]:
    # From the works' side: from the other, SQLite would look through every work of a theme.
    tagged = Artwork.filter(id__in=ids, themes__id__isnull=False)
    return tagged.values("id", "themes__id", "themes__slug", *TAG_NAMES)


def _work_source(row: Mapping[str, Any], themes: Iterable[Mapping[str, Any]]) -> EntrySource:
    year = str(row["year"] or "")
    facets = [("language", row["language"]), ("organisation", row["organisation__slug"])]
    facets += [("theme", theme["themes__slug"]) for theme in themes]
    facets += [("year", year)] if year else []
    facets += [("medium", medium) for name in ("medium", "medium_translation") if (medium := row[name])]
    return EntrySource(
        id=row["id"],
        titles=_non_empty(row, WORK_TITLES),
        texts=(
            *_non_empty(row, WORK_TEXTS[4:]),
            *(text for theme in themes for text in _non_empty(theme, TAG_NAMES)),
            *([year] if year else []),
        ),
        facets=tuple(dict.fromkeys(facets)),
    )


def _bilingual_source(row: dict[str, Any], names: tuple[str, ...], facet: tuple[str, str]) -> EntrySource:
    """From a row whose first two `names` are its titles, and whose others are its texts."""
    return EntrySource(
        id=row["id"], titles=_non_empty(row, names[:2]), texts=_non_empty(row, names[2:]), facets=(facet,)
    )


async def projects(before: int, most: int) -> SourceBatch:
    """Projects with a work on view."""
    rows = Project.filter(id__lt=before, organisation__is_active=True).order_by("-id").limit(most)
    names = in_languages("title", "summary", "organisation__name")
    seen = await _ids_with_works("project_id")
    listed = await rows.values("id", "organisation__slug", *names)
    sources = [
        _bilingual_source(row, names, ("organisation", row["organisation__slug"]))
        for row in listed
        if row["id"] in seen
    ]
    return SourceBatch(sources, listed[-1]["id"] if len(listed) == most else 0)


async def organisations(before: int, most: int) -> SourceBatch:
    """Active organisations with a work on view."""
    rows = Organisation.filter(id__lt=before, is_active=True).order_by("-id").limit(most)
    names = (*in_languages("name", "about"), "registration_number")
    seen = await _ids_with_works("organisation_id")
    listed = await rows.values("id", "slug", *names)
    sources = [
        _bilingual_source(row, names, ("organisation", row["slug"])) for row in listed if row["id"] in seen
    ]
    return SourceBatch(sources, listed[-1]["id"] if len(listed) == most else 0)


async def themes(before: int, most: int) -> SourceBatch:
    """Every theme: its page is there before its works are."""
    rows = Theme.filter(id__lt=before).order_by("-id").limit(most)
    names = in_languages("title", "text")
    listed = await rows.values("id", "slug", *names)
    sources = [_bilingual_source(row, names, ("theme", row["slug"])) for row in listed]
    return SourceBatch(sources, listed[-1]["id"] if len(listed) == most else 0)


async def exhibitions(before: int, most: int) -> SourceBatch:
    """Exhibitions that have opened, as their current editions hang them."""
    names = in_languages("title", "introduction", "exhibition__theme__title")
    rows = (
        await published_editions(has_opened(), exhibition_id__lt=before)
        .order_by("-exhibition_id")
        .limit(most)
        .values("id", "exhibition_id", "exhibition__theme__slug", *names)
    )
    wall_texts: dict[int, list[str]] = {row["id"]: [] for row in rows}
    room_names = in_languages("title", "text")
    for room in await Room.filter(edition_id__in=list(wall_texts)).values("edition_id", *room_names):
        wall_texts[room["edition_id"]] += _non_empty(room, room_names)
    sources = [
        EntrySource(
            id=row["exhibition_id"],
            titles=_non_empty(row, names[:2]),
            texts=(*_non_empty(row, names[2:]), *wall_texts[row["id"]]),
            facets=(("theme", row["exhibition__theme__slug"]),) if row["exhibition__theme__slug"] else (),
        )
        for row in rows
    ]
    return SourceBatch(sources, rows[-1]["exhibition_id"] if len(rows) == most else 0)


READERS: Mapping[EntryKind, Reader] = {
    EntryKind.WORK: works,
    EntryKind.PROJECT: projects,
    EntryKind.ORGANISATION: organisations,
    EntryKind.THEME: themes,
    EntryKind.EXHIBITION: exhibitions,
}


async def _ids_with_works(column: str) -> set[int]:
    rows: list[Any] = await Artwork.all().on_view().distinct().values_list(column, flat=True)
    return {id for id in rows if id is not None}


def in_languages(*names: str) -> tuple[str, ...]:
    """The columns of values that are kept in each language."""
    return tuple(f"{name}_{language}" for name in names for language in LANGUAGES)


def _non_empty(row: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(row[name] for name in names if row[name])


async def continue_pass() -> bool:
    """Do one piece of the pass through everything on view; False where nothing is left to be done just now.

    A pass begins when the content version has moved or the clock has changed what is on view. Two workers at once only
    do some of it twice. What a pass had to leave to another process, the next one looks at again.
    """
    under_way, _ = await IndexPass.get_or_create(id=1)
    if under_way.before == 0:
        version = await ContentVersion.get_or_none(id=1)
        number = version.number if version else 0
        if (
            under_way.content_version == number
            and under_way.words_version == tokenizer.VERSION
            and (under_way.holds_until is None or now() < under_way.holds_until)
        ):
            return False
        under_way.content_version = number
        under_way.words_version = tokenizer.VERSION
        under_way.holds_until = await next_change()
        under_way.before = ABOVE_ALL_IDS
        await under_way.save()
    under_way.before, is_whole = await update_batch(under_way.before)
    if not is_whole:  # of no version: when this pass is over, another begins
        under_way.content_version = INCOMPLETE
        await IndexPass.filter(id=1).update(content_version=INCOMPLETE)
    await IndexPass.filter(id=1).update(before=under_way.before)
    # After a pass that left something out there is a rest: what was held may be held for a while.
    return bool(under_way.before or under_way.content_version != INCOMPLETE)


async def rebuild() -> int:
    """Write the whole index anew; returns how many entries it has."""
    await engine.delete_all()
    await IndexPass.all().delete()
    while await continue_pass():
        pass
    return await SearchEntry.all().count()


async def update_batch(before: int) -> tuple[int, bool]:
    """Make the next entries below `before` true; returns the id down to which they now are, 0 at the end, and whether all
    of them are: not those that another process holds."""
    kind = EntryKind((before - 1) // IDS_PER_KIND)
    stretch = await READERS[kind](min(before - entry_id(kind, 0), MAX_ROW_ID), READ_AT_ONCE)
    down_to = entry_id(kind, stretch.down_to)
    stamps = dict(await SearchEntry.filter(id__gte=down_to, id__lt=before).values_list("id", "stamp"))
    new = [
        source for source in stretch.sources if stamps.pop(entry_id(kind, source.id), None) != source.stamp
    ]
    gone = list(stamps)
    is_whole = True
    for start in range(0, len(gone), WRITTEN_AT_ONCE):
        is_whole &= await write_entries(kind, [], gone[start : start + WRITTEN_AT_ONCE])
    for start in range(0, len(new), WRITTEN_AT_ONCE):
        is_whole &= await write_entries(kind, new[start : start + WRITTEN_AT_ONCE], gone=[])
    return (down_to if down_to > entry_id(EntryKind.WORK, 0) else 0), is_whole


async def write_entries(kind: EntryKind, sources: Collection[EntrySource], gone: Collection[int]) -> bool:
    """Write the entries of `sources` and delete those of the ids `gone`, in one transaction; whether none was left out.

    Of works only those are written that are on view still: one may have been withdrawn since it was read. What another
    process holds at this moment is left to it, so that no withdrawal ever waits in a circle; a later pass comes by.
    """
    made = [source.entry(kind) for source in sources]
    is_whole = True
    async with in_transaction():
        if kind == EntryKind.WORK and made:
            works = locked(Artwork.filter(id__in=[source.id for source in sources]), skip_held=True)
            held = [work.id for work in await works.only("id")]
            is_whole = len(held) == len(made)
            still: list[Any] = await Artwork.all().on_view(held).values_list("id", flat=True)
            made = [entry for entry in made if entry.artwork_id in still]
        old = SearchEntry.filter(id__in=[*gone, *(entry.id for entry in made)])
        await engine.delete_entries([entry.id for entry in await locked(old, skip_held=True).only("id")])
        is_whole = is_whole and not await old.exists()
        if made:
            await SearchEntry.bulk_create(made, ignore_conflicts=True)
            await engine.index([entry.id for entry in made])
    return is_whole
