"""Tiles of pictures on view: the worker cuts them into public storage, and deletes them with the picture.

A picture may leave the site while its tiles are being stored. So the worker takes a lease on the image.
Before each batch and after the last batch it checks that the picture is on view, and otherwise deletes
the tiles. If the worker is killed, the lease stays in the row. When the lease has expired, another worker
finishes or cleans up.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

from tortoise.expressions import Q

from gallery.artworks.models import Artwork, has_image, images_of
from gallery.clock import now
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.db.leases import has_ended
from gallery.images.chores import are_images_waiting
from gallery.images.models import Image
from gallery.images.sandbox.parent import ImageRefused, MachineFault, make_tiles
from gallery.images.storage_keys import original_key, tile_key
from gallery.images.uploads import request_limits
from gallery.public.media import is_on_view
from gallery.worker import ChoreContext

logger = logging.getLogger("gallery.worker")

RETRY_DELAY = timedelta(minutes=20)  # delay after a failure for lack of time or memory
MAX_ATTEMPTS = 10  # then each tile is cut only when it is requested
LOOKED_AT = 100  # the most pictures without tiles that are examined at once
STORED_AT_ONCE = 16  # tiles stored between two checks that the picture is on view


async def cut_next(context: ChoreContext) -> bool:
    """Cut the tiles of one picture on view that has none, unless pictures wait for their renditions."""
    if await are_images_waiting():
        return False
    image = await claim(context)
    if image is None:
        return False
    if image.tiling_attempts > MAX_ATTEMPTS or not await is_on_view(image.token):
        await give_up(context, image)
        return True
    try:
        is_complete = await cut_and_store(context, image)
    except MachineFault as fault:
        logger.warning("The tiles of image %d are cut later: %s", image.id, fault)
        await claimed(image).update(tiling_until=now() + RETRY_DELAY)
        return True
    except (ImageRefused, FileNotFoundError) as fault:
        logger.warning("The tiles of image %d could not be cut: %s", image.id, fault)
        is_complete = False
    except BaseException:  # so that the next worker need not wait until the lease expires
        await claimed(image).update(tiling_until=now())
        raise
    if is_complete and await is_on_view(image.token):
        # If the picture was off view for a moment, some tiles were deleted and the set is incomplete.
        complete = claimed(image).filter(tiling_until__gt=now(), is_public=True)
        if await complete.update(has_tiles=True, tiling_until=None, tiling_attempts=0):
            return True
    await give_up(context, image)
    return True


async def cut_and_store(context: ChoreContext, image: Image) -> bool:
    """Cut tiles and store them publicly while the picture is on view. Returns whether all were stored."""
    storage = context.storage
    async with (
        storage.scratch_folder() as folder,
        storage.private.local_copy(original_key(image.token)) as original,
    ):
        settings = context.settings
        seconds = max(settings.image_seconds, settings.image_lease_seconds * 2 // 3)
        limits = replace(request_limits(settings), wall_seconds=seconds)
        names = await make_tiles(original, image.size, folder, limits, image.framing)
        for first in range(0, len(names), STORED_AT_ONCE):
            if not await is_on_view(image.token):
                return False
            batch = names[first : first + STORED_AT_ONCE]
            await asyncio.gather(
                *(storage.public.put_file(tile_key(image.token, name), folder / name) for name in batch)
            )
        return True


async def claim(context: ChoreContext) -> Image | None:
    """Take a lease on a picture. Pictures that another worker left unfinished come first, on view or not."""
    async with in_transaction():
        lease = timedelta(seconds=context.settings.image_lease_seconds)
        unfinished = Image.filter(has_ended("tiling_until", max(lease, RETRY_DELAY)))
        image: Image | None = await locked(unfinished.order_by("id").limit(1), skip_locked=True).first()
        if image is None:
            without = Image.filter(
                has_tiles=False, is_public=True, tiling_until=None, tiling_attempts__lt=MAX_ATTEMPTS
            )
            # Among the few public pictures without tiles, some belong to works off view: they will be made
            # private soon.
            of_works = Q(artwork__id__isnull=False) | Q(further_picture__id__isnull=False)
            rows = await without.filter(of_works).order_by("id").limit(LOOKED_AT).values("id")
            if rows:
                on_view = Artwork.all().on_view().filter(has_image([row["id"] for row in rows]))
                shown = without.filter(images_of(on_view))
                image = await locked(shown.order_by("id").limit(1), skip_locked=True).first()
        if image is None:
            return None
        image.tiling_attempts += 1
        image.tiling_until = now() + lease
        await image.save(update_fields=["tiling_attempts", "tiling_until"])
        return image


async def give_up(context: ChoreContext, image: Image) -> None:
    """Delete the tiles and the lease, unless the picture is on view and another worker has the lease now."""
    if not await is_on_view(image.token) or await claimed(image).exists():
        await context.storage.public.delete_folder(tile_key(image.token))
    await claimed(image).update(tiling_until=None)


def claimed(image: Image) -> QuerySet[Image]:
    """A query for the image's row. It is empty if another worker has claimed the image since."""
    return Image.filter(id=image.id, tiling_attempts=image.tiling_attempts)
