"""`gallery move-database`: move a site to another database while it serves its pages. `gallery reopen`.

A move makes the target equal to the source, as often as needed. The first passes run while the site is in
use, the last one after the source was closed to changes. A killed move can be repeated.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import asyncpg
import click

from gallery.cli.backup_folder import folder_lock
from gallery.cli.common import (
    ProgressReporter,
    ReportProgress,
    console,
    database_address,
    first_line,
    open_database,
    progress_bar,
)
from gallery.cli.database_rows import Row, RowStore, Table, different_keys, open_rows
from gallery.cli.processes import run
from gallery.search.indexing import refresh
from gallery.settings import Settings

MAX_OPEN_PASSES = 5  # passes before the site is closed to changes
FEW_CHANGES = 1000  # rows; after a pass with fewer changes, the site is closed for the last pass


class TargetNotEmpty(click.ClickException):
    def __init__(self) -> None:
        super().__init__("The target is not empty. Move into an empty database.")


@dataclass(frozen=True)
class MoveResult:
    tables: int
    rows: int
    digest: str  # SHA-256 over the digests of all tables


@click.command("move-database")
@click.option(
    "--to",
    "target_url",
    required=True,
    envvar="GALLERY_MOVE_TO",
    metavar="URL",
    help="The new database, as in GALLERY_DATABASE_URL; also GALLERY_MOVE_TO, for a password.",
)
def move_database(target_url: str) -> None:
    """Copy the database of a running site into an empty one, SQLite to PostgreSQL or back.

    At the end the old database is closed to changes: pages are served, and everything else answers that the site
    is being moved, until it is restarted with the new database. A move that was interrupted is repeated to go on.
    """
    settings = Settings.from_env()
    if target_url == settings.database_url:
        raise click.BadParameter("this is the present database.", param_hint="--to")
    target = replace(settings, database_url=target_url)
    with folder_lock(settings.home), progress_bar() as bar:
        result = run(copy_site(settings, target, ProgressReporter(bar)))
    console.print(f"Moved     {database_address(target)}")
    console.print(
        f"Verified  {result.rows} rows in {result.tables} tables, the same in both: {result.digest}"
    )
    console.print("Closed    The old database takes no changes any more.")
    console.print("Now set GALLERY_DATABASE_URL to the new database and restart the site and its workers.")
    console.print("To stay with the old one instead: gallery reopen")


@click.command()
def reopen() -> None:
    """Let the site accept changes again, after move-media or a move that was given up."""
    run(reopen_site(Settings.from_env()))
    console.print("The site accepts changes again.")


@asynccontextmanager
async def checked_rows(settings: Settings) -> AsyncIterator[RowStore]:
    """Open the database of `settings` without the ORM. Raises DatabaseOutOfDate, RestoreUnfinished, MoveUnfinished."""
    async with open_database(settings) as database:
        await database.check()
    async with open_rows(settings.database_url) as store:
        yield store


async def reopen_site(settings: Settings) -> None:
    async with checked_rows(settings) as store:
        await store.reopen()


async def copy_site(settings: Settings, target: Settings, report_progress: ReportProgress) -> MoveResult:
    """Copy everything into the database of `target`, and close the database of `settings` to changes.

    If something fails, the site is open to changes again. Raises ClickException, DatabaseUnreachable.
    """
    async with open_database(target) as database:
        if not await database.begin_move():
            raise TargetNotEmpty
        await database.migrate()
    async with checked_rows(settings) as source:
        try:
            async with open_rows(target.database_url) as copy:
                check_tables(source, copy)
                await copy.release_references()
                for _ in range(MAX_OPEN_PASSES):
                    if await copy_changes(source, copy, report_progress) < FEW_CHANGES:
                        break
            await write_index(target)  # most of the index: the site is not closed yet
            await source.close_to_changes()
            async with open_rows(target.database_url) as copy:
                await copy_changes(source, copy, report_progress)
            await write_index(target)
            async with open_rows(target.database_url) as copy:
                await copy.set_last_ids(await source.last_ids())
                result = await compare(source, copy, report_progress)
                await copy.restore_references()
        except BaseException as error:
            await source.reopen()
            if isinstance(error, (sqlite3.Error, asyncpg.PostgresError, OSError)):
                raise click.ClickException(
                    f"The move failed, and the site goes on with the old database: {first_line(error)}."
                ) from error
            raise
    return result


async def write_index(settings: Settings) -> None:
    """Bring the search index up to date with what is on view in the copied rows."""
    async with open_database(settings):
        await refresh()


def check_tables(source: RowStore, target: RowStore) -> None:
    """Raise ClickException unless both have the same tables with the same columns."""

    def layout(store: RowStore) -> dict[str, tuple[list[str], tuple[str, ...]]]:
        return {table.name: (list(table.columns), table.key) for table in store.tables.values()}

    ours, theirs = layout(source), layout(target)
    if ours != theirs:
        names = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
        raise click.ClickException(f"The databases have different tables: {', '.join(names)}.")


async def copy_changes(source: RowStore, target: RowStore, report_progress: ReportProgress) -> int:
    """Make the rows of `target` equal to the current rows of `source`; returns how many were written.

    Each table's different rows are deleted before new rows are inserted, so that unique values do not
    collide.
    """
    written = done = 0
    async with source.snapshot():
        total = sum([await source.count(table) for table in source.tables.values()])
        for name, table in source.tables.items():
            copied = target.tables[name]
            if await target.count(copied):
                await delete_differences(source, target, table, copied)
            after: Row | None = None
            async for rows in source.batches(table):
                until = table.key_of(rows[-1])
                kept = set(await target.read(copied, after, until))
                missing = [row for row in rows if row not in kept]
                if missing:
                    await target.insert(copied, missing)
                written, done, after = written + len(missing), done + len(rows), until
                report_progress("Rows copied", done, total)
    return written


async def delete_differences(source: RowStore, target: RowStore, table: Table, copied: Table) -> None:
    """Delete the rows of `target` that `source` does not have."""
    after: Row | None = None
    async for rows in source.batches(table):
        until = table.key_of(rows[-1])
        different = different_keys(copied, rows, await target.read(copied, after, until))
        await target.delete(copied, different)
        after = until
    while rest := await target.read(copied, after):
        await target.delete(copied, [copied.key_of(row) for row in rest])


async def compare(source: RowStore, target: RowStore, report_progress: ReportProgress) -> MoveResult:
    """Compare the number and the digest of the rows of every table. Raises ClickException."""
    count, digest = 0, hashlib.sha256()
    for place, (name, table) in enumerate(sorted(source.tables.items()), 1):
        ours, theirs = await source.digest(table), await target.digest(target.tables[name])
        if ours != theirs:
            raise click.ClickException(f"The rows of {name} are not the same in both databases.")
        count += ours[0]
        digest.update(f"{name} {ours[0]} {ours[1]}\n".encode())
        report_progress("Tables compared", place, len(source.tables))
    return MoveResult(len(source.tables), count, digest.hexdigest())
