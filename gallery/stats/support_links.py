"""Support links of projects: redirect to the address that the organisation gave, and count the visit."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.artworks.access import load_on_view
from gallery.artworks.models import Artwork
from gallery.cases.models import versions_on_view
from gallery.organisations.links import find_dead_links
from gallery.organisations.models import Project
from gallery.organisations.projects import project_at
from gallery.stats.reach import note_followed
from gallery.stats.visit_counter import VisitCounter
from gallery.stats.visitors import is_visitor
from gallery.web.languages import set_language
from gallery.web.rendering import render
from gallery.web.security import RateLimit, client_network

# The limit is per network. Visits above it are redirected, but not counted.
COUNT_LIMIT = RateLimit(times=60, seconds=60)
# The Referer header names this site to the target, but not the work.
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "strict-origin",
    "x-robots-tag": "noindex, nofollow",
}


async def follow_from_work(request: Request) -> Response:
    """Redirect from a work's page to a support link of its project."""
    set_language(request.path_params["language"])
    artwork = await load_on_view(request.path_params["public_id"], "project")
    if artwork.project is None:
        raise HTTPException(404)
    return await _redirect_to_link(request, artwork.project, artwork.id)


async def follow_from_project(request: Request) -> Response:
    """Redirect from a project's page to one of its support links."""
    set_language(request.path_params["language"])
    project = await project_at(request.path_params["slug"])
    if project is None:
        raise HTTPException(404)
    has_works = await Artwork.all().on_view().filter(project_id=project.id).exists()
    if not has_works and not await versions_on_view().filter(case__project_id=project.id).exists():
        raise HTTPException(404)
    return await _redirect_to_link(request, project, None)


async def follow_from_case(request: Request) -> Response:
    """Redirect from a case's page to its fundraising, and count it for its project."""
    set_language(request.path_params["language"])
    shown = versions_on_view(Q(case__slug=request.path_params["slug"], case__ending__isnull=True))
    version = await shown.first().select_related("case__project")
    if version is None or not version.link or version.is_registration_over:
        raise HTTPException(404)
    return await _redirect_to(request, version.link, version.case.project, None)


async def _redirect_to_link(request: Request, project: Project, artwork_id: int | None) -> Response:
    """Redirect to the stored link of the kind in the address; the visitor cannot choose the target."""
    way = next((each for each in project.support_links if each.kind == request.path_params["kind"]), None)
    if way is None:
        raise HTTPException(404)
    return await _redirect_to(request, way.link, project, artwork_id)


async def _redirect_to(request: Request, link: str, project: Project, artwork_id: int | None) -> Response:
    if await find_dead_links([link]):
        return render(request, "stats/being_checked.html", {"project": project}, headers=HEADERS)
    _count(request, project, artwork_id)
    return RedirectResponse(link, 302, HEADERS)


def _count(request: Request, project: Project, artwork_id: int | None) -> None:
    network = client_network(request)
    if request.method == "GET" and is_visitor(dict(request.scope["headers"])) and COUNT_LIMIT.allows(network):
        counter: VisitCounter = request.app.state.visit_counter
        counter.follow(project.id, artwork_id)
        note_followed(request)


routes = [
    Route(
        "/{language:language}/works/{public_id:name}/support/{kind:name}",
        follow_from_work,
        name="following:from_work",
        methods=["GET"],
    ),
    Route(
        "/{language:language}/projects/{slug:name}/support/{kind:name}",
        follow_from_project,
        name="following:from_project",
        methods=["GET"],
    ),
    Route(
        "/{language:language}/cases/{slug:name}/support/link",
        follow_from_case,
        name="following:from_case",
        methods=["GET"],
    ),
]
