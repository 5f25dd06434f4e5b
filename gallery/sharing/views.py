"""Share images, for links and as posters: drawn on request, and kept while their picture is on view."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.images.models import Image
from gallery.images.on_demand import OnDemandQueue, QueueFull
from gallery.images.renditions import file_name, width_at_least
from gallery.images.sandbox.parent import ImageRefused, MachineFault, make_share_image
from gallery.images.share_image import SHARE_IMAGE_FORMATS, ShareImage
from gallery.images.storage_keys import derivative_key, rendition_key
from gallery.images.uploads import request_limits
from gallery.interop.iiif.image_api import RETRY_AFTER, cache_headers, problem, store_derivative
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.share_images import fonts_of
from gallery.settings import Settings
from gallery.sharing import short_links
from gallery.sharing.loaders import LOADERS
from gallery.storage import Storage
from gallery.web.languages import set_language
from gallery.web.page_cache import etag_matches
from gallery.web.rendering import settings_of, storage_of

SHARE_IMAGE_NAME = re.compile(r"(card|poster)-[0-9a-f]{12}\.(jpg|png)")
PICTURE_WIDTHS = {"card": 960, "poster": 1600}  # px: the minimum width of the rendition that is drawn
MAX_TRIES = 2  # attempts; the second one is made if the content changed during the first


async def show(request: Request) -> Response:
    """A social network fetches the card for a link, or a visitor fetches a poster.

    Returns 410 for a withdrawn work, and 404 if nothing is on view at this URL. An outdated URL, such as one
    in an old chat, returns the current share image.
    """
    parameters, settings = request.path_params, settings_of(request)
    set_language(parameters["language"])
    named = SHARE_IMAGE_NAME.fullmatch(parameters["file"])
    load = ALL_LOADERS.get(parameters["kind"])
    # A file with the name of a supporter would stay after they took it back.
    is_kept = parameters["kind"] != short_links.KIND
    if load is None or named is None or SHARE_IMAGE_FORMATS[named[1]].suffix != named[2]:
        raise HTTPException(404)
    form = SHARE_IMAGE_FORMATS[named[1]]
    share_image = (await load(parameters["name"], settings)).by_form.get(form.name)
    for _ in range(MAX_TRIES):
        if share_image is None:
            raise HTTPException(404)
        response = await share_image_response(request, share_image, is_kept=is_kept)
        images = await load(parameters["name"], settings)
        latest = images.by_form.get(form.name)
        if latest == share_image:  # otherwise the content was withdrawn or changed in the meantime
            response.headers.update({} if images.is_for_machines else NOT_FOR_MACHINES)
            return response
        share_image = latest
    return problem(503, "This picture is just changing. Please ask again.", RETRY_AFTER)


async def share_image_response(request: Request, share_image: ShareImage, *, is_kept: bool) -> Response:
    """The response with the stored share image; if none is stored, draw it now, and store it if it `is_kept`."""
    settings = settings_of(request)
    storage = storage_of(request)
    demand: OnDemandQueue = request.app.state.on_demand
    headers = cache_headers(settings, f'"{share_image.digest}"')
    if request.path_params["file"] != share_image.name:
        headers["cache-control"] = "no-cache"
    if etag_matches(request.headers.get("if-none-match", "").encode(), headers["etag"].encode()):
        return Response(status_code=304, headers=headers)
    media_type = SHARE_IMAGE_FORMATS[share_image.form].media_type
    if share_image.tokens and is_kept:
        key = derivative_key(share_image.tokens[0], share_image.name)
        try:
            return await storage.public.answer(request, key, media_type=media_type, headers=headers)
        except FileNotFoundError:
            pass
    try:
        body = await demand.get(
            share_image.name, lambda: draw_share_image(share_image, storage, settings, is_kept=is_kept)
        )
    except QueueFull:
        return problem(503, "Too many pictures are being made. Please ask again.", RETRY_AFTER)
    except (ImageRefused, MachineFault):
        return problem(503, "This picture could not be made. Please ask again.", RETRY_AFTER)
    except FileNotFoundError:  # the picture was just deleted
        return problem(503, "This picture is just changing. Please ask again.", RETRY_AFTER)
    return Response(body, headers=headers, media_type=media_type)


async def draw_share_image(
    share_image: ShareImage, storage: Storage, settings: Settings, *, is_kept: bool = True
) -> bytes:
    """Draw a share image. If it shows pictures and `is_kept`, it is stored as a derivative, and deleted with any of them.

    Raises ImageRefused, MachineFault or FileNotFoundError.
    """
    fonts, limits = fonts_of(settings), request_limits(settings)
    async with AsyncExitStack() as opened:
        folder = await opened.enter_async_context(storage.scratch_folder())
        widths = dict(await Image.filter(token__in=share_image.tokens).values_list("token", "width"))
        pictures = []
        for token in share_image.tokens:
            if token not in widths:
                raise FileNotFoundError(token)
            width = width_at_least(PICTURE_WIDTHS[share_image.form], widths[token])
            key = rendition_key(token, file_name(width, "jpg"))
            pictures.append(await opened.enter_async_context(storage.private.local_copy(key)))
        path = await make_share_image(pictures, share_image, fonts, folder, limits)
        body = path.read_bytes()
        if share_image.tokens and is_kept and len(body) <= settings.iiif_cache_bytes:
            await store_derivative(share_image.tokens, share_image.name, path, len(body), storage)
        return body


ALL_LOADERS = {**LOADERS, short_links.KIND: short_links.load_share_images}

routes = [
    Route(
        "/sharing/{language:language}/{kind}/{name:name}/{file}", show, name="sharing:show", methods=["GET"]
    )
]
