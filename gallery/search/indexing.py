"""The entries of the search index for things on view, and keeping the index up to date.

Credit names are indexed, and nothing private. A pass goes through the entries that may have changed, or
through all, in batches, from exhibitions down to the oldest work. Each batch is compared with the stored
entries.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

from tortoise.queryset import ValuesQuery

from gallery.artworks.dates import date_texts, years_between
from gallery.artworks.models import Artwork, Picture, edition_is_open, may_hang
from gallery.clock import now
from gallery.db.compiled_queries import QueryRow, compiled_query
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.db.content_version import current_number
from gallery.exhibitions.models import Exhibition, Room
from gallery.exhibitions.schedule import next_change
from gallery.organisations.models import Organisation, Project
from gallery.public.queries import published_editions
from gallery.search import engine, pinyin, tokenizer
from gallery.search.engine import ABOVE_ALL_IDS
from gallery.search.models import IDS_PER_KIND, EntryKind, IndexPass, SearchEntry, SearchWord, entry_id
from gallery.search.tokenizer import facet_token, token_stream
from gallery.search.touched import touched_entries
from gallery.search.words import words_of as words_to_suggest
from gallery.sounds.models import SoundState
from gallery.sounds.transcripts import words_of
from gallery.themes.models import Theme
from gallery.web.languages import LocalizedText
from gallery.web.markdown import markdown_to_text
from gallery.web.pinyin import readings
from gallery.web.texts import NO_TEXTS, Texts

READ_AT_ONCE = 300  # rows compared in one batch
WRITTEN_AT_ONCE = 50  # entries written in one transaction; few, so that other writers wait only briefly
MAX_ROW_ID = 2**31 - 1  # the largest value of PostgreSQL's integer columns

MARKDOWN = frozenset("*_[<&\\")  # a text without these characters has no Markdown to remove

WORK_TEXTS = (
    "title",
    "artist__credit_name",
    "artist__credit_translations",
    "medium",
    "organisation__name",
    "project__title",
    "alt_text",
    "story",
)
WORK_TITLES = WORK_TEXTS[:3]  # credit names count as titles
PICTURE_COLUMNS = ("caption", "more_pictures")
VOICE_COLUMNS = ("transcript", "sound__state", "consent__for_voice")


@dataclass(frozen=True)
class EntrySource:
    """The content of an entry: its texts, and its values for the filters."""

    id: int
    titles: tuple[LocalizedText, ...]
    texts: tuple[str, ...]
    facets: tuple[tuple[str, str], ...]

    @property
    def stamp(self) -> str:
        content = repr((tokenizer.VERSION, self.titles, self.texts, self.facets))
        return blake2b(content.encode(errors="replace"), digest_size=16).hexdigest()

    def entry(self, kind: EntryKind) -> SearchEntry:
        facets = [facet_token("kind", kind.name.lower())]
        facets += [facet_token(name, value) for name, value in self.facets]
        titles = [title.text for title in self.titles]
        sounds = [token for title in titles for token in pinyin.tokens_of(title)]
        return SearchEntry(
            id=entry_id(kind, self.id),
            artwork_id=self.id if kind == EntryKind.WORK else None,
            stamp=self.stamp,
            title_tokens=token_stream(titles, facets, sounds),
            text_tokens=token_stream([*titles, *map(plain_line, self.texts)], facets),
        )


def plain_line(text: str) -> str:
    """A text on one line, without Markdown. Parsing is slow, so plain text is not parsed."""
    return markdown_to_text(text) if MARKDOWN.intersection(text) else " ".join(text.split())


async def works(ids: Collection[int]) -> list[EntrySource]:
    """The works on view with these ids."""
    columns = ("id", "language", "date_made", "made_from", "made_until", "organisation__slug")
    on_view = Artwork.all().on_view().filter(id__in=list(ids))
    rows = await on_view.values(*columns, *WORK_TEXTS, *VOICE_COLUMNS, *PICTURE_COLUMNS)
    pictured = await picture_words(rows)
    tagged: dict[int, list[Mapping[str, Any]]] = {row["id"]: [] for row in rows}
    for pair in await tags_of(tagged):
        tagged[pair["id"]].append(pair)
    return [_work_source(row, pictured[row["id"]], tagged[row["id"]]) for row in rows]


async def picture_words(rows: Iterable[Mapping[str, Any]]) -> Mapping[int, Sequence[Texts]]:
    """Work id → the texts at its pictures, except the first alt text. `rows`: id and PICTURE_COLUMNS.

    One query, or none if no work has further pictures. The caption of a single picture is not shown, so it is
    left out.
    """
    found = defaultdict[int, list[Texts]](list)
    for row in rows:
        if row["more_pictures"]:
            found[row["id"]].append(row["caption"])
    if found:
        pictures = Picture.filter(artwork_id__in=list(found)).order_by("position", "id")
        for id, *texts in await pictures.values_list("artwork_id", "alt_text", "caption"):
            found[id] += texts
    return found


async def tags_of(ids: Collection[int]) -> list[QueryRow]:
    """One row for each theme of each work: the work's id, the theme's slug and names; sorted by theme id."""
    return sorted(await _tags_of(list(ids)), key=lambda row: int(row["themes__id"]))


@compiled_query
def _tags_of(ids: list[int]) -> ValuesQuery[Any]:
    # The query starts from the works. If it started from the themes, SQLite would scan every work of a theme.
    tagged = Artwork.filter(id__in=ids, themes__id__isnull=False)
    return tagged.values("id", "themes__id", "themes__slug", "themes__title")


def _work_source(
    row: Mapping[str, Any], pictured: Iterable[Texts], themes: Iterable[Mapping[str, Any]]
) -> EntrySource:
    years = years_between(row["made_from"], row["made_until"])
    facets = [("language", row["language"]), ("organisation", row["organisation__slug"])]
    facets += [("theme", theme["themes__slug"]) for theme in themes]
    facets += [("year", str(year)) for year in years]
    facets += [("medium", medium) for medium in row["medium"].values()]
    return EntrySource(
        id=row["id"],
        titles=_names(row, WORK_TITLES),
        texts=(
            *_non_empty(row, WORK_TEXTS[len(WORK_TITLES) :]),
            *heard_words(row).values(),
            *(words for texts in pictured for words in texts.values()),
            *(text for theme in themes for text in _non_empty(theme, ["themes__title"])),
            *date_texts(row["date_made"]),
        ),
        facets=tuple(dict.fromkeys(facets)),
    )


def heard_words(row: Mapping[str, Any]) -> Texts:
    """The transcript of a work's voice without times; empty if the voice may not be heard. See `voice_may_be_heard`."""
    if row["sound__state"] != SoundState.READY or not row["consent__for_voice"]:
        return NO_TEXTS
    return Texts({language: words_of(text) for language, text in row["transcript"].items()})


async def projects(ids: Collection[int]) -> list[EntrySource]:
    """The projects with these ids that have a work on view."""
    shown = await _ids_with_works("project_id", ids)
    rows = Project.filter(id__in=shown, organisation__is_active=True)
    names = ("title", "summary", "organisation__name")
    return await _text_sources(rows, names, ("organisation", "organisation__slug"))


async def organisations(ids: Collection[int]) -> list[EntrySource]:
    """The active organisations with these ids that have a work on view."""
    shown = await _ids_with_works("organisation_id", ids)
    rows = Organisation.filter(id__in=shown, is_active=True)
    return await _text_sources(
        rows, ("name", "about", "region", "registration_number"), ("organisation", "slug")
    )


async def themes(ids: Collection[int]) -> list[EntrySource]:
    """The themes with these ids: a theme has a page even before it has works."""
    rows = Theme.filter(id__in=list(ids))
    return await _text_sources(rows, ("title", "text"), ("theme", "slug"))


async def _text_sources(
    rows: QuerySet[Any], names: tuple[str, ...], facet: tuple[str, str]
) -> list[EntrySource]:
    """The first of `names` is the title, the others are text columns. `facet`: (filter, column of its value)."""
    kind, column = facet
    return [
        EntrySource(
            id=row["id"],
            titles=_names(row, names[:1]),
            texts=_non_empty(row, names[1:]),
            facets=((kind, row[column]),),
        )
        for row in await rows.values("id", column, *names)
    ]


async def exhibitions(ids: Collection[int]) -> list[EntrySource]:
    """The exhibitions with these ids that have opened, in their current editions."""
    names = ("title", "introduction", "exhibition__theme__title")
    rows = await published_editions(edition_is_open(), exhibition_id__in=list(ids)).values(
        "id", "exhibition_id", "exhibition__theme__slug", *names
    )
    wall_texts: dict[int, list[str]] = {row["id"]: [] for row in rows}
    for room in await Room.filter(edition_id__in=list(wall_texts)).values("edition_id", "title", "text"):
        wall_texts[room["edition_id"]] += _non_empty(room, ("title", "text"))
    return [
        EntrySource(
            id=row["exhibition_id"],
            titles=_names(row, names[:1]),
            texts=(*_non_empty(row, names[1:]), *wall_texts[row["id"]]),
            facets=(("theme", row["exhibition__theme__slug"]),) if row["exhibition__theme__slug"] else (),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Indexed:
    """A kind of thing in the index. `read` returns the entries for those of the given ids that are on view."""

    rows: Callable[[], QuerySet[Any]]  # all rows that may be in the index
    read: Callable[[Collection[int]], Awaitable[list[EntrySource]]]


KINDS: Mapping[EntryKind, Indexed] = {
    EntryKind.WORK: Indexed(lambda: Artwork.filter(may_hang()), works),
    EntryKind.PROJECT: Indexed(Project.all, projects),
    EntryKind.ORGANISATION: Indexed(Organisation.all, organisations),
    EntryKind.THEME: Indexed(Theme.all, themes),
    EntryKind.EXHIBITION: Indexed(Exhibition.all, exhibitions),
}


async def _ids_with_works(column: str, ids: Collection[int]) -> list[int]:
    """Those `ids` of organisations or projects that occur in this column of a work on view."""
    works = Artwork.all().on_view().filter(**{f"{column}__in": list(ids)})
    found: list[Any] = await works.distinct().values_list(column, flat=True)
    return found


def _non_empty(row: Mapping[str, Any], names: Iterable[str]) -> tuple[str, ...]:
    """The texts in these columns, in every language, without empty ones."""
    values = [row[name] for name in names]
    return tuple(
        words
        for value in values
        for words in (value.values() if isinstance(value, Texts) else [value])
        if words
    )


def _names(row: Mapping[str, Any], columns: Iterable[str]) -> tuple[LocalizedText, ...]:
    """The same, with their languages: "" for a credit name."""
    values = [row[name] for name in columns]
    return tuple(
        LocalizedText(words, language)
        for value in values
        for language, words in (value.items() if isinstance(value, Texts) else [("", value)])
        if words
    )


class BatchResult(NamedTuple):
    before: int  # entries with this id or a higher one are done; 0: all are done
    is_whole: bool  # False if a row was left out because another process had locked it
    rows: int  # number of rows that were compared with their entries


async def continue_pass() -> bool:
    """Do one batch of a pass. Returns False if nothing is left to do now.

    A pass begins when the content version has changed, or when time has changed what is on view. It covers
    the entries affected by the changes, or all entries if those are not known. If two workers run at once,
    they only check some rows twice. Rows that another process had locked are left out, and checked in another
    pass.
    """
    current, _ = await IndexPass.get_or_create(id=1)
    if current.before == 0 and not await _begin_pass(current):
        return False
    await _do_batch(current)
    # After an incomplete pass the chore pauses: another process may hold its locks for a while.
    return bool(current.before or current.is_whole)


async def _begin_pass(current: IndexPass) -> bool:
    """Begin a pass; False if the index is up to date."""
    number = await current_number()
    has_time_changed = current.holds_until is None or now() >= current.holds_until
    has_changed = (current.content_version, current.words_version) != (number, tokenizer.VERSION)
    touched: list[int] | None = []
    if has_time_changed or has_changed:
        touched = await touched_entries(current, number)
    elif current.is_whole:
        return False
    if not current.is_whole and touched is not None:
        last = _entries_of(current)
        touched = None if last is None else sorted({*touched, *last}, reverse=True)
    current.content_version, current.words_version = number, tokenizer.VERSION
    current.holds_until = await next_change()
    current.touched = None if touched is None else {"version": number, "entries": touched}
    current.before, current.is_whole, current.is_rebuild = ABOVE_ALL_IDS, True, False
    await current.save()
    return True


def _entries_of(current: IndexPass) -> list[int] | None:
    """The ids of the entries that the pass covers, in descending order; None: all."""
    if current.touched is None or current.touched["version"] != current.content_version:
        return None
    entries: list[int] = current.touched["entries"]
    return entries


async def _do_batch(current: IndexPass) -> BatchResult:
    result = await update_batch(current.before, _entries_of(current))
    changed: dict[str, Any] = {"before": result.before}
    if not result.is_whole:
        changed["is_whole"] = False
    current.update_from_dict(changed)
    await IndexPass.filter(id=1).update(**changed)
    return result


async def rebuild(report_progress: Callable[[str, int, int], None] = lambda what, done, total: None) -> int:
    """Write the whole index again; continue if an earlier attempt was interrupted. Returns the number of entries."""
    unfinished = IndexPass.filter(is_rebuild=True, before__gt=0, words_version=tokenizer.VERSION)
    current = await unfinished.first()
    if current is None:
        async with in_transaction():
            await engine.delete_all()
            current, _ = await IndexPass.update_or_create({"content_version": -1, "is_whole": True}, id=1)
            await _begin_pass(current)
            current.is_rebuild = True
            await current.save()
    total = done = 0
    for kind, indexed in KINDS.items():
        below = max(min(current.before - entry_id(kind, 0), MAX_ROW_ID), 0)
        count = await indexed.rows().count()
        total, done = total + count, done + count - await indexed.rows().filter(id__lt=below).count()
    while current.before:
        report_progress("Search index", done, total)
        done += (await _do_batch(current)).rows
    report_progress("Search index", total, total)
    while await continue_pass():  # changes made in the meantime
        pass
    return await SearchEntry.all().count()


async def refresh() -> None:
    """Compare the whole index with what is on view, and write the differences."""
    await IndexPass.all().delete()
    while await continue_pass():
        pass


async def update_batch(before: int, entries: Sequence[int] | None = None) -> BatchResult:
    """Update the next entries below the id `before`; with `entries` (in descending order) only these.

    Entries that another process has locked are left out.
    """
    kind = EntryKind((before - 1) // IDS_PER_KIND)
    lowest = entry_id(kind, 0)
    if entries is None:
        rows = KINDS[kind].rows().filter(id__lt=min(before - lowest, MAX_ROW_ID))
        ids: list[Any] = await rows.order_by("-id").limit(READ_AT_ONCE).values_list("id", flat=True)
        down_to = lowest + ids[-1] if len(ids) == READ_AT_ONCE else lowest
        written = SearchEntry.filter(id__gte=down_to, id__lt=before)
    else:
        batch = list(islice((entry for entry in entries if lowest <= entry < before), READ_AT_ONCE))
        ids = [entry - lowest for entry in batch]
        down_to = batch[-1] if len(batch) == READ_AT_ONCE else lowest
        written = SearchEntry.filter(id__in=batch)
    stamps = dict(await written.values_list("id", "stamp"))
    sources = await KINDS[kind].read(ids) if ids else []
    new = [source for source in sources if stamps.pop(entry_id(kind, source.id), None) != source.stamp]
    gone = list(stamps)
    is_whole = True
    for start in range(0, len(gone), WRITTEN_AT_ONCE):
        is_whole &= await write_entries(kind, [], gone[start : start + WRITTEN_AT_ONCE])
    for start in range(0, len(new), WRITTEN_AT_ONCE):
        is_whole &= await write_entries(kind, new[start : start + WRITTEN_AT_ONCE], gone=[])
    return BatchResult(down_to if down_to > entry_id(EntryKind.WORK, 0) else 0, is_whole, len(ids))


async def write_entries(kind: EntryKind, sources: Collection[EntrySource], gone: Collection[int]) -> bool:
    """Write the entries of `sources` and delete the entries with the ids `gone`, in one transaction.

    Returns whether all entries were written and deleted.

    A work is written only if it is still on view: it may have been withdrawn since it was read. Rows that
    another process has locked are left to a later pass, so that no deadlock with a withdrawal is possible.
    """
    if sources:
        await asyncio.to_thread(readings)  # loaded once
    made = [source.entry(kind) for source in sources]
    titles = {entry.id: source.titles for entry, source in zip(made, sources, strict=True)}
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
        held = set(await old.values_list("id", flat=True))  # their words would wait for whoever holds them
        is_whole = is_whole and not held
        made = [entry for entry in made if entry.id not in held]
        if made:
            await SearchEntry.bulk_create(made, ignore_conflicts=True)
            await engine.index([entry.id for entry in made])
            await SearchWord.bulk_create(
                word for entry in made for word in words_to_suggest(entry, titles[entry.id])
            )
    return is_whole
