"""`gallery check`: compare the stored files with the database."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise.expressions import Q

from gallery.artists.models import SignedForm
from gallery.artists.private_details import form_key
from gallery.artworks.models import Artwork, has_image, images_of
from gallery.artworks.screening import profile_images_on_view
from gallery.cli.common import ReportProgress
from gallery.cli.findings import MEND_ADVICE, InspectionFinding
from gallery.clock import now
from gallery.exhibitions.stored_files import (
    BATCH_SIZE,
    ExpectedFile,
    StoreInventory,
    batches,
    folder_of,
    heard_sound_keys,
    images_with_private_files,
    images_with_public_files,
    possible_private_keys,
    possible_public_keys,
    take_inventory,
)
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import ORIGINAL, TILES, original_key, private_keys, public_keys
from gallery.sounds.models import Sound, SoundState
from gallery.sounds.storage_keys import ORIGINAL_NAME, sound_key
from gallery.storage import Storage, Store

UPLOAD_GRACE = timedelta(minutes=1)  # the row of a newer file may not be committed yet


@dataclass(frozen=True)
class StoreScan:
    """The result of one scan of both stores."""

    private: set[str]  # keys of files that the database does not expect
    public: set[str]
    gaps: dict[tuple[int, str], InspectionFinding]  # (id of the image, kind of file) → what is missing

    def __and__(self, later: StoreScan) -> StoreScan:
        """What both scans found. It leaves out what the site was changing during one of them."""
        gaps = {name: gap for name, gap in later.gaps.items() if name in self.gaps}
        return StoreScan(self.private & later.private, self.public & later.public, gaps)

    def __bool__(self) -> bool:
        return bool(self.private or self.public or self.gaps)

    def findings(self) -> list[InspectionFinding]:
        return [
            *self.gaps.values(),
            *(
                InspectionFinding(
                    f"{len(keys)} private file(s) of no image", where, MEND_ADVICE, private=keys
                )
                for where, keys in by_folder(self.private)
            ),
            *(
                InspectionFinding(
                    f"{len(keys)} public file(s) of what is not on view", where, MEND_ADVICE, public=keys
                )
                for where, keys in by_folder(self.public)
            ),
        ]


async def scan_stores(storage: Storage, settling: timedelta, report_progress: ReportProgress) -> StoreScan:
    began = now()
    # List the files before reading the rows, so that a file uploaded during the scan already has its row.
    private = await take_inventory(
        storage.private,
        possible_private_keys,
        images_with_private_files,
        began - settling,
        lambda done: report_progress("Private files", done, None),
    )
    public = await take_inventory(
        storage.public,
        possible_public_keys,
        images_with_public_files,
        began,
        lambda done: report_progress("Public files", done, None),
        others=heard_sound_keys,
    )
    gaps = {name: gap async for name, gap in missing_files(private, public, began, report_progress)}
    gaps |= {name: gap async for name, gap in missing_sounds(private, began)}
    return StoreScan(private.unexpected, public.unexpected, gaps)


def by_folder(keys: set[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Pairs of a folder and its keys, in alphabetical order."""
    folders = defaultdict[str, list[str]](list)
    for key in sorted(keys):
        folders[folder_of(key)].append(key)
    return [(folder, tuple(found)) for folder, found in sorted(folders.items())]


async def missing_files(
    private: StoreInventory,
    public: StoreInventory,
    began: datetime,
    report_progress: ReportProgress = lambda what, done, total: None,
) -> AsyncIterator[tuple[tuple[int, str], InspectionFinding]]:
    """Findings about images with missing or truncated files. Reads the rows after the scan of the files."""
    profile_images = set(await profile_images_on_view().values_list("image_id", flat=True))
    total, done = await Image.all().count(), 0
    async for images in batches(images_complete_before(began)):
        on_view = Artwork.all().on_view().filter(has_image([image.id for image in images]))
        shown = Image.filter(images_of(on_view))
        seen: set[Any] = {*await shown.values_list("id", flat=True), *profile_images}
        done += len(images)
        report_progress("Pictures", done, total)
        for image in images:
            if is_being_processed(image):
                continue
            where, is_whole = f"image {image.id}", True
            for kind, keys in private_keys(image).items():
                lacking = len(keys) - private.counts[image.id, kind]
                if not lacking or (kind != ORIGINAL and image.state != ImageState.READY):
                    continue
                if kind == ORIGINAL:
                    is_cut = (image.id, kind) in private.truncated
                    sentence = f"An original is {'of another size than it had' if is_cut else 'missing'}"
                    finding = InspectionFinding(sentence, where, "Bring it back from a backup")
                elif is_whole:
                    sentence = f"{lacking} of {len(keys)} {kind} are missing or cut"
                    finding = InspectionFinding(sentence, where, MEND_ADVICE, redevelop=image.id)
                else:
                    sentence = f"{lacking} of {len(keys)} {kind} are missing or cut"
                    finding = InspectionFinding(sentence, where, "Bring the original back first")
                is_whole = False
                yield (image.id, f"private {kind}"), finding
            is_shown = is_whole and image.is_public and image.id in seen
            for kind, keys in public_keys(image).items() if is_shown else ():
                if kind == TILES and not image.has_tiles:
                    continue
                lacking = len(keys) - public.counts[image.id, kind]
                if lacking:
                    sentence = f"{lacking} of {len(keys)} public {kind} are missing or cut"
                    cut = tuple(public.truncated.get((image.id, kind), ()))
                    finding = InspectionFinding(sentence, where, MEND_ADVICE, public=cut, republish=image.id)
                    yield (image.id, f"public {kind}"), finding


async def missing_sounds(
    private: StoreInventory, began: datetime
) -> AsyncIterator[tuple[tuple[int, str], InspectionFinding]]:
    """Findings about sounds with missing or truncated files. Reads the rows after the scan of the files."""
    alive = Sound.exclude(state=SoundState.ERASED).filter(created_at__lt=began)
    last = 0
    while sounds := await alive.filter(id__gt=last).order_by("id").limit(BATCH_SIZE):
        for sound in sounds:
            where = f"sound {sound.id}"
            if private.sounds.get(sound_key(sound.token, ORIGINAL_NAME)) != sound.source_bytes:
                sentence, advice = "A recording is missing or cut", "Bring it back from a backup"
                yield (sound.id, "recording"), InspectionFinding(sentence, where, advice)
            elif sound.state == SoundState.READY and any(
                private.sounds.get(sound_key(sound.token, name)) != size
                for name, size in sound.file_bytes.items()
            ):
                sentence = "Files of a voice are missing or cut"
                yield (
                    (sound.id, "voice"),
                    InspectionFinding(sentence, where, MEND_ADVICE, redevelop_sound=sound.id),
                )
        last = sounds[-1].id


def is_being_processed(image: Image) -> bool:
    """Whether a worker may be writing the image's files now."""
    return any(until is not None and until > now() for until in (image.lease_until, image.tiling_until))


async def images_complete_before(moment: datetime) -> AsyncIterator[Image]:
    """The images whose files must have been complete at `moment`."""
    last = 0
    waiting_or_ready = Image.filter(
        Q(state=ImageState.READY, ready_at__lt=moment) | Q(state=ImageState.RECEIVED, created_at__lt=moment)
    )
    while images := await waiting_or_ready.filter(id__gt=last).order_by("id").limit(BATCH_SIZE):
        for image in images:
            yield image
        last = images[-1].id


async def damaged_originals(
    storage: Storage, report_progress: ReportProgress
) -> AsyncIterator[InspectionFinding]:
    """Compare every original, recording and signed form with its stored digest, if there is one.

    Raises StoreUnavailable.
    """
    known = Image.filter(state__not=ImageState.ERASED).exclude(source_sha256="")
    forms = await SignedForm.exclude(sha256="").order_by("id")
    sounds = await Sound.exclude(state=SoundState.ERASED).order_by("id")
    total, done, last = await known.count() + len(forms) + len(sounds), 0, 0
    report_progress("Originals", done, total)
    while images := await known.filter(id__gt=last).order_by("id").limit(BATCH_SIZE):
        for image in images:
            content = ExpectedFile(image.source_bytes, image.source_sha256)
            still_there = Image.filter(id=image.id, state__not=ImageState.ERASED)
            if (
                await is_damaged(storage.private, original_key(image.token), content)
                and await still_there.exists()
            ):
                since = " (compared with a digest taken later)" if image.is_digest_late else ""
                yield InspectionFinding(
                    f"An original is not what arrived{since}",
                    f"image {image.id}",
                    "Bring it back from a backup",
                )
            done += 1
            report_progress("Originals", done, total)
        last = images[-1].id
    for form in forms:
        if await is_damaged(
            storage.private, form_key(form.token), ExpectedFile(form.file_bytes, form.sha256)
        ):
            where = f"consent {form.consent_id}"
            yield InspectionFinding("A signed form is not what arrived", where, "Bring it back from a backup")
        done += 1
        report_progress("Originals", done, total)
    for sound in sounds:
        content = ExpectedFile(sound.source_bytes, sound.source_sha256)
        if await is_damaged(storage.private, sound_key(sound.token, ORIGINAL_NAME), content):
            where = f"sound {sound.id}"
            yield InspectionFinding("A recording is not what arrived", where, "Bring it back from a backup")
        done += 1
        report_progress("Originals", done, total)


async def is_damaged(store: Store, key: str, content: ExpectedFile) -> bool:
    """Whether a file of the right size has the wrong content. `missing_files` finds wrong sizes."""
    try:
        async with store.local_copy(key) as path:
            right_size = content.fits(path.stat().st_size)
            return right_size and not await asyncio.to_thread(content.is_in, path)
    except FileNotFoundError:
        return False
