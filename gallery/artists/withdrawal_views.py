"""The pages behind the slip: an artist or guardian sees what is shown, and withdraws it."""

from __future__ import annotations

import logging
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gallery.artists.consents import latest_renewal, normalised_code
from gallery.artists.models import Consent, ConsentState, Withdrawal
from gallery.artists.withdrawal import withdraw
from gallery.db import content_version
from gallery.storage import StoreUnavailable
from gallery.web.languages import LANGUAGES, accepted_language, set_language
from gallery.web.rendering import pages_of, render
from gallery.web.security import REFERRER_WITHOUT_PATH, RateLimit, client_network

logger = logging.getLogger("gallery")

# A code has 100 bits; the limit keeps guessing from being a load.
CODE_ATTEMPTS = RateLimit(times=60, seconds=60)

PRIVATE_HEADERS = {**REFERRER_WITHOUT_PATH, "cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}


async def open_slip(request: Request) -> Response:
    """Somebody follows the code on the slip and comes to the page in their language."""
    language = accepted_language(request.headers.get("accept-language", ""))
    code = normalised_code(request.path_params["code"])
    if not code:
        raise HTTPException(404)
    address = pages_of(request).url("withdrawals:show", language=language, code=code)
    return RedirectResponse(address, status_code=303, headers={**PRIVATE_HEADERS, "vary": "accept-language"})


async def show(request: Request) -> Response:
    """An artist or guardian sees every work that the consent covers and where it is shown."""
    consent = await _load(request)
    return await _page(request, consent)


async def create(request: Request) -> Response:
    """An artist or guardian withdraws, with one confirmation and without a reason."""
    consent = await _load(request)
    try:
        await withdraw(consent, request.app.state.storage)
    except StoreUnavailable as away:
        logger.warning("A withdrawal waits for its files to be deleted. %s", away)
        await content_version.settle()
    return RedirectResponse(request.url.path, status_code=303, headers=PRIVATE_HEADERS)


async def _load(request: Request) -> Consent:
    language = request.path_params["language"]
    if language not in LANGUAGES:
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
    withdrawn = consent.state() == ConsentState.WITHDRAWN
    # By relation, for works and exhibitions stand above; only pictures that are ready can be shown here.
    works: list[Any] = (
        [] if withdrawn else list(await consent.artworks.all().order_by("id").prefetch_related("image"))
    )
    shown = set()
    if works:
        on_view = type(works[0]).all().on_view()
        shown = set(await on_view.filter(consent_id=consent.id).values_list("id", flat=True))
    is_unfinished = await Withdrawal.filter(consent_id=consent.id, files_deleted_at=None).exists()
    context = {
        "consent": consent,
        "is_withdrawn": withdrawn,
        "is_unfinished": is_unfinished,
        "works": works,
        "shown": shown,
    }
    return render(request, "withdrawals/show.html", context, headers=PRIVATE_HEADERS)


routes = [
    Route("/c/{code:secret}", open_slip, name="withdrawals:open", methods=["GET"]),
    Route("/{language}/consent/{code:secret}", show, name="withdrawals:show", methods=["GET"]),
    Route("/{language}/consent/{code:secret}", create, name="withdrawals:create", methods=["POST"]),
]
