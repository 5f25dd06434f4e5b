"""What the worker does with images: develop what was received, keep public storage true, forget what nobody used."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta

from tortoise.expressions import Q

from gallery.accounts.models import Person, Role
from gallery.clock import now, today
from gallery.db import content_version
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.images.models import Image, ImageState
from gallery.images.profile_image_models import Emblem
from gallery.images.renditions import PREVIEW
from gallery.images.sandbox.parent import Developed, Refused, develop
from gallery.images.storage_keys import erase, original_key, rendition_key, renew_public
from gallery.images.uploads import patient_limits_of
from gallery.mail.outbox import News, tell
from gallery.storage import StoreAway
from gallery.storage.disk import sha256_of
from gallery.worker import Chore, Workshop

logger = logging.getLogger("gallery.worker")

RECEIVED = Q(state=ImageState.RECEIVED)
ONCE_MORE = Q(state=ImageState.READY, ready_at__isnull=True)  # see develop_again

# How long a picture waits for its next attempt after one that failed because of this machine: for a day the pauses
# grow, then there is one attempt a day until a keeper has looked at it.
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 240, 240, 240, 240, 240, 1440))
MAX_LOSSES = (
    10  # attempts in a row of which nobody heard again: their worker was killed, perhaps by the picture
)
UNUSED_AFTER = timedelta(days=1)  # an upload whose form was never sent again


async def develop_next(workshop: Workshop) -> bool:
    """Develop the oldest image that waits; False when none does."""
    return await develop_one(workshop, await claim_or_give_back(workshop))


async def develop_next_again(workshop: Workshop) -> bool:
    """Develop one image once more; what has just come in goes first."""
    if await are_waiting():
        return False
    return await develop_one(workshop, await claim_or_give_back(workshop, ONCE_MORE))


async def are_waiting() -> bool:
    """Whether pictures wait that could be developed at once."""
    return await Image.filter(RECEIVED, is_due(), lease_until=None).exists()


def is_due() -> Q:
    return Q(attempt_after__isnull=True) | Q(attempt_after__lte=now())


async def develop_again() -> int:
    """Have the worker develop every image that is ready once more, as the table of renditions is now; how many there are.

    They stay ready, and on view, with the renditions that they have.
    """
    ready = Image.filter(state=ImageState.READY)
    return await ready.update(ready_at=None, lease_until=None, attempt_after=None, failures=0, losses=0)


async def develop_one(workshop: Workshop, image: Image | None) -> bool:
    """Develop the image that was claimed; whether there was one."""
    if image is None:
        return False
    if image.losses >= MAX_LOSSES:
        await postpone(image)
        return True
    try:
        async with renewing(workshop, image):
            developed, sizes = await develop_into(workshop, image)
    except Refused as refusal:
        await refuse(image, refusal.code)
        return True
    except (StoreAway, asyncio.CancelledError):
        await give_back(image)  # nothing of it is the picture's fault
        raise
    except OSError as fault:
        logger.warning("Image %d waits, for this machine could not develop it: %s", image.id, fault)
        await postpone(image)
        return True
    if image.state == ImageState.READY and await held(image).exists():
        await renew_public(workshop.storage, image)
        # Curators' index of near pictures was made by the hash that it has.
        developed = replace(developed, perceptual_hash=image.perceptual_hash)
    # Only whoever still holds the lease may say that it is ready.
    updated = await held(image).update(
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
        if image.state == ImageState.READY or await Emblem.exists(image_id=image.id):
            await content_version.bump()  # visitors see it from now on
        await workshop.storage.private.delete(rendition_key(image.token, PREVIEW))
    elif not await Image.filter(id=image.id, state__not=ImageState.ERASED).exists():
        await erase(workshop.storage, image.token)  # it was withdrawn while it was being developed
    return True


async def develop_into(workshop: Workshop, image: Image) -> tuple[Developed, dict[str, int]]:
    """Make the renditions of an image and put them into private storage; returns the bytes of each by its name, too.

    Raises Refused, OSError, StoreAway.
    """
    private = workshop.storage.private
    async with (
        workshop.storage.scratch_folder() as folder,
        private.local_copy(original_key(image.token)) as original,
    ):
        developed = await develop(original, folder, patient_limits_of(workshop.settings), image.framing)
        sizes = {name: (folder / name).stat().st_size for name in developed.files}
        for name in developed.files:
            await private.put_file(rendition_key(image.token, name), folder / name)
        return developed, sizes


async def claim(workshop: Workshop, which: Q = RECEIVED) -> Image | None:
    """Take a waiting image on lease: the oldest of those that failed least often.

    A lease that ran out was never given back: its worker was killed, and the picture may be why. Such a picture lets all
    others go first, so that it cannot hold them up; so does one for which the machine had no time.
    """
    async with in_transaction():
        waiting = Image.filter(which, is_due(), Q(lease_until__isnull=True) | Q(lease_until__lt=now()))
        in_order = waiting.order_by("failures", "losses", "id").limit(1)
        image: Image | None = await locked(in_order, skip_held=True).first()
        if image is None:
            return None
        image.attempts += 1
        image.losses += image.lease_until is not None
        image.lease_until = now() + timedelta(seconds=workshop.settings.image_lease_seconds)
        await image.save(update_fields=["attempts", "losses", "lease_until"])
        return image


async def claim_or_give_back(workshop: Workshop, which: Q = RECEIVED) -> Image | None:
    """Claim an image. Whoever is stopped while the database commits it would not know of the lease, and so not end it."""
    claiming = asyncio.ensure_future(claim(workshop, which))
    try:
        return await asyncio.shield(claiming)
    except asyncio.CancelledError:
        image = await claiming
        if image is not None:
            await give_back(image)
        raise


def held(image: Image) -> QuerySet[Image]:
    """The row, for as long as this attempt holds it and nothing else became of it."""
    return Image.filter(id=image.id, state=image.state, attempts=image.attempts)


@asynccontextmanager
async def renewing(workshop: Workshop, image: Image) -> AsyncIterator[None]:
    """Hold the lease of this attempt for as long as it takes."""
    seconds = workshop.settings.image_lease_seconds
    is_over = asyncio.Event()

    async def renew() -> None:
        while not is_over.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds / 3):
                    await is_over.wait()
                    return
            await held(image).update(lease_until=now() + timedelta(seconds=seconds))

    renewal = asyncio.create_task(renew())
    try:
        yield
    finally:
        is_over.set()
        await asyncio.wait([renewal])


async def give_back(image: Image) -> None:
    """End the lease of this attempt, so that whoever comes next takes the image up at once."""
    await held(image).update(lease_until=None)


async def postpone(image: Image) -> None:
    """End the lease of an attempt that failed because of this machine: others go first, each time for longer."""
    pause = PAUSES[min(image.failures, len(PAUSES) - 1)]
    await held(image).update(
        lease_until=None, attempt_after=now() + pause, failures=image.failures + 1, losses=0
    )


async def refuse(image: Image, code: str) -> None:
    """Say why it cannot be developed. What was developed before keeps what it has."""
    if image.state == ImageState.READY:
        logger.warning("Image %d could not be developed once more and stays as it was: %s", image.id, code)
        await held(image).update(ready_at=now(), lease_until=None)
        return
    await Image.filter(RECEIVED, id=image.id).update(state=ImageState.REFUSED, refusal=code, lease_until=None)


async def forget_unused(workshop: Workshop) -> bool:
    """Delete one upload that no work took up within a day, and what a killed process left in the scratch folder."""
    workshop.storage.sweep_scratch(time.time() - UNUSED_AFTER.total_seconds())
    unused = Image.filter(
        artwork=None, emblem=None, candidate_for_id=None, created_at__lt=now() - UNUSED_AFTER
    )
    image = await unused.first()
    if image is None:
        return False
    async with in_transaction():
        # Looked at once more while no work can take it up; from then on none does.
        await locked(Image.filter(id=image.id)).first()
        if not await unused.filter(id=image.id).exists():
            return False
        await Image.filter(id=image.id).update(state=ImageState.ERASED)
    await erase(workshop.storage, image.token)
    if image.is_public:  # a logo or cover that was replaced while the store, or the cache in front, was away
        await workshop.storage.proxy_cache.purge()
    await image.delete()
    return True


async def note_digest(workshop: Workshop) -> bool:
    """Note the digest of one original that came before digests were kept, and the sizes of its renditions."""
    image = await Image.filter(
        source_sha256="",
        is_digest_late=False,
        state__in=[ImageState.READY, ImageState.REFUSED],
        lease_until=None,
    ).first()
    if image is None:
        return False
    private, digest = workshop.storage.private, ""
    with suppress(FileNotFoundError):  # `gallery check` says that it is missing
        async with private.local_copy(original_key(image.token)) as original:
            digest = await asyncio.to_thread(sha256_of, original)
    sizes = {
        stored.key.rpartition("/")[2]: stored.size
        async for stored in private.files(f"renditions/{image.token}")
    }
    # A picture that is being developed just now notes its sizes itself.
    await held(image).update(
        source_sha256=digest,
        is_digest_late=True,
        rendition_bytes=image.rendition_bytes or (sizes if image.state == ImageState.READY else {}),
    )
    return True


async def tell_of_late_pictures(workshop: Workshop) -> bool:
    """Tell the keepers once a day that pictures wait because this machine had no time or memory for them."""
    count = await Image.filter(RECEIVED, failures__gt=0).count()
    if count:
        news = News(
            "pictures_late",
            "/desk/worker",
            {"count": count},
            key=f"pictures-late:{today()}",
            is_for_digest=False,
        )
        await tell(await Person.filter(role=Role.KEEPER, is_active=True), news)
    return False


CHORES = [
    Chore("develop images", develop_next, aside=True),  # one may take minutes
    Chore("develop images once more", develop_next_again, every=5),
    Chore("tell of late pictures", tell_of_late_pictures, every=300),
    Chore("forget unused uploads", forget_unused, every=600),
    Chore("note digests", note_digest, every=600),
]
