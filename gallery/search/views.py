"""The page on which visitors search: a plain form, answers, and filters that are links.

Its answers are not kept by the page cache: anybody can ask anything, and the pages that everybody opens must not make
room for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.numbers import whole_number
from gallery.public import view_models
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.pages import set_page_language
from gallery.search.engine import ABOVE_ALL_IDS, Hit
from gallery.search.models import EntryKind
from gallery.search.results import (
    FILTERS,
    MAX_COUNTED,
    MAX_FILTER_VALUES,
    FilterValue,
    SearchQuery,
    SearchResults,
    find,
    newest,
    suggestions,
)
from gallery.search.tokenizer import MAX_QUESTION_LENGTH, highlighted
from gallery.themes.models import Theme
from gallery.web.languages import LANGUAGE_NAMES, LocalizedText
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import pages_of, render

MAX_FILTER_LENGTH = 120  # characters of a filter's value
NEWEST = 8  # works that are shown where there is nothing to answer
THEMES = 8

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
    """A visitor asks for something in a word or two, and sees what there is of it."""
    set_page_language(request)
    typed = " ".join(request.query_params.get("q", "").split())
    asked = SearchQuery(typed[:MAX_QUESTION_LENGTH], filters_in(request), after_in(request))
    found = await find(asked) if asked.terms or asked.filters else None
    has_answers = found is not None and bool(found.answers)
    new_works = [] if has_answers else await newest(NEWEST)
    shown = [answer.work for answer in found.answers if answer.work] if found else []
    context = {
        "asked": asked,
        "was_cut": len(typed) > MAX_QUESTION_LENGTH,
        "question_most": MAX_QUESTION_LENGTH,
        "counted_most": MAX_COUNTED,
        "found": found,
        "groups": filter_groups(request, asked, found) if found and asked.after is None else [],
        "first": search_address(request, asked.question, asked.filters),
        "following": search_address(request, asked.question, asked.filters, found.following)
        if found and found.following
        else "",
        "near": [(question, search_address(request, question, {})) for question in await suggestions(asked)]
        if found and not has_answers and asked.terms
        else [],
        "without_filters": search_address(request, asked.question, {}) if asked.filters else "",
        "themes": [] if has_answers else await Theme.all().order_by("-occurs_on", "-id").limit(THEMES),
        "newest": new_works,
        "marked": partial(highlighted, terms=asked.terms),
        "kind_words": KIND_NAMES,
        "twin_query": search_address(request, asked.question, asked.filters, asked.after).partition("?")[2],
        "style": view_models.style_sheet([*shown, *new_works]),
    }
    unfit = any(not work.is_for_machines for work in [*shown, *new_works])
    headers = NOT_FOR_MACHINES if unfit else {}
    is_question = bool(request.url.query)  # questions are without end; the page itself is one among others
    robots = ", ".join([*(["noindex"] if is_question else []), *headers.values()])
    return render(request, "search/show.html", {**context, "robots": robots}, headers=headers)


def filters_in(request: Request) -> dict[str, str]:
    given = {name: request.query_params.get(name, "").strip()[:MAX_FILTER_LENGTH] for name in FILTERS}
    return {name: value for name, value in given.items() if value}


def after_in(request: Request) -> Hit | None:
    """Behind which answer the page begins; raises 404 for what is no such key."""
    key = request.query_params.get("after", "")
    if not key:
        return None
    entry = whole_number(key[1:], most=ABOVE_ALL_IDS)
    if key[0] not in "tx" or entry is None:
        raise HTTPException(404)
    return Hit(key[0] == "t", entry)


def search_address(
    request: Request, question: str, filters: Mapping[str, str], after: Hit | None = None
) -> str:
    query = {"q": question, **filters}
    if after is not None:
        query["after"] = f"{'t' if after.in_title else 'x'}{after.entry}"
    path = pages_of(request).url("search:show", language=request.path_params["language"])
    return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"


def filter_groups(request: Request, asked: SearchQuery, found: SearchResults) -> list[dict[str, Any]]:
    """The filters that would part the answers, each with its links; one that is set has the link that takes it off."""
    groups = []
    for name in FILTERS:
        choices = sorted(found.choices.get(name, {}).values(), key=lambda each: (-each.count, each.value))
        chosen = asked.filters.get(name)
        if chosen is None and len(choices) < 2:
            continue
        if chosen is not None:
            known = {choice.value: choice for choice in choices}
            choices = [known.get(chosen) or FilterValue(chosen, LocalizedText(chosen, ""))]
        others = {key: value for key, value in asked.filters.items() if key != name}
        links = [
            {
                "label": label_of(name, choice),
                "count": choice.count if found.total is not None else None,
                "address": search_address(
                    request,
                    asked.question,
                    others if chosen is not None else {**others, name: choice.value},
                ),
                "is_set": chosen is not None,
            }
            for choice in choices[:MAX_FILTER_VALUES]
        ]
        groups.append({"word": FILTER_NAMES[name], "links": links})
    return groups


def label_of(name: str, choice: FilterValue) -> LocalizedText:
    if name == "kind" and choice.value.upper() in EntryKind.__members__:
        return LocalizedText(str(KIND_PLURALS[EntryKind[choice.value.upper()]]), "")
    if name == "language":
        return LocalizedText(LANGUAGE_NAMES.get(choice.value, choice.value), choice.value)
    return choice.label


routes = [Route("/{language:language}/search", show, name="search:show", methods=["GET"])]
