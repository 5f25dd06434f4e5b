"""`gallery backup`: a copy of a running site, which forgets what the site deleted."""

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
from gallery.cli.copies import (
    PICTURES,
    POSTGRESQL,
    SECRET,
    SQLITE,
    STAMP,
    VETOES,
    WITHDRAWALS,
    copies,
    copy_whole,
    digest_of,
    held,
    keys_by_some,
    listed,
    needed_among,
    postgresql,
    write_whole,
)
from gallery.cli.serving import run
from gallery.cli.site import console, opened
from gallery.clock import now
from gallery.database import sqlite_file
from gallery.reviews.models import Veto
from gallery.settings import Settings
from gallery.storage import Storage


@dataclass(frozen=True)
class Told:
    """What a backup did, in numbers."""

    name: str
    copied: int  # pictures' files that were new
    forgotten: int  # pictures' files that were taken out of the backup
    ended: int  # older copies of the database that were deleted


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
    "--only-withdrawals", is_flag=True, help="Write only the list of withdrawals: quick, for each hour."
)
@click.option("--forget-most", is_flag=True, help="Go on although most pictures would leave the backup.")
def backup(folder: Path, days: int, only_withdrawals: bool, forget_most: bool) -> None:
    """Copy the database, the private pictures and the secret key into FOLDER, while the site runs.

    Pictures that the site deleted, above all those that were withdrawn, are deleted from FOLDER as well.
    """
    settings = Settings.from_env()
    with held(folder):
        if only_withdrawals:
            console.print(f"{run(only_list(settings, folder))} withdrawal(s) are listed.")
            return
        told = run(back_up(settings, folder, days, forget_most=forget_most))
    console.print(f"Copy      {folder / told.name}")
    console.print(f"Pictures  {told.copied} file(s) were new, {told.forgotten} taken out")
    console.print(f"Older     {told.ended} copy(s) of the database deleted")


async def back_up(settings: Settings, folder: Path, days: int, *, forget_most: bool = False) -> Told:
    """The database first, then the pictures: so every picture that the copied database knows is in the copy.

    Raises ClickException, StoreAway.
    """
    storage = Storage(settings)
    await storage.check()
    async with opened(settings) as database:
        await database.check()
        await write_lists(folder)
        moment = moment_for_a_copy(folder)
        making = folder / "making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        await copy_database(settings, making)
        if (settings.home / SECRET).exists():
            copy_whole(settings.home / SECRET, making / SECRET)
        copied = await copy_pictures(storage, folder / PICTURES)
        making.rename(folder / moment.strftime(STAMP))
        forgotten = await forget_pictures(storage, folder / PICTURES, even_most=forget_most)
    return Told(moment.strftime(STAMP), copied, forgotten, end_older(folder, moment - timedelta(days=days)))


async def only_list(settings: Settings, folder: Path) -> int:
    """List the withdrawals of a site and copy nothing; returns how many there are in the list."""
    async with opened(settings) as database:
        await database.check()
        return await write_lists(folder)


async def write_lists(folder: Path) -> int:
    """Add to the list of withdrawals in `folder` all that the database knows, and list the vetoes anew; returns how many
    withdrawals it holds.

    A line is the SHA-256 of a consent's code, which says nothing to whoever reads it.
    """
    path = folder / WITHDRAWALS
    known = listed(path)
    for withdrawal in await Withdrawal.all().order_by("id").prefetch_related("consent"):
        # Before a renewal its works were under an older consent, and so they are in an older copy.
        for consent in [withdrawal.consent, *await predecessors(withdrawal.consent)]:
            known.setdefault(digest_of(consent), _moment(withdrawal.at))
    _write_list(path, known)
    # Of vetoes those that stand: a lifted one is a matter of the curators.
    standing = Veto.filter(lifted_at=None, artwork__is_vetoed=True).order_by("id").prefetch_related("artwork")
    _write_list(folder / VETOES, {digest_of(each.artwork): _moment(each.at) for each in await standing})
    return len(known)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _write_list(path: Path, moments: Mapping[str, str]) -> None:
    write_whole(path, "".join(f"{digest} {moment}\n" for digest, moment in moments.items()))


async def copy_database(settings: Settings, into: Path) -> None:
    """A whole copy of the database as it is at one moment, while others write. Raises ClickException."""
    file = sqlite_file(settings.database_url)
    if file is None:
        await postgresql("pg_dump", settings, "--format=custom", f"--file={into / POSTGRESQL}")
        return

    def copy() -> None:
        with sqlite3.connect(file, timeout=60) as connection:
            connection.execute("VACUUM INTO ?", (str(into / SQLITE),))

    await asyncio.to_thread(copy)
    os.chmod(into / SQLITE, 0o600)


async def copy_pictures(storage: Storage, pool: Path) -> int:
    """Copy every private file that `pool` lacks, or that was written anew since; returns how many those were."""
    copied = 0
    async for stored in storage.private.files():
        target = pool / stored.key
        if target.exists():
            there = target.stat()
            if there.st_size == stored.size and there.st_mtime >= stored.modified_at.timestamp():
                continue
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            async with storage.private.local_copy(stored.key) as source:
                await asyncio.to_thread(copy_whole, source, target)
        except FileNotFoundError:  # it was deleted meanwhile
            continue
        copied += 1
    return copied


async def forget_pictures(storage: Storage, pool: Path, *, even_most: bool) -> int:
    """Delete what the site deleted. A file that the database still expects stays, should the store have lost it.

    Raises ClickException where most would go: then it is more likely that this is another site's database.
    """
    count, gone = 0, list[str]()
    for keys in keys_by_some(pool):
        needed = await needed_among(keys)
        gone += [key for key in keys if key not in needed and not await storage.private.exists(key)]
        count += len(keys)
    if len(gone) > count / 2 and not even_most:
        raise click.ClickException(
            f"The copy is made, but {len(gone)} of {count} files in {pool} are of pictures that this site does not "
            "have. If they were all deleted or withdrawn, say --forget-most; if this is another site, take another folder."
        )
    for key in gone:
        (pool / key).unlink()
    return len(gone)


def moment_for_a_copy(folder: Path) -> datetime:
    """Now, or the first second after that which no copy is named by."""
    moment = now().astimezone(UTC)
    while (folder / moment.strftime(STAMP)).exists():
        moment += timedelta(seconds=1)
    return moment


def end_older(folder: Path, before: datetime) -> int:
    """Delete copies of the database that were made before `before`, but not the newest one."""
    ended = [
        path for path in copies(folder)[:-1] if path.name < before.strftime(STAMP)
    ]  # names sort as moments
    for path in ended:
        shutil.rmtree(path)
    return len(ended)
