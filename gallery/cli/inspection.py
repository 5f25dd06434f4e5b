"""What `gallery check` looks for: where database, migrations and the pictures on the disk disagree."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tortoise.expressions import Q

from gallery.artists.models import Withdrawal
from gallery.artists.withdrawal import delete_files
from gallery.artworks.models import Artwork
from gallery.clock import now
from gallery.database import Database
from gallery.images.models import Image, ImageState
from gallery.images.shelves import original_key, public_key, rendition_key
from gallery.storage import Storage, Store

SETTLING = 60.0  # seconds; a younger file may be of an upload whose row is just being written
STUCK_AFTER = timedelta(minutes=10)


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; the fields after `advice` say how a command can mend it, if it can."""

    sentence: str
    where: str
    advice: str
    private: tuple[str, ...] = ()  # keys to delete
    public: tuple[str, ...] = ()  # keys to delete
    republish: int | None = None  # the id of an image that the worker shall bring out anew
    withdrawal: int | None = None  # the id of a withdrawal to finish
    is_mended: bool = False


MEND = "gallery check --mend"


async def inspect(database: Database, storage: Storage) -> list[Finding]:
    """Everything that is wrong; where migrations are missing only those, for nothing else can be asked."""
    missing = await database.missing_migrations()
    if missing:
        return [Finding("A migration was not applied", name, "gallery init") for name in missing]
    changes = [
        Finding("Models and migrations disagree", change, "Write the migration")
        for change in await database.unwritten_changes()
    ]
    # Files first: what is uploaded meanwhile has a row by the time the rows are read.
    private, public = await shelf(storage.private), await shelf(storage.public)
    images = await Image.all().order_by("id")
    on_view = await Artwork.all().on_view().prefetch_related("image")
    seen = {work.image.token for work in on_view if work.image}
    return [
        *changes,
        *await unfinished_withdrawals(),
        *missing_files(images, private, public),
        *orphans(images, private, storage.private),
        *not_for_the_public(images, public, seen),
        *await unhappy_images(),
    ]


async def mend(finding: Finding, storage: Storage) -> bool:
    """Put one finding right, if a command can; whether it did."""
    await storage.private.delete(*finding.private)
    await storage.public.delete(*finding.public)
    if finding.republish is not None:
        await Image.filter(id=finding.republish).update(is_public=False)
    if finding.withdrawal is not None:
        await delete_files(await Withdrawal.get(id=finding.withdrawal), storage)
    return bool(finding.private or finding.public or finding.republish or finding.withdrawal)


async def shelf(store: Store) -> set[str]:
    return {key async for key in store.keys()}  # noqa: SIM118 - a store is no dict


async def unfinished_withdrawals() -> list[Finding]:
    return [
        Finding("A withdrawal whose files are not deleted", f"withdrawal {row.id}", MEND, withdrawal=row.id)
        for row in await Withdrawal.filter(files_deleted_at=None).order_by("id")
    ]


def missing_files(images: list[Image], private: set[str], public: set[str]) -> list[Finding]:
    """Images whose rows promise files that are not there."""
    findings = []
    for image in images:
        where = f"image {image.id}"
        if (
            image.state in {ImageState.RECEIVED, ImageState.READY}
            and original_key(image.token) not in private
        ):
            findings.append(Finding("An original is missing", where, "Bring it back from a backup"))
        if image.state != ImageState.READY:
            continue
        names = image.file_names()
        lacking = [name for name in names if rendition_key(image.token, name) not in private]
        if lacking:
            findings.append(
                Finding(
                    f"{len(lacking)} of {len(names)} renditions are missing",
                    where,
                    "Bring them back from a backup",
                )
            )
        unseen = [name for name in names if public_key(image.token, name) not in public]
        if image.is_public and unseen and not lacking:
            sentence = f"{len(unseen)} of {len(names)} public files are missing"
            findings.append(Finding(sentence, where, MEND, republish=image.id))
    return findings


def orphans(images: list[Image], private: set[str], store: Store) -> list[Finding]:
    """Files in private storage that belong to no image, or to one whose work was withdrawn."""
    expected = set()
    for image in images:
        if image.state != ImageState.ERASED:
            expected.add(original_key(image.token))
            expected.update(rendition_key(image.token, name) for name in image.file_names())
    by_folder: dict[str, list[str]] = defaultdict(list)
    for key in sorted(private - expected):
        if is_settled(store.path(key)):
            by_folder[key if key.startswith("originals/") else key.rpartition("/")[0] or key].append(key)
    return [
        Finding(f"{len(keys)} private file(s) of no image", folder, MEND, private=tuple(keys))
        for folder, keys in by_folder.items()
    ]


def is_settled(path: Path) -> bool:
    try:
        return path.stat().st_mtime < time.time() - SETTLING
    except FileNotFoundError:
        return False


def not_for_the_public(images: list[Image], public: set[str], seen: set[str]) -> list[Finding]:
    """Files in public storage of what a visitor may not see."""
    expected = {
        public_key(image.token, name)
        for image in images
        if image.token in seen
        for name in image.file_names()
    }
    known = {image.token: image.id for image in images}
    by_token: dict[str, list[str]] = defaultdict(list)
    for key in sorted(public - expected):
        by_token[key.partition("/")[0]].append(key)
    return [
        Finding(
            f"{len(keys)} public file(s) of what is not on view",
            f"image {known[token]}" if token in known else token,
            MEND,
            public=tuple(keys),
        )
        for token, keys in by_token.items()
    ]


async def unhappy_images() -> list[Finding]:
    """Pictures that were refused while a work waits for them, and pictures that nobody develops."""
    refused = await Image.filter(state=ImageState.REFUSED, artwork__id__not_isnull=True).order_by("id")
    stuck = await Image.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now()),
        state=ImageState.RECEIVED,
        created_at__lt=now() - STUCK_AFTER,
    ).order_by("id")
    return [
        *(
            Finding(
                f"A picture was refused: {image.refusal}",
                f"image {image.id}",
                "Its organisation sends another",
            )
            for image in refused
        ),
        *(
            Finding("A picture waits to be developed", f"image {image.id}", "Is a worker running?")
            for image in stuck
        ),
    ]
