"""An artist's page, if the artist wants to have one."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.artists.consents import birth_decade
from gallery.artists.models import Artist
from gallery.numbers import page_number
from gallery.public import queries, share_images
from gallery.public.pages import MAX_WORKS_LISTED, redirect_for_good, render_page, set_page_language
from gallery.web.languages import localized
from gallery.web.list_pages import ListPage
from gallery.web.rendering import settings_of


async def show(request: Request) -> Response:
    """A visitor sees an artist's works on view, under the credit name; `?page=` shows earlier ones."""
    set_page_language(request)
    number = page_number(request.query_params)
    found = await queries.works_on_view(
        Q(artist__page_id=request.path_params["page_id"]),
        limit=MAX_WORKS_LISTED + 1,
        offset=(number - 1) * MAX_WORKS_LISTED,
    )
    works = found[:MAX_WORKS_LISTED]
    if not works and number > 1:
        raise HTTPException(404)
    if not works:
        merged = Artist.with_merged().filter(page_id=request.path_params["page_id"])
        kept = (
            await merged.filter(merged_into__page_id__not_isnull=True).first().prefetch_related("merged_into")
        )
        if kept is None or kept.merged_into is None:
            raise HTTPException(404)
        return redirect_for_good(request, "public:artist", page_id=kept.merged_into.page_id)
    artist = await Artist.get(page_id=request.path_params["page_id"])
    return render_page(
        request,
        "public/artist.html",
        page_id=artist.page_id,
        about=localized(artist, "about"),
        born=birth_decade(artist),
        works=works,
        credit=works[0].credit,
        organisation=works[0].organisation,
        listed_works=works,
        page=ListPage(works, number, len(found) > MAX_WORKS_LISTED),
        twin_query=f"page={number}" if number > 1 else "",
        share_images=share_images.of_artist(artist.page_id or "", works, settings_of(request))
        if number == 1
        else None,
    )


routes = [
    Route("/{language:language}/artists/{page_id:name}", show, name="public:artist", methods=["GET"]),
]
