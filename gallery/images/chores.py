"""The worker's chores for images: make the renditions, record digests, delete unused uploads."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from tortoise.expressions import Q

from gallery.accounts.models import Person, Role
from gallery.artworks.models import Artwork, Status, has_image
from gallery.clock import now, today
from gallery.db import content_version
from gallery.db.connection import QuerySet, in_transaction, is_outage, locked
from gallery.db.leases import claim_first, has_ended, lease_renewal
from gallery.images.models import Image, ImageState
from gallery.images.profile_image_models import ProfileImage
from gallery.images.renditions import PREVIEW_NAME
from gallery.images.sandbox.parent import DevelopedImage, ImageRefused, develop
from gallery.images.storage_keys import delete_image_files, original_key, rendition_key, renew_public
from gallery.images.uploads import worker_limits
from gallery.mail.outbox import Notification, notify
from gallery.storage import StoreUnavailable
from gallery.storage.disk import sha256_of
from gallery.web.page_keys import keys_of_works
from gallery.worker import Chore, ChoreContext

logger = logging.getLogger("gallery.worker")

RECEIVED = Q(state=ImageState.RECEIVED)
TO_REDEVELOP = Q(state=ImageState.READY, ready_at__isnull=True)  # see mark_all_for_redevelopment

# Delays before the next attempt, when an attempt failed because of this machine. The delays grow for a day;
# then there is one attempt a day until a keeper solves the problem.
RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 240, 240, 240, 240, 240, 1440))
MAX_LOSSES = 10  # attempts in a row whose worker was killed; then the image is postponed
UNUSED_AFTER = timedelta(days=1)  # an upload of this age is deleted if no work uses it


async def develop_next(context: ChoreContext) -> bool:
    """Make the renditions of the oldest waiting image; False if none is waiting."""
    return await develop_one(context, await claim_or_release(context))


async def redevelop_next(context: ChoreContext) -> bool:
    """Make the renditions of one ready image again, unless new images are waiting."""
    if await are_images_waiting():
        return False
    return await develop_one(context, await claim_or_release(context, TO_REDEVELOP))


async def are_images_waiting() -> bool:
    """Whether there are pictures whose renditions can be made now."""
    return await Image.filter(RECEIVED, is_due(), lease_until=None).exists()


def retry_delay(failures: int) -> timedelta:
    """The pause after a failed attempt. `failures`: the number of failed attempts before it."""
    return RETRY_DELAYS[min(failures, len(RETRY_DELAYS) - 1)]


def is_due() -> Q:
    return Q(attempt_after=None) | has_ended("attempt_after", RETRY_DELAYS[-1])


async def mark_all_for_redevelopment() -> int:
    """Mark every ready image, so that the worker makes its renditions again with the current table of renditions.

    Returns the number of images. Until then, the images stay ready and on view with their old renditions.
    """
    ready = Image.filter(state=ImageState.READY)
    return await ready.update(ready_at=None, lease_until=None, attempt_after=None, failures=0, losses=0)


async def develop_one(context: ChoreContext, image: Image | None) -> bool:
    """Make the renditions of the claimed image; False if there is none."""
    if image is None:
        return False
    if image.losses >= MAX_LOSSES:
        await postpone(image)
        return True
    try:
        async with lease_renewal(partial(leased_row, image), context.settings.image_lease_seconds):
            developed, sizes = await develop_into(context, image)
    except ImageRefused as refusal:
        await refuse(image, refusal.code)
        return True
    except (StoreUnavailable, asyncio.CancelledError):
        await release_lease(image)  # not a failure of the picture: no delay before the next attempt
        raise
    except OSError as fault:
        if is_outage(fault):  # no delay either
            await release_lease(image)
            raise
        logger.warning("Image %d was postponed: this machine could not develop it: %s", image.id, fault)
        await postpone(image)
        return True
    if image.state == ImageState.READY and await leased_row(image).exists():
        await renew_public(context.storage, image)
        # Keep the old perceptual hash: the curators' index of similar pictures was built from it.
        developed = replace(developed, perceptual_hash=image.perceptual_hash)
    # Only the worker that still holds the lease may mark the image ready.
    updated = await leased_row(image).update(
        state=ImageState.READY,
        width=developed.width,
        height=developed.height,
        placeholder=developed.placeholder,
        mean_colour=developed.mean_colour,
        perceptual_hash=developed.perceptual_hash,
        softness=developed.softness,
        is_animated=developed.animated,
        rendition_bytes=sizes,
        ready_at=now(),
        lease_until=None,
        attempt_after=None,
        failures=0,
    )
    if updated:
        works = await Artwork.filter(has_image([image.id])).only("id", "status")
        is_accepted = any(work.status == Status.ACCEPTED for work in works)
        is_profile_image = await ProfileImage.exists(image_id=image.id)
        if image.state == ImageState.READY or is_profile_image or is_accepted:
            # Visitors see it from now on: a work's picture, or a logo or cover on any page.
            await content_version.bump(await keys_of_works(id__in=[work.id for work in works]) or None)
        await context.storage.private.delete(rendition_key(image.token, PREVIEW_NAME))
    elif not await Image.filter(id=image.id, state__not=ImageState.ERASED).exists():
        await delete_image_files(
            context.storage, image.token
        )  # the image was withdrawn while its renditions were being made
    return True


async def develop_into(context: ChoreContext, image: Image) -> tuple[DevelopedImage, dict[str, int]]:
    """Make the renditions of an image and put them into private storage.

    Returns the picture's properties, and the size in bytes of each rendition by its name.

    Raises ImageRefused, OSError, StoreUnavailable.
    """
    private = context.storage.private
    async with (
        context.storage.scratch_folder() as folder,
        private.local_copy(original_key(image.token)) as original,
    ):
        developed = await develop(original, folder, worker_limits(context.settings), image.framing)
        sizes = {name: (folder / name).stat().st_size for name in developed.files}
        for name in developed.files:
            await private.put_file(rendition_key(image.token, name), folder / name)
        return developed, sizes


async def claim(context: ChoreContext, which: Q = RECEIVED) -> Image | None:
    """Claim the waiting image with the fewest failures and losses; of several, the oldest.

    An expired lease means that the worker was killed, perhaps because of the picture. Such a picture is
    claimed after all others, so that it does not block them. The same holds for a picture for which this
    machine had too little time or memory.
    """
    waiting = Image.filter(which, is_due()).order_by("failures", "losses", "id")
    return await claim_first(waiting, timedelta(seconds=context.settings.image_lease_seconds))


async def claim_or_release(context: ChoreContext, which: Q = RECEIVED) -> Image | None:
    """Claim an image. If this worker is stopped while the database commits the claim, release the lease."""
    claiming = asyncio.ensure_future(claim(context, which))
    try:
        return await asyncio.shield(claiming)
    except asyncio.CancelledError:
        image = await claiming
        if image is not None:
            await release_lease(image)
        raise


def leased_row(image: Image) -> QuerySet[Image]:
    """A query for the image's row; empty if this attempt lost the lease or the state changed."""
    return Image.filter(id=image.id, state=image.state, attempts=image.attempts)


async def release_lease(image: Image) -> None:
    """End the lease of this attempt, so that another worker can claim the image at once."""
    await leased_row(image).update(lease_until=None)


async def postpone(image: Image) -> None:
    """End the lease of an attempt that failed because of this machine; the next attempt comes after a
    growing delay."""
    after = now() + retry_delay(image.failures)
    await leased_row(image).update(
        lease_until=None, attempt_after=after, failures=image.failures + 1, losses=0
    )


async def refuse(image: Image, code: str) -> None:
    """Store the reason why no renditions can be made. If the image was ready before, it does not change."""
    if image.state == ImageState.READY:
        logger.warning(
            "Image %d could not be developed once more and keeps its renditions: %s", image.id, code
        )
        await leased_row(image).update(ready_at=now(), lease_until=None)
        return
    await Image.filter(RECEIVED, id=image.id).update(state=ImageState.REFUSED, refusal=code, lease_until=None)


async def delete_unused_uploads(context: ChoreContext) -> bool:
    """Delete one upload that no work used within a day, and the files that killed processes left in the
    scratch folder."""
    context.storage.sweep_scratch(time.time() - UNUSED_AFTER.total_seconds())
    unused = Image.filter(
        artwork=None,
        further_picture=None,
        profile_image=None,
        candidate_for_id=None,
        created_at__lt=now() - UNUSED_AFTER,
    )
    image = await unused.first()
    if image is None:
        return False
    async with in_transaction():
        # Check again under the row lock, so that no work can start to use the image.
        await locked(Image.filter(id=image.id)).first()
        if not await unused.filter(id=image.id).exists():
            return False
        await Image.filter(id=image.id).update(state=ImageState.ERASED)
    await delete_image_files(context.storage, image.token)
    if image.is_public:  # a logo or cover that was replaced while the store or the cache was unavailable
        await context.storage.proxy_cache.purge()
    await image.delete()
    return True


async def record_digest(context: ChoreContext) -> bool:
    """Record the SHA-256 digest of one original that has none, and the sizes of its renditions in bytes."""
    image = await Image.filter(
        source_sha256="",
        is_digest_late=False,
        state__in=[ImageState.READY, ImageState.REFUSED],
        lease_until=None,
    ).first()
    if image is None:
        return False
    private, digest = context.storage.private, ""
    with suppress(FileNotFoundError):  # `gallery check` reports a missing original
        async with private.local_copy(original_key(image.token)) as original:
            digest = await asyncio.to_thread(sha256_of, original)
    sizes = {
        stored.key.rpartition("/")[2]: stored.size
        async for stored in private.files(f"renditions/{image.token}")
    }
    # A worker that is making the renditions records their sizes itself.
    await leased_row(image).update(
        source_sha256=digest,
        is_digest_late=True,
        rendition_bytes=image.rendition_bytes or (sizes if image.state == ImageState.READY else {}),
    )
    return True


async def notify_of_late_images(context: ChoreContext) -> bool:
    """Tell the keepers once a day that pictures are waiting because this machine has too little time or
    memory."""
    count = await Image.filter(RECEIVED, failures__gt=0).count()
    if count:
        news = Notification(
            "pictures_late",
            "/desk/worker",
            {"count": count},
            key=f"pictures-late:{today()}",
            is_for_digest=False,
        )
        await notify(await Person.filter(role=Role.KEEPER, is_active=True), news)
    return False


CHORES = [
    Chore("develop images", develop_next, concurrent=True),  # because one image may take minutes
    Chore("develop images once more", redevelop_next, every=60),
    Chore("tell of late pictures", notify_of_late_images, every=300),
    Chore("forget unused uploads", delete_unused_uploads, every=600),
    Chore("note digests", record_digest, every=600),
]
