"""`gallery move-media`: move the pictures of a site from a folder to an S3 store, or back, while it serves its pages.

Every file that the database expects is copied, read again from the target and compared. Then the site is closed to
changes, newer files are copied, and files that were withdrawn in the meantime are deleted from the target.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import click

from gallery.cli.backup_folder import folder_lock, needed_keys
from gallery.cli.common import ProgressReporter, ReportProgress, console, open_database, progress_bar
from gallery.cli.database_move import MAX_OPEN_PASSES
from gallery.cli.database_rows import open_rows
from gallery.cli.file_checks import missing_files, missing_sounds
from gallery.cli.findings import InspectionFinding
from gallery.cli.processes import run
from gallery.clock import now
from gallery.exhibitions.stored_files import (
    ExpectedFile,
    batches,
    expected_private_files,
    heard_sound_keys,
    images_with_private_files,
    images_with_public_files,
    possible_private_keys,
    possible_public_keys,
    take_inventory,
)
from gallery.images.storage_keys import token_of_key
from gallery.settings import Settings
from gallery.storage import Storage, Store
from gallery.storage.disk import sha256_of
from gallery.storage.store import StoredFile

MAX_CONCURRENT_COPIES = 8
CLOCK_SKEW = timedelta(days=1)  # the largest difference between the clocks of this machine and the store


@dataclass
class MediaMove:
    """The progress of a move."""

    copied: int = 0  # number of files
    present: int = 0  # number of files that an earlier run had copied; they are compared again
    removed: int = 0  # number of files in the target that were withdrawn or deleted in the meantime
    verified: dict[tuple[str, str], StoredFile] = field(
        default_factory=dict
    )  # by store and key; the same in source and target
    damaged: set[str] = field(default_factory=set)  # keys of damaged originals, which are not copied
    missing: list[InspectionFinding] = field(default_factory=list)


@click.command("move-media")
@click.option(
    "--to", "target", required=True, metavar="PLACE", help="s3://… as in GALLERY_STORAGE_URL, or a folder."
)
def move_media(target: str) -> None:
    """Copy the pictures of a running site to an S3 store or to a folder, and verify each by its digest.

    GALLERY_MOVE_KEY_ID and GALLERY_MOVE_SECRET are the keys of a new store. At the end the site is closed to changes,
    until you have restarted it with the new settings and called gallery reopen. A move that was interrupted is repeated
    to go on. Ends with 1 if files are missing or damaged.
    """
    settings = Settings.from_env()
    goal = target_settings(settings, target)
    with folder_lock(settings.home), progress_bar() as bar:
        move = run(copy_media(settings, goal, ProgressReporter(bar)))
    console.print(
        f"Moved     {move.copied} file(s) to {Storage(goal).location}; {move.present} were there already"
    )
    console.print(
        f"Verified  {len(move.verified)} file(s), the same in both; {move.removed} withdrawn or deleted in the meantime"
    )
    for key in sorted(move.damaged):
        console.print(f"Damaged   {key} is not what arrived, and was left out.", soft_wrap=True)
    for finding in move.missing:
        console.print(f"Missing   {finding.sentence}: {finding.where}.", soft_wrap=True)
    console.print("Closed    The site takes no changes now.")
    console.print(
        "Now change the settings of the store, restart the site and its workers, and call: gallery reopen"
    )
    if move.missing or move.damaged:
        raise SystemExit(1)


def target_settings(settings: Settings, target: str) -> Settings:
    """The site's settings with the pictures at `target`. Raises BadParameter."""
    if not target.startswith("s3:"):
        moved = replace(
            settings, media=Path(target).resolve(), storage_url="", storage_key_id="", storage_secret=""
        )
    else:
        key_id = os.environ.get("GALLERY_MOVE_KEY_ID", "")
        secret = os.environ.get("GALLERY_MOVE_SECRET", "")
        if not key_id or not secret:
            raise click.BadParameter(
                "GALLERY_MOVE_KEY_ID or GALLERY_MOVE_SECRET is not set.", param_hint="--to"
            )
        moved = replace(settings, storage_url=target, storage_key_id=key_id, storage_secret=secret)
    moved = replace(moved, storage_public_url="")
    if Storage(moved).location == Storage(settings).location:
        raise click.BadParameter("the pictures are there already.", param_hint="--to")
    return moved


async def copy_media(settings: Settings, goal: Settings, report_progress: ReportProgress) -> MediaMove:
    """Copy all files to the stores of `goal`, and close the site to changes.

    If something fails, the site is open to changes again. Raises ClickException, StoreUnavailable.
    """
    source, target, move = Storage(settings), Storage(goal), MediaMove()
    await source.check()
    await target.check()
    async with open_database(settings) as database, open_rows(settings.database_url) as rows:
        await database.check()
        for _ in range(MAX_OPEN_PASSES):
            before = len(move.verified)
            await copy_files(source, target, move, report_progress)
            if len(move.verified) == before:
                break
        try:
            await rows.close_to_changes()
            await copy_files(source, target, move, report_progress)
            await compare_with_database(target, move)
        except BaseException:
            await rows.reopen()
            raise
    return move


async def copy_files(
    source: Storage, target: Storage, move: MediaMove, report_progress: ReportProgress
) -> None:
    """Copy and verify the files that the database expects, except those that were verified before."""
    halves: list[tuple[str, Store, Store, Callable[[Iterable[str]], Awaitable[set[str]]]]] = [
        ("Private files", source.private, target.private, needed_keys),
        ("Public files", source.public, target.public, needed_public_keys),
    ]
    for name, ours, theirs, needed in halves:
        seen = 0
        async for batch in batches(ours.files()):
            new = {stored.key: stored for stored in batch if move.verified.get((name, stored.key)) != stored}
            keys = sorted(await needed(new))
            contents = await expected_private_files(keys) if ours is source.private else {}
            for start in range(0, len(keys), MAX_CONCURRENT_COPIES):
                some = keys[start : start + MAX_CONCURRENT_COPIES]
                verified = await asyncio.gather(
                    *(
                        copy_file(ours, theirs, target, key, contents.get(key, ExpectedFile()), move)
                        for key in some
                    )
                )
                move.verified.update(
                    {(name, key): new[key] for key, is_same in zip(some, verified, strict=True) if is_same}
                )
            seen += len(batch)
            report_progress(name, seen, seen)


async def copy_file(
    ours: Store, theirs: Store, target: Storage, key: str, content: ExpectedFile, move: MediaMove
) -> bool:
    """Copy a file unless the target has it; returns whether source and target are the same now.

    Raises ClickException if the target returns other bytes than were stored.
    """
    try:
        async with ours.local_copy(key) as path:
            if not await asyncio.to_thread(content.is_in, path):
                move.damaged.add(key)
                return False
            digest = await asyncio.to_thread(sha256_of, path)
            if await digest_in(theirs, key) == digest:
                move.present += 1
                return True
            async with target.scratch_folder() as scratch:
                await asyncio.to_thread(shutil.copyfile, path, scratch / "file")
                await theirs.put_file(key, scratch / "file")
    except FileNotFoundError:  # the site deleted the file in the meantime
        return False
    if await digest_in(theirs, key) != digest:
        raise click.ClickException(f"{target.location} does not return what was stored.")
    move.copied += 1
    return True


async def digest_in(store: Store, key: str) -> str:
    """The SHA-256 of a file; empty if there is none."""
    try:
        async with store.local_copy(key) as path:
            return await asyncio.to_thread(sha256_of, path)
    except FileNotFoundError:
        return ""


async def needed_public_keys(keys: Iterable[str]) -> set[str]:
    """The subset of `keys` that the database expects in public storage."""
    wanted = set(keys)
    images = await images_with_public_files({token_of_key(key) for key in wanted})
    of_images = {
        key for image in images.values() for some in possible_public_keys(image).values() for key in some
    }
    return wanted & of_images | await heard_sound_keys(wanted)


async def compare_with_database(target: Storage, move: MediaMove) -> None:
    """Delete unexpected files from the target, such as withdrawn pictures, and list missing files."""
    until = now() + CLOCK_SKEW
    private = await take_inventory(target.private, possible_private_keys, images_with_private_files, until)
    public = await take_inventory(
        target.public, possible_public_keys, images_with_public_files, until, others=heard_sound_keys
    )
    await target.private.delete(*private.unexpected)
    await target.public.delete(*public.unexpected)
    move.removed = len(private.unexpected) + len(public.unexpected)
    move.missing = [finding async for _, finding in missing_files(private, public, now())]
    move.missing += [finding async for _, finding in missing_sounds(private, now())]
