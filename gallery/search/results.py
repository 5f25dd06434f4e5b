"""Search results: matching entries of the index that are on view now, and their filters."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from tortoise.queryset import QuerySet, ValuesQuery

from gallery.artworks.dates import years_between
from gallery.artworks.models import Artwork, edition_is_open
from gallery.db.compiled_queries import QueryRow, compiled_query
from gallery.exhibitions.models import Edition, Room
from gallery.organisations.models import Organisation, Project
from gallery.public import queries
from gallery.public.queries import published_editions
from gallery.public.view_models import (
    WORK_COLUMNS,
    ShownWork,
    column_texts,
    in_every_language,
    localized_column,
    other_localized_column,
)
from gallery.search.engine import Hit, Match, find_hits
from gallery.search.indexing import (
    PICTURE_COLUMNS,
    VOICE_COLUMNS,
    heard_words,
    picture_words,
    plain_line,
    tags_of,
)
from gallery.search.models import IDS_PER_KIND, EntryKind, SearchEntry, entry_id
from gallery.search.pinyin import Sounds, sounds_of
from gallery.search.tokenizer import Term, facet_token, is_cjk, snippet, terms_of
from gallery.search.words import completions, corrections
from gallery.themes.models import Theme
from gallery.web.languages import LocalizedText
from gallery.web.markdown import excerpt
from gallery.web.pinyin import readings
from gallery.web.texts import Texts

PAGE_SIZE = 24
MAX_COUNTED = 100  # with more results than this, the filters show no counts
MAX_ATTEMPTS = 4  # the most queries for a page, if many hits are no longer on view
SNIPPET_COLUMNS = 150  # display columns; a Chinese character takes two
MAX_FILTER_VALUES = 8  # the most values shown for each filter, by frequency

FILTERS = ("kind", "theme", "organisation", "medium", "year", "language")


@dataclass(frozen=True)
class SearchQuery:
    """What a visitor searches for: words, values of FILTERS, and the hit after which the page begins."""

    text: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    after: Hit | None = None

    @cached_property
    def terms(self) -> list[Term]:
        return terms_of(self.text)

    @cached_property
    def sounds(self) -> Sounds | None:
        return sounds_of(self.terms)

    @property
    def facets(self) -> list[str]:
        return [facet_token(name, value) for name, value in self.filters.items()]


@dataclass(frozen=True)
class SearchResult:
    """One result on the page. Only results that are works have `work`."""

    kind: EntryKind
    route: str
    parameters: Mapping[str, str]
    title: LocalizedText
    other_title: LocalizedText
    facts: Sequence[LocalizedText]
    snippet: LocalizedText  # the part of a text around a match, or the text's beginning
    work: ShownWork | None = None
    is_by_sound: bool = False  # the title was found by its reading


@dataclass
class FilterValue:
    """A value of a filter, and how many of the results have it."""

    value: str
    label: LocalizedText
    count: int = 0


FilterValues = dict[str, dict[str, FilterValue]]  # filter → value → FilterValue


@dataclass(frozen=True)
class SearchResults:
    items: Sequence[SearchResult]
    following: Hit | None  # the last hit of this page, if there is a next page
    total: int | None  # None: more than MAX_COUNTED, or not the first page
    filter_values: FilterValues  # from a sample of the results if `total` is None


async def find(query: SearchQuery) -> SearchResults:
    """A page of results for `query`, which must have a term or a filter.

    The number of SQL queries does not grow with the number of results.
    """
    is_first = query.after is None
    wanted = MAX_COUNTED + 1 if is_first else PAGE_SIZE + 1
    after, hits, is_over = query.after, list[Hit](), False
    visible: dict[int, QueryRow] = {}
    for _ in range(MAX_ATTEMPTS):
        batch = await find_hits(query.terms, query.facets, after, wanted)
        visible |= await _on_view([hit.entry for hit in batch])
        hits += [hit for hit in batch if hit.entry in visible]
        is_over = len(batch) < wanted
        if is_over or len(hits) > PAGE_SIZE:
            break
        after = batch[-1]
    page = hits[:PAGE_SIZE]
    results = await _results([hit.entry for hit in page], query.terms)
    if any(hit.match == Match.SOUND for hit in page):
        await asyncio.to_thread(readings)  # to mark what was found
    return SearchResults(
        items=[
            replace(results[hit.entry], is_by_sound=hit.match == Match.SOUND)
            for hit in page
            if hit.entry in results
        ],
        following=page[-1] if len(hits) > PAGE_SIZE else None,
        total=len(hits) if is_first and is_over else None,
        filter_values=await _filter_values(visible) if is_first and hits else {},
    )


def _by_kind(entries: Iterable[int]) -> dict[EntryKind, list[int]]:
    """Kind → the ids of the rows that the entries are about."""
    ids: dict[EntryKind, list[int]] = {kind: [] for kind in EntryKind}
    for entry in entries:
        ids[EntryKind(entry // IDS_PER_KIND)].append(entry % IDS_PER_KIND)
    return ids


async def _on_view(entries: Iterable[int]) -> dict[int, QueryRow]:
    """The entries that visitors may see now, with their rows' values for the filters."""
    return {
        entry_id(kind, row["id"]): row
        for kind, ids in _by_kind(entries).items()
        if ids
        for row in await VISIBLE_ROWS[kind](ids)
    }


@compiled_query
def _works_on_view(ids: list[int]) -> ValuesQuery[Any]:
    columns = ("id", "language", "made_from", "made_until", "medium", "organisation__slug")
    return Artwork.all().on_view().filter(id__in=ids).values(*columns, "organisation__name")


@compiled_query
def _projects_on_view(ids: list[int]) -> ValuesQuery[Any]:
    active = Project.filter(id__in=ids, organisation__is_active=True)
    return active.values("id", "organisation__slug", "organisation__name")


@compiled_query
def _organisations_on_view(ids: list[int]) -> ValuesQuery[Any]:
    return Organisation.filter(id__in=ids, is_active=True).values("id", "slug", "name")


@compiled_query
def _themes_on_view(ids: list[int]) -> ValuesQuery[Any]:
    return Theme.filter(id__in=ids).values("id", "slug", "title")


@compiled_query
def _exhibitions_on_view(ids: list[int]) -> ValuesQuery[Any]:
    return _opened(ids).values("exhibition__theme__slug", "exhibition__theme__title", id="exhibition_id")


def _opened(ids: list[int]) -> QuerySet[Edition]:
    return published_editions(edition_is_open(), exhibition_id__in=ids)


VISIBLE_ROWS = {
    EntryKind.WORK: _works_on_view,
    EntryKind.PROJECT: _projects_on_view,
    EntryKind.ORGANISATION: _organisations_on_view,
    EntryKind.THEME: _themes_on_view,
    EntryKind.EXHIBITION: _exhibitions_on_view,
}


async def _results(entries: Collection[int], terms: Sequence[Term]) -> dict[int, SearchResult]:
    ids = _by_kind(entries)
    results: dict[int, SearchResult] = {}
    works = await _works(ids[EntryKind.WORK])
    pictured = await picture_words(works)
    for row in works:
        results[entry_id(EntryKind.WORK, row["id"])] = _work_result(row, pictured[row["id"]], terms)
    rooms = await _rooms(ids[EntryKind.EXHIBITION])
    for kind, (named, *columns) in DETAIL_ROWS.items():
        for row in await named(ids[kind]):
            within = [room for room in rooms if (kind, row["id"]) == (EntryKind.EXHIBITION, room["of"])]
            results[entry_id(kind, row["id"])] = _record_result(kind, row, within, terms, *columns)
    return results


@compiled_query
def _works(ids: list[int]) -> ValuesQuery[Any]:
    columns = dict.fromkeys([*WORK_COLUMNS, "story", *VOICE_COLUMNS, *PICTURE_COLUMNS])
    return Artwork.all().on_view().filter(id__in=ids).values(*columns)


@compiled_query
def _projects(ids: list[int]) -> ValuesQuery[Any]:
    return Project.filter(id__in=ids).values("id", "slug", "title", "summary", "organisation__name")


@compiled_query
def _organisations(ids: list[int]) -> ValuesQuery[Any]:
    return Organisation.filter(id__in=ids).values("id", "slug", "name", "about")


@compiled_query
def _themes(ids: list[int]) -> ValuesQuery[Any]:
    return Theme.filter(id__in=ids).values("id", "slug", "title", "text")


@compiled_query
def _exhibitions(ids: list[int]) -> ValuesQuery[Any]:
    columns = ("title", "introduction", "exhibition__theme__title")
    return _opened(ids).values(*columns, id="exhibition_id", slug="exhibition__slug")


@compiled_query
def _rooms(ids: list[int]) -> ValuesQuery[Any]:
    shown = Room.filter(edition_is_open("edition__"), edition__exhibition_id__in=ids)
    rooms = shown.order_by("position", "id")
    return rooms.values("title", "text", of="edition__exhibition_id")


# Kind → its query, and the columns of title, text and parent's name. Works are not here, because they have a
# language of their own.
DETAIL_ROWS = {
    EntryKind.PROJECT: (_projects, "title", "summary", "organisation__name"),
    EntryKind.ORGANISATION: (_organisations, "name", "about", ""),
    EntryKind.THEME: (_themes, "title", "text", ""),
    EntryKind.EXHIBITION: (_exhibitions, "title", "introduction", "exhibition__theme__title"),
}


def _work_result(row: QueryRow, pictured: Sequence[Texts], terms: Sequence[Term]) -> SearchResult:
    shown, own = ShownWork.of(row), row["language"]
    _, *other_titles = in_every_language(row["title"], own)
    texts = [row["story"], row["alt_text"], heard_words(row), *pictured]
    facts = [shown.credit, shown.medium, LocalizedText(shown.date, ""), shown.organisation]
    return SearchResult(
        kind=EntryKind.WORK,
        route="public:artwork",
        parameters={"public_id": shown.public_id},
        title=shown.title,
        other_title=other_titles[0] if other_titles else LocalizedText("", own),
        facts=[fact for fact in facts if fact.text],
        snippet=_snippet([part for text in texts for part in in_every_language(text, own)], terms),
        work=shown,
    )


def _record_result(
    kind: EntryKind,
    row: QueryRow,
    rooms: Sequence[QueryRow],
    terms: Sequence[Term],
    title: str,
    text: str,
    of: str,
) -> SearchResult:
    columns_of = [(row, text), *((room, column) for room in rooms for column in ("title", "text"))]
    texts = [words for each in columns_of for words in in_every_language(column_texts(*each))]
    fact = localized_column(row, of) if of else LocalizedText("", "")
    return SearchResult(
        kind=kind,
        route=f"public:{kind.name.lower()}",
        parameters={"slug": row["slug"]},
        title=localized_column(row, title),
        other_title=other_localized_column(row, title),
        facts=[fact] if fact.text else [],
        snippet=_snippet(texts, terms),
    )


def _snippet(texts: Sequence[LocalizedText], terms: Sequence[Term]) -> LocalizedText:
    """A snippet of the first text that has a match, else the beginning of the first text."""
    for text in dict.fromkeys(texts):
        if text.text and (snippet_text := snippet(plain_line(text.text), terms, SNIPPET_COLUMNS)):
            return LocalizedText(snippet_text, text.language)
    return LocalizedText(excerpt(texts[0].text, SNIPPET_COLUMNS), texts[0].language)


async def _filter_values(visible: Mapping[int, QueryRow]) -> FilterValues:
    """The values of these entries for each filter, with their counts."""
    filter_values: FilterValues = {name: {} for name in FILTERS}
    made: list[range] = []

    def count(name: str, value: str, label: LocalizedText) -> None:
        if value:
            filter_values[name].setdefault(value, FilterValue(value, label)).count += 1

    for entry, row in visible.items():
        kind = EntryKind(entry // IDS_PER_KIND)
        count("kind", kind.name.lower(), LocalizedText("", ""))
        if kind == EntryKind.WORK:
            count("language", row["language"], LocalizedText("", ""))
            made.append(years_between(row["made_from"], row["made_until"]))
            medium = row["medium"].localized(None, row["language"])
            count("medium", medium.text, medium)
        name, slug, title = FACETS[kind]
        count(name, row[slug], localized_column(row, title))
    # A work of several years counts in each. A year that occurs only in such works is not offered.
    offered = {years[0] for years in made if len(years) == 1}
    for year in (year for years in made for year in years if year in offered):
        count("year", str(year), LocalizedText(str(year), ""))
    for row in await tags_of(_by_kind(visible)[EntryKind.WORK]):
        count("theme", row["themes__slug"], localized_column(row, "themes__title"))
    return filter_values


# Kind → the filter for which every row of the kind has a value, and the columns of the value and its name.
FACETS = {
    EntryKind.WORK: ("organisation", "organisation__slug", "organisation__name"),
    EntryKind.PROJECT: ("organisation", "organisation__slug", "organisation__name"),
    EntryKind.ORGANISATION: ("organisation", "slug", "name"),
    EntryKind.THEME: ("theme", "slug", "title"),
    EntryKind.EXHIBITION: ("theme", "exhibition__theme__slug", "exhibition__theme__title"),
}


async def newest(limit: int) -> list[ShownWork]:
    """The newest works on view, found in the search index: this is faster than a query of all hangings."""
    works = await queries.works_by_id(await _newest_ids(limit))
    return [works[id] for id in sorted(works, reverse=True)]


async def _newest_ids(limit: int) -> list[int]:
    entries = SearchEntry.filter(id__lt=entry_id(EntryKind.WORK + 1, 0)).order_by("-id").limit(limit)
    ids: list[Any] = await entries.values_list("id", flat=True)
    return [entry % IDS_PER_KIND for entry in ids]


async def suggestions(query: SearchQuery) -> list[str]:
    """Other queries that have results, if a query has none."""
    if any(is_cjk(term.typed) for term in query.terms):
        await asyncio.to_thread(readings)
    return await corrections(query.terms, _on_view)


async def completed(typed: str) -> list[LocalizedText]:
    """What can be searched for that begins with what is typed."""
    if sounds_of(terms_of(typed)):
        await asyncio.to_thread(readings)
    return await completions(typed, _on_view)
