"""The page on which visitors search: a plain form, answers, and filters that are links.

Its answers are not kept by the page cache: anybody can ask anything, and the pages that everybody opens must not make
room for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.public import queries
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.views import enter
from gallery.search.engine import Hit
from gallery.search.finding import (
    CHOICES_MOST,
    COUNTED_MOST,
    FILTERS,
    Asked,
    Choice,
    Found,
    find,
    near,
    newest,
)
from gallery.search.models import Kind
from gallery.search.words import QUESTION_MOST, marked
from gallery.themes.models import Theme
from gallery.web.languages import TONGUES, Spoken
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import pages_of, render

FILTER_MOST = 120  # characters of a filter's value
NEWEST = 8  # works that are shown where there is nothing to answer
THEMES = 8

KIND_WORDS: Mapping[Kind, Any] = {
    Kind.WORK: _l("Work"),
    Kind.PROJECT: _l("Project"),
    Kind.ORGANISATION: _l("Organisation"),
    Kind.THEME: _l("Theme"),
    Kind.EXHIBITION: _l("Exhibition"),
}
KINDS_COUNTED: Mapping[Kind, Any] = {
    Kind.WORK: _l("Works"),
    Kind.PROJECT: _l("Projects"),
    Kind.ORGANISATION: _l("Organisations"),
    Kind.THEME: _l("Themes"),
    Kind.EXHIBITION: _l("Exhibitions"),
}
FILTER_WORDS: Mapping[str, Any] = {
    "kind": _l("Kind"),
    "theme": _l("Theme"),
    "organisation": _l("Organisation"),
    "medium": _l("Medium"),
    "year": _l("Year"),
    "language": _l("Language of the story"),
}
KEY = re.compile(r"(t|x)([0-9]{1,15})")  # of an entry: a BigIntField holds it


async def show(request: Request) -> Response:
    """A visitor asks for something in a word or two, and sees what there is of it."""
    enter(request)
    typed = " ".join(request.query_params.get("q", "").split())
    asked = Asked(typed[:QUESTION_MOST], asked_filters(request), asked_after(request))
    found = await find(asked) if asked.terms or asked.filters else None
    has_answers = found is not None and bool(found.answers)
    new_works = [] if has_answers else await newest(NEWEST)
    shown = [answer.work for answer in found.answers if answer.work] if found else []
    context = {
        "asked": asked,
        "was_cut": len(typed) > QUESTION_MOST,
        "question_most": QUESTION_MOST,
        "counted_most": COUNTED_MOST,
        "found": found,
        "groups": filter_groups(request, asked, found) if found and asked.after is None else [],
        "first": address(request, asked.question, asked.filters),
        "following": address(request, asked.question, asked.filters, found.following)
        if found and found.following
        else "",
        "near": [(question, address(request, question, {})) for question in await near(asked)]
        if found and not has_answers and asked.terms
        else [],
        "without_filters": address(request, asked.question, {}) if asked.filters else "",
        "themes": [] if has_answers else await Theme.all().order_by("-occurs_on", "-id").limit(THEMES),
        "newest": new_works,
        "marked": partial(marked, terms=asked.terms),
        "kind_words": KIND_WORDS,
        "twin_query": address(request, asked.question, asked.filters, asked.after).partition("?")[2],
        "style": queries.style_sheet([*shown, *new_works]),
    }
    unfit = any(not work.is_for_machines for work in [*shown, *new_works])
    headers = NOT_FOR_MACHINES if unfit else {}
    is_question = bool(request.url.query)  # questions are without end; the page itself is one among others
    robots = ", ".join([*(["noindex"] if is_question else []), *headers.values()])
    return render(request, "search/show.html", {**context, "robots": robots}, headers=headers)


def asked_filters(request: Request) -> dict[str, str]:
    given = {name: request.query_params.get(name, "").strip()[:FILTER_MOST] for name in FILTERS}
    return {name: value for name, value in given.items() if value}


def asked_after(request: Request) -> Hit | None:
    """Behind which answer the page begins; raises 404 for what is no such key."""
    key = request.query_params.get("after", "")
    if not key:
        return None
    match = KEY.fullmatch(key)
    if match is None:
        raise HTTPException(404)
    return Hit(match[1] == "t", int(match[2]))


def address(request: Request, question: str, filters: Mapping[str, str], after: Hit | None = None) -> str:
    query = {"q": question, **filters}
    if after is not None:
        query["after"] = f"{'t' if after.in_title else 'x'}{after.entry}"
    path = pages_of(request).url("search:show", language=request.path_params["language"])
    return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"


def filter_groups(request: Request, asked: Asked, found: Found) -> list[dict[str, Any]]:
    """The filters that would part the answers, each with its links; one that is set has the link that takes it off."""
    groups = []
    for name in FILTERS:
        choices = sorted(found.choices.get(name, {}).values(), key=lambda each: (-each.count, each.value))
        chosen = asked.filters.get(name)
        if chosen is None and len(choices) < 2:
            continue
        if chosen is not None:
            known = {choice.value: choice for choice in choices}
            choices = [known.get(chosen) or Choice(chosen, Spoken(chosen, ""))]
        others = {key: value for key, value in asked.filters.items() if key != name}
        links = [
            {
                "label": label_of(name, choice),
                "count": choice.count if found.total is not None else None,
                "address": address(
                    request,
                    asked.question,
                    others if chosen is not None else {**others, name: choice.value},
                ),
                "is_set": chosen is not None,
            }
            for choice in choices[:CHOICES_MOST]
        ]
        groups.append({"word": FILTER_WORDS[name], "links": links})
    return groups


def label_of(name: str, choice: Choice) -> Spoken:
    if name == "kind" and choice.value.upper() in Kind.__members__:
        return Spoken(str(KINDS_COUNTED[Kind[choice.value.upper()]]), "")
    if name == "language":
        return Spoken(TONGUES.get(choice.value, choice.value), choice.value)
    return choice.label


routes = [Route("/{language:language}/search", show, name="search:show", methods=["GET"])]
