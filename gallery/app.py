"""The site: the list of its features, and the app with its middleware and caches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

import gallery.accounts.feature
import gallery.api.feature
import gallery.archives.feature
import gallery.artists.feature
import gallery.artworks.feature
import gallery.audit.feature
import gallery.cases.feature
import gallery.contact.feature
import gallery.exhibitions.feature
import gallery.exports.feature
import gallery.images.feature
import gallery.interop.feature
import gallery.mail.feature
import gallery.monitoring.feature
import gallery.organisations.feature
import gallery.public.feature
import gallery.reviews.feature
import gallery.search.feature
import gallery.sharing.feature
import gallery.sounds.feature
import gallery.stats.feature
import gallery.supporters.feature
import gallery.themes.feature
import gallery.withdrawals.feature
from gallery import erasure, error_pages
from gallery.api.access import ApiLimits
from gallery.api.problems import API_PREFIX
from gallery.artworks.dates import shown_work_date
from gallery.artworks.sizes import size_as_shown
from gallery.audit.current_user import CurrentUserMiddleware
from gallery.clock import set_time_zone
from gallery.db.connection import Database
from gallery.db.content_version import GenerationTracker
from gallery.exhibitions.schedule import next_change
from gallery.images.on_demand import OnDemandQueue
from gallery.images.views import desk_address, desk_picture
from gallery.monitoring.monitor import Monitor
from gallery.monitoring.request_log import RequestLogMiddleware
from gallery.public import patterns
from gallery.public.media import VisibilityCache
from gallery.public.page_fonts import PageFonts
from gallery.public.work_counts import WorkCounts
from gallery.public.work_of_the_day import DailyWorks
from gallery.reviews.coverage import coverage_counts
from gallery.settings import Settings
from gallery.sharing.icons import SiteIcons
from gallery.sounds.player import add_voices
from gallery.stats.appreciations import AppreciationCache
from gallery.stats.count_writer import write_periodically
from gallery.stats.reach import RecentVisits
from gallery.stats.visit_counter import VisitCounter, VisitCounterMiddleware
from gallery.storage import Storage
from gallery.web import site_settings
from gallery.web.languages import set_site_languages
from gallery.web.page_cache import PICTURE_PREFIXES, PageCache
from gallery.web.rendering import Pages
from gallery.web.security import CrossOriginMiddleware, NulCharacterMiddleware, SecurityHeadersMiddleware
from gallery.web.static_files import StaticFiles
from gallery.worker import Chore


class Feature(Protocol):
    ROUTES: list[Route]
    CHORES: list[Chore]


# The worker runs the chores in this order. Withdrawals come first, so that no other chore delays them.
FEATURES: tuple[Feature, ...] = (
    gallery.withdrawals.feature,
    gallery.artists.feature,
    gallery.images.feature,
    gallery.sounds.feature,
    gallery.artworks.feature,
    gallery.api.feature,
    gallery.reviews.feature,
    gallery.cases.feature,
    gallery.themes.feature,
    gallery.exhibitions.feature,
    gallery.supporters.feature,
    gallery.public.feature,
    gallery.interop.feature,
    gallery.sharing.feature,
    gallery.archives.feature,
    gallery.contact.feature,
    gallery.exports.feature,
    gallery.search.feature,
    gallery.accounts.feature,
    gallery.mail.feature,
    gallery.organisations.feature,
    gallery.audit.feature,
    gallery.stats.feature,
    gallery.monitoring.feature,
)
CHORES = [*(chore for feature in FEATURES for chore in feature.CHORES), *erasure.CHORES]


def feature_routes() -> list[Route]:
    """All routes. Starlette tries them in order, so the routes that visitors request most come first.

    The list is made again for each app, because its regular expressions contain the site's languages.
    """
    requested_most = (gallery.public.feature, gallery.interop.feature, gallery.sharing.feature)
    features = sorted(FEATURES, key=lambda feature: feature not in requested_most)
    return [
        Route(route.path, route.endpoint, methods=route.methods, name=route.name)
        for feature in features
        for route in feature.ROUTES
    ]


class Gallery(Starlette):
    """The app. A request passes through the visit counter, both caches, the request log, and the middleware."""

    page_cache: PageCache
    picture_cache: PageCache
    visit_counter: VisitCounter
    counted: VisitCounterMiddleware

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.counted(scope, receive, send)


def create_app(settings: Settings) -> Gallery:
    """Create the app for one process."""
    set_time_zone(settings.zone)
    set_site_languages(settings.languages, settings.own_catalogues)
    site_settings.clear()
    content = GenerationTracker(_next_change)
    static_files = StaticFiles()
    routes = [*feature_routes(), *static_files.routes, *(patterns.routes if settings.development else [])]
    app = Gallery(
        routes=routes,
        middleware=[
            Middleware(SecurityHeadersMiddleware, settings=settings),
            Middleware(CrossOriginMiddleware, without_cookies=API_PREFIX),
            Middleware(NulCharacterMiddleware, refuse=error_pages.show_bad_address),
            Middleware(CurrentUserMiddleware),
        ],
        exception_handlers=error_pages.HANDLERS,
        lifespan=lifespan,
    )
    app.state.storage = storage = Storage(settings)
    app.state.monitor = monitor = Monitor(settings, storage)
    app.picture_cache = PageCache(
        RequestLogMiddleware(
            partial(Starlette.__call__, app),
            monitor.metrics.count_request,
            settings.slow_request_ms,
        ),
        content,
        settings.picture_cache_bytes,
        PICTURE_PREFIXES,
    )
    app.page_cache = PageCache(app.picture_cache, content, settings.page_cache_bytes)
    monitor.metrics.add_caches(pages=app.page_cache, pictures=app.picture_cache)
    app.visit_counter = app.state.visit_counter = VisitCounter()
    app.counted = VisitCounterMiddleware(app.page_cache, app.visit_counter)
    app.state.recent_visits = RecentVisits()
    app.state.appreciations = AppreciationCache(content, app.visit_counter)
    app.state.settings = settings
    app.state.content = content
    app.state.visibility = VisibilityCache(content)
    app.state.work_counts = WorkCounts(content)
    app.state.daily_works = DailyWorks(content, app.state.work_counts)
    app.state.coverage = coverage_counts(content)
    app.state.on_demand = OnDemandQueue()
    app.state.icons = SiteIcons(settings)
    app.state.api_limits = ApiLimits(settings)
    app.state.pages = pages = Pages(settings, routes, static_files.version)
    pages.environment.globals.update(
        desk_address=desk_address,
        icons=app.state.icons,
        desk_picture=desk_picture,
        size_as_shown=size_as_shown,
        shown_work_date=shown_work_date,
    )
    add_voices(pages)
    app.state.page_fonts = page_fonts = PageFonts(settings.secret_key)
    pages.add_fonts = page_fonts.add_to
    return app


async def _next_change() -> datetime | None:
    """The next moment at which a page changes only because time passes.

    Called when the content version has changed. Also reloads the site's settings, because they may have
    changed.
    """
    await site_settings.reload()
    return await next_change()


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with Database(app.state.settings) as database:
        await database.check()
        async with write_periodically(app.state.visit_counter), app.state.monitor.running(database):
            yield
