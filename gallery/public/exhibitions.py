"""Exhibitions: the list, an exhibition's page, and its walk, which shows one work at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.exhibitions.credit_logos import logos_of, logos_of_supporters
from gallery.exhibitions.credits import named, supporters_of
from gallery.numbers import page_number
from gallery.organisations.links import find_dead_links
from gallery.public import page_cards, queries
from gallery.public.access import load_opened
from gallery.public.blocks import blocks_in, rows_for_blocks, with_blocks
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
from gallery.public.rooms import detailed_work, leading_sentence
from gallery.public.view_models import ShownWork
from gallery.public.voices import voice_address
from gallery.public.work_counts import work_counts_of
from gallery.sounds.models import Sound, SoundState
from gallery.web.languages import current_language
from gallery.web.languages import gettext as _
from gallery.web.list_pages import ListPage
from gallery.web.page_keys import EXHIBITIONS, edition_key
from gallery.web.qr_codes import qr_code
from gallery.web.rendering import pages_of, settings_of

LISTED_ON_PAGE = 60  # open and past exhibitions on one page of the list
PROJECTS_OF_EXHIBITION = 60  # projects listed on the last page of an exhibition


async def index(request: Request) -> Response:
    """A visitor sees the open, coming and past exhibitions; `?page=` shows more open and past ones.

    Raises HTTPException 404.
    """
    set_page_language(request)
    data = linked_data_of(request)
    number, size = page_number(request.query_params), LISTED_ON_PAGE
    first = (number - 1) * size
    open_now = await queries.exhibitions(queries.is_open(), limit=size + 1, offset=first)
    more, past = size - len(open_now), []
    if more >= 0:
        passed = max(0, first - await queries.published_editions(queries.is_open()).count()) if first else 0
        past = await queries.exhibitions(
            queries.has_closed(), order="-closes_at", limit=more + 1, offset=passed
        )
    page = ListPage([*open_now, *past][:size], number, len(open_now) + len(past) > size)
    if number > 1 and not page.rows:
        raise HTTPException(404)
    to_open = (
        await queries.exhibitions(queries.is_upcoming(), order="opens_at", limit=MAX_LISTED)
        if number == 1
        else []
    )
    hung = await queries.works_by_edition(page.rows, 1)
    return render_page(
        request,
        "public/exhibitions.html",
        works=[work for works in hung.values() for work in works],
        open_now=open_now[:size],
        to_open=to_open,
        past=past[:more],
        page=page,
        twin_query=f"page={number}" if number > 1 else "",
        hung=hung,
        linked_data=data.index(data.exhibitions(), _("Current, upcoming and past exhibitions.")),
        share_images=await page_cards.card_of("exhibitions", settings_of(request)),
    )


async def show(request: Request) -> Response:
    """A visitor sees an exhibition, room by room, at most WORKS_PER_PAGE works on a page."""
    set_page_language(request)
    exhibition = await load_opened(slug_of(request))
    supporters = await supporters_of(exhibition.credits)
    exhibition = replace(exhibition, credits=named(exhibition.credits, supporters))
    query = request.query_params
    try:
        page = await exhibition_page(
            exhibition.edition_id,
            work_counts_of(request).editions,
            query.get("room", ""),
            query.get("after", ""),
        )
    except NoSuchRoom as error:
        raise HTTPException(404) from error
    is_beginning = "room" not in query
    works = page.works
    first = works if is_beginning else await first_works(exhibition.edition_id)
    slug, title = exhibition.slug, exhibition.title.text
    is_end = not page.following
    first_rooms = page.rooms if is_beginning else ()
    cards = await page_cards.of_exhibition(exhibition, first, page.counts, settings_of(request), first_rooms)
    cover = works[0] if works else None
    blocks = blocks_in(page.rooms, exhibition.blocks)
    rooms = with_blocks(page.rooms, blocks, await rows_for_blocks(blocks, exhibition.edition_id))
    in_blocks = [work for room in rooms for _place, block in room.blocks for work in block.works]
    following = await queries.exhibition_after(exhibition) if is_end else None
    project_cards = await queries.project_cards(works) if is_end else []
    next_works = [following[1]] if following and following[1] else []
    next_keys = {EXHIBITIONS} if is_end else set()
    next_keys |= {edition_key(following[0].edition_id)} if following else set()
    links = [link for project, _work in project_cards for link in project.links.values()]
    links += [credit.link for credit in exhibition.credits if credit.link]
    return render_page(
        request,
        "public/exhibition.html",
        works=[*works, *in_blocks, *next_works],
        theme=exhibition.theme,
        keys={edition_key(exhibition.edition_id), *next_keys},
        exhibition=exhibition,
        page=page,
        rooms=rooms,
        is_beginning=is_beginning,
        is_end=is_end,
        projects=await queries.projects_in_edition(exhibition.edition_id, PROJECTS_OF_EXHIBITION)
        if is_end
        else [],
        cover=cover,
        leading=leading_sentence(page.rooms) if is_beginning else None,
        detailed=detailed_work(works) if is_beginning else None,
        cards=project_cards,
        following=following,
        logos={
            **await logos_of(
                slug,
                [credit.key for credit in exhibition.credits],
                lambda logo: pages_of(request).url("logos:show", token=logo.token),
            ),
            **logos_of_supporters(
                exhibition.credits,
                supporters,
                lambda each: pages_of(request).url("logos:show", token=each.picture_token),
            ),
        },
        dead=await find_dead_links(links),
        counts=page.counts,
        share_images=cards,
        twin_query=urlencode({name: query[name] for name in ("room", "after") if name in query}),
        linked_data=linked_data_of(request).of_exhibition(exhibition, works, cards.card),
        alternates=[
            feed_link(request, "feeds:exhibition", title, slug=slug),
            manifest_link(request, "manifests:exhibition", title, slug=slug),
            *oembed_links(request, "public:exhibition", title, slug=slug),
        ],
    )


async def show_walk(request: Request) -> Response:
    """A visitor walks through an exhibition or a room, one work at a time; also for a screen in a hall.

    A walk has at most WORKS_PER_PAGE works. A larger exhibition is shown room by room.
    """
    set_page_language(request)
    exhibition = await load_opened(slug_of(request))
    room = request.query_params.get("room", "")
    try:
        page = await exhibition_page(exhibition.edition_id, work_counts_of(request).editions, room)
        page = page.first_room() if room else page
    except NoSuchRoom as error:
        raise HTTPException(404) from error
    first = await first_works(exhibition.edition_id) if room else page.works
    address = pages_of(request).url("public:exhibition", language=current_language(), slug=exhibition.slug)
    return render_page(
        request,
        "public/walk.html",
        works=page.works,
        theme=exhibition.theme,
        keys={edition_key(exhibition.edition_id)},
        exhibition=exhibition,
        page=page,
        voices=await _voices(page.works),
        voice_address=voice_address,
        rooms=page.rooms,
        sentences={id: each for room in page.rooms for id, each in room.sentences.items()},
        code=qr_code(pages_of(request).absolute(address)),
        share_images=await page_cards.of_exhibition(
            exhibition, first, page.counts, settings_of(request), () if room else page.rooms
        ),
    )


async def _voices(works: Iterable[ShownWork]) -> dict[str, Sound]:
    """`public_id` of a work with a voice → its sound."""
    heard = [each.public_id for each in works if each.has_voice]
    sounds = Sound.filter(artwork__public_id__in=heard, state=SoundState.READY).select_related("artwork")
    return {each.artwork.public_id: each for each in await sounds} if heard else {}


routes = [
    Route("/{language:language}/exhibitions", index, name="public:exhibitions", methods=["GET"]),
    Route("/{language:language}/exhibitions/{slug:name}", show, name="public:exhibition", methods=["GET"]),
    Route(
        "/{language:language}/exhibitions/{slug:name}/walk", show_walk, name="public:walk", methods=["GET"]
    ),
]
