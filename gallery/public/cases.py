"""A case's page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.cases.models import Case
from gallery.cases.shown import ShownCase, cases_on_view
from gallery.db.content_version import ORGANISATION
from gallery.organisations.links import find_dead_links
from gallery.public import queries, share_images
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.pages import MAX_WORKS_LISTED, linked_data_of, render_page, set_page_language, slug_of
from gallery.public.view_models import ShownWork, credit_in_page_language
from gallery.web.languages import default_language
from gallery.web.page_keys import case_key
from gallery.web.rendering import settings_of


async def load_shown_case(slug: str) -> ShownCase:
    """The case with this address. HTTPException 410 if its consent was withdrawn, 404 if it is not on view."""
    shown = await cases_on_view(Q(case__slug=slug), limit=1)
    if shown:
        return shown[0]
    is_withdrawn = await Case.exists(slug=slug, withdrawn_at__isnull=False)
    raise HTTPException(410 if is_withdrawn else 404)


async def works_of_case(shown: ShownCase, limit: int = MAX_WORKS_LISTED) -> list[ShownWork]:
    """The works on view of the person of whom it tells, or else of its project."""
    consent = shown.case.consent
    condition = Q(artist_id=consent.artist_id) if consent else Q(project_id=shown.case.project_id)
    return await queries.works_on_view(condition, limit=limit)


async def show(request: Request) -> Response:
    """A visitor reads what is needed, what was reached by which day, who says so, and who is responsible."""
    set_page_language(request)
    shown = await load_shown_case(slug_of(request))
    works = await works_of_case(shown)
    link, consent = shown.version.link, shown.case.consent
    dead = await find_dead_links([link] if link else [])
    artist = consent.artist if consent else None
    names = (artist.credit_name, artist.credit_translations) if artist else None
    is_for_machines = all(work.is_for_machines for work in works) and (
        consent is None or consent.for_machine_use
    )
    robots = {} if is_for_machines else NOT_FOR_MACHINES
    response = render_page(
        request,
        "public/case.html",
        works=works,
        keys=[case_key(shown.case.id), f"{ORGANISATION}{shown.case.project.organisation_id}"],
        shown=shown,
        credit=credit_in_page_language(*names, default_language()) if names else None,
        dead=dead,
        listed_works=works,
        linked_data=linked_data_of(request).of_case(shown, dead),
        share_images=share_images.of_case(shown, works, settings_of(request)),
        robots=robots.get("x-robots-tag", ""),
    )
    response.headers.update(robots)
    return response


routes = [Route("/{language:language}/cases/{slug:name}", show, name="public:case", methods=["GET"])]
