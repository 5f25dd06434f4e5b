"""The storage keys of an image's files, and how the files are copied into public storage and removed from
it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from gallery.clock import now
from gallery.db import content_version
from gallery.images.iiif_requests import all_tiles
from gallery.images.models import Derivative, Image, ImageState
from gallery.images.renditions import PREVIEW_NAME, UNFRAMED_NAME, file_name
from gallery.storage import Storage

LOGO_FOLDER = "logos"
UPLOAD_FOLDER = "uploads"
MAX_CONCURRENT_COPIES = 8  # files copied to public storage at the same time


def original_key(token: str) -> str:
    """The key of an original, in the private store only."""
    return f"originals/{token}"


def rendition_key(token: str, name: str) -> str:
    """The key of a rendition in the private store. Its key in the public store lacks the first folder."""
    return f"renditions/{token}/{name}"


def logo_key(token: str) -> str:
    """The key of a logo in an exhibition's credits, in the private store only."""
    return f"{LOGO_FOLDER}/{token}"


def upload_key(token: str, piece: str = "") -> str:
    """The key of a piece of an unfinished upload, in the private store only; without a piece, the folder of
    all its pieces.
    """
    return f"{UPLOAD_FOLDER}/{token}/{piece}".rstrip("/")


def public_key(token: str, name: str) -> str:
    return f"{token}/{name}"


def tile_key(token: str, name: str = "") -> str:
    """The key of a tile, in the public store only; without a name, the folder of the tiles."""
    return f"{token}/tiles/{name}".rstrip("/")


def derivative_key(token: str, name: str) -> str:
    """The key of a region or share image that was made on demand, in the public store only."""
    return f"{token}/made/{name}"


def unframed_name(image: Image) -> str | None:
    """The name of the private file with the picture before its turn and crop; None if there is none yet."""
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
    """The keys of an image's files in private storage once it is ready, by kind."""
    return {
        ORIGINAL: [original_key(image.token)],
        RENDITIONS: [rendition_key(image.token, name) for name in image.file_names()],
    }


def public_keys(image: Image) -> dict[str, list[str]]:
    """The keys of an image's files in public storage while it is on view, by kind, without files made on
    demand."""
    return {
        RENDITIONS: [public_key(image.token, name) for name in image.file_names()],
        TILES: [tile_key(image.token, tile.name) for tile in all_tiles(image.size)],
    }


def token_of_key(key: str) -> str:
    """The token in the key of an image's file in either store. For any other key the result is a string that
    is no image's token."""
    first, _, rest = key.partition("/")
    return rest.partition("/")[0] if first in {"originals", "renditions"} else first


async def make_public(storage: Storage, image: Image) -> None:
    """Copy the renditions of an image into public storage. The caller has checked that it is on view.

    The row is updated first. If the process is killed halfway, the worker can still find and remove the
    files.
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
    """If the renditions of an image are in public storage, replace them with the new ones.

    If the image goes off view at the same time, its row is marked public again and the worker removes the
    files.
    """
    if await Image.filter(id=image.id, is_public=True).exists():
        await storage.public.delete(*public_keys(image)[RENDITIONS])
        await make_public(storage, image)


async def purge_proxy_cache(storage: Storage) -> None:
    """Empty the cache in front of the site. Raises StoreUnavailable.

    First wait until every process knows what went off view, so that none refills the cache with it.
    """
    if storage.proxy_cache.is_configured:
        await content_version.wait_for_propagation()
        await storage.proxy_cache.purge()


async def make_private(storage: Storage, images: Sequence[Image]) -> None:
    """Remove all files of images that are no longer on view from public storage. Raises StoreUnavailable.

    The rows are updated last, so that the worker tries again after a failure. Another process may be copying
    or serving the files at the same time. So, once all processes know of the change, the files are deleted a
    second time and the cache in front of the site is emptied.
    """
    if not images:
        return
    ids = [image.id for image in images]
    await Image.filter(id__in=ids).update(is_public=True)
    for image in images:
        await _delete_public_files(storage, image.token)
    await content_version.wait_for_propagation()
    for image in images:
        await _delete_public_files(storage, image.token)
    await storage.proxy_cache.purge()
    # A worker that is copying tiles must not mark them complete: the image may be on view again by then.
    await Image.filter(id__in=ids, tiling_until__isnull=False).update(tiling_until=now())
    await Image.filter(id__in=ids).update(is_public=False, has_tiles=False)


async def delete_image_files(storage: Storage, token: str) -> None:
    """Delete every file of an image.

    Private renditions are deleted first, so that a process that is copying them to public storage finds
    nothing to copy. Then the original is deleted, from which tiles and other regions are made.
    """
    await storage.private.delete_folder(f"renditions/{token}")
    await storage.private.delete(original_key(token))
    await _delete_public_files(storage, token)


async def _delete_public_files(storage: Storage, token: str) -> None:
    """Delete renditions, tiles and derivatives. The rows of derivatives are deleted last, so that a retry
    finds them.
    """
    await delete_share_images(storage, image__token=token)
    await storage.public.delete_folder(token)
    await Derivative.filter(image__token=token).delete()


async def delete_share_images(storage: Storage, **condition: Any) -> None:
    """Delete the share images that match, also where other pictures hang on them.

    A share image has a row for each of its pictures, all with its name, and one file, in the folder of one
    of them.
    """
    matching = Derivative.filter(name__startswith="card-", **condition)
    names = {str(name) for name in await matching.values_list("name", flat=True)}
    if not names:
        return
    rows = Derivative.filter(name__in=sorted(names))
    keys = [
        derivative_key(row["image__token"], row["name"]) for row in await rows.values("image__token", "name")
    ]
    await storage.public.delete(*keys)
    await Derivative.filter(name__in=sorted(names)).delete()
