"""`gallery restore`: a site comes back from a copy, without what was withdrawn since."""

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
from gallery.artists.consents import latest
from gallery.artists.models import Consent
from gallery.artists.withdrawal import withdraw
from gallery.artworks.models import Artwork, may_hang
from gallery.audit.chain import chain_some
from gallery.cli.backup_folder import (
    PICTURES,
    POSTGRESQL,
    SECRET,
    SQLITE,
    VALID,
    VETOES,
    WITHDRAWALS,
    chosen,
    copy_good,
    copy_whole,
    digest_of,
    held,
    keys_by_some,
    listed,
    moment_of,
    needed_among,
    newest_valid,
    postgresql,
)
from gallery.cli.inspection import inspect, mend
from gallery.cli.revocations import Ended, end_again, end_secrets, is_of_another_site
from gallery.cli.serving import run
from gallery.cli.site import console, opened, set_up
from gallery.db import content_version
from gallery.db.connection import UNFINISHED, sqlite_file
from gallery.exhibitions.stored_files import expected_content
from gallery.reviews.vetoes import veto
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.storage.disk import whole


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--copy", "name", metavar="NAME", help="Which copy, such as 2026-11-26T031500Z; else the newest."
)
@click.option(
    "--withdrawals",
    "lists",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="One more list of withdrawals, from elsewhere.",
)
@click.option(
    "--valid",
    "valid_lists",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="One more list of what was valid, from elsewhere; the newest one counts.",
)
def restore(folder: Path, name: str | None, lists: tuple[Path, ...], valid_lists: tuple[Path, ...]) -> None:
    """Bring a copy from FOLDER back into a site that holds nothing yet, without what was withdrawn or ended since.

    Everything that is ended is named. API tokens, invitations and preview links are ended in any case.
    """
    settings = Settings.from_env()
    with held(folder):
        copied = chosen(folder, name)
        told = run(bring_back(settings, folder, copied, lists, valid_lists))
    console.print(f"Restored  {copied.name}")
    console.print(f"Withdrawn {told.withdrawn} consent(s) that were withdrawn after it")
    for ended in told.ended:
        console.print(f"Ended     {ended.kind}: {ended.what}", markup=False, soft_wrap=True)
    for key in told.damaged:
        console.print(
            f"Damaged   {key} in {folder / PICTURES} is not what arrived, and was left out.", soft_wrap=True
        )
    console.print(told.validity)
    if not told.has_keeper:
        console.print("No keeper is left. Invite one: gallery invite ADDRESS --role keeper")


@dataclass(frozen=True)
class Told:
    """What a restore did beside bringing everything back."""

    withdrawn: int  # consents
    ended: list[Ended]
    damaged: list[str]  # keys of pictures' files that were not brought back
    validity: str  # a sentence on the list of what was valid
    has_keeper: bool


async def bring_back(
    settings: Settings,
    folder: Path,
    copied: Path,
    lists: Iterable[Path] = (),
    valid_lists: Iterable[Path] = (),
) -> Told:
    """Restore `copied` and what `folder` has of pictures, and end again what was ended since.

    Nothing is shown before it is done, nor if it is not: no process opens a database with the table UNFINISHED. Raises
    ClickException, StoreAway.
    """
    withdrawn = listed(folder / WITHDRAWALS, *lists)
    vetoed = listed(folder / VETOES)
    valid, written = newest_valid(folder / VALID, *valid_lists)
    storage = Storage(settings)
    await storage.check()
    await place_database(settings, copied)
    if (copied / SECRET).exists():
        copy_whole(copied / SECRET, settings.home / SECRET)
    await set_up(settings)
    async with opened(settings) as database:
        count = await withdraw_again(storage, withdrawn)
        await veto_again(storage, vetoed)
        ended = [each async for each in end_secrets(storage)]
        validity = await validity_of(valid, written, copied)
        if not validity:
            ended += [each async for each in end_again(valid, storage)]
            validity = (
                f"Ended is what was no longer valid at {written}. What ended later is as it was in the copy."
            )
        damaged = await place_pictures(storage, folder / PICTURES)
        await content_version.bump()
        while await chain_some():
            pass
        for finding in await inspect(database, storage, settling=timedelta(0), pause=0):
            if not await mend(finding, storage):
                console.print(f"{finding.sentence}: {finding.where}. {finding.advice}.")
        await database.end_restore()
        has_keeper = await Person.exists(role=Role.KEEPER, is_active=True)
    return Told(count, ended, damaged, validity, has_keeper)


async def validity_of(valid: set[str], written: str, copied: Path) -> str:
    """Why a list of what was valid cannot be used, as a sentence; empty where it can. Raises ClickException."""
    if not valid:
        return (
            "There is no list of what was valid (valid.txt): whatever ended after the copy is as it was then."
        )
    if datetime.fromisoformat(written) < moment_of(copied):
        return f"The list of what was valid is of {written}, older than the copy, and was not used."
    if await is_of_another_site(valid):
        raise click.ClickException(
            "The list of what was valid is another site's: it knows no account of this copy."
        )
    return ""


async def place_database(settings: Settings, copied: Path) -> None:
    """Put a copied database where the settings say, which must be empty. Raises ClickException."""
    file = sqlite_file(settings.database_url)
    name = POSTGRESQL if file is None else SQLITE
    if not (copied / name).exists():
        raise click.ClickException(f"{copied} holds no {name}: it was made of a database of the other kind.")
    if file is not None:
        if file.exists():
            raise click.ClickException(f"{file} is there already. Stop the site and move it away first.")
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole(file, 0o600) as half:
            shutil.copyfile(copied / name, half)
            with closing(sqlite3.connect(half)) as connection:
                connection.execute(f"CREATE TABLE {UNFINISHED} (id INT)")
        return
    async with opened(settings) as database:
        if not await database.is_empty():
            raise click.ClickException("The database holds something already. Restore into an empty one.")
        await get_connection("default").execute_script(f"CREATE TABLE IF NOT EXISTS {UNFINISHED} (id INT)")
    await postgresql(
        "pg_restore", settings, "--no-owner", "--exit-on-error", "--single-transaction", copied / name
    )


async def withdraw_again(storage: Storage, digests: Iterable[str]) -> int:
    """Withdraw each consent whose code is among `digests`, by the one verb there is."""
    asked, count = set(digests), 0
    for consent in await Consent.filter(withdrawn_at=None).order_by("id"):
        if digest_of(consent) in asked:
            newest = await latest(consent)
            count += newest.withdrawn_at is None
            await withdraw(newest, storage)
    return count


async def veto_again(storage: Storage, digests: Iterable[str]) -> None:
    """Take each work off the wall whose address is among `digests`: a curator feared harm after the copy was made."""
    asked = set(digests)
    for work in await Artwork.filter(may_hang()).order_by("id"):
        if digest_of(work) in asked:
            await veto(
                work,
                storage,
                None,
                "还原备份时再次撤下。Taken off the wall again when the site was restored.",
            )


async def place_pictures(storage: Storage, pool: Path) -> list[str]:
    """Bring the files that the database expects into private storage, unless they are damaged; returns the keys of those."""
    damaged = []
    for keys in keys_by_some(pool):
        needed = await needed_among(keys)
        expected = await expected_content(needed)
        for key in sorted(needed):
            if await storage.private.exists(key):
                continue
            async with storage.scratch_folder() as scratch:
                if await asyncio.to_thread(copy_good, pool / key, scratch / "file", expected.get(key)):
                    await storage.private.put_file(key, scratch / "file")
                else:
                    damaged.append(key)
    return damaged
