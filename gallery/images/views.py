"""Pictures at the desk: renditions from private storage. artworks/access.py says who may see them."""

from __future__ import annotations

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from gallery.images.models import Image, ImageState
from gallery.images.picture_element import picture_element
from gallery.images.renditions import FORMATS, PREVIEW_NAME, RENDITIONS_VERSION, UNFRAMED_NAME, file_name
from gallery.images.storage_keys import rendition_key
from gallery.web.languages import LocalizedText
from gallery.web.page_cache import etag_matches
from gallery.web.rendering import storage_of

MEDIA_TYPES: dict[str, str] = {format.name: format.media_type for format in FORMATS}


def desk_address(image: Image, width: int | None = None) -> str:
    """The desk's address of the JPEG rendition that is `width` px wide, or of the preview if `width` is
    None."""
    return f"/desk/images/{image.id}/{PREVIEW_NAME if width is None else file_name(width, 'jpg')}"


def desk_picture(image: Image, alt: LocalizedText, sizes: str, *, first: bool = False) -> Markup:
    """The desk's <picture> element of an image that has renditions."""
    return picture_element(f"/desk/images/{image.id}", image.size, alt, sizes, first=first)


def is_served_at_desk(image: Image, name: str) -> bool:
    """Whether the desk serves this file of an image: a rendition, the preview while there are no renditions,
    or the picture before its turn and crop."""
    if name == UNFRAMED_NAME:
        return not image.framing.is_whole and image.state in {ImageState.RECEIVED, ImageState.READY}
    if image.state == ImageState.RECEIVED:
        return image.has_preview and name == PREVIEW_NAME
    return image.state == ImageState.READY and name in image.file_names()


async def rendition_response(request: Request, image: Image, name: str) -> Response:
    """The response with a file of an image; 404 if it is missing. The caller has checked access."""
    media_type, etag = MEDIA_TYPES[name.rpartition(".")[2]], f'"{image.id}-{name}-{RENDITIONS_VERSION}"'
    return await private_file_response(request, rendition_key(image.token, name), media_type, etag)


async def private_file_response(request: Request, key: str, media_type: str, etag: str) -> Response:
    """The response with a file of private storage; 404 if it is missing. The caller has checked access.

    Browsers may cache the file but must revalidate it at each use. So they can prefetch the curator's next
    picture.
    """
    headers = {"cache-control": "private, no-cache", "etag": etag}
    if etag_matches(request.headers.get("if-none-match", "").encode(), etag.encode()):
        return Response(status_code=304, headers=headers)
    try:
        return await storage_of(request).private.answer(request, key, media_type=media_type, headers=headers)
    except FileNotFoundError:
        raise HTTPException(404) from None
