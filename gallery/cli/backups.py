"""`gallery backup`: copy a running site, and delete from the backup what the site deleted."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from gallery.artists.consents import predecessors
from gallery.artists.models import Withdrawal
from gallery.cli.backup_folder import (
    COPY_NAME_FORMAT,
    PICTURES_FOLDER,
    POSTGRESQL_DUMP,
    SECRET_FILE,
    SQLITE_COPY,
    UNFINISHED_COPY,
    VALID_FILE,
    VETOES_FILE,
    WITHDRAWALS_FILE,
    copy_atomically,
    copy_time,
    copy_unless_damaged,
    folder_lock,
    key_batches,
    list_copies,
    list_digest,
    needed_keys,
    newest_valid_list,
    read_lists,
    run_postgresql_program,
    write_atomically,
)
from gallery.cli.common import console, open_database
from gallery.cli.processes import run
from gallery.cli.revocations import is_of_another_site, valid_digests
from gallery.clock import now
from gallery.db.connection import sqlite_file
from gallery.exhibitions.stored_files import batches, expected_private_files
from gallery.exports.models import EXPORT_FOLDER
from gallery.images.storage_keys import UPLOAD_FOLDER
from gallery.monitoring.maintenance import record_run
from gallery.monitoring.models import MaintenanceKind
from gallery.reviews.models import Veto
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.storage.store import StoredFile

# Clients restart uploads after a restore, and owners request exports again. A copy of an export would survive
# a withdrawal of its works.
PASSING_FOLDERS = (f"{UPLOAD_FOLDER}/", f"{EXPORT_FOLDER}/")


@dataclass(frozen=True)
class BackupResult:
    name: str
    copied: int  # number of files added to the backup
    forgotten: int  # number of files deleted from the backup because the site has deleted them
    damaged: list[str]  # keys of files that were not copied, because they do not match the database


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--keep",
    "days",
    default=30,
    show_default=True,
    type=click.IntRange(1, 3650),
    help="Days after which a copy of the database is deleted; the newest one stays.",
)
@click.option(
    "--only-withdrawals", is_flag=True, help="Write only the lists, without a copy: quick, for every hour."
)
@click.option(
    "--forget-most", is_flag=True, help="Go on although most pictures would be deleted from the backup."
)
def backup(folder: Path, days: int, only_withdrawals: bool, forget_most: bool) -> None:
    """Copy the database, the private pictures and the secret key into FOLDER, while the site runs.

    Pictures that the site has deleted, above all withdrawn ones, are deleted from FOLDER as well. Copies
    of the database older than --keep days are deleted each time, whatever the options.
    """
    settings = Settings.from_env()
    with folder_lock(folder):
        # Delete old copies first: their private data must be deleted even if a later step fails.
        shutil.rmtree(folder / UNFINISHED_COPY, ignore_errors=True)
        before = now() - timedelta(days=days)
        ended = delete_old_copies(folder, before)
        if only_withdrawals:
            console.print(f"{run(write_lists_only(settings, folder))} withdrawal(s) are listed.")
            return
        result = run(back_up(settings, folder, forget_most=forget_most))
        ended += delete_old_copies(folder, before)  # the previous copy may now be deleted, too
    console.print(f"Copy      {folder / result.name}")
    console.print(f"Pictures  {result.copied} file(s) were new, {result.forgotten} taken out")
    console.print(f"Older     {ended} copy(s) of the database deleted")
    for key in result.damaged:
        console.print(f"Damaged   {key} is not what arrived; an earlier good copy stays.", soft_wrap=True)
    if result.damaged:
        raise SystemExit(1)


async def back_up(settings: Settings, folder: Path, *, forget_most: bool = False) -> BackupResult:
    """Copy the database first, then the pictures, so that the backup has every picture that the copied
    database refers to.

    Raises ClickException, StoreUnavailable.
    """
    storage = Storage(settings)
    await storage.check()
    async with open_database(settings) as database:
        await database.check()
        await check_is_same_site(folder)
        await write_lists(folder)
        moment = next_copy_time(folder)
        making = folder / UNFINISHED_COPY
        making.mkdir(mode=0o700)
        try:
            await copy_database(settings, making)
            if (settings.home / SECRET_FILE).exists():
                copy_atomically(settings.home / SECRET_FILE, making / SECRET_FILE)
            copied, damaged = await copy_pictures(storage, folder / PICTURES_FOLDER)
            making.rename(folder / moment.strftime(COPY_NAME_FORMAT))
        finally:
            shutil.rmtree(making, ignore_errors=True)
        # The list is written after the copy, so that it names everything in the copy that is still valid.
        await write_valid_list(folder)
        forgotten = await delete_unneeded_pictures(storage, folder / PICTURES_FOLDER, even_most=forget_most)
        await record_run(MaintenanceKind.BACKUP, damaged=len(damaged))
    return BackupResult(moment.strftime(COPY_NAME_FORMAT), copied, forgotten, damaged)


async def write_lists_only(settings: Settings, folder: Path) -> int:
    """Write withdrawals.txt, vetoes.txt and valid.txt only; returns the number of withdrawals."""
    async with open_database(settings) as database:
        await database.check()
        await check_is_same_site(folder)
        await write_valid_list(folder)
        return await write_lists(folder)


async def write_valid_list(folder: Path) -> None:
    """Replace valid.txt; see revocations.py."""
    newest = list_copies(folder)[-1:]  # the list must not seem older than the copy
    moment = max([now(), *(copy_time(path) for path in newest)])
    digests = dict.fromkeys([digest async for digest in valid_digests()], _format_moment(moment))
    _write_list(folder / VALID_FILE, digests)


async def check_is_same_site(folder: Path) -> None:
    """Raise ClickException if the lists in `folder` have no account of this site."""
    valid, _ = newest_valid_list(folder / VALID_FILE)
    if await is_of_another_site(valid):
        raise click.ClickException(f"{folder} holds the copies of another site. Use another folder.")


async def write_lists(folder: Path) -> int:
    """Add the database's withdrawals to withdrawals.txt, and replace vetoes.txt; returns the number of
    withdrawals.

    A line is the SHA-256 of a consent's code, which reveals nothing.
    """
    path = folder / WITHDRAWALS_FILE
    known = read_lists(path)
    for withdrawal in await Withdrawal.all().order_by("id").prefetch_related("consent"):
        # A copy from before a renewal still connects the works with the older consent.
        for consent in [withdrawal.consent, *await predecessors(withdrawal.consent)]:
            known.setdefault(list_digest(consent), _format_moment(withdrawal.at))
    _write_list(path, known)
    # Only vetoes in force: a restore must not apply lifted ones.
    current = Veto.filter(lifted_at=None, artwork__is_vetoed=True).order_by("id").prefetch_related("artwork")
    _write_list(
        folder / VETOES_FILE, {list_digest(each.artwork): _format_moment(each.at) for each in await current}
    )
    return len(known)


def _format_moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _write_list(path: Path, moments: Mapping[str, str]) -> None:
    write_atomically(path, "".join(f"{digest} {moment}\n" for digest, moment in moments.items()))


async def copy_database(settings: Settings, into: Path) -> None:
    """Copy a consistent snapshot of the database while other processes write. Raises ClickException."""
    file = sqlite_file(settings.database_url)
    if file is None:
        await run_postgresql_program(
            "pg_dump", settings, "--format=custom", f"--file={into / POSTGRESQL_DUMP}"
        )
        return

    def copy() -> None:
        with sqlite3.connect(file, timeout=60) as connection:
            connection.execute("VACUUM INTO ?", (str(into / SQLITE_COPY),))

    await asyncio.to_thread(copy)
    os.chmod(into / SQLITE_COPY, 0o600)


async def copy_pictures(storage: Storage, pool: Path) -> tuple[int, list[str]]:
    """Copy every private file that is new or newer than in `pool`, except pieces of unfinished uploads and exports.

    A damaged original is not copied, so that it never replaces a good one. Returns the number of copied
    files and the keys of damaged ones.
    """
    copied, damaged = 0, list[str]()
    async for batch in batches(storage.private.files()):
        lasting = [stored for stored in batch if not stored.key.startswith(PASSING_FOLDERS)]
        new = [stored for stored in lasting if not _is_copied(pool, stored)]
        expected = await expected_private_files({stored.key for stored in new})
        for stored in new:
            target = pool / stored.key
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                async with storage.private.local_copy(stored.key) as source:
                    if not await asyncio.to_thread(
                        copy_unless_damaged, source, target, expected.get(stored.key)
                    ):
                        damaged.append(stored.key)
                        continue
            except FileNotFoundError:  # the site deleted the file in the meantime
                continue
            copied += 1
    return copied, damaged


def _is_copied(pool: Path, stored: StoredFile) -> bool:
    target = pool / stored.key
    if not target.exists():
        return False
    copy = target.stat()
    return copy.st_size == stored.size and copy.st_mtime >= stored.modified_at.timestamp()


async def delete_unneeded_pictures(storage: Storage, pool: Path, *, even_most: bool) -> int:
    """Delete the files of the backup that the site has deleted; returns their number.

    A file that the database expects stays. Raises ClickException if most files would be deleted: then this is
    probably another site's database.
    """
    count, unneeded = 0, list[str]()
    for keys in key_batches(pool):
        needed = await needed_keys(keys)
        unneeded += [key for key in keys if key not in needed and not await storage.private.exists(key)]
        count += len(keys)
    if len(unneeded) > count / 2 and not even_most:
        raise click.ClickException(
            f"The copy is made, but {len(unneeded)} of {count} files in {pool} are of pictures that this site does not "
            "have. If all of them were deleted or withdrawn, add --forget-most; if this is another site, use another folder."
        )
    for key in unneeded:
        (pool / key).unlink()
    return len(unneeded)


def next_copy_time(folder: Path) -> datetime:
    """The current second, or the next second at which no copy was begun."""
    moment = now().astimezone(UTC)
    while (folder / moment.strftime(COPY_NAME_FORMAT)).exists():
        moment += timedelta(seconds=1)
    return moment


def delete_old_copies(folder: Path, before: datetime) -> int:
    """Delete copies of the database made before `before`, except the newest copy; returns their number."""
    ended = [
        path for path in list_copies(folder)[:-1] if path.name < before.strftime(COPY_NAME_FORMAT)
    ]  # sorting by name sorts by time
    for path in ended:
        shutil.rmtree(path)
    return len(ended)
