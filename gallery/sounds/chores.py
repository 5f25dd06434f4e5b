"""The worker's chores for sounds: making their files, deleting unused uploads."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import QuerySet, in_transaction, is_outage, locked
from gallery.db.leases import is_free
from gallery.images.chores import UNUSED_AFTER, is_due, retry_delay
from gallery.images.sandbox.sound_parent import SoundRefused, develop_sound
from gallery.images.uploads import worker_limits
from gallery.sounds.models import Sound, SoundState
from gallery.sounds.storage_keys import ORIGINAL_NAME, delete_sound, delete_sound_files, sound_key
from gallery.storage import StoreUnavailable
from gallery.web.page_keys import keys_of_works
from gallery.worker import Chore, ChoreContext

logger = logging.getLogger("gallery.worker")


async def develop_next(context: ChoreContext) -> bool:
    """Make the files of the oldest waiting sound; False if none is waiting."""
    sound = await claim(context)
    if sound is None:
        return False
    try:
        await develop_one(context, sound)
    except SoundRefused as refusal:
        await claimed_row(sound).update(state=SoundState.REFUSED, refusal=refusal.code, lease_until=None)
    except (StoreUnavailable, asyncio.CancelledError):
        await claimed_row(sound).update(lease_until=None)  # not a failure of the sound: no delay
        raise
    except OSError as fault:
        if is_outage(fault):  # no delay either
            await claimed_row(sound).update(lease_until=None)
            raise
        logger.warning("Sound %d was postponed: this machine could not develop it: %s", sound.id, fault)
        after = now() + retry_delay(sound.failures)
        await claimed_row(sound).update(lease_until=None, attempt_after=after, failures=sound.failures + 1)
    return True


async def develop_one(context: ChoreContext, sound: Sound) -> None:
    """Make the files of the claimed sound and put them into private storage.

    Raises SoundRefused, OSError, StoreUnavailable.
    """
    private = context.storage.private
    async with (
        context.storage.scratch_folder() as folder,
        private.local_copy(sound_key(sound.token, ORIGINAL_NAME)) as original,
    ):
        developed = await develop_sound(original, folder, worker_limits(context.settings))
        sizes = {name: (folder / name).stat().st_size for name in developed.files}
        for name in developed.files:
            await private.put_file(sound_key(sound.token, name), folder / name)
    updated = await claimed_row(sound).update(
        state=SoundState.READY,
        milliseconds=developed.milliseconds,
        peaks=list(developed.peaks),
        file_bytes=sizes,
        lease_until=None,
        attempt_after=None,
        failures=0,
    )
    if updated:
        await content_version.bump(await keys_of_works(sound_id=sound.id) or None)
    elif not await Sound.filter(id=sound.id, state__not=SoundState.ERASED).exists():
        await delete_sound_files(context.storage, sound.token)  # withdrawn or replaced in the meantime


async def claim(context: ChoreContext) -> Sound | None:
    """Claim the waiting sound with the fewest failures; of several, the oldest.

    The lease is as long as the worker may take for one file, so it needs no renewal.
    """
    settings = context.settings
    lease = timedelta(seconds=settings.image_worker_seconds + settings.image_lease_seconds)
    async with in_transaction():
        waiting = Sound.filter(is_due(), is_free(lease), state=SoundState.RECEIVED)
        in_order = waiting.order_by("failures", "id").limit(1)
        sound: Sound | None = await locked(in_order, skip_locked=True).first()
        if sound is None:
            return None
        if sound.lease_until is not None:  # its worker was killed, perhaps by this sound: claim it last
            sound.failures += 1
        sound.attempts += 1
        sound.lease_until = now() + lease
        await sound.save(update_fields=["attempts", "failures", "lease_until"])
        return sound


def claimed_row(sound: Sound) -> QuerySet[Sound]:
    """A query for the sound's row; empty if this attempt lost the lease or the state changed."""
    return Sound.filter(id=sound.id, state=SoundState.RECEIVED, attempts=sound.attempts)


async def delete_unused_sounds(context: ChoreContext) -> bool:
    """Delete one sound that no work has used for a day, or a replaced one whose files could not be deleted."""
    unused = Sound.filter(artwork=None, created_at__lt=now() - UNUSED_AFTER)
    sound = await unused.first()
    if sound is None:
        return False
    async with in_transaction():
        await locked(Sound.filter(id=sound.id)).first()
        if await Artwork.exists(sound_id=sound.id):
            return False
        await Sound.filter(id=sound.id).update(state=SoundState.ERASED)
    await delete_sound(sound, context.storage)
    return True


CHORES = [
    Chore("develop sounds", develop_next, concurrent=True),
    Chore("forget unused sounds", delete_unused_sounds, every=600),
]
