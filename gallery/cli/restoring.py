"""`gallery restore`: a site comes back from a copy, without what was withdrawn since."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import click
from tortoise.connection import get_connection

from gallery import content_version
from gallery.artists.consents import latest
from gallery.artists.models import Consent
from gallery.artists.withdrawal import withdraw
from gallery.cli.copies import (
    PICTURES,
    POSTGRESQL,
    SECRET,
    SQLITE,
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
from gallery.database import sqlite_file
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

    Nothing is shown before it is done, for no process serves a site whose database is not there yet. Raises
    ClickException, StoreAway.
    """
    withdrawn = listed(folder / WITHDRAWALS, *lists)
    storage = Storage(settings)
    await storage.check()
    await place_database(settings, copied)
    if (copied / SECRET).exists():
        copy_whole(copied / SECRET, settings.home / SECRET)
    await set_up(settings)
    async with opened(settings) as database:
        count = await withdraw_again(storage, withdrawn)
        await place_pictures(storage, folder / PICTURES)
        await content_version.bump()
        for finding in await inspect(database, storage, settling=timedelta(0)):
            if not await mend(finding, storage):
                console.print(f"{finding.sentence}: {finding.where}. {finding.advice}.")
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
        copy_whole(copied / name, file)
        return
    async with opened(settings):
        tables = "SELECT 1 FROM information_schema.tables WHERE table_schema = 'public' LIMIT 1"
        if (await get_connection("default").execute_query(tables))[0]:
            raise click.ClickException("The database holds something already. Restore into an empty one.")
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


async def place_pictures(storage: Storage, pool: Path) -> None:
    """Bring the files that the database expects into private storage."""
    for keys in keys_by_some(pool):
        for key in await needed_among(keys):
            if await storage.private.exists(key):
                continue
            async with storage.scratch_folder() as scratch:
                await asyncio.to_thread(shutil.copyfile, pool / key, scratch / "file")
                await storage.private.put_file(key, scratch / "file")
