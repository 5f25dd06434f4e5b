"""The pictures that visitors see. Each request first checks that the work is on view, then opens the file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artworks.models import Artwork, Picture, Status
from gallery.artworks.screening import profile_images_on_view
from gallery.db.content_version import GenerationTracker
from gallery.images.models import Image
from gallery.images.renditions import FORMATS, RENDITIONS_VERSION
from gallery.images.storage_keys import make_public, public_key
from gallery.storage import Storage
from gallery.web.page_cache import etag_matches
from gallery.web.page_keys import declare_keys, work_key
from gallery.web.rendering import settings_of, storage_of

# Sent with pictures whose consent does not cover machine use. AI crawlers may ignore this header.
NOT_FOR_MACHINES = {"x-robots-tag": "noai, noimageai"}
MEDIA_TYPES = {format.name: format.media_type for format in FORMATS}


class Visibility(StrEnum):
    ON_VIEW = "on view"
    WITHDRAWN = "withdrawn"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class PictureVisibility:
    """Whether a picture is on view; if it is, its size in px, and whether machines may learn from it."""

    state: Visibility
    size: tuple[int, int] = (0, 0)
    is_for_machines: bool = False
    # The key of the work, see page_keys.py; empty for a logo, for a cover, and for what is not on view.
    keys: frozenset[str] = frozenset()

    @property
    def headers(self) -> Mapping[str, str]:
        """The robots headers that every response with the picture must have."""
        return {} if self.is_for_machines else NOT_FOR_MACHINES


class VisibilityCache:
    """The pictures of works on view that this process knows of. It forgets them when their works change."""

    def __init__(self, content: GenerationTracker) -> None:
        self._content = content
        self._changes = 0
        self._known: dict[str, PictureVisibility] = {}
        self._tokens: dict[str, set[str]] = {}  # the key of a work → the tokens of its pictures
        content.subscribe(self.forget)

    def forget(self, touched: frozenset[str] | None) -> None:
        """Forget the pictures of the works with these keys; None: all pictures."""
        self._changes += 1
        for key in list(self._tokens) if touched is None else touched:
            for token in self._tokens.pop(key, ()):
                del self._known[token]

    async def of(self, token: str) -> PictureVisibility:
        if self._content.fresh() is None:
            await self._content.generation()
        visibility = self._known.get(token)
        if visibility is None:
            changes = self._changes
            visibility = await visibility_of(token)
            if changes == self._changes:
                for key in visibility.keys:
                    self._known[token] = visibility
                    self._tokens.setdefault(key, set()).add(token)
        return visibility

    async def on_view(self, token: str, headers: Mapping[str, str] | None = None) -> PictureVisibility:
        """The visibility of a picture on view. Raises HTTPException 410 if withdrawn, 404 if not on view."""
        visibility = await self.of(token)
        require_on_view(visibility, headers)
        return visibility


def visibility_cache_of(request: Request) -> VisibilityCache:
    visibility_cache: VisibilityCache = request.app.state.visibility
    return visibility_cache


def require_on_view(visibility: PictureVisibility, headers: Mapping[str, str] | None = None) -> None:
    """Raise HTTPException 410 if the picture was withdrawn, 404 if it is not on view."""
    if visibility.state != Visibility.ON_VIEW:
        raise HTTPException(410 if visibility.state == Visibility.WITHDRAWN else 404, headers=headers)


async def visibility_of(token: str) -> PictureVisibility:
    """The visibility of a picture, read from the database. VisibilityCache may be half a second behind."""
    row = (
        await Artwork.all()
        .on_view()
        .filter(image__token=token)
        .first()
        .values_list("id", "image__width", "image__height", "consent__for_machine_use")
    )
    if row is not None:
        id, width, height, is_for_machines = row
        return PictureVisibility(
            Visibility.ON_VIEW, (width, height), bool(is_for_machines), frozenset({work_key(id)})
        )
    further = await Picture.filter(image__token=token).select_related("image").first()
    if further is not None:
        return await _visibility_of_further(further)
    profile_image = (
        await profile_images_on_view()
        .filter(image__token=token)
        .first()
        .values_list("image__width", "image__height")
    )
    if profile_image is not None:
        width, height = profile_image
        return PictureVisibility(Visibility.ON_VIEW, (width, height))
    if await Artwork.filter(image__token=token, status=Status.WITHDRAWN).exists():
        return PictureVisibility(Visibility.WITHDRAWN)
    return PictureVisibility(Visibility.NOT_SHOWN)


async def _visibility_of_further(picture: Picture) -> PictureVisibility:
    works = Artwork.all().on_view().filter(id=picture.artwork_id)
    row = await works.first().values_list("id", "consent__for_machine_use")
    if row is not None:
        id, is_for_machines = row
        size, keys = picture.image.size, frozenset({work_key(id)})
        return PictureVisibility(Visibility.ON_VIEW, size, bool(is_for_machines), keys)
    if await Artwork.filter(id=picture.artwork_id, status=Status.WITHDRAWN).exists():
        return PictureVisibility(Visibility.WITHDRAWN)
    return PictureVisibility(Visibility.NOT_SHOWN)


async def is_on_view(token: str) -> bool:
    """Whether the picture is on view, read from the database."""
    return (await visibility_of(token)).state == Visibility.ON_VIEW


async def show(request: Request) -> Response:
    """A rendition: 410 if its work was withdrawn, 404 if it is not on view."""
    token, name = request.path_params["token"], request.path_params["name"]
    visibility = await visibility_cache_of(request).on_view(token)
    declare_keys(request, visibility.keys)
    etag = f'"{token}-{name}-{RENDITIONS_VERSION}"'  # a changed picture gets a new token
    cache_headers = {"cache-control": settings_of(request).picture_cache_control, "etag": etag}
    headers = {**cache_headers, **visibility.headers}
    media_type = MEDIA_TYPES.get(name.rpartition(".")[2])
    if media_type is None:
        raise HTTPException(404)
    publish = partial(_publish_image, storage_of(request), token, name)
    return await public_file_response(request, public_key(token, name), media_type, headers, publish)


async def public_file_response(
    request: Request,
    key: str,
    media_type: str,
    headers: Mapping[str, str],
    publish: Callable[[], Awaitable[None]],
) -> Response:
    """The response with a file of public storage.

    If the file is missing, `publish` puts it there, or raises HTTPException. The caller has checked that the
    picture is on view. 404 if there is no such file; 304 if the visitor has it, by the etag in `headers`.
    """
    if etag_matches(request.headers.get("if-none-match", "").encode(), headers["etag"].encode()):
        return Response(status_code=304, headers=headers)
    store = storage_of(request).public
    try:
        return await store.answer(request, key, media_type=media_type, headers=headers)
    except FileNotFoundError:
        await publish()
    try:
        return await store.answer(request, key, media_type=media_type, headers=headers)
    except FileNotFoundError:
        raise HTTPException(404) from None


async def _publish_image(storage: Storage, token: str, name: str) -> None:
    """Put an image into public storage at the first request for it.

    The image is read from the database, because VisibilityCache may be behind.
    """
    image = await Image.get_or_none(token=token)
    if image is None or name not in image.file_names():
        raise HTTPException(404)
    if not await is_on_view(token):
        raise HTTPException(404)
    await make_public(storage, image)
    if not await is_on_view(token):  # withdrawn in the meantime
        await storage.public.delete_folder(token)
        raise HTTPException(410)


routes = [Route("/media/{token}/{name}", show, name="media:show", methods=["GET"])]
