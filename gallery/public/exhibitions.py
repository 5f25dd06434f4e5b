"""Exhibitions: the list, an exhibition's page, and its walk."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.exhibitions.credit_logos import logos_of
from gallery.organisations.links import find_dead_links
from gallery.public import queries, share_images
from gallery.public.access import load_opened
from gallery.public.pages import (
    MAX_LISTED,
    feed_link,
    linked_data_of,
    manifest_link,
    oembed_links,
    render_page,
    set_page_language,
    slug_of,
)
from gallery.public.pagination import NoSuchRoom, exhibition_page, first_works
from gallery.web.languages import gettext as _
from gallery.web.rendering import pages_of, settings_of

PROJECTS_OF_EXHIBITION = 60  # named at its end


async def index(request: Request) -> Response:
    """A visitor looks for an exhibition: open ones, those to come, past ones."""
    set_page_language(request)
    data = linked_data_of(request)
    open_now = await queries.exhibitions(queries.is_open(), limit=MAX_LISTED)
    past = await queries.exhibitions(queries.has_closed(), order="-closes_at", limit=MAX_LISTED)
    hung = await queries.works_by_edition([*open_now, *past], 1)
    return render_page(
        request,
        "public/exhibitions.html",
        works=[work for works in hung.values() for work in works],
        open_now=open_now,
        to_open=await queries.exhibitions(queries.opens_later(), order="opens_at", limit=MAX_LISTED),
        past=past,
        hung=hung,
        linked_data=data.index(
            data.exhibitions(), _("Exhibitions that are open, that open next, and that were shown before.")
        ),
    )


async def show(request: Request) -> Response:
    """A visitor walks through an exhibition, room by room."""
    set_page_language(request)
    shown = await load_opened(slug_of(request))
    asked = request.query_params
    try:
        stretch = await exhibition_page(shown.edition_id, asked.get("room", ""), asked.get("after", ""))
    except NoSuchRoom as error:
        raise HTTPException(404) from error
    is_beginning = "room" not in asked
    works = stretch.works
    first = works if is_beginning else await first_works(shown.edition_id)
    slug, title = shown.slug, shown.title.text
    is_end = not stretch.following
    return render_page(
        request,
        "public/exhibition.html",
        works=works,
        theme=shown.theme,
        exhibition=shown,
        stretch=stretch,
        rooms=stretch.rooms,
        is_beginning=is_beginning,
        is_end=is_end,
        projects=await queries.projects_in_edition(shown.edition_id, PROJECTS_OF_EXHIBITION)
        if is_end
        else [],
        cover=works[0] if works else None,
        logos=await logos_of(
            slug,
            [credit.key for credit in shown.credits],
            lambda logo: pages_of(request).url("logos:show", token=logo.token),
        ),
        dead=await find_dead_links({credit.link for credit in shown.credits if credit.link}),
        counts=stretch.counts,
        onward=urlencode(stretch.following or {}),
        twin_query=urlencode({name: asked[name] for name in ("room", "after") if name in asked}),
        linked_data=linked_data_of(request).of_exhibition(shown),
        alternates=[
            feed_link(request, "feeds:exhibition", title, slug=slug),
            manifest_link(request, "manifests:exhibition", title, slug=slug),
            *oembed_links(request, "visits:exhibition", title, slug=slug),
        ],
        placards=share_images.of_exhibition(shown, first, stretch.counts, settings_of(request)),
    )


async def show_walk(request: Request) -> Response:
    """A visitor, or a screen in a hall, goes through an exhibition or one room of it, work by work.

    As many works as one page of an exhibition shows; the rest of a larger one by its rooms.
    """
    set_page_language(request)
    shown = await load_opened(slug_of(request))
    asked = request.query_params.get("room", "")
    try:
        stretch = await exhibition_page(shown.edition_id, asked)
    except NoSuchRoom as error:
        raise HTTPException(404) from error
    first = await first_works(shown.edition_id) if asked else stretch.works
    return render_page(
        request,
        "public/walk.html",
        works=stretch.works,
        theme=shown.theme,
        exhibition=shown,
        rooms=stretch.rooms[:1] if asked else stretch.rooms,
        placards=share_images.of_exhibition(shown, first, stretch.counts, settings_of(request)),
    )


routes = [
    Route("/{language:language}/exhibitions", index, name="visits:exhibitions", methods=["GET"]),
    Route("/{language:language}/exhibitions/{slug:name}", show, name="visits:exhibition", methods=["GET"]),
    Route(
        "/{language:language}/exhibitions/{slug:name}/walk", show_walk, name="visits:walk", methods=["GET"]
    ),
]
