"""Organisations: the list, and an organisation's page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.images.profile_images import visible_profile_image
from gallery.organisations.models import Organisation
from gallery.public import page_cards, queries, share_images
from gallery.public.pages import (
    MAX_LISTED,
    MAX_WORKS_LISTED,
    feed_link,
    linked_data_of,
    render_page,
    set_page_language,
    slug_of,
)
from gallery.public.view_models import ShownProfileImage
from gallery.public.work_counts import work_counts_of
from gallery.web.languages import gettext as _
from gallery.web.languages import localized
from gallery.web.rendering import settings_of


async def index(request: Request) -> Response:
    """A visitor sees the organisations that send works."""
    set_page_language(request)
    data = linked_data_of(request)
    counts = await work_counts_of(request).organisations.all()
    listed = await queries.listed_organisations(counts, limit=MAX_LISTED)
    return render_page(
        request,
        "public/organisations.html",
        works=[each.work for each in listed if each.work],
        pictures=[each.logo.picture for each in listed if each.logo],
        linked_data=data.index(data.organisations(), _("The charities and foundations that send works.")),
        organisations=listed,
        share_images=await page_cards.card_of("organisations", settings_of(request)),
    )


async def show(request: Request) -> Response:
    """A visitor sees an organisation: its text about itself, its projects and its works on view."""
    set_page_language(request)
    organisation = await Organisation.get_or_none(slug=slug_of(request), is_active=True)
    if organisation is None:
        raise HTTPException(404)
    works = await queries.works_on_view(Q(organisation_id=organisation.id), limit=MAX_WORKS_LISTED)
    return render_page(
        request,
        "public/organisation.html",
        works=works,
        profile_image=ShownProfileImage.of(await visible_profile_image(organisation)),
        organisation=organisation,
        projects=await queries.projects_of_organisation(organisation.id, MAX_LISTED),
        linked_data=linked_data_of(request).of_organisation(organisation),
        alternates=[
            feed_link(
                request, "feeds:organisation", localized(organisation, "name").text, slug=organisation.slug
            )
        ],
        listed_works=works,
        share_images=share_images.of_organisation(organisation, works, settings_of(request)),
    )


routes = [
    Route("/{language:language}/organisations", index, name="public:organisations", methods=["GET"]),
    Route(
        "/{language:language}/organisations/{slug:name}", show, name="public:organisation", methods=["GET"]
    ),
]
