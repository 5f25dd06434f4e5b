"""Themes: the list, and a theme's page."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.artworks.models import edition_is_open, has_theme
from gallery.clock import today
from gallery.public import page_cards, queries, share_images
from gallery.public.pages import (
    MAX_LISTED,
    MAX_WORKS_LISTED,
    feed_link,
    linked_data_of,
    manifest_link,
    render_page,
    set_page_language,
    slug_of,
)
from gallery.public.view_models import Counts, ShownTheme
from gallery.public.work_counts import work_counts_of
from gallery.themes.models import Theme
from gallery.themes.series import other_years
from gallery.web.languages import gettext as _
from gallery.web.languages import localized
from gallery.web.rendering import settings_of


async def index(request: Request) -> Response:
    """A visitor sees the list of themes: the occasions for which works were made."""
    set_page_language(request)
    data = linked_data_of(request)
    themes = await Theme.all().order_by("-occurs_on", "-id").limit(MAX_LISTED)
    counts = await work_counts_of(request).themes.all()
    samples = await queries.sample_works(themes, counts)
    return render_page(
        request,
        "public/themes.html",
        works=samples.values(),
        linked_data=data.index(data.themes(), _("The occasions for which works are made and shown.")),
        themes=themes,
        counts=counts,
        samples=samples,
        share_images=await page_cards.card_of("themes", settings_of(request)),
    )


async def show(request: Request) -> Response:
    """A visitor sees an occasion: its text, its exhibitions and its works on view."""
    set_page_language(request)
    theme = await Theme.get_or_none(slug=slug_of(request))
    if theme is None:
        raise HTTPException(404)
    title = localized(theme, "title")
    works = await queries.works_on_view(has_theme(theme.id), limit=MAX_WORKS_LISTED)
    opened = await queries.exhibitions(edition_is_open(), Q(exhibition__theme_id=theme.id), limit=MAX_LISTED)
    hung = await queries.works_by_edition(opened, 1)
    covers = await queries.works_by_id([theme.cover_id] if theme.cover_id else [])
    cover = covers.get(theme.cover_id or 0)
    return render_page(
        request,
        "public/theme.html",
        works=[*works, *covers.values(), *(work for some in hung.values() for work in some)],
        theme=ShownTheme(theme.slug, title, theme.accent, theme.accent_night),
        occasion=theme,
        day=today(),
        cover=cover,
        years=await Theme.filter(other_years(theme)).order_by("-occurs_on", "-id").limit(MAX_LISTED),
        counts=await work_counts_of(request).theme_totals.of(theme.id) or Counts(0, 0, 0),
        listed_works=works,
        exhibitions=opened,
        hung=hung,
        linked_data=linked_data_of(request).of_theme(theme),
        alternates=[
            feed_link(request, "feeds:theme", title.text, slug=theme.slug),
            manifest_link(request, "manifests:theme", title.text, slug=theme.slug),
        ],
        share_images=share_images.of_theme(theme, [*covers.values(), *works], settings_of(request)),
    )


routes = [
    Route("/{language:language}/themes", index, name="public:themes", methods=["GET"]),
    Route("/{language:language}/themes/{slug:name}", show, name="public:theme", methods=["GET"]),
]
