"""What the worker does with images: develop what was received, keep public storage true, forget what nobody used."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

from tortoise.expressions import Q

from gallery import content_version
from gallery.clock import now
from gallery.database import in_transaction, locked
from gallery.images.decoder import Developed, Refused, develop
from gallery.images.emblem_models import Emblem
from gallery.images.models import Image, ImageState
from gallery.images.renditions import PREVIEW
from gallery.images.shelves import erase, original_key, rendition_key
from gallery.images.uploads import limits_of
from gallery.storage import StoreAway
from gallery.worker import Chore, Workshop

MAX_FAILURES = 3  # attempts that ended because the picture took too long
MAX_LOSSES = 10  # attempts of which nobody heard again: their worker was killed, perhaps by the picture
UNUSED_AFTER = timedelta(days=1)  # an upload whose form was never sent again


async def develop_next(workshop: Workshop) -> bool:
    """Develop the oldest image that waits; False when none does."""
    image = await claim(workshop)
    if image is None:
        return False
    if image.losses >= MAX_LOSSES:
        await refuse(image, "damaged")
        return True
    try:
        developed = await develop_into(workshop, image)
    except Refused as refusal:
        if refusal.code == "too_slow" and image.failures + 1 < MAX_FAILURES:
            # The machine may just be busy: whoever comes next tries once more.
            await give_back(image, failures=image.failures + 1)
        else:
            await refuse(image, refusal.code)
        return True
    except (StoreAway, asyncio.CancelledError):
        await give_back(image)  # nothing of it is the picture's fault
        raise
    # Only whoever still holds the lease may say that it is ready.
    updated = await Image.filter(id=image.id, state=ImageState.RECEIVED, attempts=image.attempts).update(
        state=ImageState.READY,
        width=developed.width,
        height=developed.height,
        placeholder=developed.placeholder,
        mean_colour=developed.mean_colour,
        perceptual_hash=developed.perceptual_hash,
        softness=developed.softness,
        is_animated=developed.animated,
        ready_at=now(),
        lease_until=None,
    )
    if updated:
        if await Emblem.exists(image_id=image.id):  # visitors see it from now on
            await content_version.bump()
        await workshop.storage.private.delete(rendition_key(image.token, PREVIEW))
    elif not await Image.filter(id=image.id, state__not=ImageState.ERASED).exists():
        await erase(workshop.storage, image.token)  # it was withdrawn while it was being developed
    return True


async def develop_into(workshop: Workshop, image: Image) -> Developed:
    """Make the renditions of an image and put them into private storage. Raises Refused, OSError, StoreAway."""
    private = workshop.storage.private
    async with (
        workshop.storage.scratch_folder() as folder,
        private.local_copy(original_key(image.token)) as original,
    ):
        developed = await develop(original, folder, limits_of(workshop.settings), image.framing)
        for name in developed.files:
            await private.put_file(rendition_key(image.token, name), folder / name)
        return developed


async def claim(workshop: Workshop) -> Image | None:
    """Take a waiting image on lease: the oldest of those that were lost least often.

    A lease that ran out was never given back: its worker was killed, and the picture may be why. Such a picture lets all
    others go first, so that it cannot hold them up.
    """
    async with in_transaction():
        waiting = Image.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=now()), state=ImageState.RECEIVED
        )
        image: Image | None = await locked(waiting.order_by("losses", "id").limit(1), skip_held=True).first()
        if image is None:
            return None
        image.attempts += 1
        image.losses += image.lease_until is not None
        image.lease_until = now() + timedelta(seconds=workshop.settings.image_lease_seconds)
        await image.save(update_fields=["attempts", "losses", "lease_until"])
        return image


async def give_back(image: Image, **values: int) -> None:
    """End the lease of this attempt, so that whoever comes next takes the image up at once."""
    held = Image.filter(id=image.id, state=ImageState.RECEIVED, attempts=image.attempts)
    await held.update(lease_until=None, **values)


async def refuse(image: Image, code: str) -> None:
    await Image.filter(id=image.id, state=ImageState.RECEIVED).update(
        state=ImageState.REFUSED, refusal=code, lease_until=None
    )


async def forget_unused(workshop: Workshop) -> bool:
    """Delete one upload that no work took up within a day, and what a killed process left in the scratch folder."""
    workshop.storage.sweep_scratch(time.time() - UNUSED_AFTER.total_seconds())
    forgotten = now() - UNUSED_AFTER
    image = await Image.filter(
        artwork=None, emblem=None, candidate_for_id=None, created_at__lt=forgotten
    ).first()
    if image is None:
        return False
    await erase(workshop.storage, image.token)
    await image.delete()
    return True


CHORES = [
    Chore("develop images", develop_next),
    Chore("forget unused uploads", forget_unused, every=600),
]
