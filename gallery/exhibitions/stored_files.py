"""Which files the database expects in the stores, and what they hold; and the chore that deletes what nobody expects."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from gallery.artists.models import SignedForm
from gallery.artists.private_details import FORMS_FOLDER, form_key
from gallery.artworks.import_models import BUNDLE_FOLDER, Import, bundle_key
from gallery.artworks.models import Artwork
from gallery.artworks.screening import profile_images_on_view
from gallery.clock import now
from gallery.exhibitions.credit_logos import known_logo_keys
from gallery.images.models import Image, ImageState
from gallery.images.renditions import PREVIEW_NAME, UNFRAMED_NAME
from gallery.images.storage_keys import (
    ORIGINAL,
    RENDITIONS,
    derivative_key,
    original_key,
    private_keys,
    public_keys,
    rendition_key,
    token_of_key,
)
from gallery.storage import Storage, Store
from gallery.storage.disk import sha256_of
from gallery.worker import ChoreContext

BATCH_SIZE = 500  # files or rows in memory at once
ORPHANED_AFTER = timedelta(days=1)
RECHECK_DELAY = 60.0  # seconds: longer than a row takes that is written after its files

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class ExpectedFile:
    """What a file must hold, as far as the database knows."""

    size: int | None = None  # bytes
    sha256: str = ""

    def fits(self, size: int) -> bool:
        return size == self.size if self.size is not None else size > 0

    def is_in(self, path: Path) -> bool:
        """Whether `path` holds it; reads the file only where its digest is known."""
        return self.fits(path.stat().st_size) and (not self.sha256 or sha256_of(path) == self.sha256)


@dataclass(frozen=True)
class StoreInventory:
    """What one pass over a store found: how many whole files each image has, which were cut, and what nobody expects."""

    counts: Counter[tuple[int, str]] = field(
        default_factory=Counter
    )  # by the image's id and the kind of file
    cut: dict[tuple[int, str], list[str]] = field(default_factory=lambda: defaultdict(list))  # keys, likewise
    strangers: set[str] = field(default_factory=set)  # keys


async def take_inventory(
    store: Store,
    keys_of: Callable[[Image], Mapping[str, list[str]]],
    expected: Callable[[set[str]], Awaitable[dict[str, Image]]],
    before: datetime,
) -> StoreInventory:
    """Go through a store once. `expected` says which of some tokens' images may have files there.

    Of files that nobody expects, only those that were written before `before` count.
    """
    shelf = StoreInventory()
    async for files in batches(store.files()):
        images = await expected({token_of_key(stored.key) for stored in files})
        known = {
            key: (image, kind)
            for image in images.values()
            for kind, keys in keys_of(image).items()
            for key in keys
        }
        others = await needed_keys_without_image({stored.key for stored in files})
        for stored in files:
            if stored.key in known:
                image, kind = known[stored.key]
                if expected_file_of(image, kind, stored.key).fits(stored.size):
                    shelf.counts[image.id, kind] += 1
                else:
                    shelf.cut[image.id, kind].append(stored.key)
            elif stored.key not in others and stored.modified_at < before:
                shelf.strangers.add(stored.key)
    return shelf


def expected_file_of(image: Image, kind: str, key: str) -> ExpectedFile:
    """What the file of an image must hold that lies under `key` in either store."""
    if kind == ORIGINAL:
        return ExpectedFile(image.source_bytes, image.source_sha256)
    return ExpectedFile(image.rendition_bytes.get(key.rpartition("/")[2]) if kind == RENDITIONS else None)


async def expected_private_files(keys: Iterable[str]) -> dict[str, ExpectedFile]:
    """What some private files must hold that cannot be made again: originals and signed forms."""
    asked = set(keys)
    images = await images_with_private_files({token_of_key(key) for key in asked})
    told = {original_key(token): expected_file_of(image, ORIGINAL, "") for token, image in images.items()}
    tokens = {key.removeprefix(f"{FORMS_FOLDER}/") for key in asked if key.startswith(f"{FORMS_FOLDER}/")}
    for form in await SignedForm.filter(token__in=tokens):
        told[form_key(form.token)] = ExpectedFile(form.file_bytes, form.sha256)
    return {key: content for key, content in told.items() if key in asked}


def possible_private_keys(image: Image) -> dict[str, list[str]]:
    """What may lie in private storage of an image, by kind."""
    preview = [rendition_key(image.token, PREVIEW_NAME)] if image.state == ImageState.RECEIVED else []
    whole = [] if image.framing.is_whole else [rendition_key(image.token, UNFRAMED_NAME)]
    return {**private_keys(image), "previews": preview, "unframed pictures": whole}


def possible_public_keys(image: Image) -> dict[str, list[str]]:
    """What may lie in public storage of an image on view, by kind; its derivatives must be fetched."""
    pieces = [derivative_key(image.token, derivative.name) for derivative in image.derivatives]
    return {**public_keys(image), "pieces": pieces}


async def images_with_private_files(tokens: set[str]) -> dict[str, Image]:
    """Every image but those whose work was withdrawn."""
    return {
        image.token: image for image in await Image.filter(token__in=tokens, state__not=ImageState.ERASED)
    }


async def needed_keys_without_image(keys: set[str]) -> set[str]:
    """Of some keys in private storage, those that are needed and belong to no image."""
    return await needed_bundle_keys(keys) | await known_form_keys(keys) | await known_logo_keys(keys)


async def needed_bundle_keys(keys: set[str]) -> set[str]:
    """Of some keys in private storage, those of uploaded sheets that are still needed."""
    tokens = {key.removeprefix(f"{BUNDLE_FOLDER}/") for key in keys if key.startswith(f"{BUNDLE_FOLDER}/")}
    needed = await Import.filter(token__in=tokens, files_cleared_at=None).values_list("token", flat=True)
    return {bundle_key(str(token)) for token in needed}


async def known_form_keys(keys: set[str]) -> set[str]:
    """Of some keys in private storage, those of signed forms."""
    tokens = {key.removeprefix(f"{FORMS_FOLDER}/") for key in keys if key.startswith(f"{FORMS_FOLDER}/")}
    return {
        form_key(str(token))
        for token in await SignedForm.filter(token__in=tokens).values_list("token", flat=True)
    }


async def images_with_public_files(tokens: set[str]) -> dict[str, Image]:
    """The images that a visitor may see."""
    works = (
        await Artwork.all().on_view().filter(image__token__in=tokens).prefetch_related("image__derivatives")
    )
    profile_images = (
        await profile_images_on_view().filter(image__token__in=tokens).prefetch_related("image__derivatives")
    )
    images = [*(work.image for work in works), *(profile_image.image for profile_image in profile_images)]
    return {image.token: image for image in images if image}


def folder_of(key: str) -> str:
    """ "renditions/token" for "renditions/token/640.webp"; an original stands for itself."""
    return key if key.startswith("originals/") else key.rpartition("/")[0] or key


async def batches(things: AsyncIterator[Thing]) -> AsyncIterator[list[Thing]]:
    """`things` by some hundred at once."""
    batch: list[Thing] = []
    async for thing in things:
        batch.append(thing)
        if len(batch) == BATCH_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch


async def private_orphans(storage: Storage, settling: timedelta) -> set[str]:
    """The private files that nobody expects and that are older than `settling`."""
    return (
        await take_inventory(
            storage.private, possible_private_keys, images_with_private_files, now() - settling
        )
    ).strangers


async def delete_orphans(
    context: ChoreContext, *, settling: timedelta = ORPHANED_AFTER, pause: float = RECHECK_DELAY
) -> bool:
    """Delete private files that killed processes left without a row, a day later.

    A picture that is framed differently has a new name for an old file until its row is written: hence the second look.
    """
    if found := await private_orphans(context.storage, settling):
        await asyncio.sleep(pause)
        found &= await private_orphans(context.storage, settling)
        await context.storage.private.delete(*found)
    return False
