"""The files that the database expects in the stores, and the chore that deletes orphans."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from tortoise.expressions import Q

from gallery.artists.models import SignedForm
from gallery.artists.private_details import FORMS_FOLDER, form_key
from gallery.artworks.import_models import BUNDLE_FOLDER, Import, bundle_key
from gallery.artworks.models import Artwork, has_image, images_of
from gallery.artworks.screening import profile_images_on_view
from gallery.clock import now
from gallery.exhibitions.credit_logos import known_logo_keys
from gallery.exports.models import needed_export_keys
from gallery.images.models import Image, ImageState, UploadPiece
from gallery.images.renditions import PREVIEW_NAME, UNFRAMED_NAME
from gallery.images.storage_keys import (
    ORIGINAL,
    RENDITIONS,
    UPLOAD_FOLDER,
    derivative_key,
    original_key,
    private_keys,
    public_keys,
    rendition_key,
    token_of_key,
    upload_key,
)
from gallery.sounds.models import Sound, voice_may_be_heard
from gallery.sounds.storage_keys import FILE_NAMES, ORIGINAL_NAME, known_sound_keys, sound_key, tokens_in
from gallery.storage import Storage, Store
from gallery.storage.disk import sha256_of
from gallery.worker import ChoreContext

BATCH_SIZE = 500  # the most files or rows in memory
ORPHANED_AFTER = timedelta(days=1)
RECHECK_DELAY = 60.0  # seconds between the two passes; enough for writing a row after its files

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class ExpectedFile:
    """The size and digest that a file must have according to the database."""

    size: int | None = None  # bytes
    sha256: str = ""

    def fits(self, size: int) -> bool:
        return size == self.size if self.size is not None else size > 0

    def is_in(self, path: Path) -> bool:
        """Whether the file at `path` has this size and digest. Reads the file only if the digest is known."""
        return self.fits(path.stat().st_size) and (not self.sha256 or sha256_of(path) == self.sha256)


@dataclass(frozen=True)
class StoreInventory:
    """The result of one pass over a store: whole, truncated and unexpected files."""

    counts: Counter[tuple[int, str]] = field(default_factory=Counter)  # whole files, by image id and kind
    truncated: dict[tuple[int, str], list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )  # keys of truncated files, by image id and kind
    unexpected: set[str] = field(default_factory=set)  # keys of unexpected files
    sounds: dict[str, int] = field(default_factory=dict)  # key of a sound's file → bytes


async def take_inventory(
    store: Store,
    keys_of: Callable[[Image], Mapping[str, list[str]]],
    expected: Callable[[set[str]], Awaitable[dict[str, Image]]],
    before: datetime,
    report_progress: Callable[[int], None] = lambda done: None,
    others: Callable[[set[str]], Awaitable[set[str]]] | None = None,
) -> StoreInventory:
    """Go through a store once, and compare its files with the database.

    `keys_of` returns the keys that an image may have in this store, by kind of file. `expected` returns the
    images with the given tokens that may have files in this store. Files that were written after `before` do
    not count as unexpected. `others` returns needed keys that belong to no image; by default those of private
    storage.
    """
    inventory, done = StoreInventory(), 0
    needed = others or needed_keys_without_image
    async for files in batches(store.files()):
        images = await expected({token_of_key(stored.key) for stored in files})
        known = {
            key: (image, kind)
            for image in images.values()
            for kind, keys in keys_of(image).items()
            for key in keys
        }
        without_image = await needed({stored.key for stored in files})
        for stored in files:
            if tokens_in([stored.key]):
                inventory.sounds[stored.key] = stored.size
            if stored.key in known:
                image, kind = known[stored.key]
                if expected_file_of(image, kind, stored.key).fits(stored.size):
                    inventory.counts[image.id, kind] += 1
                else:
                    inventory.truncated[image.id, kind].append(stored.key)
            elif stored.key not in without_image and stored.modified_at < before:
                inventory.unexpected.add(stored.key)
        done += len(files)
        report_progress(done)
    return inventory


def expected_file_of(image: Image, kind: str, key: str) -> ExpectedFile:
    """The size and digest that the file `key` of an image must have, in either store."""
    if kind == ORIGINAL:
        return ExpectedFile(image.source_bytes, image.source_sha256)
    return ExpectedFile(image.rendition_bytes.get(key.rpartition("/")[2]) if kind == RENDITIONS else None)


async def expected_private_files(keys: Iterable[str]) -> dict[str, ExpectedFile]:
    """Key → expected content, for the originals, recordings and signed forms among `keys`, which cannot be recreated."""
    wanted = set(keys)
    images = await images_with_private_files({token_of_key(key) for key in wanted})
    expected = {original_key(token): expected_file_of(image, ORIGINAL, "") for token, image in images.items()}
    tokens = {key.removeprefix(f"{FORMS_FOLDER}/") for key in wanted if key.startswith(f"{FORMS_FOLDER}/")}
    for form in await SignedForm.filter(token__in=tokens):
        expected[form_key(form.token)] = ExpectedFile(form.file_bytes, form.sha256)
    for sound in await Sound.filter(token__in=tokens_in(wanted)):
        content = ExpectedFile(sound.source_bytes, sound.source_sha256)
        expected[sound_key(sound.token, ORIGINAL_NAME)] = content
    return {key: content for key, content in expected.items() if key in wanted}


def possible_private_keys(image: Image) -> dict[str, list[str]]:
    """The keys that an image may have in private storage, by kind."""
    preview = [rendition_key(image.token, PREVIEW_NAME)] if image.state == ImageState.RECEIVED else []
    whole = [] if image.framing.is_whole else [rendition_key(image.token, UNFRAMED_NAME)]
    return {**private_keys(image), "previews": preview, "unframed pictures": whole}


def possible_public_keys(image: Image) -> dict[str, list[str]]:
    """The keys that an image on view may have in public storage, by kind. `derivatives` must be fetched."""
    pieces = [derivative_key(image.token, derivative.name) for derivative in image.derivatives]
    return {**public_keys(image), "pieces": pieces}


async def images_with_private_files(tokens: set[str]) -> dict[str, Image]:
    """The images with these tokens, without images of withdrawn works."""
    return {
        image.token: image for image in await Image.filter(token__in=tokens, state__not=ImageState.ERASED)
    }


async def needed_keys_without_image(keys: set[str]) -> set[str]:
    """The keys among `keys` in private storage that are needed and belong to no image."""
    return (
        await needed_bundle_keys(keys)
        | await known_form_keys(keys)
        | await known_logo_keys(keys)
        | await known_upload_keys(keys)
        | await known_sound_keys(keys)
        | await needed_export_keys(keys)
    )


async def needed_bundle_keys(keys: set[str]) -> set[str]:
    """The keys among `keys` that belong to imports whose uploaded files are still needed."""
    tokens = {key.removeprefix(f"{BUNDLE_FOLDER}/") for key in keys if key.startswith(f"{BUNDLE_FOLDER}/")}
    jobs = await Import.filter(Q(files_cleared_at=None) | Q(rows_token__in=tokens))
    needed = {
        token for job in jobs for token in (job.rows_token, *([] if job.files_cleared_at else job.tokens))
    }
    return {bundle_key(token) for token in tokens & needed}


async def known_form_keys(keys: set[str]) -> set[str]:
    """The keys among `keys` that belong to signed forms."""
    tokens = {key.removeprefix(f"{FORMS_FOLDER}/") for key in keys if key.startswith(f"{FORMS_FOLDER}/")}
    return {
        form_key(str(token))
        for token in await SignedForm.filter(token__in=tokens).values_list("token", flat=True)
    }


async def known_upload_keys(keys: set[str]) -> set[str]:
    """The keys among `keys` that are pieces of unfinished uploads."""
    tokens = {key.rpartition("/")[2] for key in keys if key.startswith(f"{UPLOAD_FOLDER}/")}
    pieces = await UploadPiece.filter(token__in=tokens).values_list("upload__token", "token")
    return {upload_key(str(upload), str(piece)) for upload, piece in pieces}


async def heard_sound_keys(keys: set[str]) -> set[str]:
    """The keys among `keys` in public storage that belong to voices that visitors may hear."""
    works = Artwork.all().on_view().filter(voice_may_be_heard(), sound__token__in=tokens_in(keys))
    tokens = [str(token) for token in await works.values_list("sound__token", flat=True)]
    return {sound_key(token, name) for token in tokens for name in FILE_NAMES} & keys


async def images_with_public_files(tokens: set[str]) -> dict[str, Image]:
    """The images with these tokens that a visitor may see."""
    named = [image.id for image in await Image.filter(token__in=tokens).only("id")]
    works = Artwork.all().on_view().filter(has_image(named))
    of_works = await Image.filter(images_of(works)).prefetch_related("derivatives")
    profile_images = (
        await profile_images_on_view().filter(image__token__in=tokens).prefetch_related("image__derivatives")
    )
    images = [*of_works, *(profile_image.image for profile_image in profile_images)]
    return {image.token: image for image in images}


def folder_of(key: str) -> str:
    """ "renditions/token" for "renditions/token/640.webp"; the key itself for an original."""
    return key if key.startswith("originals/") else key.rpartition("/")[0] or key


async def batches(things: AsyncIterator[Thing]) -> AsyncIterator[list[Thing]]:
    """Yield `things` in lists of at most BATCH_SIZE."""
    batch: list[Thing] = []
    async for thing in things:
        batch.append(thing)
        if len(batch) == BATCH_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch


async def private_orphans(storage: Storage, settling: timedelta) -> set[str]:
    """The keys of private files that the database does not expect and that are older than `settling`."""
    return (
        await take_inventory(
            storage.private, possible_private_keys, images_with_private_files, now() - settling
        )
    ).unexpected


async def delete_orphans(
    context: ChoreContext, *, settling: timedelta = ORPHANED_AFTER, pause: float = RECHECK_DELAY
) -> bool:
    """Delete private files that have had no database row for a day, such as files that a killed process left.

    When a picture is framed again, its old file gets a new key before the row is written. Until then the key
    looks like an old orphan, so the chore deletes only files that are orphans in two passes.
    """
    if orphans := await private_orphans(context.storage, settling):
        await asyncio.sleep(pause)
        orphans &= await private_orphans(context.storage, settling)
        await context.storage.private.delete(*orphans)
    return False
