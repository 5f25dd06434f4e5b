"""The site as one page of declared lists: routes, middleware, what is open while it runs, error pages."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send
from tortoise.exceptions import ValidationError

import gallery.accounts.address_views
import gallery.accounts.audit_views
import gallery.accounts.chores
import gallery.accounts.link_views
import gallery.accounts.outbox_views
import gallery.accounts.people_views
import gallery.accounts.second_factor_views
import gallery.accounts.second_step_views
import gallery.accounts.site_views
import gallery.accounts.views
import gallery.api.chores
import gallery.api.guide
import gallery.api.openapi
import gallery.api.operations
import gallery.api.token_views
import gallery.archives.chores
import gallery.artists.artist_views
import gallery.artists.chores
import gallery.artists.consent_views
import gallery.artworks.autosave_views
import gallery.artworks.bulk_upload
import gallery.artworks.framing_views
import gallery.artworks.import_chores
import gallery.artworks.import_views
import gallery.artworks.picture_views
import gallery.artworks.private_shares
import gallery.artworks.screening
import gallery.artworks.tus
import gallery.artworks.views
import gallery.artworks.worker_status_views
import gallery.audit.chores
import gallery.erasure
import gallery.exhibitions.chores
import gallery.exhibitions.copy_views
import gallery.exhibitions.cover_views
import gallery.exhibitions.credit_logo_views
import gallery.exhibitions.edition_views
import gallery.exhibitions.programme_views
import gallery.exhibitions.views
import gallery.images.chores
import gallery.images.profile_image_views
import gallery.interop.chores
import gallery.interop.feeds
import gallery.interop.icalendar_files
import gallery.interop.iiif.image_api
import gallery.interop.iiif.presentation
import gallery.interop.oembed
import gallery.interop.sitemaps
import gallery.mail.chores
import gallery.organisations.application_views
import gallery.organisations.chores
import gallery.organisations.owner_request_views
import gallery.organisations.views
import gallery.public.calendar
import gallery.public.chores
import gallery.public.media
import gallery.public.patterns
import gallery.public.previews
import gallery.public.views
import gallery.reviews.bulk_review
import gallery.reviews.chores
import gallery.reviews.coverage
import gallery.reviews.pair_views
import gallery.reviews.private_views
import gallery.reviews.profile_images
import gallery.reviews.reasons
import gallery.reviews.report_views
import gallery.reviews.scoring_views
import gallery.reviews.trust_views
import gallery.reviews.views
import gallery.search.chores
import gallery.search.views
import gallery.sharing.views
import gallery.sharing.wall_labels
import gallery.stats.appreciation_views
import gallery.stats.chores
import gallery.stats.support_links
import gallery.stats.views
import gallery.themes.extensions
import gallery.themes.views
import gallery.withdrawals.feature
from gallery.accounts.access import SecondFactorRequired, SignInRequired, load_person
from gallery.accounts.confirmation import ConfirmationRequired, ask_to_confirm
from gallery.api.access import ApiLimits
from gallery.api.problems import API_PREFIX, Problem, is_api_request, problem_response, status_response
from gallery.audit.current_user import CurrentUserMiddleware
from gallery.clock import set_time_zone
from gallery.db.connection import Database
from gallery.db.content_version import GenerationTracker
from gallery.exhibitions.schedule import next_change
from gallery.images.on_demand import OnDemandQueue
from gallery.images.uploads import MalformedForm
from gallery.images.views import preview
from gallery.public.media import VisibilityCache, public_rendition_address
from gallery.settings import Settings
from gallery.stats.appreciations import AppreciationCache
from gallery.stats.count_writer import write_periodically
from gallery.stats.visit_counter import VisitCounter, VisitCounterMiddleware
from gallery.storage import Storage, StoreUnavailable
from gallery.web import site_settings
from gallery.web.languages import LANGUAGES, accepted_language, set_language
from gallery.web.page_cache import PICTURE_PREFIXES, PageCache
from gallery.web.rendering import DESK, Pages, pages_of, redirect, render
from gallery.web.security import (
    CrossOriginMiddleware,
    NulCharacterMiddleware,
    SecurityHeadersMiddleware,
    security_headers,
)
from gallery.web.static_files import StaticFiles
from gallery.worker import Chore

logger = logging.getLogger("gallery")

CHORES: list[Chore] = [
    *gallery.withdrawals.feature.CHORES,  # first, so that no other work delays them
    *gallery.artists.chores.CHORES,
    *gallery.images.chores.CHORES,
    *gallery.artworks.screening.CHORES,
    *gallery.artworks.tus.CHORES,
    *gallery.artworks.import_chores.CHORES,
    *gallery.api.chores.CHORES,
    *gallery.reviews.chores.CHORES,
    *gallery.exhibitions.chores.CHORES,
    *gallery.public.chores.CHORES,
    *gallery.interop.chores.CHORES,
    *gallery.archives.chores.CHORES,
    *gallery.search.chores.CHORES,
    *gallery.accounts.chores.CHORES,
    *gallery.mail.chores.CHORES,
    *gallery.organisations.chores.CHORES,
    *gallery.audit.chores.CHORES,
    *gallery.stats.chores.CHORES,
    *gallery.erasure.CHORES,
]


async def next_change_of_site() -> datetime | None:
    """When the clock next changes a page; asked when the content version has moved, and so the site may be set otherwise."""
    await site_settings.reload()
    return await next_change()


async def desk(request: Request) -> Response:
    """Somebody comes to the desk: partners to their works, curators to the queue."""
    person = await load_person(request)
    return redirect(request, "reviews:index" if person.is_curator else "artworks:index")


def feature_routes() -> list[Route]:
    return [
        *gallery.public.media.routes,  # first, for they are asked for most and routes are tried in turn
        *gallery.interop.iiif.image_api.routes,
        *gallery.sharing.views.routes,
        Route("/desk", desk, name="desk", methods=["GET"]),
        *gallery.accounts.views.routes,
        *gallery.accounts.second_step_views.routes,
        *gallery.accounts.second_factor_views.routes,
        *gallery.accounts.address_views.routes,
        *gallery.accounts.link_views.routes,
        *gallery.accounts.outbox_views.routes,
        *gallery.accounts.audit_views.routes,
        *gallery.accounts.site_views.routes,
        *gallery.accounts.people_views.routes,
        *gallery.artworks.worker_status_views.routes,
        *gallery.organisations.views.routes,
        *gallery.organisations.application_views.routes,
        *gallery.organisations.owner_request_views.routes,
        *gallery.artists.consent_views.routes,
        *gallery.artists.artist_views.routes,
        *gallery.withdrawals.feature.ROUTES,
        *gallery.artworks.picture_views.routes,
        *gallery.images.profile_image_views.routes,
        *gallery.artworks.tus.routes,
        *gallery.artworks.autosave_views.routes,
        *gallery.artworks.import_views.routes,
        *gallery.artworks.framing_views.routes,
        *gallery.artworks.bulk_upload.routes,
        *gallery.artworks.private_shares.routes,
        *gallery.artworks.views.routes,
        *gallery.api.operations.routes,
        *gallery.api.openapi.routes,
        *gallery.api.guide.routes,
        *gallery.api.token_views.routes,
        *gallery.reviews.views.routes,
        *gallery.reviews.bulk_review.routes,
        *gallery.reviews.pair_views.routes,
        *gallery.reviews.private_views.routes,
        *gallery.reviews.reasons.routes,
        *gallery.reviews.coverage.routes,
        *gallery.reviews.report_views.routes,
        *gallery.reviews.scoring_views.routes,
        *gallery.reviews.trust_views.routes,
        *gallery.reviews.profile_images.routes,
        *gallery.themes.views.routes,
        *gallery.themes.extensions.routes,
        *gallery.stats.appreciation_views.routes,
        *gallery.stats.support_links.routes,
        *gallery.stats.views.routes,
        *gallery.exhibitions.views.routes,
        *gallery.exhibitions.edition_views.routes,
        *gallery.exhibitions.copy_views.routes,
        *gallery.exhibitions.credit_logo_views.routes,
        *gallery.exhibitions.programme_views.routes,
        *gallery.sharing.wall_labels.routes,
        *gallery.public.previews.routes,
        *gallery.exhibitions.cover_views.routes,
        *gallery.public.calendar.routes,
        *gallery.interop.icalendar_files.routes,
        *gallery.public.views.routes,
        *gallery.interop.feeds.routes,
        *gallery.interop.sitemaps.routes,
        *gallery.interop.iiif.presentation.routes,
        *gallery.interop.oembed.routes,
        *gallery.search.views.routes,
    ]


class Gallery(Starlette):
    """The site; both caches answer before anything else of it is touched, and what they answer is counted."""

    page_cache: PageCache
    picture_cache: PageCache
    tally: VisitCounter
    counting: VisitCounterMiddleware

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.counting(scope, receive, send)


def create_app(settings: Settings) -> Gallery:
    """The whole site, for one process."""
    set_time_zone(settings.zone)
    site_settings.clear()
    content = GenerationTracker(next_change_of_site)
    static_files = StaticFiles()
    routes = [
        *feature_routes(),
        *(gallery.public.patterns.routes if settings.development else []),
        Route("/static/{version}/{path:path}", static_files.show, name="static", methods=["GET"]),
    ]
    app = Gallery(
        routes=routes,
        middleware=[
            Middleware(SecurityHeadersMiddleware, settings=settings),
            Middleware(CrossOriginMiddleware, without_cookies=API_PREFIX),
            Middleware(NulCharacterMiddleware, refuse=show_bad_address),
            Middleware(CurrentUserMiddleware),
        ],
        exception_handlers={
            HTTPException: show_error,
            SignInRequired: ask_to_sign_in,
            SecondFactorRequired: ask_for_second_factor,
            ConfirmationRequired: ask_to_confirm,
            MalformedForm: show_bad_form,
            ClientDisconnect: note_disconnect,
            ValidationError: show_not_found,
            StoreUnavailable: show_store_unavailable,
            500: show_failure,
        },
        lifespan=lifespan,
    )
    inside = partial(Starlette.__call__, app)
    app.picture_cache = PageCache(inside, content, settings.picture_cache_bytes, PICTURE_PREFIXES)
    app.page_cache = PageCache(app.picture_cache, content, settings.page_cache_bytes)
    app.tally = VisitCounter()
    app.counting = VisitCounterMiddleware(app.page_cache, app.tally)
    app.state.tally = app.tally
    app.state.appreciations = AppreciationCache(content, app.tally)
    app.state.settings = settings
    app.state.content = content
    app.state.storage = Storage(settings)
    app.state.sightings = VisibilityCache(content)
    app.state.demand = OnDemandQueue()
    app.state.api_limits = ApiLimits(settings)
    app.state.pages = pages = Pages(settings, routes, static_files.version)
    pages.environment.globals.update(media=public_rendition_address, preview=preview)
    return app


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with Database(app.state.settings) as database:
        await database.check()
        async with write_periodically(app.state.tally):
            yield


RETRY_AFTER = "30"  # seconds
ERROR_TEMPLATES = {404: "errors/404.html", 410: "errors/410.html"}


async def show_error(request: Request, error: Exception) -> Response:
    """A page that says what is wrong with the address or the request, in the reader's language."""
    assert isinstance(error, HTTPException)
    if is_api_request(request):
        return status_response(request, error.status_code, error.headers)
    _set_language(request)
    template = ERROR_TEMPLATES.get(error.status_code, "errors/other.html")
    response = render(request, template, {"status": error.status_code}, status=error.status_code)
    for name, value in _headers(error.headers).items():
        response.headers[name] = value
    return response


def show_bad_address(request: Request) -> Response:
    """No address of the site is like this one."""
    if is_api_request(request):
        return problem_response(request, Problem(400))
    return PlainTextResponse("There is no such address.\n", 400)


async def ask_to_sign_in(request: Request, error: Exception) -> Response:
    """Off to the sign-in page, and back afterwards."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    query = f"?next={quote(asked)}" if request.method == "GET" else ""
    return RedirectResponse(pages_of(request).url("accounts:sign_in") + query, status_code=303)


async def ask_for_second_factor(request: Request, error: Exception) -> Response:
    """Off to the page on which a second factor is set up; nothing else of the desk opens before."""
    return redirect(request, "accounts:second_factor")


async def show_bad_form(request: Request, error: Exception) -> Response:
    """What was sent is not one of our forms."""
    _set_language(request)
    return render(request, "errors/other.html", {"status": 400}, status=400)


async def note_disconnect(request: Request, error: Exception) -> Response:
    """The connection ended before the body of a request had arrived; nobody is there to read the answer."""
    logger.warning("A request broke off before all of it had arrived; nothing was done.")
    return await show_error(request, HTTPException(408, headers={"connection": "close"}))


async def show_not_found(request: Request, error: Exception) -> Response:
    """The address asks for a name that is too long for its column: 404. In a form it would be a fault of ours."""
    if request.method not in {"GET", "HEAD"}:
        raise error
    return await show_error(request, HTTPException(404))


async def show_store_unavailable(request: Request, error: Exception) -> Response:
    """The pictures cannot be reached just now; the log says why, the page says when to try again."""
    logger.warning("%s", error)
    return await show_error(request, HTTPException(503, headers={"retry-after": RETRY_AFTER}))


async def show_failure(request: Request, error: Exception) -> Response:
    """Something is broken here; the log says what, the page says sorry."""
    # Starlette sends this page from outside the middleware.
    headers = security_headers(pages_of(request).settings)
    if is_api_request(request):
        return status_response(request, 500, headers)
    _set_language(request)
    return render(request, "errors/500.html", status=500, headers=headers)


def _headers(headers: Mapping[str, str] | None) -> Mapping[str, str]:
    return headers or {}


def _set_language(request: Request) -> None:
    person = getattr(request.state, "person", None)
    first = request.url.path.split("/")[1]
    if person is not None and request.url.path.startswith(DESK):
        set_language(person.language)
    elif first in LANGUAGES:
        set_language(first)
    else:
        set_language(accepted_language(request.headers.get("accept-language", "")))
