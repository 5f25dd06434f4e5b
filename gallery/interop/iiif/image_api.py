"""IIIF Image API 3.0, level 2, for pictures on view: info.json, tiles, and other regions in any size."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError

from gallery.images.iiif_requests import (
    CONTEXT,
    FORMATS,
    PROFILE,
    ImageRequest,
    ImageRequestError,
    Size,
    info_json,
    is_tile,
    parse_image_request,
)
from gallery.images.models import Derivative, Image
from gallery.images.on_demand import OnDemandQueue, QueueFull
from gallery.images.sandbox.parent import ImageRefused, MachineFault, render_region
from gallery.images.storage_keys import derivative_key, original_key, tile_key
from gallery.images.uploads import request_limits
from gallery.public.media import is_on_view, require_on_view, visibility_cache_of, visibility_of
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.web.page_cache import etag_matches
from gallery.web.page_keys import declare_keys
from gallery.web.rendering import settings_of, storage_of

RETRY_AFTER = 5  # seconds
CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": "Link"}
PREFLIGHT = {
    **CORS,
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
    "access-control-allow-headers": "*",
    "access-control-max-age": "86400",
    "allow": "GET, HEAD, OPTIONS",
}
JSON, JSON_LD = "application/json", "application/ld+json"


async def redirect_to_info(request: Request) -> Response:
    """Redirect from the base URI to info.json."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=PREFLIGHT)
    token = request.path_params["token"]
    await visibility_cache_of(request).on_view(token, CORS)
    return RedirectResponse(f"/iiif/{token}/info.json", status_code=303, headers=CORS)


async def show_info(request: Request) -> Response:
    """info.json: the sizes of a picture and of its tiles."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=PREFLIGHT)
    token = request.path_params["token"]
    visibility = await visibility_cache_of(request).on_view(token, CORS)
    declare_keys(request, visibility.keys)
    size, settings = visibility.size, settings_of(request)
    description = info_json(f"{settings.site_url}/iiif/{token}", size)
    body = json.dumps(description, separators=(",", ":")).encode()
    media_type = preferred_media_type(request.headers.get("accept", ""))
    digest = hashlib.blake2b(body + media_type.encode(), digest_size=12).hexdigest()
    headers = {**cache_headers(settings, f'"{digest}"'), **CORS, **visibility.headers, "vary": "accept"}
    headers["link"] = f'<{PROFILE}>;rel="profile"'
    if etag_matches(request.headers.get("if-none-match", "").encode(), headers["etag"].encode()):
        return Response(status_code=304, headers=headers)
    # The media type's `profile` parameter is a URL, so it needs the quotes. Starlette keeps them.
    return Response(body, headers=headers, media_type=media_type)


def preferred_media_type(accept: str) -> str:
    """The media type of info.json: JSON-LD, or plain JSON for browsers and clients that accept only that."""
    accepted = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    if JSON_LD not in accepted and accepted & {JSON, "text/html"}:
        return JSON
    return f'{JSON_LD};profile="{CONTEXT}"'


async def show(request: Request) -> Response:
    """A tile, or another region of a picture in the requested size, rotation, quality and format."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=PREFLIGHT)
    parameters = request.path_params
    token = parameters["token"]
    visibility_cache, settings = visibility_cache_of(request), settings_of(request)
    visibility = await visibility_cache.on_view(token, CORS)
    declare_keys(request, visibility.keys)
    size = visibility.size
    try:
        cut = parse_image_request(
            parameters["region"], parameters["size"], parameters["rotation"], parameters["last"], size
        )
    except ImageRequestError as refusal:
        return problem(refusal.status, refusal.sentence)
    headers = {
        **cache_headers(settings, f'"{token}-{cut.name}"'),
        **CORS,
        **visibility.headers,
        "link": f'<{settings.site_url}/iiif/{token}/{cut.canonical(size)}>;rel="canonical",'
        f'<{PROFILE}>;rel="profile"',
    }
    if etag_matches(request.headers.get("if-none-match", "").encode(), headers["etag"].encode()):
        return Response(status_code=304, headers=headers)
    storage = storage_of(request)
    keys = [tile_key(token, cut.name)] if is_tile(cut, size) else []
    for key in [*keys, derivative_key(token, cut.name)]:
        try:
            return await storage.public.answer(request, key, media_type=FORMATS[cut.format], headers=headers)
        except FileNotFoundError:
            continue
    demand: OnDemandQueue = request.app.state.on_demand
    try:
        body = await demand.get(
            f"{token}/{cut.name}", lambda: make_derivative(token, cut, size, storage, settings)
        )
    except QueueFull:
        return problem(503, "Too many pieces of pictures are being made. Please ask again.", RETRY_AFTER)
    except MachineFault:
        return problem(503, "This piece could not be made in time. Please ask again.", RETRY_AFTER)
    except ImageRefused:
        return problem(501, "This piece cannot be made of so large a picture. Its tiles can be had.")
    except FileNotFoundError:
        raise HTTPException(404, headers=CORS) from None
    finally:
        # The work may have been withdrawn while this request waited.
        require_on_view(await visibility_of(token), CORS)
    return Response(body, headers=headers, media_type=FORMATS[cut.format])


async def make_derivative(
    token: str, cut: ImageRequest, size: Size, storage: Storage, settings: Settings
) -> bytes:
    """Make a derivative of a picture and store it for later requests.

    Raises ImageRefused, MachineFault or FileNotFoundError.
    """
    image = await Image.get_or_none(token=token)
    if image is None:
        raise FileNotFoundError(token)
    async with (
        storage.scratch_folder() as folder,
        storage.private.local_copy(original_key(token)) as original,
    ):
        path = await render_region(original, size, cut, folder, request_limits(settings), image.framing)
        body = path.read_bytes()
        if len(body) <= settings.iiif_cache_bytes:
            await store_derivative([token], cut.name, path, len(body), storage)
    return body


async def store_derivative(tokens: Sequence[str], name: str, path: Path, size: int, storage: Storage) -> None:
    """Put a derivative of these pictures into public storage, in the folder of the first, while all are on view.

    A row for each picture is written first, so that the file is deleted with any of them. The first row
    counts its bytes.
    """
    images = {image.token: image for image in await Image.filter(token__in=list(tokens))}
    if len(images) < len(tokens):
        return
    rows = [
        Derivative(image=images[token], name=name, file_bytes=0 if place else size)
        for place, token in enumerate(tokens)
    ]
    try:
        await Derivative.bulk_create(rows)
    except IntegrityError:  # another process has stored the derivative, or is storing it
        return
    key = derivative_key(tokens[0], name)
    if await are_on_view(tokens):
        await storage.public.put_file(key, path)
        if await are_on_view(tokens):
            return
    await storage.public.delete(key)
    await Derivative.filter(image_id__in=[image.id for image in images.values()], name=name).delete()


async def are_on_view(tokens: Sequence[str]) -> bool:
    return all([await is_on_view(token) for token in tokens])


def cache_headers(settings: Settings, etag: str) -> dict[str, str]:
    return {"cache-control": settings.picture_cache_control, "etag": etag}


def problem(status: int, sentence: str, retry_after: int | None = None) -> Response:
    """A response that says what is wrong with the request (RFC 9457)."""
    headers: Mapping[str, str] = {"retry-after": str(retry_after)} if retry_after else {}
    return JSONResponse(
        {"status": status, "detail": sentence},
        status_code=status,
        headers={**CORS, **headers, "cache-control": "no-store"},
        media_type="application/problem+json",
    )


METHODS = ["GET", "OPTIONS"]

routes = [
    Route("/iiif/{token}", redirect_to_info, name="iiif:base", methods=METHODS),
    Route("/iiif/{token}/info.json", show_info, name="iiif:describe", methods=METHODS),
    Route("/iiif/{token}/{region}/{size}/{rotation}/{last}", show, name="iiif:show", methods=METHODS),
]
