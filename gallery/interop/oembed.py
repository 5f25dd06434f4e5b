"""Works and exhibitions on other sites: oEmbed, and the small pages shown in frames.

https://oembed.com: a work is a frame if its consent covers sharing, else a link. With the query parameter
`type=photo` a work is a photo. An exhibition is always a frame. A frame loads its page from this site, so it
no longer shows a work that was withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from tortoise.expressions import Q

from gallery.artworks.access import MAX_PUBLIC_ID_LENGTH
from gallery.artworks.models import Artwork, Status, hangs_in
from gallery.interop.iiif.image_api import CORS
from gallery.interop.responses import add_element, json_response, xml_response
from gallery.numbers import whole_number
from gallery.public import queries, view_models
from gallery.public.access import load_opened
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.pages import render_page, set_page_language, slug_of
from gallery.public.view_models import ShownExhibition, ShownWork
from gallery.web.languages import current_language, set_language
from gallery.web.rendering import content_security_policy, pages_of, render

RESPONSE_HEADERS = {"cache-control": "no-cache", **CORS}
MAX_ADDRESS_LENGTH = 500  # characters of a page's URL
WIDTH, HEIGHT = 640, 720  # px; the size of a frame, unless the request asks for less
SMALLEST, LARGEST = 200, 2560  # px
LABEL_HEIGHT = 150  # px of a work's frame around and below its picture: title, credit, the site's name
WORKS_IN_FRAME = 12


@dataclass(frozen=True)
class Box:
    """The maximum size, in px, of the embedded photo or frame."""

    width: int
    height: int


async def oembed(request: Request) -> Response:
    """The oEmbed response for one of our pages. 404 for pages that are not ours, 410 for a withdrawn work."""
    query = request.query_params
    format = query.get("format", "json")
    if format not in {"json", "xml"}:
        return Response(status_code=501, headers=RESPONSE_HEADERS)
    try:
        box = Box(parse_size(query.get("maxwidth"), LARGEST), parse_size(query.get("maxheight"), LARGEST))
    except ValueError:
        return Response(status_code=400, headers=RESPONSE_HEADERS)
    name, parameters = resolve_page(request, query.get("url", ""))
    set_language(parameters["language"])
    robots: dict[str, str] = {}
    if name == "public:artwork":
        work = await work_on_view(parameters["public_id"], CORS)
        data = work_embed(request, work, box, as_photo=query.get("type") == "photo")
        robots = {} if work.is_for_machines else NOT_FOR_MACHINES
    else:
        data = exhibition_embed(request, await load_opened(parameters["slug"], CORS), box)
    headers = {**RESPONSE_HEADERS, **robots}
    if format == "json":
        return json_response(data, "application/json", headers)
    root = Element("oembed")
    for key, value in data.items():
        add_element(root, key, value)
    return xml_response(root, "text/xml", headers)


def parse_size(text: str | None, default: int) -> int:
    """A size in px from the query. Raises ValueError."""
    if text is None:
        return default
    number = whole_number(text, least=1)
    if number is None:
        raise ValueError(text)
    return min(number, LARGEST)


def resolve_page(request: Request, address: str) -> tuple[str, dict[str, Any]]:
    """The route name and parameters of one of our pages, from its absolute URL. Raises HTTPException 404."""
    pages = pages_of(request)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise HTTPException(404, headers=CORS) from None
    ours = urlsplit(pages.settings.site_url)
    if len(address) > MAX_ADDRESS_LENGTH or (parts.scheme, parts.netloc) != (ours.scheme, ours.netloc):
        raise HTTPException(404, headers=CORS)
    scope = {"type": "http", "method": "GET", "path": parts.path.removeprefix(ours.path)}
    for route in request.app.routes:
        if route.name not in {"public:artwork", "public:exhibition"}:
            continue
        match, inner = route.matches(scope)
        if match == Match.FULL:
            return route.name, inner["path_params"]
    raise HTTPException(404, headers=CORS)


def work_embed(request: Request, work: ShownWork, box: Box, *, as_photo: bool) -> dict[str, Any]:
    """A work as a frame, which has its alt text, credit and link and goes at a withdrawal; or as a photo.

    It is a link without consent to sharing, or if the box is too small.
    """
    pages = pages_of(request)
    data = provider_fields(request, work.title.text) | {"author_name": work.credit.text}
    fitting = [width for width in work.picture.widths() if fits(width, work, box)]
    if not work.is_for_sharing or not fitting or min(box.width, box.height) < SMALLEST:
        return {"type": "link", **data}
    width, thumbnail = fitting[-1], [width for width in fitting if width <= WIDTH] or fitting[:1]
    if as_photo:
        return {"type": "photo", **data, **picture_fields(request, work, width, "")}
    frame = pages.url("embedding:artwork", language=current_language(), public_id=work.public_id)
    label = Box(box.width, min(box.height, height_of(min(WIDTH, box.width), work) + LABEL_HEIGHT))
    return {
        "type": "rich",
        **data,
        **iframe_fields(request, frame, work.title.text, label, LARGEST),
        **picture_fields(request, work, thumbnail[-1], "thumbnail_"),
    }


def picture_fields(request: Request, work: ShownWork, width: int, prefix: str) -> dict[str, Any]:
    address = pages_of(request).absolute(work.picture.address(width))
    return {f"{prefix}url": address, f"{prefix}width": width, f"{prefix}height": height_of(width, work)}


def fits(width: int, work: ShownWork, box: Box) -> bool:
    return width <= box.width and height_of(width, work) <= box.height


def height_of(width: int, work: ShownWork) -> int:
    return max(1, round(width / work.picture.ratio))


def exhibition_embed(request: Request, exhibition: ShownExhibition, box: Box) -> dict[str, Any]:
    pages, title = pages_of(request), exhibition.title.text
    frame = pages.url("embedding:exhibition", language=current_language(), slug=exhibition.slug)
    return {"type": "rich", **provider_fields(request, title), **iframe_fields(request, frame, title, box)}


def provider_fields(request: Request, title: str) -> dict[str, Any]:
    settings, language = pages_of(request).settings, current_language()
    return {
        "version": "1.0",
        "title": title,
        "provider_name": settings.site_name(language),
        "provider_url": f"{settings.site_url}/{language}/",
    }


def iframe_fields(request: Request, path: str, title: str, box: Box, most: int = HEIGHT) -> dict[str, Any]:
    """`most`: the frame's height in px, if the box is no lower."""
    width, height = max(SMALLEST, min(WIDTH, box.width)), max(SMALLEST, min(most, box.height))
    html = Markup(
        '<iframe src="{}" title="{}" width="{}" height="{}" loading="lazy" referrerpolicy="no-referrer"'
        ' sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
    ).format(pages_of(request).absolute(path), title, width, height)
    return {"html": str(html), "width": width, "height": height}


# Frames


async def artwork_frame(request: Request) -> Response:
    """A work in a frame on another site, with its label and a link to its page."""
    set_page_language(request)
    public_id = request.path_params["public_id"]
    try:
        work = await work_on_view(public_id)
    except HTTPException as error:
        return empty_frame(request, error.status_code)
    if not work.is_for_sharing:
        return empty_frame(request, 404)
    path = pages_of(request).url("public:artwork", language=current_language(), public_id=public_id)
    return frame(request, path, [work], work=work)


async def exhibition_frame(request: Request) -> Response:
    """An exhibition in a frame on another site: its title, its dates and some works that may be shared."""
    set_page_language(request)
    try:
        exhibition = await load_opened(slug_of(request))
    except HTTPException as error:
        return empty_frame(request, error.status_code)
    edition = exhibition.edition_id
    here = hangs_in(room__edition_id=edition) & Q(
        hangings__room__edition_id=edition, consent__for_sharing=True
    )
    rows = (
        await Artwork.all()
        .on_view()
        .filter(here)
        .order_by("hangings__room__position", "hangings__position", "hangings__id")
        .limit(2 * WORKS_IN_FRAME)
        .values(*view_models.WORK_COLUMNS)
    )
    shown = {row["id"]: ShownWork.of(row) for row in rows}
    works = list(shown.values())[:WORKS_IN_FRAME]
    path = pages_of(request).url("public:exhibition", language=current_language(), slug=exhibition.slug)
    return frame(request, path, works, exhibition=exhibition)


def frame(request: Request, path: str, works: list[ShownWork], **context: Any) -> Response:
    page = {"work": None, "exhibition": None, "page": path, "listed_works": works, **context}
    response = render_page(request, "public/frame.html", works=works, **page)
    return allow_framing(request, response)


def empty_frame(request: Request, status: int) -> Response:
    """A frame whose work or exhibition is not shown: a neutral sentence, as on the site."""
    context: dict[str, Any] = {
        "work": None,
        "exhibition": None,
        "status": status,
        "style": "",
        "alternates": [],
    }
    return allow_framing(request, render(request, "public/frame.html", context, status=status))


def allow_framing(request: Request, response: Response) -> Response:
    """Allow every site to show the response in a frame, without scripts."""
    policy = response.headers.get("content-security-policy") or content_security_policy(
        pictures_origin=pages_of(request).settings.pictures_origin
    )
    response.headers["content-security-policy"] = policy.replace(
        "frame-ancestors 'none'", "frame-ancestors *"
    ).replace("script-src 'self'", "script-src 'none'")
    response.headers["x-robots-tag"] = ", ".join(
        filter(None, ["noindex", response.headers.get("x-robots-tag")])
    )
    return response


# Works


async def work_on_view(public_id: str, headers: dict[str, str] | None = None) -> ShownWork:
    """A work on view. Raises HTTPException 410 if it was withdrawn, 404 if it is not on view."""
    if len(public_id) <= MAX_PUBLIC_ID_LENGTH:
        works = await queries.works_on_view(Q(public_id=public_id), limit=1)
        if works:
            return works[0]
        if await Artwork.filter(public_id=public_id, status=Status.WITHDRAWN).exists():
            raise HTTPException(410, headers=headers)
    raise HTTPException(404, headers=headers)


routes = [
    Route("/oembed", oembed, name="embedding:oembed", methods=["GET"]),
    Route(
        "/{language:language}/works/{public_id:name}/frame",
        artwork_frame,
        name="embedding:artwork",
        methods=["GET"],
    ),
    Route(
        "/{language:language}/exhibitions/{slug:name}/frame",
        exhibition_frame,
        name="embedding:exhibition",
        methods=["GET"],
    ),
]
