"""Organisations: the list, and an organisation's page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.images.profile_images import visible_profile_image
from gallery.organisations.models import Organisation
from gallery.public import queries, share_images
from gallery.public.pages import (
    MAX_LISTED,
    MAX_WORKS_LISTED,
    feed_link,
    linked_data_of,
    render_page,
    set_page_language,
    slug_of,
)
from gallery.public.view_models import ShownEmblem
from gallery.web.languages import gettext as _
from gallery.web.languages import localized
from gallery.web.rendering import settings_of


async def index(request: Request) -> Response:
    """A visitor sees who sends the works."""
    set_page_language(request)
    data = linked_data_of(request)
    return render_page(
        request,
        "public/organisations.html",
        linked_data=data.index(data.organisations(), _("The charities and foundations that send works.")),
        organisations=await queries.organisations_on_view(limit=MAX_LISTED),
    )


async def show(request: Request) -> Response:
    """A visitor gets to know an organisation: what it says of itself, its projects, its works on view."""
    set_page_language(request)
    found = await Organisation.get_or_none(slug=slug_of(request), is_active=True)
    if found is None:
        raise HTTPException(404)
    works = await queries.works_on_view(Q(organisation_id=found.id), limit=MAX_WORKS_LISTED)
    return render_page(
        request,
        "public/organisation.html",
        works=works,
        emblem=ShownEmblem.of(await visible_profile_image(found)),
        organisation=found,
        projects=await queries.projects_of_organisation(found.id, MAX_LISTED),
        linked_data=linked_data_of(request).of_organisation(found),
        alternates=[feed_link(request, "feeds:organisation", localized(found, "name").text, slug=found.slug)],
        wall=works,
        placards=share_images.of_organisation(found, works, settings_of(request)),
    )


routes = [
    Route("/{language:language}/organisations", index, name="visits:organisations", methods=["GET"]),
    Route(
        "/{language:language}/organisations/{slug:name}", show, name="visits:organisation", methods=["GET"]
    ),
]
