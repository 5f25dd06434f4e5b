"""Pictures at the desk: previews from private storage, for those who may see the work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from gallery.accounts.access import load_person
from gallery.accounts.models import Membership
from gallery.images.models import Image, ImageState
from gallery.images.shelves import rendition_key


class HasId(Protocol):
    id: int


def preview(image: HasId) -> Callable[[int, str], str]:
    """The desk's addresses of an image's renditions, by width in px and format."""
    return lambda width, format: f"/desk/images/{image.id}/{width}.{format}"


async def show(request: Request) -> Response:
    """A member or a curator sees a picture that need not be on view."""
    person = await load_person(request)
    image = await Image.get_or_none(id=request.path_params["id"], state=ImageState.READY)
    name = request.path_params["name"]
    if image is None or name not in image.file_names():
        raise HTTPException(404)
    if not person.is_curator and not await Membership.exists(
        person=person, organisation_id=image.organisation_id
    ):
        raise HTTPException(404)
    path = request.app.state.storage.private.path(rendition_key(image.token, name))
    if not path.is_file():
        raise HTTPException(404)
    return FileResponse(path, headers={"cache-control": "private, no-store"})


routes = [Route("/desk/images/{id:int}/{name}", show, name="images:preview", methods=["GET"])]
