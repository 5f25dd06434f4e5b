"""Where the files of an image lie, and how they come into public storage and leave it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gallery.clock import now
from gallery.db import content_version
from gallery.images.iiif_requests import all_tiles
from gallery.images.models import Derivative, Image, ImageState
from gallery.images.renditions import PREVIEW_NAME, UNFRAMED_NAME, file_name
from gallery.storage import Storage

LOGO_FOLDER = "logos"
MAX_CONCURRENT_COPIES = 8  # files under way to public storage


def original_key(token: str) -> str:
    """In the private store only."""
    return f"originals/{token}"


def rendition_key(token: str, name: str) -> str:
    """In the private store; in the public one it is the same without the first folder."""
    return f"renditions/{token}/{name}"


def logo_key(token: str) -> str:
    """In the private store only: a logo beside the credits of an exhibition."""
    return f"{LOGO_FOLDER}/{token}"


def public_key(token: str, name: str) -> str:
    return f"{token}/{name}"


def tile_key(token: str, name: str = "") -> str:
    """In the public store only; without a name, the folder of all tiles."""
    return f"{token}/tiles/{name}".rstrip("/")


def derivative_key(token: str, name: str) -> str:
    """In the public store only: a piece that was made on demand."""
    return f"{token}/made/{name}"


def unframed_name(image: Image) -> str | None:
    """Which of its private files shows the whole picture as it came; None where none does yet."""
    if not image.framing.is_whole:
        return UNFRAMED_NAME
    if image.state == ImageState.READY:
        widths = image.widths()
        return file_name(widths[min(2, len(widths) - 1)], "jpg")
    return PREVIEW_NAME if image.has_preview else None


ORIGINAL = "original"
RENDITIONS = "renditions"
TILES = "tiles"


def private_keys(image: Image) -> dict[str, list[str]]:
    """Every key that the files of an image have in private storage once it is ready, by kind."""
    return {
        ORIGINAL: [original_key(image.token)],
        RENDITIONS: [rendition_key(image.token, name) for name in image.file_names()],
    }


def public_keys(image: Image) -> dict[str, list[str]]:
    """Every key that the files of an image have in public storage while it is on view, by kind.

    Beside them there may be pieces that were made on demand.
    """
    return {
        RENDITIONS: [public_key(image.token, name) for name in image.file_names()],
        TILES: [tile_key(image.token, tile.name) for tile in all_tiles(image.size)],
    }


def token_of_key(key: str) -> str:
    """The token in a key of either store; of a key that is none of ours, something that no image is named by."""
    first, _, rest = key.partition("/")
    return rest.partition("/")[0] if first in {"originals", "renditions"} else first


async def make_public(storage: Storage, image: Image) -> None:
    """Put the renditions of an image that is on view into public storage. Asking whether it is, is the caller's part.

    The row says so first: what a killed process left half done is then still taken in again one day.
    """
    await Image.filter(id=image.id).update(is_public=True)
    names = image.file_names()
    for start in range(0, len(names), MAX_CONCURRENT_COPIES):
        await asyncio.gather(
            *(
                storage.public.link_from(
                    storage.private, public_key(image.token, name), rendition_key(image.token, name)
                )
                for name in names[start : start + MAX_CONCURRENT_COPIES]
            )
        )


async def renew_public(storage: Storage, image: Image) -> None:
    """Where the renditions of an image lie in public storage, put those there that were made anew.

    If it leaves the wall in this very moment, its row says again that it is public, and the worker takes it in.
    """
    if await Image.filter(id=image.id, is_public=True).exists():
        await storage.public.delete(*public_keys(image)[RENDITIONS])
        await make_public(storage, image)


async def make_private(storage: Storage, images: Sequence[Image]) -> None:
    """Take everything of images that are no longer on view out of public storage. Raises StoreAway.

    The rows say last that it is done: until then the worker tries again. Another process may just have been putting
    files there, or answering with them: once every one knows, they are looked for again, and a cache in front is emptied.
    """
    if not images:
        return
    ids = [image.id for image in images]
    await Image.filter(id__in=ids).update(is_public=True)
    for image in images:
        await _delete_public_files(storage, image.token)
    await content_version.settle()
    for image in images:
        await _delete_public_files(storage, image.token)
    await storage.proxy_cache.purge()
    # Whoever is just putting tiles there must not call them complete: it may be on view again by then.
    await Image.filter(id__in=ids, tiling_until__isnull=False).update(tiling_until=now())
    await Image.filter(id__in=ids).update(is_public=False, has_tiles=False)


async def delete_image_files(storage: Storage, token: str) -> None:
    """Delete every file of an image.

    Private renditions go first: whoever is just putting them into public storage then finds nothing to put there.
    The original goes next, from which tiles and pieces are cut.
    """
    await storage.private.delete_folder(f"renditions/{token}")
    await storage.private.delete(original_key(token))
    await _delete_public_files(storage, token)


async def _delete_public_files(storage: Storage, token: str) -> None:
    """Renditions, tiles, and pieces made on demand; the rows of these go last, for they say what is still to do."""
    await storage.public.delete_folder(token)
    await Derivative.filter(image__token=token).delete()
