"""Withdrawing: the pages that the slip's link opens for artists and guardians, and the button at the desk."""

from __future__ import annotations

import logging

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gallery.artists.consents import latest_renewal, normalised_code
from gallery.artists.models import Consent, ConsentState, Withdrawal
from gallery.artworks.access import load_artwork
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork
from gallery.db import content_version
from gallery.storage import StoreUnavailable
from gallery.web.languages import accepted_language, set_language, site_languages
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, pages_of, redirect, render, storage_of
from gallery.web.security import REFERRER_WITHOUT_PATH, RateLimit, client_network
from gallery.withdrawals.withdrawal import withdraw

logger = logging.getLogger("gallery")

# A code has 100 bits and cannot be guessed; the limit only keeps guesses from loading the server.
CODE_ATTEMPTS = RateLimit(times=60, seconds=60)

PRIVATE_HEADERS = {**REFERRER_WITHOUT_PATH, "cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}


async def open_slip(request: Request) -> Response:
    """Redirect from the code on the slip to the page in the reader's language."""
    language = accepted_language(request.headers.get("accept-language", ""))
    code = normalised_code(request.path_params["code"])
    if not code:
        raise HTTPException(404)
    address = pages_of(request).url("withdrawals:show", language=language, code=code)
    return RedirectResponse(address, status_code=303, headers={**PRIVATE_HEADERS, "vary": "accept-language"})


async def show(request: Request) -> Response:
    """Show every work of the consent, and whether it is on view."""
    consent = await _load(request)
    return await _page(request, consent)


async def create(request: Request) -> Response:
    """Withdraw the consent; no reason is asked for."""
    consent = await _load(request)
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


async def _load(request: Request) -> Consent:
    language = request.path_params["language"]
    if language not in site_languages():
        raise HTTPException(404)
    set_language(language)
    network = client_network(request)
    if not CODE_ATTEMPTS.allows(network):
        raise HTTPException(429, headers={"retry-after": "60"})
    consent = await Consent.get_or_none(code=normalised_code(request.path_params["code"]))
    if consent is None:
        raise HTTPException(404)
    consent = await latest_renewal(consent)
    await consent.fetch_related("artist__organisation")
    return consent


async def _page(request: Request, consent: Consent) -> Response:
    is_withdrawn = consent.state() == ConsentState.WITHDRAWN
    works = Artwork.filter(consent_id=consent.id).order_by("id")
    fetched = works.prefetch_related("image", "consent", "organisation", "hangings__room__edition")
    is_unfinished = await Withdrawal.filter(consent_id=consent.id, files_deleted_at=None).exists()
    shown = [] if is_withdrawn else await fetched
    await load_further_pictures(shown)
    context = {
        "consent": consent,
        "is_withdrawn": is_withdrawn,
        "is_unfinished": is_unfinished,
        "works": shown,
    }
    return render(request, "withdrawals/show.html", context, headers=PRIVATE_HEADERS)


routes = [
    Route("/c/{code:secret}", open_slip, name="withdrawals:open", methods=["GET"]),
    Route("/{language}/consent/{code:secret}", show, name="withdrawals:show", methods=["GET"]),
    Route("/{language}/consent/{code:secret}", create, name="withdrawals:create", methods=["POST"]),
    Route("/desk/works/{id:int}/withdrawal", create_at_desk, name="artworks:withdraw", methods=["POST"]),
]
