"""The storage keys of a sound's files, and how the files are put into public storage and removed from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gallery.db import content_version
from gallery.images.sound_files import SOUND_FILES
from gallery.sounds.models import Sound, SoundState
from gallery.storage import Storage

SOUND_FOLDER = "sounds"
ORIGINAL_NAME = "original"
FILE_NAMES = tuple(file.name for file in SOUND_FILES)


def sound_key(token: str, name: str = "") -> str:
    """The key of a sound's file, or of its folder: the same in both stores. The original is only in private storage."""
    return f"{SOUND_FOLDER}/{token}/{name}".rstrip("/")


def tokens_in(keys: Iterable[str]) -> set[str]:
    """The tokens of the sounds to which any of `keys` belong."""
    return {key.split("/")[1] for key in keys if key.startswith(f"{SOUND_FOLDER}/") and key.count("/") == 2}


async def known_sound_keys(keys: Iterable[str]) -> set[str]:
    """The keys among `keys` that sounds have in private storage."""
    sounds = Sound.filter(token__in=tokens_in(keys), state__not=SoundState.ERASED)
    known = [str(token) for token in await sounds.values_list("token", flat=True)]
    return {sound_key(token, name) for token in known for name in (ORIGINAL_NAME, *FILE_NAMES)} & set(keys)


async def make_sound_public(storage: Storage, sound: Sound) -> None:
    """Put a sound into public storage. The caller has checked that it may be heard.

    The row is updated first: if the process is killed halfway, the worker still finds the files.
    """
    await Sound.filter(id=sound.id).update(is_public=True)
    for name in FILE_NAMES:
        await storage.public.link_from(
            storage.private, sound_key(sound.token, name), sound_key(sound.token, name)
        )


async def make_sounds_private(storage: Storage, sounds: Sequence[Sound]) -> None:
    """Remove sounds from public storage. Raises StoreUnavailable.

    The files are deleted twice, because another process may be storing them at the same time. The rows are
    updated last.
    """
    if not sounds:
        return
    for sound in sounds:
        await storage.public.delete_folder(sound_key(sound.token))
    await content_version.wait_for_propagation()
    for sound in sounds:
        await storage.public.delete_folder(sound_key(sound.token))
    await storage.proxy_cache.purge()
    await Sound.filter(id__in=[sound.id for sound in sounds]).update(is_public=False)
    for sound in sounds:
        sound.is_public = False


async def delete_sound_files(storage: Storage, token: str) -> None:
    """Delete every file of a sound. The private files are deleted first, so that no process can copy them to
    public storage.
    """
    await storage.private.delete_folder(sound_key(token))
    await storage.public.delete_folder(sound_key(token))


async def delete_sound(sound: Sound, storage: Storage) -> None:
    """Delete a sound with its files; its state is ERASED already. Raises StoreUnavailable."""
    await delete_sound_files(storage, sound.token)
    if sound.is_public:
        await storage.proxy_cache.purge()
    await Sound.filter(id=sound.id).delete()
