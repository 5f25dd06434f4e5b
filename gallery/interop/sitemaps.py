"""The robots.txt, and sitemaps of all public pages in all languages, for search engines.

The sitemap index is at the root. Each language has a sitemap for every PAGES_PER_SITEMAP works, and for every
PAGES_PER_SITEMAP other pages. https://www.sitemaps.org/protocol.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from xml.etree.ElementTree import Element

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gallery.artworks.models import Artwork, edition_is_open
from gallery.cases.models import versions_on_view
from gallery.clock import to_local
from gallery.interop.responses import CACHE_HEADERS, add_element, xml_response
from gallery.numbers import page_number
from gallery.organisations.models import Project
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
PAGES_PER_SITEMAP = 500  # the protocol allows 50,000, but writing them would block the process
PICTURE_WIDTH = 1600  # px


async def robots(request: Request) -> Response:
    """robots.txt: excludes the desk, search results, pages of consents, and URLs that count requests."""
    pages = pages_of(request)
    closed = [DESK, "/c/", "/appreciations/"]
    for language in site_languages():
        closed += [
            f"{pages.url('search:show', language=language)}?q=",
            f"/{language}/consent/",
            f"/{language}/supporter/",
        ]
        closed += [f"/{language}/*/support/"]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), ""]
    lines.append(f"Sitemap: {pages.absolute(pages.url('sitemaps:index'))}")
    return PlainTextResponse("\n".join(lines) + "\n", headers=CACHE_HEADERS)


async def index(request: Request) -> Response:
    """The sitemap index."""
    pages = pages_of(request)
    works = sum(count.works for count in (await work_counts_of(request).organisations.all()).values())
    others = len(await _other_pages(request))
    root = Element("sitemapindex", {"xmlns": SITEMAPS})
    for language in site_languages():
        paths = [
            pages.url("sitemaps:pages", language=language) + (f"?page={number}" if number > 1 else "")
            for number in range(1, _sitemaps_for(others) + 1)
        ]
        for number in range(1, _sitemaps_for(works) + 1):
            paths.append(pages.url("sitemaps:works", language=language, number=number))
        for path in paths:
            add_element(add_element(root, "sitemap"), "loc", pages.absolute(path))
    return xml_response(root, MEDIA_TYPE)


@dataclass(frozen=True, slots=True)
class _Page:
    name: str
    slug: str = ""
    changed_at: datetime | None = None


async def page_sitemap(request: Request) -> Response:
    """One of the sitemaps of pages other than works, in one language. Raises HTTPException 404."""
    set_page_language(request)
    first = (page_number(request.query_params) - 1) * PAGES_PER_SITEMAP
    shown = (await _other_pages(request))[first : first + PAGES_PER_SITEMAP]
    if not shown:
        raise HTTPException(404)
    root = url_set()
    for page in shown:
        add_page(
            root,
            request,
            f"public:{page.name}",
            page.changed_at,
            **({"slug": page.slug} if page.slug else {}),
        )
    return xml_response(root, MEDIA_TYPE)


async def _other_pages(request: Request) -> list[_Page]:
    """The lists, exhibitions, themes, organisations, projects and cases; six queries at most."""
    counts = work_counts_of(request)
    opened = (
        await queries.published_editions(edition_is_open())
        .order_by("-opens_at", "-id")
        .values("exhibition__slug", "published_at")
    )
    themes = await Theme.all().order_by("-occurs_on", "-id").values("slug")
    organisations = await queries.organisations_on_view(await counts.organisations.all(), limit=MAX_LISTED)
    cases = await versions_on_view().order_by("case__slug").values("case__slug", "case__project_id")
    counted = chain.from_iterable((await counts.projects.all()).values())
    with_pages = {*counted, *(row["case__project_id"] for row in cases)}
    projects = await Project.filter(id__in=list(with_pages)).order_by("slug").values("slug")
    return [
        *map(_Page, ("home", "exhibitions", "themes", "organisations", "support", "calendar")),
        *(_Page("exhibition", row["exhibition__slug"], row["published_at"]) for row in opened),
        *(_Page("theme", row["slug"]) for row in themes),
        *(_Page("organisation", organisation.slug) for organisation in organisations),
        *(_Page("project", row["slug"]) for row in projects),
        *(_Page("case", row["case__slug"]) for row in cases),
    ]


async def work_sitemap(request: Request) -> Response:
    """A sitemap of PAGES_PER_SITEMAP works, with the pictures that may be shared."""
    set_page_language(request)
    number, pages = request.path_params["number"], pages_of(request)
    rows = (
        await Artwork.all()
        .on_view(as_set=True)
        .order_by("id")
        .offset((number - 1) * PAGES_PER_SITEMAP)
        .limit(PAGES_PER_SITEMAP)
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


def _sitemaps_for(pages: int) -> int:
    return -(-pages // PAGES_PER_SITEMAP)


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
