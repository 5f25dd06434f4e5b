"""What a visitor is answered: entries that were found, looked at again by the rule of what is on view."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from tortoise.queryset import QuerySet, ValuesQuery

from gallery.artworks.models import Artwork, walls_are_open
from gallery.db.compiled_queries import Row, prepared
from gallery.exhibitions.models import Edition, Room
from gallery.organisations.models import Organisation, Project
from gallery.public import queries as walls
from gallery.public.queries import OPENED, ShownWork, published
from gallery.search.engine import Hit, hits
from gallery.search.entries import in_languages, readable, tags_of
from gallery.search.models import PLACES, Kind, SearchEntry, entry_id
from gallery.search.words import Term, facet_token, is_written_without_spaces, passage, terms_of
from gallery.themes.models import Theme
from gallery.web.languages import Spoken, other_language
from gallery.web.markdown import excerpt

PAGE = 24  # answers
COUNTED_MOST = 100  # answers up to which filters say how many each would leave
LOOKS_MOST = 4  # how often a page reaches further, where what it found is no longer on view
PASSAGE_COLUMNS = 150  # a Chinese character being two
CHOICES_MOST = 8  # of one filter, those that most answers have
NEAR_MOST = 4  # questions that are offered instead of one without answers
NEWEST_READ = 200  # works whose titles lend words to a question that was spelt otherwise

FILTERS = ("kind", "theme", "organisation", "medium", "year", "language")


@dataclass(frozen=True)
class Asked:
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
class Answer:
    """One answer as a page shows it; `work` is there for works alone."""

    kind: Kind
    route: str
    parameters: Mapping[str, str]
    title: Spoken
    other_title: Spoken
    facts: Sequence[Spoken]
    passage: Spoken  # around what was found, or how its text begins
    work: ShownWork | None = None


@dataclass
class Choice:
    """A value of a filter, and how many of the answers have it."""

    value: str
    label: Spoken
    count: int = 0


Choices = dict[str, dict[str, Choice]]  # by filter and value


@dataclass(frozen=True)
class Found:
    answers: Sequence[Answer]
    following: Hit | None  # behind which the next page begins
    total: int | None  # None: more than COUNTED_MOST, or not the first page
    choices: Choices  # of a sample where `total` is None


async def find(asked: Asked) -> Found:
    """A page of answers, in a number of queries that does not grow with them. There must be a term or a filter."""
    is_first = asked.after is None
    wanted = COUNTED_MOST + 1 if is_first else PAGE + 1
    after, found, is_over = asked.after, list[Hit](), False
    seen: dict[int, Row] = {}
    for _ in range(LOOKS_MOST):
        reached = await hits(asked.terms, asked.facets, after, wanted)
        seen |= await _on_view([hit.entry for hit in reached])
        found += [hit for hit in reached if hit.entry in seen]
        is_over = len(reached) < wanted
        if is_over or len(found) > PAGE:
            break
        after = reached[-1]
    page = found[:PAGE]
    answers = await _answers([hit.entry for hit in page], asked.terms)
    return Found(
        answers=[answers[hit.entry] for hit in page if hit.entry in answers],
        following=page[-1] if len(found) > PAGE else None,
        total=len(found) if is_first and is_over else None,
        choices=await _choices(seen) if is_first and found else {},
    )


def _by_kind(entries: Collection[int]) -> dict[Kind, list[int]]:
    """The ids of the rows that entries are of, by kind."""
    ids: dict[Kind, list[int]] = {kind: [] for kind in Kind}
    for entry in entries:
        ids[Kind(entry // PLACES)].append(entry % PLACES)
    return ids


async def _on_view(entries: Collection[int]) -> dict[int, Row]:
    """Those of the entries whose rows a visitor may see, now, each with what filters ask of it."""
    return {
        entry_id(kind, row["id"]): row
        for kind, ids in _by_kind(entries).items()
        for row in await SEEN[kind](ids)
    }


@prepared
def _works_on_view(ids: list[int]) -> ValuesQuery[Any]:
    columns = ("id", "language", "year", "medium", "medium_translation", "organisation__slug")
    return Artwork.all().on_view(ids).values(*columns, *in_languages("organisation__name"))


@prepared
def _projects_on_view(ids: list[int]) -> ValuesQuery[Any]:
    active = Project.filter(id__in=ids, organisation__is_active=True)
    return active.values("id", "organisation__slug", *in_languages("organisation__name"))


@prepared
def _organisations_on_view(ids: list[int]) -> ValuesQuery[Any]:
    return Organisation.filter(id__in=ids, is_active=True).values("id", "slug", *in_languages("name"))


@prepared
def _themes_on_view(ids: list[int]) -> ValuesQuery[Any]:
    return Theme.filter(id__in=ids).values("id", "slug", *in_languages("title"))


@prepared
def _exhibitions_on_view(ids: list[int]) -> ValuesQuery[Any]:
    titles = in_languages("exhibition__theme__title")
    return _opened(ids).values("exhibition__theme__slug", *titles, id="exhibition_id")


def _opened(ids: list[int]) -> QuerySet[Edition]:
    return published(OPENED(), exhibition_id__in=ids)


SEEN = {
    Kind.WORK: _works_on_view,
    Kind.PROJECT: _projects_on_view,
    Kind.ORGANISATION: _organisations_on_view,
    Kind.THEME: _themes_on_view,
    Kind.EXHIBITION: _exhibitions_on_view,
}


async def _answers(entries: Collection[int], terms: Sequence[Term]) -> dict[int, Answer]:
    ids = _by_kind(entries)
    made: dict[int, Answer] = {}
    for row in await _works(ids[Kind.WORK]):
        made[entry_id(Kind.WORK, row["id"])] = _work(row, terms)
    rooms = await _rooms(ids[Kind.EXHIBITION])
    for kind, (named, *columns) in NAMED.items():
        for row in await named(ids[kind]):
            within = [room for room in rooms if (kind, row["id"]) == (Kind.EXHIBITION, room["of"])]
            made[entry_id(kind, row["id"])] = _named(kind, row, within, terms, *columns)
    return made


@prepared
def _works(ids: list[int]) -> ValuesQuery[Any]:
    return Artwork.all().on_view(ids).values(*walls.WORK_COLUMNS, "story", "story_translation")


@prepared
def _projects(ids: list[int]) -> ValuesQuery[Any]:
    columns = in_languages("title", "summary", "organisation__name")
    return Project.filter(id__in=ids).values("id", "slug", *columns)


@prepared
def _organisations(ids: list[int]) -> ValuesQuery[Any]:
    return Organisation.filter(id__in=ids).values("id", "slug", *in_languages("name", "about"))


@prepared
def _themes(ids: list[int]) -> ValuesQuery[Any]:
    return Theme.filter(id__in=ids).values("id", "slug", *in_languages("title", "text"))


@prepared
def _exhibitions(ids: list[int]) -> ValuesQuery[Any]:
    columns = in_languages("title", "introduction", "exhibition__theme__title")
    return _opened(ids).values(*columns, id="exhibition_id", slug="exhibition__slug")


@prepared
def _rooms(ids: list[int]) -> ValuesQuery[Any]:
    shown = Room.filter(walls_are_open("edition__"), edition__exhibition_id__in=ids)
    rooms = shown.order_by("position", "id")
    return rooms.values(*in_languages("title", "text"), of="edition__exhibition_id")


# The rows of what has its title and its text in both languages, these columns, and the one that names what it is of.
NAMED = {
    Kind.PROJECT: (_projects, "title", "summary", "organisation__name"),
    Kind.ORGANISATION: (_organisations, "name", "about", ""),
    Kind.THEME: (_themes, "title", "text", ""),
    Kind.EXHIBITION: (_exhibitions, "title", "introduction", "exhibition__theme__title"),
}


def _work(row: Row, terms: Sequence[Term]) -> Answer:
    shown, own = ShownWork.of(row), row["language"]

    def in_both(field: str) -> list[Spoken]:
        """As the page would have it, then in each language."""
        said, translation = row[field], row[f"{field}_translation"]
        translated = Spoken(translation, other_language(own))
        return [walls.in_page_language(said, translation, own), translated, Spoken(said, own)]

    _, translated_title, own_title = in_both("title")
    facts = [shown.credit, shown.medium, Spoken(str(shown.year or ""), ""), shown.organisation]
    return Answer(
        kind=Kind.WORK,
        route="visits:artwork",
        parameters={"public_id": shown.public_id},
        title=shown.title,
        other_title=translated_title if shown.title.language == own else own_title,
        facts=[fact for fact in facts if fact.text],
        passage=_passage([*in_both("story"), *in_both("alt_text")], terms),
        work=shown,
    )


def _named(
    kind: Kind, row: Row, rooms: Sequence[Row], terms: Sequence[Term], title: str, text: str, of: str
) -> Answer:
    told = [(row, text), *((room, column) for room in rooms for column in ("title", "text"))]
    texts = [said(*each) for each in told for said in (walls.named, walls.other_named)]
    fact = walls.named(row, of) if of else Spoken("", "")
    return Answer(
        kind=kind,
        route=f"visits:{kind.name.lower()}",
        parameters={"slug": row["slug"]},
        title=walls.named(row, title),
        other_title=walls.other_named(row, title),
        facts=[fact] if fact.text else [],
        passage=_passage(texts, terms),
    )


def _passage(texts: Sequence[Spoken], terms: Sequence[Term]) -> Spoken:
    """A piece around what was found, of the first text in which anything was; else how the first one begins."""
    for text in dict.fromkeys(texts):
        if text.text and (piece := passage(readable(text.text), terms, PASSAGE_COLUMNS)):
            return Spoken(piece, text.language)
    return Spoken(excerpt(texts[0].text, PASSAGE_COLUMNS), texts[0].language)


async def _choices(seen: Mapping[int, Row]) -> Choices:
    """For each filter the values that the entries seen have, and how many of them."""
    choices: Choices = {name: {} for name in FILTERS}

    def count(name: str, value: str, label: Spoken) -> None:
        if value:
            choices[name].setdefault(value, Choice(value, label)).count += 1

    for entry, row in seen.items():
        kind = Kind(entry // PLACES)
        count("kind", kind.name.lower(), Spoken("", ""))
        if kind == Kind.WORK:
            count("language", row["language"], Spoken("", ""))
            count("year", str(row["year"] or ""), Spoken(str(row["year"]), ""))
            medium = walls.in_page_language(row["medium"], row["medium_translation"], row["language"])
            count("medium", medium.text, medium)
        name, slug, title = FACETS[kind]
        count(name, row[slug], walls.named(row, title))
    for row in await tags_of(_by_kind(seen)[Kind.WORK]):
        count("theme", row["themes__slug"], walls.named(row, "themes__title"))
    return choices


# The filter that every row on view of a kind answers, and its columns of the value and the name.
FACETS = {
    Kind.WORK: ("organisation", "organisation__slug", "organisation__name"),
    Kind.PROJECT: ("organisation", "organisation__slug", "organisation__name"),
    Kind.ORGANISATION: ("organisation", "slug", "name"),
    Kind.THEME: ("theme", "slug", "title"),
    Kind.EXHIBITION: ("theme", "exhibition__theme__slug", "exhibition__theme__title"),
}


async def newest(limit: int) -> list[ShownWork]:
    """The newest works, by the index: quicker than looking through all walls."""
    works = await walls.works_by_id(await _newest_ids(limit))
    return [works[id] for id in sorted(works, reverse=True)]


async def _newest_ids(limit: int) -> list[int]:
    entries = SearchEntry.filter(id__lt=entry_id(Kind.WORK + 1, 0)).order_by("-id").limit(limit)
    ids: list[Any] = await entries.values_list("id", flat=True)
    return [entry % PLACES for entry in ids]


async def near(asked: Asked) -> list[str]:
    """Questions that have answers, near one that has none: parts of it, and words that are spelt alike."""
    offered = [part for part in await _alternatives(asked.terms) if part != asked.question]
    answered: list[str] = []
    for question in list(dict.fromkeys(offered))[: 2 * NEAR_MOST]:
        if len(answered) < NEAR_MOST and await hits(terms_of(question), [], None, 1):
            answered.append(question)
    return answered


async def _alternatives(terms: Sequence[Term]) -> list[str]:
    alternatives = [term.typed for term in terms] if len(terms) > 1 else []
    latin = [term.typed.lower() for term in terms if not is_written_without_spaces(term.typed)]
    if latin:
        known = await _vocabulary()
        alternatives += [alike for word in latin for alike in get_close_matches(word, known, 2, 0.7)]
    for term in terms:
        if term.typed not in latin and len(term.tokens) > 1:
            alternatives += term.tokens
        elif is_written_without_spaces(term.typed) and not term.is_beginning:
            alternatives += term.typed
    return alternatives


async def _vocabulary() -> list[str]:
    """Words that are not Chinese, of titles and names on view."""
    rows: list[tuple[str, ...]] = []
    newest = Artwork.all().on_view(await _newest_ids(NEWEST_READ))
    rows += await newest.values_list(
        "title", "title_translation", "artist__credit_name", "artist__credit_name_translation"
    )
    for editions in await walls.exhibitions(OPENED(), limit=NEWEST_READ):
        rows.append((editions.title.text, editions.other_title.text))
    rows += await Theme.all().order_by("-id").limit(NEWEST_READ).values_list("title_zh", "title_en")
    active = Organisation.filter(is_active=True).order_by("-id").limit(NEWEST_READ)
    rows += await active.values_list("name_zh", "name_en")
    typed = {
        term.typed.lower() for row in rows for text in row if text for term in terms_of(text) if term.typed
    }
    return sorted(word for word in typed if len(word) > 2 and not is_written_without_spaces(word))
