"""Withdrawing: the pages that the slip's link opens for artists and guardians, and the button at the desk."""

from __future__ import annotations

import logging
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.artists.code_pages import PRIVATE_HEADERS, code_of_page
from gallery.artists.consents import (
    SCOPE_WORDS,
    latest_renewal,
    normalised_code,
    predecessors,
    withdrawn_together,
)
from gallery.artists.models import Consent, ConsentRequest, Withdrawal
from gallery.artists.slips import load_slips
from gallery.artworks.access import load_artwork
from gallery.artworks.answer_views import show_request
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork
from gallery.cases.models import CaseVersion, versions_on_view
from gallery.db import content_version
from gallery.storage import StoreUnavailable
from gallery.web.languages import accepted_language
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of, storage_of
from gallery.withdrawals.withdrawal import withdraw

logger = logging.getLogger("gallery")


async def open_slip(request: Request) -> Response:
    """Redirect from the code on the slip to the page in the reader's language."""
    language = accepted_language(request.headers.get("accept-language", ""))
    code = normalised_code(request.path_params["code"])
    if not code:
        raise HTTPException(404)
    address = pages_of(request).url("withdrawals:show", language=language, code=code)
    return RedirectResponse(address, status_code=303, headers={**PRIVATE_HEADERS, "vary": "accept-language"})


async def show(request: Request) -> Response:
    """Show every work of the consent, and whether it is on view; or what is asked, if the code is a request's."""
    code = code_of_page(request)
    consent = await _find(code)
    return await _page(request, consent) if consent is not None else await show_request(request, code)


async def create(request: Request) -> Response:
    """Withdraw the consent; no reason is asked for."""
    consent = await _find(code_of_page(request))
    if consent is None:
        raise HTTPException(404)
    try:
        await withdraw(consent, storage_of(request))
    except StoreUnavailable as away:
        logger.warning("A withdrawal waits for its files to be deleted. %s", away)
        await content_version.wait_for_propagation()
    return RedirectResponse(request.url.path, status_code=303, headers=PRIVATE_HEADERS)


async def create_at_desk(request: Request) -> Response:
    """A partner withdraws a consent because the artist or guardian asked for it."""
    person, _organisations, artwork = await load_artwork(request)
    response = redirect(request, "artworks:show", id=artwork.id)
    if artwork.consent is None or artwork.consent.withdrawn_at is not None:
        flash(request, response, _("There is no consent that could be ended."), "hint")
        return response
    try:
        await withdraw(artwork.consent, storage_of(request), by=person)
    except StoreUnavailable as away:
        logger.warning("A withdrawal waits for its files to be deleted. %s", away)
        flash(
            request,
            response,
            _("The works are off every page. Copies of their pictures are still being deleted."),
            "hint",
        )
        return response
    flash(request, response, _("The consent is ended. Nothing that it covered is shown any more."))
    return response


async def _find(code: str) -> Consent | None:
    """The consent with this code, or its latest renewal, with its artist and organisation."""
    consent = await Consent.get_or_none(code=code)
    if consent is None:
        return None
    consent = await latest_renewal(consent)
    await consent.fetch_related("artist__organisation")
    return consent


async def _page(request: Request, consent: Consent) -> Response:
    covering = [each.id for each in await withdrawn_together(consent)]
    is_withdrawn = not covering
    works = Artwork.filter(consent_id__in=covering).order_by("id")
    fetched = works.prefetch_related("image", "consent", "organisation", "hangings__room__edition")
    is_unfinished = await Withdrawal.exists(consent__artist_id=consent.artist_id, files_deleted_at=None)
    shown = [] if is_withdrawn else await fetched
    await load_further_pictures(shown)
    agreed_at, renewed_at, slip = None, None, None
    if not is_withdrawn:
        given = [consent.id, *(each.id for each in await predecessors(consent))]
        by_link = await ConsentRequest.filter(consent_id__in=given).order_by("-id").first()
        if by_link:
            agreed_at = by_link.answered_at
            renewed_at = consent.created_at if by_link.consent_id != consent.id else None
    if agreed_at is not None:  # the family has no paper
        (made,) = await load_slips([consent], settings_of(request))
        slip = replace(made, image=None)  # only the desk shows it
    context = {
        "consent": consent,
        "is_withdrawn": is_withdrawn,
        "agreed_at": agreed_at,
        "renewed_at": renewed_at,
        "scope_words": SCOPE_WORDS,
        "slip": slip,
        "is_unfinished": is_unfinished,
        "works": shown,
        "cases": await _cases_of(covering),
    }
    return render(request, "withdrawals/show.html", context, headers=PRIVATE_HEADERS)


async def _cases_of(consent_ids: list[int]) -> list[tuple[CaseVersion, bool]]:
    """The newest words of each case that tells of the person, and whether visitors can read the case."""
    versions = CaseVersion.filter(case__consent_id__in=consent_ids, case__withdrawn_at__isnull=True)
    newest = {
        version.case_id: version for version in await versions.order_by("number").select_related("case")
    }
    on_view = versions_on_view(Q(case_id__in=list(newest)))
    shown = {version.case_id: version for version in await on_view.select_related("case")}
    return [(shown.get(id, version), id in shown) for id, version in sorted(newest.items())]


routes = [
    Route("/c/{code:secret}", open_slip, name="withdrawals:open", methods=["GET"]),
    Route("/{language}/consent/{code:secret}", show, name="withdrawals:show", methods=["GET"]),
    Route("/{language}/consent/{code:secret}", create, name="withdrawals:create", methods=["POST"]),
    Route("/desk/works/{id:int}/withdrawal", create_at_desk, name="artworks:withdraw", methods=["POST"]),
]
