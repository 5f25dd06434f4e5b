"""The pictures that visitors see: each answer asks whether its work is on view, and only then opens a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artworks.models import Artwork, Status
from gallery.artworks.screening import profile_images_on_view
from gallery.db.content_version import GenerationTracker
from gallery.images.models import Image
from gallery.images.renditions import FORMATS, RENDITIONS_VERSION
from gallery.images.storage_keys import make_public, public_key
from gallery.storage import Storage
from gallery.web.page_cache import etag_matches
from gallery.web.rendering import settings_of

# Where a consent does not cover machine use; a wish, which those who train models may or may not honour.
NOT_FOR_MACHINES = {"x-robots-tag": "noai, noimageai"}
MEDIA_TYPES = {format.name: format.media_type for format in FORMATS}


class HasToken(Protocol):
    @property
    def token(self) -> str: ...


def public_rendition_address(image: HasToken) -> Callable[[int, str], str]:
    """The public addresses of an image's renditions, by width in px and format."""
    return lambda width, format: f"/media/{image.token}/{width}.{format}"


class Visibility(StrEnum):
    ON_VIEW = "on view"
    WITHDRAWN = "withdrawn"
    NOT_SHOWN = "not shown"


@dataclass(frozen=True)
class PictureVisibility:
    """Whether a picture is on view; if it is, its size in px, and whether machines may learn from it."""

    seen: Visibility
    size: tuple[int, int] = (0, 0)
    is_for_machines: bool = False

    @property
    def headers(self) -> Mapping[str, str]:
        """What every answer with the picture says to robots."""
        return {} if self.is_for_machines else NOT_FOR_MACHINES


class VisibilityCache:
    """Whether pictures are on view, remembered for as long as the content version stands."""

    def __init__(self, content: GenerationTracker) -> None:
        self._content = content
        self._generation: tuple[int, int] | None = None
        self._known: dict[str, PictureVisibility] = {}

    async def of(self, token: str) -> PictureVisibility:
        generation = self._content.fresh() or await self._content.generation()
        if generation != self._generation:
            self._known.clear()
            self._generation = generation
        known = self._known.get(token)
        if known is None:
            known = await visibility_of(token)
            # Strangers' guesses must not fill the memory.
            if known.seen != Visibility.NOT_SHOWN and generation == self._generation:
                self._known[token] = known
        return known

    async def on_view(self, token: str, headers: Mapping[str, str] | None = None) -> PictureVisibility:
        """The same, for what must be on view; raises HTTPException 410 for what was withdrawn, or else 404."""
        sighting = await self.of(token)
        require_on_view(sighting, headers)
        return sighting


def require_on_view(sighting: PictureVisibility, headers: Mapping[str, str] | None = None) -> None:
    """Raises HTTPException 410 for what was withdrawn, 404 for what is not on view."""
    if sighting.seen != Visibility.ON_VIEW:
        raise HTTPException(410 if sighting.seen == Visibility.WITHDRAWN else 404, headers=headers)


async def visibility_of(token: str) -> PictureVisibility:
    """The database's word, where what is remembered may be half a second too old."""
    found = (
        await Artwork.all()
        .on_view()
        .filter(image__token=token)
        .first()
        .values_list("image__width", "image__height", "consent__for_machine_use")
    )
    if found is not None:
        width, height, is_for_machines = found
        return PictureVisibility(Visibility.ON_VIEW, (width, height), bool(is_for_machines))
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


async def is_on_view(token: str) -> bool:
    """Whether `look` sees it on view."""
    return (await visibility_of(token)).seen == Visibility.ON_VIEW


async def show(request: Request) -> Response:
    """A browser fetches a rendition: 410 when its work was withdrawn, 404 when it is not on view."""
    token, name = request.path_params["token"], request.path_params["name"]
    sighting = await request.app.state.sightings.on_view(token)
    etag = f'"{token}-{name}-{RENDITIONS_VERSION}"'  # a picture that changes has another token
    kept = {"cache-control": settings_of(request).picture_cache_control, "etag": etag}
    headers = {**kept, **sighting.headers}
    if etag_matches(request.headers.get("if-none-match", "").encode(), etag.encode()):
        return Response(status_code=304, headers=headers)
    storage: Storage = request.app.state.storage
    key, media_type = public_key(token, name), MEDIA_TYPES.get(name.rpartition(".")[2])
    if media_type is None:
        raise HTTPException(404)
    try:
        return await storage.public.answer(request, key, media_type=media_type, headers=headers)
    except FileNotFoundError:
        await _publish_image(storage, token, name)
    try:
        return await storage.public.answer(request, key, media_type=media_type, headers=headers)
    except FileNotFoundError:
        raise HTTPException(404) from None


async def _publish_image(storage: Storage, token: str, name: str) -> None:
    """Put an image into public storage on first demand; asks the database, for what is remembered may be half a second old."""
    image = await Image.get_or_none(token=token)
    if image is None or name not in image.file_names():
        raise HTTPException(404)
    if not await is_on_view(token):
        raise HTTPException(404)
    await make_public(storage, image)
    if not await is_on_view(token):  # withdrawn in this very moment
        await storage.public.delete_folder(token)
        raise HTTPException(410)


routes = [Route("/media/{token}/{name}", show, name="media:show", methods=["GET"])]
