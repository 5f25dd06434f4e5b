"""What search engines may look at: robots.txt, and sitemaps of every public page with its twin in the other language.

The index stands at the root; each language has one sitemap of its pages, and of its works one for every few thousand.
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

from gallery.artworks.models import Artwork
from gallery.clock import local
from gallery.interop.documents import KEPT, add, xml
from gallery.public import queries
from gallery.public.queries import WORK_COLUMNS, ShownWork
from gallery.public.views import LISTED_MOST, enter
from gallery.themes.models import Theme
from gallery.web.languages import DEFAULT_LANGUAGE, LANGUAGES, TAGS, current_language
from gallery.web.rendering import DESK, pages_of

MEDIA_TYPE = "application/xml"
SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
IMAGES = "http://www.google.com/schemas/sitemap-image/1.1"
XHTML = "http://www.w3.org/1999/xhtml"
WORKS_EACH = 2_000  # works in one sitemap; 50,000 and 50 MB are allowed
PICTURE = 1600  # px


async def robots(request: Request) -> Response:
    """A robot asks where it may go: not to the desk, to questions, to the pages of consents, or where something is counted."""
    pages = pages_of(request)
    closed = [DESK, "/c/", "/appreciations/"]
    for language in LANGUAGES:
        closed += [f"{pages.url('search:show', language=language)}?q=", f"/{language}/consent/"]
        closed += [f"/{language}/*/support/"]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), ""]
    lines.append(f"Sitemap: {pages.absolute(pages.url('sitemaps:index'))}")
    return PlainTextResponse("\n".join(lines) + "\n", headers=KEPT)


async def index(request: Request) -> Response:
    """A search engine learns which sitemaps there are."""
    pages = pages_of(request)
    works = await Artwork.all().on_view().count()
    root = Element("sitemapindex", {"xmlns": SITEMAPS})
    for language in LANGUAGES:
        paths = [pages.url("sitemaps:pages", language=language)]
        for number in range(1, -(-works // WORKS_EACH) + 1):
            paths.append(pages.url("sitemaps:works", language=language, number=number))
        for path in paths:
            add(add(root, "sitemap"), "loc", pages.absolute(path))
    return xml(root, MEDIA_TYPE)


async def listed(request: Request) -> Response:
    """A search engine learns of the pages of exhibitions, themes, organisations and projects, in one language."""
    enter(request)
    root = url_set()
    for name in ("home", "exhibitions", "themes", "organisations", "calendar"):
        page(root, request, f"visits:{name}")
    opened = (
        await queries.published(queries.OPENED())
        .order_by("-opens_at", "-id")
        .values("exhibition__slug", "published_at")
    )
    for row in opened:
        page(root, request, "visits:exhibition", row["published_at"], slug=row["exhibition__slug"])
    for slug in await Theme.all().order_by("-occurs_on", "-id").values_list("slug", flat=True):
        page(root, request, "visits:theme", slug=slug)
    for organisation in await queries.organisations_on_view(limit=LISTED_MOST):
        page(root, request, "visits:organisation", slug=organisation.slug)
    shown = Artwork.all().on_view().filter(project_id__isnull=False)
    for slug in await shown.distinct().order_by("project__slug").values_list("project__slug", flat=True):
        page(root, request, "visits:project", slug=slug)
    return xml(root, MEDIA_TYPE)


async def works(request: Request) -> Response:
    """A search engine learns of works, some thousand at a time, and of the pictures that may be shared."""
    enter(request)
    number, pages = request.path_params["number"], pages_of(request)
    rows = (
        await Artwork.all()
        .on_view()
        .order_by("id")
        .offset((number - 1) * WORKS_EACH)
        .limit(WORKS_EACH)
        .values(*WORK_COLUMNS, "updated_at")
        if number
        else []
    )
    if not rows:
        raise HTTPException(404)
    root = url_set()
    for row in rows:
        work = ShownWork.of(row)
        told = page(root, request, "visits:artwork", row["updated_at"], public_id=work.public_id)
        if work.is_for_sharing:
            address = pages.absolute(work.picture.address(PICTURE))
            add(add(told, "image:image"), "image:loc", address)
    return xml(root, MEDIA_TYPE)


def url_set() -> Element:
    return Element("urlset", {"xmlns": SITEMAPS, "xmlns:image": IMAGES, "xmlns:xhtml": XHTML})


def page(
    root: Element, request: Request, name: str, changed_at: datetime | None = None, **parameters: Any
) -> Element:
    """A page in the sitemap's language, with its address in every language."""
    addresses = dict(addresses_of(request, name, parameters))
    told = add(root, "url")
    add(told, "loc", addresses[current_language()])
    if changed_at is not None:
        add(told, "lastmod", local(changed_at).isoformat(timespec="seconds"))
    for language, address in addresses.items():
        add(told, "xhtml:link", rel="alternate", hreflang=TAGS[language], href=address)
    add(told, "xhtml:link", rel="alternate", hreflang="x-default", href=addresses[DEFAULT_LANGUAGE])
    return told


def addresses_of(request: Request, name: str, parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    pages = pages_of(request)
    for language in LANGUAGES:
        yield language, pages.absolute(pages.url(name, language=language, **parameters))


routes = [
    Route("/robots.txt", robots, name="sitemaps:robots", methods=["GET"]),
    Route("/sitemap.xml", index, name="sitemaps:index", methods=["GET"]),
    Route("/{language:language}/sitemap.xml", listed, name="sitemaps:pages", methods=["GET"]),
    Route("/{language:language}/sitemap-{number:int}.xml", works, name="sitemaps:works", methods=["GET"]),
]
