"""`gallery restore`: a site comes back from a copy, without what was withdrawn since."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import click
from tortoise.connection import get_connection

from gallery import content_version
from gallery.accounts.models import MailLink, Session
from gallery.artists.consents import latest
from gallery.artists.models import Consent
from gallery.artists.withdrawal import withdraw
from gallery.artworks.models import Artwork, Status
from gallery.cli.copies import (
    PICTURES,
    POSTGRESQL,
    SECRET,
    SQLITE,
    VETOES,
    WITHDRAWALS,
    chosen,
    copy_whole,
    digest_of,
    held,
    keys_by_some,
    listed,
    needed_among,
    postgresql,
)
from gallery.cli.inspection import inspect, mend
from gallery.cli.serving import run
from gallery.cli.site import console, opened, set_up
from gallery.database import UNFINISHED, sqlite_file
from gallery.disk import whole
from gallery.reviews.vetoes import veto
from gallery.settings import Settings
from gallery.storage import Storage


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
def restore(folder: Path, name: str | None, lists: tuple[Path, ...]) -> None:
    """Bring a copy from FOLDER back into a site that holds nothing yet, and withdraw again what was withdrawn since."""
    settings = Settings.from_env()
    with held(folder):
        copied = chosen(folder, name)
        withdrawn = run(bring_back(settings, folder, copied, lists))
    console.print(f"Restored  {copied.name}")
    console.print(f"Withdrawn {withdrawn} consent(s) that were withdrawn after it")


async def bring_back(settings: Settings, folder: Path, copied: Path, lists: Iterable[Path]) -> int:
    """Restore `copied` and what `folder` has of pictures; returns how many consents were withdrawn again.

    Nothing is shown before it is done, nor if it is not: no process opens a database with the table UNFINISHED. Raises
    ClickException, StoreAway.
    """
    withdrawn = listed(folder / WITHDRAWALS, *lists)
    vetoed = listed(folder / VETOES)
    storage = Storage(settings)
    await storage.check()
    await place_database(settings, copied)
    if (copied / SECRET).exists():
        copy_whole(copied / SECRET, settings.home / SECRET)
    await set_up(settings)
    async with opened(settings) as database:
        # Whoever was signed out, kept out or sent a link since the copy would have all that again.
        await Session.all().delete()
        await MailLink.all().delete()
        count = await withdraw_again(storage, withdrawn)
        await veto_again(storage, vetoed)
        await place_pictures(storage, folder / PICTURES)
        await content_version.bump()
        for finding in await inspect(database, storage, settling=timedelta(0)):
            if not await mend(finding, storage):
                console.print(f"{finding.sentence}: {finding.where}. {finding.advice}.")
        await database.end_restore()
    return count


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
    for work in await Artwork.filter(status=Status.ACCEPTED, is_vetoed=False).order_by("id"):
        if digest_of(work) in asked:
            await veto(
                work,
                storage,
                None,
                "还原备份时再次撤下。Taken off the wall again when the site was restored.",
            )


async def place_pictures(storage: Storage, pool: Path) -> None:
    """Bring the files that the database expects into private storage."""
    for keys in keys_by_some(pool):
        for key in await needed_among(keys):
            if await storage.private.exists(key):
                continue
            async with storage.scratch_folder() as scratch:
                await asyncio.to_thread(shutil.copyfile, pool / key, scratch / "file")
                await storage.private.put_file(key, scratch / "file")
