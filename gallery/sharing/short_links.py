"""Short links of supporters: redirect to the page and count the visit; card and poster with the supporter's name."""

from __future__ import annotations

from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gallery.images.share_image import POSTER
from gallery.public.share_images import ShareImages
from gallery.settings import Settings
from gallery.sharing.loaders import LOADERS
from gallery.stats.reach import PARAMETER, begin_visit
from gallery.stats.visitors import is_browser, is_visitor
from gallery.supporters.models import SupporterLink, SupporterState
from gallery.supporters.reach import PAGE_ROUTES, can_be_seen, find_link, target_of
from gallery.web.languages import accepted_language, localized, set_language
from gallery.web.languages import gettext as _
from gallery.web.rendering import pages_of, render, settings_of

KIND = "short-links"  # in the addresses of their cards and posters
KIND_OF_PAGE = {"exhibition": "exhibitions", "artwork": "works", "project": "projects"}
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "strict-origin",
    "x-robots-tag": "noindex, nofollow",
}


async def follow(request: Request) -> Response:
    """Redirect to the link's page in the browser's language.

    A page that cannot be seen any more says so itself; such a visit is not counted. Programs that make a preview of a link
    get the card with the supporter's name.
    """
    language = accepted_language(request.headers.get("accept-language", ""))
    set_language(language)
    link = await _load(request.path_params["code"])
    kind, row = target_of(link)
    route, name = PAGE_ROUTES[kind]
    address = pages_of(request).url(route, language=language, **{name: getattr(row, name)})
    if not await can_be_seen(kind, row):
        return RedirectResponse(address, 302, HEADERS)
    if not is_browser(request.headers.get("user-agent", "").encode()):
        context = {
            "supporter": link.supporter,
            "address": address,
            "share_images": await load_share_images(link.code, settings_of(request)),
        }
        return render(request, "sharing/short_link.html", context, headers=HEADERS)
    is_visit = request.method == "GET" and is_visitor(dict(request.scope["headers"]))
    if is_visit and (visit := begin_visit(request, link.id)):
        address += f"#{PARAMETER}={visit}"
    return RedirectResponse(address, 302, HEADERS)


async def show_poster(request: Request) -> Response:
    """A supporter opens the poster of a link, whose QR code leads through it."""
    set_language(request.path_params["language"])
    link = await _load(request.path_params["code"])
    if not await can_be_seen(*target_of(link)):
        raise HTTPException(404, headers=HEADERS)
    poster = (await load_share_images(link.code, settings_of(request))).poster
    if not poster:
        raise HTTPException(404, headers=HEADERS)
    return RedirectResponse(poster, 302, HEADERS)


async def load_share_images(code: str, settings: Settings) -> ShareImages:
    """Card and poster of the link's page, with the supporter's name; the poster's QR code leads through the link.

    Raises HTTPException: 404 or 410 as for the page.
    """
    link = await _load(code)
    kind, row = target_of(link)
    images = await LOADERS[KIND_OF_PAGE[kind]](getattr(row, PAGE_ROUTES[kind][1]), settings)
    passes = _("%(name)s passes this on") % {"name": localized(link.supporter, "name").text}
    by_form = {
        form: replace(image, over=" · ".join(filter(None, (passes, image.over))))
        for form, image in images.by_form.items()
    }
    if POSTER.name in by_form:
        address = f"{settings.site_url}/s/{code}"
        by_form[POSTER.name] = replace(by_form[POSTER.name], address=address)
    passed_on = ShareImages(KIND, code, by_form, images.alt, ())
    passed_on.is_for_machines = images.is_for_machines
    return passed_on


async def _load(code: str) -> SupporterLink:
    link = await find_link(code)
    if link is None or link.supporter.state != SupporterState.AGREED:
        raise HTTPException(404, headers=HEADERS)
    return link


routes = [
    Route("/s/{code:name}", follow, name="short_links:follow", methods=["GET"]),
    Route(
        "/s/{code:name}/poster/{language:language}", show_poster, name="short_links:poster", methods=["GET"]
    ),
]
