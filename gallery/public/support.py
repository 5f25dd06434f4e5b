"""The list of projects that take support, by cause, region and kind of support."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.clock import today
from gallery.organisations.links import find_dead_links
from gallery.organisations.models import SUPPORT_KINDS, Cause, Organisation, Project, is_web_address
from gallery.public import page_cards, queries
from gallery.public.pages import linked_data_of, render_page, set_page_language
from gallery.public.view_models import FilterGroup, FilterLink, WorkCount
from gallery.public.work_counts import work_counts_of
from gallery.web.languages import LocalizedText, localized
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.list_pages import page_within
from gallery.web.rendering import pages_of, settings_of

LISTED_ON_PAGE = 24
# The kinds of support by which projects are found. The project's own page (`link`) is no kind.
KINDS: Mapping[str, Any] = {
    "monthly": _l("Give each month"),
    "once": _l("Give once"),
    "volunteer": _l("Volunteer"),
    "goods": _l("Give goods"),
}
KIND_FIELDS = {kind: name for name, kind in SUPPORT_KINDS.items() if kind in KINDS}
FILTERS: Mapping[str, Any] = {"kind": _l("Kind of support"), "cause": _l("Cause"), "region": _l("Region")}


@dataclass(frozen=True, slots=True)
class Supportable:
    """What a project is found by."""

    id: int
    values: Mapping[str, frozenset[str]]  # filter → values; the region in each of its languages
    region: LocalizedText

    def passes(self, filters: Mapping[str, str]) -> bool:
        return all(value in self.values[name] for name, value in filters.items())


@dataclass(frozen=True, slots=True)
class ListedProject:
    project: Project
    works: int  # works on view
    work: Any  # ShownWork; None: its newest work has just been taken off


async def index(request: Request) -> Response:
    """A visitor sees the projects that take support; `?kind=`, `?cause=` and `?region=` choose among them.

    Projects with a work on view, and not those that have ended. They are in the order of their slugs, which are
    random: no project is first because it has more. Six queries. Raises HTTPException 404 for a filter without
    any project.
    """
    set_page_language(request)
    by_organisation = await work_counts_of(request).projects.all()
    counts = {id: count for projects in by_organisation.values() for id, count in projects.items()}
    every = await _supportable(counts, list(by_organisation))
    filters = {name: value for name in FILTERS if (value := request.query_params.get(name, "").strip())}
    chosen = [each.id for each in every if each.passes(filters)]
    if filters and not chosen:
        raise HTTPException(404)
    number, pages = page_within(request.query_params, len(chosen), LISTED_ON_PAGE)
    first = (number - 1) * LISTED_ON_PAGE
    listed = await _listed(chosen[first : first + LISTED_ON_PAGE], counts)
    links = {link for each in listed for link in each.project.links.values()}
    data = linked_data_of(request)
    address = _addresses(request, filters)
    return render_page(
        request,
        "public/support.html",
        works=[each.work for each in listed if each.work],
        projects=listed,
        count=len(chosen),
        groups=_filter_groups(every, filters, address),
        filters=filters,
        dead=await find_dead_links(links),
        number=number,
        pages=pages,
        address=address,
        twin_query=address(page=number).partition("?")[2],
        linked_data=data.index(data.support(), _("Projects behind the works, and how to support them.")),
        share_images=await page_cards.card_of("support", settings_of(request)),
    )


async def _supportable(counts: Mapping[int, WorkCount], organisations: Sequence[int]) -> list[Supportable]:
    """The projects of `counts` that have not ended, sorted by slug; two queries."""
    regions = {each.id: each for each in await Organisation.filter(id__in=organisations).only("id", "region")}
    going_on = Q(ends_on__isnull=True) | Q(ends_on__gte=today())
    rows = Project.filter(going_on, id__in=list(counts)).order_by("slug")
    return [
        Supportable(
            id,
            {
                "kind": frozenset(
                    kind for kind, link in zip(KIND_FIELDS, links, strict=True) if is_web_address(link)
                ),
                "cause": frozenset([cause] if cause else []),
                "region": frozenset(regions[organisation].region.values()),
            },
            localized(regions[organisation], "region"),
        )
        for id, organisation, cause, *links in await rows.values_list(
            "id", "organisation_id", "cause", *KIND_FIELDS.values()
        )
        if organisation in regions
    ]


async def _listed(ids: Sequence[int], counts: Mapping[int, WorkCount]) -> list[ListedProject]:
    """The projects with these ids, in this order, each with its newest work; three queries."""
    projects = {each.id: each for each in await Project.filter(id__in=ids).prefetch_related("organisation")}
    works = await queries.works_by_id([counts[id].newest for id in ids])
    return [
        ListedProject(projects[id], counts[id].works, works.get(counts[id].newest))
        for id in ids
        if id in projects
    ]


def _addresses(request: Request, filters: Mapping[str, str]) -> Callable[..., str]:
    """The function that gives the address of this list with other values; "" or page 1 takes a value off."""
    path = pages_of(request).url("public:support", language=request.path_params["language"])

    def address(**changes: Any) -> str:
        values = {**filters, **changes}
        query = {name: value for name, value in values.items() if value and (name, value) != ("page", 1)}
        return f"{path}?{urlencode(query)}" if query else path

    return address


def _filter_groups(
    every: Sequence[Supportable], filters: Mapping[str, str], address: Callable[..., str]
) -> list[FilterGroup]:
    """The filters that divide what the others leave, with their links."""
    groups = []
    for name, word in FILTERS.items():
        chosen = filters.get(name)
        if chosen is not None:
            links = [FilterLink(_label(name, chosen), None, address(**{name: ""}), is_set=True)]
        else:
            links = [
                FilterLink(_label(name, value), count, address(**{name: value}), is_set=False)
                for value, count in _values(name, [each for each in every if each.passes(filters)]).items()
            ]
        if chosen is not None or len(links) > 1:
            groups.append(FilterGroup(word, links))
    return groups


def _values(name: str, projects: Sequence[Supportable]) -> dict[str, int]:
    """The values of a filter and the number of projects of each, in the order of the page."""
    if name == "region":
        found = Counter(each.region.text for each in projects if each.region.text)
        return dict(sorted(found.items()))
    found = Counter(value for each in projects for value in each.values[name])
    return {value: found[value] for value in (KINDS if name == "kind" else Cause) if found[value]}


def _label(name: str, value: str) -> LocalizedText:
    words = {"kind": KINDS, "cause": {each.value: each.label for each in Cause}}.get(name, {})
    return LocalizedText(str(words.get(value, value)), "")


routes = [
    Route("/{language:language}/support", index, name="public:support", methods=["GET"]),
]
