"""The robots.txt, and sitemaps of all public pages in all languages, for search engines.

The sitemap index is at the root. Each language has one sitemap of its pages, and one for every
WORKS_PER_SITEMAP works.
https://www.sitemaps.org/protocol.html
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.etree.ElementTree import Element

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gallery.artworks.models import Artwork, edition_is_open
from gallery.clock import to_local
from gallery.interop.responses import CACHE_HEADERS, add_element, xml_response
from gallery.public import queries
from gallery.public.pages import MAX_LISTED, set_page_language
from gallery.public.view_models import WORK_COLUMNS, ShownWork
from gallery.public.work_counts import work_counts_of
from gallery.themes.models import Theme
from gallery.web.languages import bcp47, current_language, default_language, site_languages
from gallery.web.rendering import DESK, pages_of

MEDIA_TYPE = "application/xml"
SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
IMAGES = "http://www.google.com/schemas/sitemap-image/1.1"
XHTML = "http://www.w3.org/1999/xhtml"
WORKS_PER_SITEMAP = 500  # the protocol allows 50,000 URLs, but nobody else is answered while they are written
PICTURE_WIDTH = 1600  # px


async def robots(request: Request) -> Response:
    """robots.txt: excludes the desk, search results, pages of consents, and URLs that count requests."""
    pages = pages_of(request)
    closed = [DESK, "/c/", "/appreciations/"]
    for language in site_languages():
        closed += [f"{pages.url('search:show', language=language)}?q=", f"/{language}/consent/"]
        closed += [f"/{language}/*/support/"]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), ""]
    lines.append(f"Sitemap: {pages.absolute(pages.url('sitemaps:index'))}")
    return PlainTextResponse("\n".join(lines) + "\n", headers=CACHE_HEADERS)


async def index(request: Request) -> Response:
    """The sitemap index."""
    pages = pages_of(request)
    works = sum((await work_counts_of(request).organisations.all()).values())
    root = Element("sitemapindex", {"xmlns": SITEMAPS})
    for language in site_languages():
        paths = [pages.url("sitemaps:pages", language=language)]
        for number in range(1, -(-works // WORKS_PER_SITEMAP) + 1):
            paths.append(pages.url("sitemaps:works", language=language, number=number))
        for path in paths:
            add_element(add_element(root, "sitemap"), "loc", pages.absolute(path))
    return xml_response(root, MEDIA_TYPE)


async def page_sitemap(request: Request) -> Response:
    """The sitemap of exhibitions, themes, organisations and projects in one language."""
    set_page_language(request)
    root = url_set()
    for name in ("home", "exhibitions", "themes", "organisations", "calendar"):
        add_page(root, request, f"public:{name}")
    opened = (
        await queries.published_editions(edition_is_open())
        .order_by("-opens_at", "-id")
        .values("exhibition__slug", "published_at")
    )
    for row in opened:
        add_page(root, request, "public:exhibition", row["published_at"], slug=row["exhibition__slug"])
    for slug in await Theme.all().order_by("-occurs_on", "-id").values_list("slug", flat=True):
        add_page(root, request, "public:theme", slug=slug)
    for organisation in await queries.organisations_on_view(
        await work_counts_of(request).organisations.all(), limit=MAX_LISTED
    ):
        add_page(root, request, "public:organisation", slug=organisation.slug)
    shown = Artwork.all().on_view(as_set=True).filter(project_id__isnull=False)
    for slug in await shown.distinct().order_by("project__slug").values_list("project__slug", flat=True):
        add_page(root, request, "public:project", slug=slug)
    return xml_response(root, MEDIA_TYPE)


async def work_sitemap(request: Request) -> Response:
    """A sitemap of WORKS_PER_SITEMAP works, with the pictures that may be shared."""
    set_page_language(request)
    number, pages = request.path_params["number"], pages_of(request)
    rows = (
        await Artwork.all()
        .on_view(as_set=True)
        .order_by("id")
        .offset((number - 1) * WORKS_PER_SITEMAP)
        .limit(WORKS_PER_SITEMAP)
        .values(*WORK_COLUMNS, "updated_at")
        if number
        else []
    )
    if not rows:
        raise HTTPException(404)
    root = url_set()
    for row in rows:
        work = ShownWork.of(row)
        element = add_page(root, request, "public:artwork", row["updated_at"], public_id=work.public_id)
        if work.is_for_sharing:
            address = pages.absolute(work.picture.address(PICTURE_WIDTH))
            add_element(add_element(element, "image:image"), "image:loc", address)
    return xml_response(root, MEDIA_TYPE)


def url_set() -> Element:
    return Element("urlset", {"xmlns": SITEMAPS, "xmlns:image": IMAGES, "xmlns:xhtml": XHTML})


def add_page(
    root: Element, request: Request, name: str, changed_at: datetime | None = None, **parameters: Any
) -> Element:
    """Add a page in the sitemap's language, with its address in every language."""
    addresses = dict(addresses_of(request, name, parameters))
    element = add_element(root, "url")
    add_element(element, "loc", addresses[current_language()])
    if changed_at is not None:
        add_element(element, "lastmod", to_local(changed_at).isoformat(timespec="seconds"))
    for language, address in addresses.items():
        add_element(element, "xhtml:link", rel="alternate", hreflang=bcp47(language), href=address)
    add_element(
        element, "xhtml:link", rel="alternate", hreflang="x-default", href=addresses[default_language()]
    )
    return element


def addresses_of(request: Request, name: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    pages = pages_of(request)
    for language in site_languages():
        yield language, pages.absolute(pages.url(name, language=language, **parameters))


routes = [
    Route("/robots.txt", robots, name="sitemaps:robots", methods=["GET"]),
    Route("/sitemap.xml", index, name="sitemaps:index", methods=["GET"]),
    Route("/{language:language}/sitemap.xml", page_sitemap, name="sitemaps:pages", methods=["GET"]),
    Route(
        "/{language:language}/sitemap-{number:int}.xml", work_sitemap, name="sitemaps:works", methods=["GET"]
    ),
]
