"""Short links of supporters: redirect to the page, and count the visit."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gallery.stats.reach import PARAMETER, begin_visit
from gallery.stats.visitors import is_visitor
from gallery.supporters.models import SupporterState
from gallery.supporters.reach import PAGE_ROUTES, can_be_seen, find_link, target_of
from gallery.web.languages import accepted_language, set_language
from gallery.web.rendering import pages_of

HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "strict-origin",
    "x-robots-tag": "noindex, nofollow",
}


async def follow(request: Request) -> Response:
    """Redirect to the link's page in the browser's language.

    A page that cannot be seen any more says so itself; such a visit is not counted.
    """
    language = accepted_language(request.headers.get("accept-language", ""))
    set_language(language)
    link = await find_link(request.path_params["code"])
    if link is None or link.supporter.state != SupporterState.AGREED:
        raise HTTPException(404, headers=HEADERS)
    kind, row = target_of(link)
    route, name = PAGE_ROUTES[kind]
    address = pages_of(request).url(route, language=language, **{name: getattr(row, name)})
    is_visit = request.method == "GET" and is_visitor(dict(request.scope["headers"]))
    if is_visit and await can_be_seen(kind, row) and (visit := begin_visit(request, link.id)):
        address += f"#{PARAMETER}={visit}"
    return RedirectResponse(address, 302, HEADERS)


routes = [Route("/s/{code:name}", follow, name="reach:follow", methods=["GET"])]
