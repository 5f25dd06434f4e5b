"""What the index contains of each thing on view, and how the index is kept up to date.

Credit names are indexed, and nothing private. A pass goes through everything on view in batches, from the
exhibitions down to the oldest work. Each batch is compared with the entries of the same range of ids.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from tortoise.queryset import ValuesQuery

from gallery.artworks.models import Artwork, edition_is_open, may_hang
from gallery.clock import now
from gallery.db.compiled_queries import QueryRow, compiled_query
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.db.content_version import current_number
from gallery.exhibitions.models import Room
from gallery.exhibitions.schedule import next_change
from gallery.organisations.models import Organisation, Project
from gallery.public.queries import published_editions
from gallery.search import engine, tokenizer
from gallery.search.engine import ABOVE_ALL_IDS
from gallery.search.models import IDS_PER_KIND, EntryKind, IndexPass, SearchEntry, entry_id
from gallery.search.tokenizer import facet_token, token_stream
from gallery.themes.models import Theme
from gallery.web.languages import LANGUAGES
from gallery.web.markdown import markdown_to_text
from gallery.web.texts import Texts

READ_AT_ONCE = 300  # rows compared in one batch
WRITTEN_AT_ONCE = 50  # entries written in one transaction; few, so that other writers wait only briefly
INCOMPLETE = -1  # stored as the content version of a pass that left out locked rows
MAX_ROW_ID = 2**31 - 1  # the largest value of PostgreSQL's integer columns

TAG_NAMES = ("themes__title_zh", "themes__title_en")
MARKDOWN = frozenset("*_[<&\\")  # a text without these characters has no Markdown to remove

WORK_TEXTS = (
    "title",
    "artist__credit_name",
    "artist__credit_name_translation",
    "medium",
    "organisation__name_zh",
    "organisation__name_en",
    "project__title_zh",
    "project__title_en",
    "alt_text",
    "story",
)
WORK_TITLES = WORK_TEXTS[:3]  # credit names count as titles


@dataclass(frozen=True)
class EntrySource:
    """What an entry is made from: its texts, and its values for the filters."""

    id: int
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    facets: tuple[tuple[str, str], ...]

    @property
    def stamp(self) -> str:
        content = repr((tokenizer.VERSION, self.titles, self.texts, self.facets))
        return blake2b(content.encode(errors="replace"), digest_size=16).hexdigest()

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
    """A text on one line, without Markdown. Parsing is slow, so plain text is not parsed."""
    return markdown_to_text(text) if MARKDOWN.intersection(text) else " ".join(text.split())


@dataclass(frozen=True)
class SourceBatch:
    """What is on view in a range of rows, the newest first. `down_to` is the lowest id of the range."""

    sources: list[EntrySource]
    down_to: int


Reader = Callable[[int, int], Awaitable[SourceBatch]]


async def works(before: int, most: int) -> SourceBatch:
    """The works on view among the `most` newest accepted ones with ids below `before`."""
    accepted = Artwork.filter(may_hang(), id__lt=before).order_by("-id").limit(most)
    ids: list[Any] = await accepted.values_list("id", flat=True)
    columns = ("id", "language", "year", "organisation__slug", *WORK_TEXTS)
    rows = await Artwork.all().on_view().filter(id__in=ids).order_by("-id").values(*columns)
    tagged: dict[int, list[Mapping[str, Any]]] = {row["id"]: [] for row in rows}
    for pair in await tags_of(tagged):
        tagged[pair["id"]].append(pair)
    return SourceBatch(
        [_work_source(row, tagged[row["id"]]) for row in rows], ids[-1] if len(ids) == most else 0
    )


async def tags_of(ids: Collection[int]) -> list[QueryRow]:
    """One row for each theme of each work: the work's id, the theme's slug and names; sorted by theme id."""
    return sorted(await _tags_of(list(ids)), key=lambda row: int(row["themes__id"]))


@compiled_query
def _tags_of(ids: list[int]) -> ValuesQuery[Any]:
    # The query starts from the works. If it started from the themes, SQLite would scan every work of a theme.
    tagged = Artwork.filter(id__in=ids, themes__id__isnull=False)
    return tagged.values("id", "themes__id", "themes__slug", *TAG_NAMES)


def _work_source(row: Mapping[str, Any], themes: Iterable[Mapping[str, Any]]) -> EntrySource:
    year = str(row["year"] or "")
    facets = [("language", row["language"]), ("organisation", row["organisation__slug"])]
    facets += [("theme", theme["themes__slug"]) for theme in themes]
    facets += [("year", year)] if year else []
    facets += [("medium", medium) for medium in row["medium"].values()]
    return EntrySource(
        id=row["id"],
        titles=_non_empty(row, WORK_TITLES),
        texts=(
            *_non_empty(row, WORK_TEXTS[len(WORK_TITLES) :]),
            *(text for theme in themes for text in _non_empty(theme, TAG_NAMES)),
            *([year] if year else []),
        ),
        facets=tuple(dict.fromkeys(facets)),
    )


async def projects(before: int, most: int) -> SourceBatch:
    """Projects with a work on view."""
    rows = Project.filter(id__lt=before, organisation__is_active=True)
    names = in_languages("title", "summary", "organisation__name")
    facet = ("organisation", "organisation__slug")
    return await _bilingual_batch(rows, most, names, facet, await _ids_with_works("project_id"))


async def organisations(before: int, most: int) -> SourceBatch:
    """Active organisations with a work on view."""
    rows = Organisation.filter(id__lt=before, is_active=True)
    names = (*in_languages("name", "about"), "registration_number")
    facet = ("organisation", "slug")
    return await _bilingual_batch(rows, most, names, facet, await _ids_with_works("organisation_id"))


async def themes(before: int, most: int) -> SourceBatch:
    """All themes: a theme has its page before it has works."""
    rows = Theme.filter(id__lt=before)
    return await _bilingual_batch(rows, most, in_languages("title", "text"), ("theme", "slug"))


async def _bilingual_batch(
    rows: QuerySet[Any],
    most: int,
    names: tuple[str, ...],
    facet: tuple[str, str],
    listed_ids: Collection[int] | None = None,
) -> SourceBatch:
    """The sources of the `most` newest of `rows`. If `listed_ids` is given, rows with other ids are left out.

    The first two `names` are title columns, the others text columns. `facet`: (filter, column of its value).
    """
    kind, column = facet
    found = await rows.order_by("-id").limit(most).values("id", column, *names)
    sources = [
        EntrySource(
            id=row["id"],
            titles=_non_empty(row, names[:2]),
            texts=_non_empty(row, names[2:]),
            facets=((kind, row[column]),),
        )
        for row in found
        if listed_ids is None or row["id"] in listed_ids
    ]
    return SourceBatch(sources, found[-1]["id"] if len(found) == most else 0)


async def exhibitions(before: int, most: int) -> SourceBatch:
    """Exhibitions that have opened, in their current editions."""
    names = in_languages("title", "introduction", "exhibition__theme__title")
    rows = (
        await published_editions(edition_is_open(), exhibition_id__lt=before)
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
    rows: list[Any] = await Artwork.all().on_view(as_set=True).distinct().values_list(column, flat=True)
    return {id for id in rows if id is not None}


def in_languages(*names: str) -> tuple[str, ...]:
    """The names of the columns with these fields in each language: title → title_zh, title_en."""
    return tuple(f"{name}_{language}" for name in names for language in LANGUAGES)


def _non_empty(row: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """The words in these columns: of a text in several languages those in each of them."""
    values = [row[name] for name in names]
    return tuple(
        words
        for value in values
        for words in (value.values() if isinstance(value, Texts) else [value])
        if words
    )


async def continue_pass() -> bool:
    """Do one batch of a pass through everything on view. Returns False if nothing is left to do now.

    A pass begins when the content version has moved, or when time has changed what is on view. If two
    workers run at once, they only check rows twice. Rows that a pass left out, because another process had
    locked them, are checked by the next pass.
    """
    current_pass, _ = await IndexPass.get_or_create(id=1)
    if current_pass.before == 0:
        number = await current_number()
        if (
            current_pass.content_version == number
            and current_pass.words_version == tokenizer.VERSION
            and (current_pass.holds_until is None or now() < current_pass.holds_until)
        ):
            return False
        current_pass.content_version = number
        current_pass.words_version = tokenizer.VERSION
        current_pass.holds_until = await next_change()
        current_pass.before = ABOVE_ALL_IDS
        await current_pass.save()
    current_pass.before, is_whole = await update_batch(current_pass.before)
    if not is_whole:  # INCOMPLETE makes another pass follow
        current_pass.content_version = INCOMPLETE
        await IndexPass.filter(id=1).update(content_version=INCOMPLETE)
    await IndexPass.filter(id=1).update(before=current_pass.before)
    # After an incomplete pass the chore pauses: another process may hold its locks for a while.
    return bool(current_pass.before or current_pass.content_version != INCOMPLETE)


async def rebuild() -> int:
    """Write the whole index again. Returns the number of its entries."""
    await engine.delete_all()
    await refresh()
    return await SearchEntry.all().count()


async def refresh() -> None:
    """Compare the whole index with what is on view, and write what differs."""
    await IndexPass.all().delete()
    while await continue_pass():
        pass


async def update_batch(before: int) -> tuple[int, bool]:
    """Update the next entries below the id `before`.

    Returns the lowest id of the updated range (0 at the end), and whether all entries of the range were
    updated. Entries that another process has locked are left out.
    """
    kind = EntryKind((before - 1) // IDS_PER_KIND)
    batch = await READERS[kind](min(before - entry_id(kind, 0), MAX_ROW_ID), READ_AT_ONCE)
    down_to = entry_id(kind, batch.down_to)
    stamps = dict(await SearchEntry.filter(id__gte=down_to, id__lt=before).values_list("id", "stamp"))
    new = [source for source in batch.sources if stamps.pop(entry_id(kind, source.id), None) != source.stamp]
    gone = list(stamps)
    is_whole = True
    for start in range(0, len(gone), WRITTEN_AT_ONCE):
        is_whole &= await write_entries(kind, [], gone[start : start + WRITTEN_AT_ONCE])
    for start in range(0, len(new), WRITTEN_AT_ONCE):
        is_whole &= await write_entries(kind, new[start : start + WRITTEN_AT_ONCE], gone=[])
    return (down_to if down_to > entry_id(EntryKind.WORK, 0) else 0), is_whole


async def write_entries(kind: EntryKind, sources: Collection[EntrySource], gone: Collection[int]) -> bool:
    """Write the entries of `sources` and delete the entries with the ids `gone`, in one transaction.

    Returns whether all entries were written and deleted.

    A work is written only if it is still on view: it may have been withdrawn since it was read. Rows that
    another process has locked are left to a later pass, so that no deadlock with a withdrawal is possible.
    """
    made = [source.entry(kind) for source in sources]
    is_whole = True
    async with in_transaction():
        if kind == EntryKind.WORK and made:
            works = locked(Artwork.filter(id__in=[source.id for source in sources]), skip_locked=True)
            locked_ids = [work.id for work in await works.only("id")]
            is_whole = len(locked_ids) == len(made)
            on_view: list[Any] = (
                await Artwork.all().on_view().filter(id__in=locked_ids).values_list("id", flat=True)
            )
            made = [entry for entry in made if entry.artwork_id in on_view]
        old = SearchEntry.filter(id__in=[*gone, *(entry.id for entry in made)])
        await engine.delete_entries([entry.id for entry in await locked(old, skip_locked=True).only("id")])
        is_whole = is_whole and not await old.exists()
        if made:
            await SearchEntry.bulk_create(made, ignore_conflicts=True)
            await engine.index([entry.id for entry in made])
    return is_whole
