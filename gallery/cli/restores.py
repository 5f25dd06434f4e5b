"""`gallery restore`: restore a site from a copy, without what was withdrawn since."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click
from tortoise.connection import get_connection

from gallery.accounts.models import Person, Role
from gallery.artists.consents import latest_renewal
from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, may_hang
from gallery.audit.chain import chain_entries
from gallery.cli.backup_folder import (
    PICTURES_FOLDER,
    POSTGRESQL_DUMP,
    SECRET_FILE,
    SQLITE_COPY,
    VALID_FILE,
    VETOES_FILE,
    WITHDRAWALS_FILE,
    choose_copy,
    copy_atomically,
    copy_time,
    copy_unless_damaged,
    folder_lock,
    key_batches,
    list_digest,
    needed_keys,
    newest_valid_list,
    read_lists,
    run_postgresql_program,
)
from gallery.cli.common import console, open_database, set_up
from gallery.cli.inspection import inspect, mend
from gallery.cli.processes import run
from gallery.cli.revocable_kinds import VETO_REASON
from gallery.cli.revocations import RevokedThing, is_of_another_site, revoke_ended, revoke_secrets
from gallery.db import content_version
from gallery.db.connection import UNFINISHED_RESTORE_TABLE, sqlite_file
from gallery.exhibitions.stored_files import expected_private_files
from gallery.exports.models import Export, ExportState
from gallery.images.models import Upload
from gallery.monitoring.maintenance import forget_runs_before_restore
from gallery.reviews.vetoes import veto
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.storage.disk import atomic_write
from gallery.withdrawals.withdrawal import withdraw


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--copy", "name", metavar="NAME", help="The copy, such as 2026-11-26T031500Z; default: the newest."
)
@click.option(
    "--withdrawals",
    "lists",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another list of withdrawals.",
)
@click.option(
    "--valid",
    "valid_lists",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another list of what was valid; the newest one counts.",
)
def restore(folder: Path, name: str | None, lists: tuple[Path, ...], valid_lists: tuple[Path, ...]) -> None:
    """Restore a copy from FOLDER into an empty site, without what was withdrawn or ended since.

    Everything that the restore ends is listed. It ends all API tokens, invitations and preview links in
    any case.
    """
    settings = Settings.from_env()
    with folder_lock(folder):
        copied = choose_copy(folder, name)
        result = run(restore_site(settings, folder, copied, lists, valid_lists))
    console.print(f"Restored  {copied.name}")
    console.print(f"Withdrawn {result.withdrawn} consent(s) that were withdrawn after it")
    for ended in result.ended:
        console.print(f"Ended     {ended.kind}: {ended.what}", markup=False, soft_wrap=True)
    for key in result.damaged:
        console.print(
            f"Damaged   {key} in {folder / PICTURES_FOLDER} is not what arrived, and was left out.",
            soft_wrap=True,
        )
    console.print(result.validity)
    if not result.has_keeper:
        console.print("No keeper is left. Invite one: gallery invite ADDRESS --role keeper")


@dataclass(frozen=True)
class RestoreResult:
    """What a restore ended, withdrew or left out, for its report."""

    withdrawn: int  # number of consents that were withdrawn again
    ended: list[RevokedThing]
    damaged: list[str]  # keys of files that were not restored
    validity: str  # a sentence: the moment of the valid.txt used, or why none was used
    has_keeper: bool


async def restore_site(
    settings: Settings,
    folder: Path,
    copied: Path,
    lists: Iterable[Path] = (),
    valid_lists: Iterable[Path] = (),
) -> RestoreResult:
    """Restore the database `copied` and the pictures in `folder`, then end what ended after the backup.

    Nothing is shown before the restore is complete: no process opens a database with the table
    UNFINISHED_RESTORE_TABLE. Raises ClickException, StoreUnavailable.
    """
    withdrawn = read_lists(folder / WITHDRAWALS_FILE, *lists)
    vetoed = read_lists(folder / VETOES_FILE)
    valid, written = newest_valid_list(folder / VALID_FILE, *valid_lists)
    storage = Storage(settings)
    await storage.check()
    await place_database(settings, copied)
    if (copied / SECRET_FILE).exists():
        copy_atomically(copied / SECRET_FILE, settings.home / SECRET_FILE)
    await set_up(settings)
    async with open_database(settings) as database:
        count = await withdraw_again(storage, withdrawn)
        await veto_again(storage, vetoed)
        ended = [each async for each in revoke_secrets(storage)]
        validity = await list_problem(valid, written, copied)
        if not validity:
            ended += [each async for each in revoke_ended(valid, storage)]
            validity = f"Everything that was no longer valid at {written} is ended. What ended later is as it was in the copy."
        await Upload.filter(completed_at=None).delete()  # no backup has their pieces: clients begin again
        await Export.filter(state=ExportState.READY).update(state=ExportState.EXPIRED)  # nor their files
        damaged = await place_pictures(storage, folder / PICTURES_FOLDER)
        await forget_runs_before_restore(copy_time(copied))
        await content_version.bump()
        while await chain_entries():
            pass
        for finding in await inspect(database, storage, settling=timedelta(0), pause=0):
            if not await mend(finding, storage):
                console.print(f"{finding.sentence}: {finding.where}. {finding.advice}.")
        await database.end_restore()
        has_keeper = await Person.exists(role=Role.KEEPER, is_active=True)
    return RestoreResult(count, ended, damaged, validity, has_keeper)


async def list_problem(valid: set[str], written: str, copied: Path) -> str:
    """Why valid.txt cannot be used, as a sentence; empty if it can be used. Raises ClickException."""
    if not valid:
        return "There is no list of what was valid (valid.txt): what ended after the copy is as it was in the copy."
    if datetime.fromisoformat(written) < copy_time(copied):
        return f"The list of what was valid is of {written}, older than the copy, and was not used."
    if await is_of_another_site(valid):
        raise click.ClickException(
            "The list of what was valid is another site's: it contains no account of this copy."
        )
    return ""


async def place_database(settings: Settings, copied: Path) -> None:
    """Put a copied database where the settings want it.

    A SQLite file must not exist yet; a PostgreSQL database must be empty. Raises ClickException.
    """
    file = sqlite_file(settings.database_url)
    name = POSTGRESQL_DUMP if file is None else SQLITE_COPY
    if not (copied / name).exists():
        raise click.ClickException(f"{copied} holds no {name}: it is a copy of the other kind of database.")
    if file is not None:
        if file.exists():
            raise click.ClickException(f"{file} already exists. Stop the site and move it away first.")
        file.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(file, 0o600) as half:
            shutil.copyfile(copied / name, half)
            with closing(sqlite3.connect(half)) as connection:
                connection.execute(f"CREATE TABLE {UNFINISHED_RESTORE_TABLE} (id INT)")
        return
    async with open_database(settings) as database:
        if not await database.is_empty():
            raise click.ClickException("The database is not empty. Restore into an empty one.")
        await get_connection("default").execute_script(
            f"CREATE TABLE IF NOT EXISTS {UNFINISHED_RESTORE_TABLE} (id INT)"
        )
    await run_postgresql_program(
        "pg_restore", settings, "--no-owner", "--exit-on-error", "--single-transaction", copied / name
    )


async def withdraw_again(storage: Storage, digests: Iterable[str]) -> int:
    """Withdraw each consent whose digest is in `digests`; returns how many were not withdrawn yet."""
    wanted, count = set(digests), 0
    for consent in await Consent.filter(withdrawn_at=None).order_by("id"):
        if list_digest(consent) in wanted:
            newest = await latest_renewal(consent)
            count += newest.withdrawn_at is None
            await withdraw(newest, storage)
    return count


async def veto_again(storage: Storage, digests: Iterable[str]) -> None:
    """Veto each work whose digest is in `digests`, because curators vetoed it after the copy was made."""
    wanted = set(digests)
    for work in await Artwork.filter(may_hang()).order_by("id"):
        if list_digest(work) in wanted:
            await veto(work, storage, None, VETO_REASON)


async def place_pictures(storage: Storage, pool: Path) -> list[str]:
    """Copy the files that the database expects into private storage; returns the keys of damaged
    files, which are not copied.
    """
    damaged = []
    for keys in key_batches(pool):
        needed = await needed_keys(keys)
        expected = await expected_private_files(needed)
        for key in sorted(needed):
            if await storage.private.exists(key):
                continue
            async with storage.scratch_folder() as scratch:
                if await asyncio.to_thread(
                    copy_unless_damaged, pool / key, scratch / "file", expected.get(key)
                ):
                    await storage.private.put_file(key, scratch / "file")
                else:
                    damaged.append(key)
    return damaged
