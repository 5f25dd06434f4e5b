"""Pictures at the desk before they are on view."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artworks.access import load_picture
from gallery.images.views import rendition_response


async def show(request: Request) -> Response:
    """A member opens a picture of the organisation; a curator opens a picture that was sent for review."""
    image = await load_picture(request)
    return await rendition_response(request, image, request.path_params["name"])


routes = [
    Route("/desk/images/{id:int}/{name}", show, name="images:preview", methods=["GET"]),
]
