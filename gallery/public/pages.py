"""Functions that handlers of visitors' pages share: setting the language, style sheets, links to other formats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gallery.public import view_models
from gallery.public.json_ld import LinkedData
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.share_images import ShareImages
from gallery.public.view_models import ShownPicture, ShownProfileImage, ShownTheme, ShownWork
from gallery.web.languages import current_language, set_language
from gallery.web.page_keys import declare_keys, work_key
from gallery.web.rendering import pages_of, render_public

PRESENTATION_MEDIA_TYPE = 'application/ld+json;profile="http://iiif.io/api/presentation/3/context.json"'
MAX_LISTED = 300  # exhibitions, themes or organisations on one page
MAX_WORKS_LISTED = 120  # works on the page of a theme, organisation or project, the newest first


class AlternateLink(NamedTuple):
    """A link to the content of the page in another format."""

    media_type: str
    title: str
    path: str


def feed_link(request: Request, name: str, title: str, **parameters: object) -> AlternateLink:
    path = pages_of(request).url(name, language=current_language(), **parameters)
    return AlternateLink("application/atom+xml", title, path)


def oembed_links(request: Request, name: str, title: str, **parameters: object) -> list[AlternateLink]:
    """The links by which other sites find out how to embed the page (https://oembed.com, section 4)."""
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
    """Set the page's language to the language in its path."""
    set_language(request.path_params["language"])


def redirect_for_good(request: Request, name: str, **parameters: object) -> Response:
    """Permanently redirect (301) from an address that has moved, in the page's language."""
    return RedirectResponse(pages_of(request).url(name, language=current_language(), **parameters), 301)


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
    pictures: Iterable[ShownPicture] = (),
    alternates: Sequence[AlternateLink] = (),
    share_images: ShareImages | None = None,
    profile_image: ShownProfileImage | None = None,
    keys: Iterable[str] = (),
    own_style: str = "",
    **context: Any,
) -> Response:
    """Render a page with the style sheet for its works and for further `pictures`.

    `share_images` are its card and poster. With `keys`, the page is cached until a change affects one of them
    or one of its works. `own_style`: further CSS rules.
    """
    works = list(works)
    if keys := set(keys):
        declare_keys(request, keys | {work_key(work.id) for work in works})
    pictures = [*pictures, *([profile_image.picture] if profile_image else [])]
    style = view_models.style_sheet(works, theme, pictures) + own_style
    site_feed = feed_link(request, "feeds:site", pages_of(request).settings.site_name(current_language()))
    robots = {} if all(work.is_for_machines for work in works) else NOT_FOR_MACHINES
    page = {
        "style": style,
        "profile_image": profile_image,
        "theme": theme,
        "share_images": share_images,
        "robots": robots.get("x-robots-tag", ""),
    }
    alternates = [site_feed, *alternates]
    response = render_public(request, template, {**page, "alternates": alternates, **context})
    response.headers.update(robots)
    return response
