"""Receiving recordings: inspect them in the sandbox, then store them."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from gallery.images.models import new_token
from gallery.images.sandbox.parent import MachineFault
from gallery.images.sandbox.sound_parent import inspect_sound
from gallery.images.uploads import ReceivedFile, request_limits
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.sounds.models import Sound, SoundState
from gallery.sounds.storage_keys import ORIGINAL_NAME, delete_sound, sound_key
from gallery.storage import Storage, StoreUnavailable
from gallery.storage.disk import sha256_of
from gallery.web.languages import file_size
from gallery.web.languages import gettext as _

logger = logging.getLogger("gallery")


def sound_too_large(most: int) -> str:
    """The error message for a recording larger than `most` bytes."""
    message = _("This file is larger than %(size)s. Please save it as MP3 or M4A and send that.")
    return message % {"size": file_size(most)}


async def store_sound(
    file: ReceivedFile, organisation: Organisation, storage: Storage, settings: Settings
) -> Sound:
    """Inspect a recording and store its original; the worker makes its files. Raises SoundRefused,
    StoreUnavailable.

    If this machine has too little time or memory now, its length is missing, and the worker inspects it.
    """
    try:
        milliseconds = await inspect_sound(file.path, request_limits(settings))
    except MachineFault as fault:
        logger.warning("A sound is stored without inspection: %s", fault)
        milliseconds = 0
    token, digest = new_token(), await asyncio.to_thread(sha256_of, file.path)
    await storage.private.put_file(sound_key(token, ORIGINAL_NAME), file.path)
    return await Sound.create(
        token=token,
        organisation=organisation,
        source_bytes=file.size,
        source_sha256=digest,
        milliseconds=milliseconds,
    )


async def copy_sound(sound: Sound, storage: Storage) -> Sound:
    """Store the same recording as a new sound; the worker makes its files.

    Raises FileNotFoundError if the original is gone, StoreUnavailable.
    """
    token = new_token()
    key, source = sound_key(token, ORIGINAL_NAME), sound_key(sound.token, ORIGINAL_NAME)
    if not await storage.private.link_from(storage.private, key, source):
        raise FileNotFoundError(source)
    return await Sound.create(
        token=token,
        organisation_id=sound.organisation_id,
        source_bytes=sound.source_bytes,
        source_sha256=sound.source_sha256,
        milliseconds=sound.milliseconds,
    )


async def discard_sound(sound: Sound, storage: Storage) -> None:
    """Delete a sound that no work uses any more, and its files.

    If the store is unavailable, the worker deletes it one day later.
    """
    await Sound.filter(id=sound.id).update(state=SoundState.ERASED)  # stops a worker that is making its files
    with contextlib.suppress(StoreUnavailable):
        await delete_sound(sound, storage)
