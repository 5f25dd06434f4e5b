"""The response of most handlers: a redirect to the page of a work, with a message."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from gallery.artworks.models import Artwork
from gallery.web.rendering import flash, redirect


def redirect_to_work(request: Request, artwork: Artwork, sentence: str, level: str = "hint") -> Response:
    response = redirect(request, "artworks:show", id=artwork.id)
    flash(request, response, sentence, level)
    return response
