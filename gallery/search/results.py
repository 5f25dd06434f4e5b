"""What a visitor is answered: entries that were found, looked at again by the rule of what is on view."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from tortoise.queryset import QuerySet, ValuesQuery

from gallery.artworks.models import Artwork, edition_is_open
from gallery.db.compiled_queries import QueryRow, compiled_query
from gallery.exhibitions.models import Edition, Room
from gallery.organisations.models import Organisation, Project
from gallery.public import queries, view_models
from gallery.public.queries import has_opened, published_editions
from gallery.public.view_models import ShownWork
from gallery.search.engine import Hit, find_hits
from gallery.search.indexing import in_languages, plain_line, tags_of
from gallery.search.models import IDS_PER_KIND, EntryKind, SearchEntry, entry_id
from gallery.search.tokenizer import Term, facet_token, is_cjk, snippet, terms_of
from gallery.themes.models import Theme
from gallery.web.languages import LocalizedText, other_language
from gallery.web.markdown import excerpt

PAGE_SIZE = 24  # answers
MAX_COUNTED = 100  # answers up to which filters say how many each would leave
MAX_ATTEMPTS = 4  # how often a page reaches further, where what it found is no longer on view
PASSAGE_COLUMNS = 150  # a Chinese character being two
MAX_FILTER_VALUES = 8  # of one filter, those that most answers have
MAX_SUGGESTIONS = 4  # questions that are offered instead of one without answers
VOCABULARY_WORKS = 200  # works whose titles lend words to a question that was spelt otherwise

FILTERS = ("kind", "theme", "organisation", "medium", "year", "language")


@dataclass(frozen=True)
class SearchQuery:
    """What a visitor asks: a question, filters by FILTERS, and behind which answer to go on."""

    question: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    after: Hit | None = None

    @cached_property
    def terms(self) -> list[Term]:
        return terms_of(self.question)

    @property
    def facets(self) -> list[str]:
        return [facet_token(name, value) for name, value in self.filters.items()]


@dataclass(frozen=True)
class SearchResult:
    """One answer as a page shows it; `work` is there for works alone."""

    kind: EntryKind
    route: str
    parameters: Mapping[str, str]
    title: LocalizedText
    other_title: LocalizedText
    facts: Sequence[LocalizedText]
    passage: LocalizedText  # around what was found, or how its text begins
    work: ShownWork | None = None


@dataclass
class FilterValue:
    """A value of a filter, and how many of the answers have it."""

    value: str
    label: LocalizedText
    count: int = 0


FilterValues = dict[str, dict[str, FilterValue]]  # by filter and value


@dataclass(frozen=True)
class SearchResults:
    answers: Sequence[SearchResult]
    following: Hit | None  # behind which the next page begins
    total: int | None  # None: more than COUNTED_MOST, or not the first page
    choices: FilterValues  # of a sample where `total` is None


async def find(asked: SearchQuery) -> SearchResults:
    """A page of answers, in a number of queries that does not grow with them. There must be a term or a filter."""
    is_first = asked.after is None
    wanted = MAX_COUNTED + 1 if is_first else PAGE_SIZE + 1
    after, found, is_over = asked.after, list[Hit](), False
    seen: dict[int, QueryRow] = {}
    for _ in range(MAX_ATTEMPTS):
        reached = await find_hits(asked.terms, asked.facets, after, wanted)
        seen |= await _on_view([hit.entry for hit in reached])
        found += [hit for hit in reached if hit.entry in seen]
        is_over = len(reached) < wanted
        if is_over or len(found) > PAGE_SIZE:
            break
        after = reached[-1]
    page = found[:PAGE_SIZE]
    answers = await _results([hit.entry for hit in page], asked.terms)
    return SearchResults(
        answers=[answers[hit.entry] for hit in page if hit.entry in answers],
        following=page[-1] if len(found) > PAGE_SIZE else None,
        total=len(found) if is_first and is_over else None,
        choices=await _filter_values(seen) if is_first and found else {},
    )


def _by_kind(entries: Collection[int]) -> dict[EntryKind, list[int]]:
    """The ids of the rows that entries are of, by kind."""
    ids: dict[EntryKind, list[int]] = {kind: [] for kind in EntryKind}
    for entry in entries:
        ids[EntryKind(entry // IDS_PER_KIND)].append(entry % IDS_PER_KIND)
    return ids


async def _on_view(entries: Collection[int]) -> dict[int, QueryRow]:
    """Those of the entries whose rows a visitor may see, now, each with what filters ask of it."""
    return {
        entry_id(kind, row["id"]): row
        for kind, ids in _by_kind(entries).items()
        for row in await VISIBLE_ROWS[kind](ids)
    }


@compiled_query
def _works_on_view(ids: list[int]) -> ValuesQuery[Any]:
    columns = ("id", "language", "year", "medium", "medium_translation", "organisation__slug")
    return Artwork.all().on_view(ids).values(*columns, *in_languages("organisation__name"))


@compiled_query
def _projects_on_view(ids: list[int]) -> ValuesQuery[Any]:
    active = Project.filter(id__in=ids, organisation__is_active=True)
    return active.values("id", "organisation__slug", *in_languages("organisation__name"))


@compiled_query
def _organisations_on_view(ids: list[int]) -> ValuesQuery[Any]:
    return Organisation.filter(id__in=ids, is_active=True).values("id", "slug", *in_languages("name"))


@compiled_query
def _themes_on_view(ids: list[int]) -> ValuesQuery[Any]:
    return Theme.filter(id__in=ids).values("id", "slug", *in_languages("title"))


@compiled_query
def _exhibitions_on_view(ids: list[int]) -> ValuesQuery[Any]:
    titles = in_languages("exhibition__theme__title")
    return _opened(ids).values("exhibition__theme__slug", *titles, id="exhibition_id")


def _opened(ids: list[int]) -> QuerySet[Edition]:
    return published_editions(has_opened(), exhibition_id__in=ids)


VISIBLE_ROWS = {
    EntryKind.WORK: _works_on_view,
    EntryKind.PROJECT: _projects_on_view,
    EntryKind.ORGANISATION: _organisations_on_view,
    EntryKind.THEME: _themes_on_view,
    EntryKind.EXHIBITION: _exhibitions_on_view,
}


async def _results(entries: Collection[int], terms: Sequence[Term]) -> dict[int, SearchResult]:
    ids = _by_kind(entries)
    made: dict[int, SearchResult] = {}
    for row in await _works(ids[EntryKind.WORK]):
        made[entry_id(EntryKind.WORK, row["id"])] = _work_result(row, terms)
    rooms = await _rooms(ids[EntryKind.EXHIBITION])
    for kind, (named, *columns) in DETAIL_ROWS.items():
        for row in await named(ids[kind]):
            within = [room for room in rooms if (kind, row["id"]) == (EntryKind.EXHIBITION, room["of"])]
            made[entry_id(kind, row["id"])] = _bilingual_result(kind, row, within, terms, *columns)
    return made


@compiled_query
def _works(ids: list[int]) -> ValuesQuery[Any]:
    return Artwork.all().on_view(ids).values(*view_models.WORK_COLUMNS, "story", "story_translation")


@compiled_query
def _projects(ids: list[int]) -> ValuesQuery[Any]:
    columns = in_languages("title", "summary", "organisation__name")
    return Project.filter(id__in=ids).values("id", "slug", *columns)


@compiled_query
def _organisations(ids: list[int]) -> ValuesQuery[Any]:
    return Organisation.filter(id__in=ids).values("id", "slug", *in_languages("name", "about"))


@compiled_query
def _themes(ids: list[int]) -> ValuesQuery[Any]:
    return Theme.filter(id__in=ids).values("id", "slug", *in_languages("title", "text"))


@compiled_query
def _exhibitions(ids: list[int]) -> ValuesQuery[Any]:
    columns = in_languages("title", "introduction", "exhibition__theme__title")
    return _opened(ids).values(*columns, id="exhibition_id", slug="exhibition__slug")


@compiled_query
def _rooms(ids: list[int]) -> ValuesQuery[Any]:
    shown = Room.filter(edition_is_open("edition__"), edition__exhibition_id__in=ids)
    rooms = shown.order_by("position", "id")
    return rooms.values(*in_languages("title", "text"), of="edition__exhibition_id")


# The rows of what has its title and its text in both languages, these columns, and the one that names what it is of.
DETAIL_ROWS = {
    EntryKind.PROJECT: (_projects, "title", "summary", "organisation__name"),
    EntryKind.ORGANISATION: (_organisations, "name", "about", ""),
    EntryKind.THEME: (_themes, "title", "text", ""),
    EntryKind.EXHIBITION: (_exhibitions, "title", "introduction", "exhibition__theme__title"),
}


def _work_result(row: QueryRow, terms: Sequence[Term]) -> SearchResult:
    shown, own = ShownWork.of(row), row["language"]

    def in_both(field: str) -> list[LocalizedText]:
        """As the page would have it, then in each language."""
        said, translation = row[field], row[f"{field}_translation"]
        translated = LocalizedText(translation, other_language(own))
        return [view_models.in_page_language(said, translation, own), translated, LocalizedText(said, own)]

    _, translated_title, own_title = in_both("title")
    facts = [shown.credit, shown.medium, LocalizedText(str(shown.year or ""), ""), shown.organisation]
    return SearchResult(
        kind=EntryKind.WORK,
        route="visits:artwork",
        parameters={"public_id": shown.public_id},
        title=shown.title,
        other_title=translated_title if shown.title.language == own else own_title,
        facts=[fact for fact in facts if fact.text],
        passage=_passage([*in_both("story"), *in_both("alt_text")], terms),
        work=shown,
    )


def _bilingual_result(
    kind: EntryKind,
    row: QueryRow,
    rooms: Sequence[QueryRow],
    terms: Sequence[Term],
    title: str,
    text: str,
    of: str,
) -> SearchResult:
    told = [(row, text), *((room, column) for room in rooms for column in ("title", "text"))]
    texts = [
        said(*each)
        for each in told
        for said in (view_models.localized_column, view_models.other_localized_column)
    ]
    fact = view_models.localized_column(row, of) if of else LocalizedText("", "")
    return SearchResult(
        kind=kind,
        route=f"visits:{kind.name.lower()}",
        parameters={"slug": row["slug"]},
        title=view_models.localized_column(row, title),
        other_title=view_models.other_localized_column(row, title),
        facts=[fact] if fact.text else [],
        passage=_passage(texts, terms),
    )


def _passage(texts: Sequence[LocalizedText], terms: Sequence[Term]) -> LocalizedText:
    """A piece around what was found, of the first text in which anything was; else how the first one begins."""
    for text in dict.fromkeys(texts):
        if text.text and (piece := snippet(plain_line(text.text), terms, PASSAGE_COLUMNS)):
            return LocalizedText(piece, text.language)
    return LocalizedText(excerpt(texts[0].text, PASSAGE_COLUMNS), texts[0].language)


async def _filter_values(seen: Mapping[int, QueryRow]) -> FilterValues:
    """For each filter the values that the entries seen have, and how many of them."""
    choices: FilterValues = {name: {} for name in FILTERS}

    def count(name: str, value: str, label: LocalizedText) -> None:
        if value:
            choices[name].setdefault(value, FilterValue(value, label)).count += 1

    for entry, row in seen.items():
        kind = EntryKind(entry // IDS_PER_KIND)
        count("kind", kind.name.lower(), LocalizedText("", ""))
        if kind == EntryKind.WORK:
            count("language", row["language"], LocalizedText("", ""))
            count("year", str(row["year"] or ""), LocalizedText(str(row["year"]), ""))
            medium = view_models.in_page_language(row["medium"], row["medium_translation"], row["language"])
            count("medium", medium.text, medium)
        name, slug, title = FACETS[kind]
        count(name, row[slug], view_models.localized_column(row, title))
    for row in await tags_of(_by_kind(seen)[EntryKind.WORK]):
        count("theme", row["themes__slug"], view_models.localized_column(row, "themes__title"))
    return choices


# The filter that every row on view of a kind answers, and its columns of the value and the name.
FACETS = {
    EntryKind.WORK: ("organisation", "organisation__slug", "organisation__name"),
    EntryKind.PROJECT: ("organisation", "organisation__slug", "organisation__name"),
    EntryKind.ORGANISATION: ("organisation", "slug", "name"),
    EntryKind.THEME: ("theme", "slug", "title"),
    EntryKind.EXHIBITION: ("theme", "exhibition__theme__slug", "exhibition__theme__title"),
}


async def newest(limit: int) -> list[ShownWork]:
    """The newest works, by the index: quicker than looking through all walls."""
    works = await queries.works_by_id(await _newest_ids(limit))
    return [works[id] for id in sorted(works, reverse=True)]


async def _newest_ids(limit: int) -> list[int]:
    entries = SearchEntry.filter(id__lt=entry_id(EntryKind.WORK + 1, 0)).order_by("-id").limit(limit)
    ids: list[Any] = await entries.values_list("id", flat=True)
    return [entry % IDS_PER_KIND for entry in ids]


async def suggestions(asked: SearchQuery) -> list[str]:
    """Questions that have answers, near one that has none: parts of it, and words that are spelt alike."""
    offered = [part for part in await _alternatives(asked.terms) if part != asked.question]
    answered: list[str] = []
    for question in list(dict.fromkeys(offered))[: 2 * MAX_SUGGESTIONS]:
        if len(answered) < MAX_SUGGESTIONS and await find_hits(terms_of(question), [], None, 1):
            answered.append(question)
    return answered


async def _alternatives(terms: Sequence[Term]) -> list[str]:
    alternatives = [term.typed for term in terms] if len(terms) > 1 else []
    latin = [term.typed.lower() for term in terms if not is_cjk(term.typed)]
    if latin:
        known = await _vocabulary()
        alternatives += [alike for word in latin for alike in get_close_matches(word, known, 2, 0.7)]
    for term in terms:
        if term.typed not in latin and len(term.tokens) > 1:
            alternatives += term.tokens
        elif is_cjk(term.typed) and not term.is_beginning:
            alternatives += term.typed
    return alternatives


async def _vocabulary() -> list[str]:
    """Words that are not Chinese, of titles and names on view."""
    rows: list[tuple[str, ...]] = []
    newest = Artwork.all().on_view(await _newest_ids(VOCABULARY_WORKS))
    rows += await newest.values_list(
        "title", "title_translation", "artist__credit_name", "artist__credit_name_translation"
    )
    for editions in await queries.exhibitions(has_opened(), limit=VOCABULARY_WORKS):
        rows.append((editions.title.text, editions.other_title.text))
    rows += await Theme.all().order_by("-id").limit(VOCABULARY_WORKS).values_list("title_zh", "title_en")
    active = Organisation.filter(is_active=True).order_by("-id").limit(VOCABULARY_WORKS)
    rows += await active.values_list("name_zh", "name_en")
    typed = {
        term.typed.lower() for row in rows for text in row if text for term in terms_of(text) if term.typed
    }
    return sorted(word for word in typed if len(word) > 2 and not is_cjk(word))
