"""The search page: a plain form, results, and filters that are links.

The page cache does not store results: there are endlessly many queries, and their results would push out
the pages that everybody opens.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gallery.numbers import whole_number
from gallery.public import page_cards, view_models
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.pages import set_page_language
from gallery.public.view_models import FilterGroup, FilterLink
from gallery.search.engine import ABOVE_ALL_IDS, Hit, Match
from gallery.search.models import EntryKind
from gallery.search.pinyin import sound_spans
from gallery.search.results import (
    FILTERS,
    MAX_COUNTED,
    MAX_FILTER_VALUES,
    FilterValue,
    SearchQuery,
    SearchResults,
    completed,
    find,
    newest,
    suggestions,
)
from gallery.search.tokenizer import MAX_QUESTION_LENGTH, highlighted, marked, spans
from gallery.themes.models import Theme
from gallery.web.languages import LocalizedText, bcp47
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import pages_of, render
from gallery.web.security import RateLimit, client_network
from gallery.web.texts import own_language_name

MAX_FILTER_LENGTH = 120  # characters of a filter's value
MATCH_KEYS = "txs"  # in the address of a page: for each Match
NEWEST = 8  # works shown if there are no results
THEMES = 8
COMPLETION_LIMIT = RateLimit(times=300, seconds=60)  # per network, such as a school's

KIND_NAMES: Mapping[EntryKind, Any] = {
    EntryKind.WORK: _l("Work"),
    EntryKind.PROJECT: _l("Project"),
    EntryKind.ORGANISATION: _l("Organisation"),
    EntryKind.THEME: _l("Theme"),
    EntryKind.EXHIBITION: _l("Exhibition"),
}
KIND_PLURALS: Mapping[EntryKind, Any] = {
    EntryKind.WORK: _l("Works"),
    EntryKind.PROJECT: _l("Projects"),
    EntryKind.ORGANISATION: _l("Organisations"),
    EntryKind.THEME: _l("Themes"),
    EntryKind.EXHIBITION: _l("Exhibitions"),
}
FILTER_NAMES: Mapping[str, Any] = {
    "kind": _l("Kind"),
    "theme": _l("Theme"),
    "organisation": _l("Organisation"),
    "medium": _l("Medium"),
    "year": _l("Year"),
    "language": _l("Language of the story"),
}


async def show(request: Request) -> Response:
    """A visitor searches for words, and sees the results."""
    set_page_language(request)
    typed = " ".join(request.query_params.get("q", "").split())
    query = SearchQuery(typed[:MAX_QUESTION_LENGTH], filters_in(request), after_in(request))
    results = await find(query) if query.terms or query.filters else None
    has_results = results is not None and bool(results.items)
    new_works = [] if has_results else await newest(NEWEST)
    shown = [result.work for result in results.items if result.work] if results else []
    context = {
        "query": query,
        "was_cut": len(typed) > MAX_QUESTION_LENGTH,
        "question_most": MAX_QUESTION_LENGTH,
        "counted_most": MAX_COUNTED,
        "results": results,
        "groups": filter_groups(request, query, results) if results and query.after is None else [],
        "first": search_address(request, query.text, query.filters),
        "following": search_address(request, query.text, query.filters, results.following)
        if results and results.following
        else "",
        "suggestions": [(text, search_address(request, text, {})) for text in await suggestions(query)]
        if results and not has_results and query.terms
        else [],
        "without_filters": search_address(request, query.text, {}) if query.filters else "",
        "themes": [] if has_results else await Theme.all().order_by("-occurs_on", "-id").limit(THEMES),
        "newest": new_works,
        "highlighted": partial(highlighted, terms=query.terms),
        "highlighted_name": partial(highlighted_name, query),
        "kind_names": KIND_NAMES,
        "twin_query": search_address(request, query.text, query.filters, query.after).partition("?")[2],
        "share_images": None
        if request.url.query
        else await page_cards.card_of("search", pages_of(request).settings),
        "style": view_models.style_sheet([*shown, *new_works]),
    }
    has_works_not_for_machines = any(not work.is_for_machines for work in [*shown, *new_works])
    headers = NOT_FOR_MACHINES if has_works_not_for_machines else {}
    has_query = bool(request.url.query)  # robots index only the search page without a query
    robots = ", ".join([*(["noindex"] if has_query else []), *headers.values()])
    return render(
        request, "search/show.html", {**context, "robots": robots}, headers=headers, with_fonts=True
    )


async def complete(request: Request) -> Response:
    """What could be searched for, while it is typed: options for search-suggestions.js."""
    set_page_language(request)
    if not COMPLETION_LIMIT.allows(client_network(request)):
        raise HTTPException(429)
    typed = request.query_params.get("q", "")[:MAX_QUESTION_LENGTH]
    options = [
        {"text": text, "lang": bcp47(language), "address": search_address(request, text, {})}
        for text, language in await completed(typed)
    ]
    return JSONResponse(options, headers={"cache-control": "no-cache", "x-robots-tag": "noindex"})


def highlighted_name(query: SearchQuery, name: str, is_by_sound: bool) -> Markup:
    """A title or name with its matches marked, by sound if the result was found so."""
    by_sound = query.sounds if is_by_sound else None
    matches = spans(name, query.terms) or (sound_spans(name, by_sound) if by_sound else [])
    return marked(name, matches)


def filters_in(request: Request) -> dict[str, str]:
    given = {name: request.query_params.get(name, "").strip()[:MAX_FILTER_LENGTH] for name in FILTERS}
    return {name: value for name, value in given.items() if value}


def after_in(request: Request) -> Hit | None:
    """The hit after which the page begins. Raises HTTPException 404 for an invalid key."""
    key = request.query_params.get("after", "")
    if not key:
        return None
    entry = whole_number(key[1:], most=ABOVE_ALL_IDS)
    if key[0] not in MATCH_KEYS or entry is None:
        raise HTTPException(404)
    return Hit(Match(MATCH_KEYS.index(key[0])), entry)


def search_address(request: Request, text: str, filters: Mapping[str, str], after: Hit | None = None) -> str:
    parameters = {"q": text, **filters}
    if after is not None:
        parameters["after"] = f"{MATCH_KEYS[after.match]}{after.entry}"
    path = pages_of(request).url("search:show", language=request.path_params["language"])
    return f"{path}?{urlencode({name: value for name, value in parameters.items() if value})}"


def filter_groups(request: Request, query: SearchQuery, results: SearchResults) -> list[FilterGroup]:
    """The filters that divide the results, with their links. A filter that is set has a link to remove it."""
    groups = []
    for name in FILTERS:
        values = sorted(
            results.filter_values.get(name, {}).values(), key=lambda each: (-each.count, each.value)
        )
        chosen = query.filters.get(name)
        if chosen is None and len(values) < 2:
            continue
        if chosen is not None:
            by_value = {filter_value.value: filter_value for filter_value in values}
            values = [by_value.get(chosen) or FilterValue(chosen, LocalizedText(chosen, ""))]
        others = {key: value for key, value in query.filters.items() if key != name}
        links = [
            FilterLink(
                label_of(name, filter_value),
                filter_value.count if results.total is not None else None,
                search_address(
                    request,
                    query.text,
                    others if chosen is not None else {**others, name: filter_value.value},
                ),
                is_set=chosen is not None,
            )
            for filter_value in values[:MAX_FILTER_VALUES]
        ]
        groups.append(FilterGroup(FILTER_NAMES[name], links))
    return groups


def label_of(name: str, filter_value: FilterValue) -> LocalizedText:
    if name == "kind" and filter_value.value.upper() in EntryKind.__members__:
        return LocalizedText(str(KIND_PLURALS[EntryKind[filter_value.value.upper()]]), "")
    if name == "language":
        return LocalizedText(own_language_name(filter_value.value), filter_value.value)
    return filter_value.label


routes = [
    Route("/{language:language}/search", show, name="search:show", methods=["GET"]),
    Route("/{language:language}/search/suggestions", complete, name="search:complete", methods=["GET"]),
]
