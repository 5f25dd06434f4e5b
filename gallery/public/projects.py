"""A project's page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.cases.shown import cases_on_view
from gallery.images.profile_images import visible_profile_image
from gallery.organisations.links import find_dead_links
from gallery.organisations.projects import project_at
from gallery.public import queries, share_images
from gallery.public.pages import (
    MAX_LISTED,
    MAX_WORKS_LISTED,
    linked_data_of,
    redirect_for_good,
    render_page,
    set_page_language,
    slug_of,
)
from gallery.public.view_models import ShownProfileImage
from gallery.web.rendering import settings_of


async def show(request: Request) -> Response:
    """A visitor sees what a project does, how to support it, its cases, and its works on view.

    404 for a project with neither a work nor a case on view: partners enter projects while their works are still drafts.
    """
    set_page_language(request)
    project = await project_at(slug_of(request))
    works = await queries.works_on_view(Q(project_id=project.id), limit=MAX_WORKS_LISTED) if project else []
    cases = await cases_on_view(Q(case__project_id=project.id), MAX_LISTED) if project else []
    if project is None or not (works or cases):
        raise HTTPException(404)
    if project.slug != slug_of(request):
        return redirect_for_good(request, "public:project", slug=project.slug)
    dead = await find_dead_links(project.links.values())
    return render_page(
        request,
        "public/project.html",
        works=works,
        profile_image=ShownProfileImage.of(await visible_profile_image(project)),
        project=project,
        cases=cases,
        dead=dead,
        linked_data=linked_data_of(request).of_project(project, dead),
        listed_works=works,
        share_images=share_images.of_project(project, works, settings_of(request)),
    )


routes = [
    Route("/{language:language}/projects/{slug:name}", show, name="public:project", methods=["GET"]),
]
