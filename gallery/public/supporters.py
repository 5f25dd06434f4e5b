"""A supporter's page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.artworks.models import edition_is_open
from gallery.organisations.links import find_dead_links
from gallery.public import queries
from gallery.public.pages import MAX_LISTED, MAX_WORKS_LISTED, render_page, set_page_language
from gallery.supporters.models import Supporter, SupporterState
from gallery.supporters.reach import supported_pages
from gallery.web.rendering import pages_of


async def show(request: Request) -> Response:
    """A visitor sees a supporter, and which exhibitions, works and projects they support.

    410 once the supporter took it back; 404 before an agreement.
    """
    set_page_language(request)
    supporter = await Supporter.get_or_none(public_id=request.path_params["public_id"])
    if supporter is None or supporter.state in {SupporterState.WAITING, SupporterState.REFUSED}:
        raise HTTPException(404)
    if supporter.state == SupporterState.TAKEN_BACK:
        raise HTTPException(404 if supporter.answered_at is None else 410)
    exhibitions, work_ids, project_ids = await supported_pages(supporter)
    shown = await queries.exhibitions(
        edition_is_open(), Q(exhibition_id__in=sorted(exhibitions) or [0]), limit=MAX_LISTED
    )
    hung = await queries.works_by_edition(shown, 1)
    works = await queries.works_on_view(Q(id__in=sorted(work_ids) or [0]), limit=MAX_WORKS_LISTED)
    picture = (
        pages_of(request).url("logos:show", token=supporter.picture_token) if supporter.picture_token else ""
    )
    return render_page(
        request,
        "public/supporter.html",
        works=[*works, *(work for each in hung.values() for work in each)],
        supporter=supporter,
        picture=picture,
        dead=await find_dead_links(supporter.links),
        exhibitions=shown,
        hung=hung,
        listed_works=works,
        projects=await queries.projects_on_view(project_ids, MAX_LISTED),
    )


routes = [
    Route("/{language:language}/supporters/{public_id:name}", show, name="public:supporter", methods=["GET"]),
]
