"""Share images, for links and as posters: drawn on request, and kept while their picture is on view."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.artworks.access import raise_not_on_view
from gallery.artworks.models import hangs_in, has_theme
from gallery.cases.shown import cases_on_view
from gallery.images.models import Image
from gallery.images.on_demand import OnDemandQueue, QueueFull
from gallery.images.renditions import file_name, width_at_least
from gallery.images.sandbox.parent import ImageRefused, MachineFault, make_share_image
from gallery.images.share_image import SHARE_IMAGE_FORMATS, ShareImage
from gallery.images.storage_keys import derivative_key, rendition_key
from gallery.images.uploads import request_limits
from gallery.interop.iiif.image_api import RETRY_AFTER, cache_headers, problem, store_derivative
from gallery.organisations.models import Organisation
from gallery.organisations.projects import project_at
from gallery.public import page_cards, queries, share_images
from gallery.public.access import load_opened
from gallery.public.cases import load_shown_case, works_of_case
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.pagination import first_works
from gallery.public.share_images import ShareImages, fonts_of
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.themes.models import Theme
from gallery.web.languages import set_language
from gallery.web.page_cache import etag_matches
from gallery.web.rendering import settings_of, storage_of

SHARE_IMAGE_NAME = re.compile(r"(card|poster)-[0-9a-f]{12}\.(jpg|png)")
PICTURE_WIDTHS = {"card": 960, "poster": 1600}  # px: the minimum width of the rendition that is drawn
MAX_TRIES = 2  # attempts; the second one is made if the content changed during the first
MAX_CANDIDATE_WORKS = 120  # as many works as the page shows; the first one that may be shared is drawn


async def show(request: Request) -> Response:
    """A social network fetches the card for a link, or a visitor fetches a poster.

    Returns 410 for a withdrawn work, and 404 if nothing is on view at this URL. An outdated URL, such as one
    in an old chat, returns the current share image.
    """
    parameters, settings = request.path_params, settings_of(request)
    set_language(parameters["language"])
    named = SHARE_IMAGE_NAME.fullmatch(parameters["file"])
    load = LOADERS.get(parameters["kind"])
    if load is None or named is None or SHARE_IMAGE_FORMATS[named[1]].suffix != named[2]:
        raise HTTPException(404)
    form = SHARE_IMAGE_FORMATS[named[1]]
    share_image = (await load(parameters["name"], settings)).by_form.get(form.name)
    for _ in range(MAX_TRIES):
        if share_image is None:
            raise HTTPException(404)
        response = await share_image_response(request, share_image)
        images = await load(parameters["name"], settings)
        latest = images.by_form.get(form.name)
        if latest == share_image:  # otherwise the content was withdrawn or changed in the meantime
            response.headers.update({} if images.is_for_machines else NOT_FOR_MACHINES)
            return response
        share_image = latest
    return problem(503, "This picture is just changing. Please ask again.", RETRY_AFTER)


async def share_image_response(request: Request, share_image: ShareImage) -> Response:
    """The response with the stored share image; if none is stored, draw it now."""
    settings = settings_of(request)
    storage = storage_of(request)
    demand: OnDemandQueue = request.app.state.on_demand
    headers = cache_headers(settings, f'"{share_image.digest}"')
    if request.path_params["file"] != share_image.name:
        headers["cache-control"] = "no-cache"
    if etag_matches(request.headers.get("if-none-match", "").encode(), headers["etag"].encode()):
        return Response(status_code=304, headers=headers)
    media_type = SHARE_IMAGE_FORMATS[share_image.form].media_type
    if share_image.tokens:
        key = derivative_key(share_image.tokens[0], share_image.name)
        try:
            return await storage.public.answer(request, key, media_type=media_type, headers=headers)
        except FileNotFoundError:
            pass
    try:
        body = await demand.get(share_image.name, lambda: draw_share_image(share_image, storage, settings))
    except QueueFull:
        return problem(503, "Too many pictures are being made. Please ask again.", RETRY_AFTER)
    except (ImageRefused, MachineFault):
        return problem(503, "This picture could not be made. Please ask again.", RETRY_AFTER)
    except FileNotFoundError:  # the picture was just deleted
        return problem(503, "This picture is just changing. Please ask again.", RETRY_AFTER)
    return Response(body, headers=headers, media_type=media_type)


async def draw_share_image(share_image: ShareImage, storage: Storage, settings: Settings) -> bytes:
    """Draw a share image. If it shows pictures, it is stored as a derivative, and deleted with any of them.

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
        if share_image.tokens and len(body) <= settings.iiif_cache_bytes:
            await store_derivative(share_image.tokens, share_image.name, path, len(body), storage)
        return body


async def load_work(name: str, settings: Settings) -> ShareImages:
    located = await queries.placement_by_public_id(name)
    if located is None:
        await raise_not_on_view(name)
    work = located.work
    sentences = await queries.sentences_of([work], {work.id: located.chosen_sentence})
    return share_images.of_work(work, located.exhibition.theme, settings, sentences.get(work.id))


async def load_exhibition(name: str, settings: Settings) -> ShareImages:
    shown = await load_opened(name)
    works = await first_works(shown.edition_id)
    counts = await queries.count_works(hangs_in(room__edition_id=shown.edition_id))
    return await page_cards.of_exhibition(shown, works, counts, settings)


async def load_theme(name: str, settings: Settings) -> ShareImages:
    theme = await Theme.get_or_none(slug=name)
    if theme is None:
        raise HTTPException(404)
    covers = await queries.works_by_id([theme.cover_id] if theme.cover_id else [])
    works = await queries.works_on_view(has_theme(theme.id), limit=MAX_CANDIDATE_WORKS)
    return share_images.of_theme(theme, [*covers.values(), *works], settings)


async def load_organisation(name: str, settings: Settings) -> ShareImages:
    organisation = await Organisation.get_or_none(slug=name, is_active=True)
    if organisation is None:
        raise HTTPException(404)
    works = await queries.works_on_view(Q(organisation_id=organisation.id), limit=MAX_CANDIDATE_WORKS)
    return share_images.of_organisation(organisation, works, settings)


async def load_project(name: str, settings: Settings) -> ShareImages:
    project = await project_at(name)
    works = (
        await queries.works_on_view(Q(project_id=project.id), limit=MAX_CANDIDATE_WORKS) if project else []
    )
    cases = await cases_on_view(Q(case__project_id=project.id), limit=1) if project and not works else []
    if project is None or not (works or cases):
        raise HTTPException(404)
    return share_images.of_project(project, works, settings)


async def load_case(name: str, settings: Settings) -> ShareImages:
    shown = await load_shown_case(name)
    return share_images.of_case(shown, await works_of_case(shown, MAX_CANDIDATE_WORKS), settings)


async def load_artist(name: str, settings: Settings) -> ShareImages:
    works = await queries.works_on_view(Q(artist__page_id=name), limit=MAX_CANDIDATE_WORKS)
    if not works:
        raise HTTPException(404)
    return share_images.of_artist(name, works, settings)


LOADERS: Mapping[str, Callable[[str, Settings], Awaitable[ShareImages]]] = {
    "works": load_work,
    "exhibitions": load_exhibition,
    "themes": load_theme,
    "organisations": load_organisation,
    "projects": load_project,
    "cases": load_case,
    "artists": load_artist,
    "pages": page_cards.card_of,
}

routes = [
    Route(
        "/sharing/{language:language}/{kind}/{name:name}/{file}", show, name="sharing:show", methods=["GET"]
    )
]
