"""Shared by the handlers of visitors' pages: the page's language, its style sheet, and links to its other formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from gallery.public import view_models
from gallery.public.json_ld import LinkedData
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.share_images import ShareImages
from gallery.public.view_models import ShownEmblem, ShownTheme, ShownWork
from gallery.web.languages import current_language, set_language
from gallery.web.rendering import pages_of, render_public

PRESENTATION_MEDIA_TYPE = 'application/ld+json;profile="http://iiif.io/api/presentation/3/context.json"'
MAX_LISTED = 300  # exhibitions, themes or organisations on one page
MAX_WORKS_LISTED = 120  # works on the page of a theme, organisation or project, the newest first


class AlternateLink(NamedTuple):
    """The same as the page says, in another form."""

    media_type: str
    title: str
    path: str


def feed_link(request: Request, name: str, title: str, **parameters: object) -> AlternateLink:
    path = pages_of(request).url(name, language=current_language(), **parameters)
    return AlternateLink("application/atom+xml", title, path)


def oembed_links(request: Request, name: str, title: str, **parameters: object) -> list[AlternateLink]:
    """How a page that can stand on other people's pages says so (https://oembed.com, 4)."""
    pages = pages_of(request)
    url = pages.absolute(pages.url(name, language=current_language(), **parameters))
    return [
        AlternateLink(
            f"{media_type}+oembed",
            title,
            f"{pages.url('embedding:oembed')}?{urlencode({'url': url, 'format': format})}",
        )
        for format, media_type in (("json", "application/json"), ("xml", "text/xml"))
    ]


def manifest_link(request: Request, name: str, title: str, **parameters: object) -> AlternateLink:
    return AlternateLink(PRESENTATION_MEDIA_TYPE, title, pages_of(request).url(name, **parameters))


def set_page_language(request: Request) -> None:
    """Let the page speak the language of its address."""
    set_language(request.path_params["language"])


def linked_data_of(request: Request) -> LinkedData:
    return LinkedData(pages_of(request))


def slug_of(request: Request) -> str:
    return str(request.path_params["slug"])


def render_page(
    request: Request,
    template: str,
    *,
    works: Iterable[ShownWork] = (),
    theme: ShownTheme | None = None,
    alternates: Sequence[AlternateLink] = (),
    placards: ShareImages | None = None,
    emblem: ShownEmblem | None = None,
    **context: Any,
) -> Response:
    """The page with the style sheet of the works on it; `placards` stand for it elsewhere."""
    works = list(works)
    style = view_models.style_sheet(works, theme, [emblem.picture] if emblem else [])
    site_feed = feed_link(request, "feeds:site", pages_of(request).settings.site_name(current_language()))
    robots = {} if all(work.is_for_machines for work in works) else NOT_FOR_MACHINES
    page = {
        "style": style,
        "emblem": emblem,
        "theme": theme,
        "placards": placards,
        "robots": robots.get("x-robots-tag", ""),
    }
    alternates = [site_feed, *alternates]
    response = render_public(request, template, {**page, "alternates": alternates, **context})
    response.headers.update(robots)
    return response
