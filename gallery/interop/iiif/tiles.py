"""Tiles of pictures on view: cut by the worker, straight into public storage, and gone with the picture.

What may go wrong is that a picture leaves the wall while its tiles are being put there. So whoever does it holds a lease,
asks before each handful and once more at the end, and deletes what it put if the answer has changed. If it is killed in
between, the lease is still written in the row, and the next who finds it run out looks after what was left.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

from tortoise.expressions import Subquery

from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.images.chores import are_images_waiting
from gallery.images.models import Image
from gallery.images.sandbox.parent import ImageRefused, MachineFault, make_tiles
from gallery.images.storage_keys import original_key, tile_key
from gallery.images.uploads import request_limits
from gallery.public.media import is_on_view
from gallery.worker import ChoreContext

logger = logging.getLogger("gallery.worker")

RETRY_DELAY = timedelta(minutes=20)  # after an attempt for which this machine had no time or memory
MAX_ATTEMPTS = 10  # its tiles are then cut on demand, each by itself
STORED_AT_ONCE = 16  # tiles that are put at once, between two looks at whether they may be


async def cut_next(context: ChoreContext) -> bool:
    """Cut the tiles of one picture that is on view and has none; pictures to be developed come first."""
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
    except BaseException:  # whoever comes next need not wait for the lease to run out
        await claimed(image).update(tiling_until=now())
        raise
    if is_complete and await is_on_view(image.token):
        # Not if the picture was off the wall for a moment, for then some of its tiles were deleted again.
        complete = claimed(image).filter(tiling_until__gt=now(), is_public=True)
        if await complete.update(has_tiles=True, tiling_until=None, tiling_attempts=0):
            return True
    await give_up(context, image)
    return True


async def cut_and_store(context: ChoreContext, image: Image) -> bool:
    """Make tiles, and put them into public storage for as long as the picture is on view; whether all are there."""
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
            handful = names[first : first + STORED_AT_ONCE]
            await asyncio.gather(
                *(storage.public.put_file(tile_key(image.token, name), folder / name) for name in handful)
            )
        return True


async def claim(context: ChoreContext) -> Image | None:
    """Take a picture on lease: first one that another left half done, whether or not it is still on view."""
    async with in_transaction():
        left = Image.filter(tiling_until__lt=now())
        image: Image | None = await locked(left.order_by("id").limit(1), skip_locked=True).first()
        if image is None:
            on_view = Artwork.all().on_view().values("image_id")
            without = Image.filter(
                has_tiles=False,
                is_public=True,
                tiling_until=None,
                tiling_attempts__lt=MAX_ATTEMPTS,
                id__in=Subquery(on_view),
            )
            image = await locked(without.order_by("id").limit(1), skip_locked=True).first()
        if image is None:
            return None
        image.tiling_attempts += 1
        image.tiling_until = now() + timedelta(seconds=context.settings.image_lease_seconds)
        await image.save(update_fields=["tiling_attempts", "tiling_until"])
        return image


async def give_up(context: ChoreContext, image: Image) -> None:
    """Leave no tile and no lease behind; but of a picture on view whose lease another has taken over, both."""
    if not await is_on_view(image.token) or await claimed(image).exists():
        await context.storage.public.delete_folder(tile_key(image.token))
    await claimed(image).update(tiling_until=None)


def claimed(image: Image) -> QuerySet[Image]:
    """The row, for as long as nobody else has claimed it since."""
    return Image.filter(id=image.id, tiling_attempts=image.tiling_attempts)
