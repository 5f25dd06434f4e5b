"""What the worker does with images: develop what was received, keep public storage true, forget what nobody used."""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from tortoise.expressions import Q

from gallery.clock import now
from gallery.database import in_transaction, locked
from gallery.images.decoder import Refused, develop
from gallery.images.models import Image, ImageState
from gallery.images.shelves import erase, original_key, rendition_key
from gallery.images.uploads import limits_of
from gallery.worker import Chore, Workshop

logger = logging.getLogger("gallery.worker")

MAX_ATTEMPTS = 3
UNUSED_AFTER = timedelta(days=1)  # an upload whose form was never sent again


async def develop_next(workshop: Workshop) -> bool:
    """Develop the oldest image that waits; False when none does."""
    image = await claim(workshop)
    if image is None:
        return False
    if image.attempts > MAX_ATTEMPTS:
        await refuse(image, "damaged")
        return True
    async with workshop.storage.scratch_folder() as folder:
        try:
            developed = await develop(
                workshop.storage.private.path(original_key(image.token)), folder, limits_of(workshop.settings)
            )
        except Refused as refusal:
            if refusal.code == "too_slow" and image.attempts < MAX_ATTEMPTS:
                # The machine may just be busy: whoever comes next tries once more.
                await Image.filter(id=image.id, attempts=image.attempts).update(lease_until=None)
            else:
                await refuse(image, refusal.code)
            return True
        for name in developed.files:
            await workshop.storage.private.put_file(rendition_key(image.token, name), folder / name)
    # Only whoever still holds the lease may say that it is ready.
    updated = await Image.filter(id=image.id, state=ImageState.RECEIVED, attempts=image.attempts).update(
        state=ImageState.READY,
        width=developed.width,
        height=developed.height,
        placeholder=developed.placeholder,
        mean_colour=developed.mean_colour,
        perceptual_hash=developed.perceptual_hash,
        is_animated=developed.animated,
        ready_at=now(),
        lease_until=None,
    )
    if not updated and not await Image.filter(id=image.id, state__not=ImageState.ERASED).exists():
        await erase(workshop.storage, image.token)  # it was withdrawn while it was being developed
    return True


async def claim(workshop: Workshop) -> Image | None:
    """Take the oldest waiting image on lease."""
    async with in_transaction():
        waiting = Image.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=now()), state=ImageState.RECEIVED
        )
        image: Image | None = await locked(waiting.order_by("id").limit(1), skip_held=True).first()
        if image is None:
            return None
        image.attempts += 1
        image.lease_until = now() + timedelta(seconds=workshop.settings.image_lease_seconds)
        await image.save(update_fields=["attempts", "lease_until"])
        return image


async def refuse(image: Image, code: str) -> None:
    await Image.filter(id=image.id, state=ImageState.RECEIVED).update(
        state=ImageState.REFUSED, refusal=code, lease_until=None
    )


async def forget_unused(workshop: Workshop) -> bool:
    """Delete one upload that no work took up within a day, and what a killed process left in the scratch folder."""
    workshop.storage.sweep_scratch(time.time() - UNUSED_AFTER.total_seconds())
    image = await Image.filter(artwork=None, created_at__lt=now() - UNUSED_AFTER).first()
    if image is None:
        return False
    await erase(workshop.storage, image.token)
    await image.delete()
    return True


CHORES = [
    Chore("develop images", develop_next),
    Chore("forget unused uploads", forget_unused, every=600),
]
