"""What all commands share: the console, opening the database, and progress bars."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import click
from asyncpg import PostgresError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from tortoise.connection import get_connection
from tortoise.exceptions import DBConnectionError, OperationalError

from gallery.artworks.release_before import take_over_years
from gallery.clock import set_time_zone
from gallery.db.connection import Database
from gallery.db.models import ContentVersion
from gallery.monitoring.maintenance import begin_recording
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.web.languages import set_site_languages

console = Console(highlight=False)


ReportProgress = Callable[[str, int, int | None], None]  # kind of work, number done, total if known

json_option = click.option("--json", "is_json", is_flag=True, help="Print one JSON object, for programs.")


def site_language(context: click.Context, parameter: click.Parameter, language: str | None) -> str:
    """The value of an option that takes a language of the site."""
    offered = Settings.from_env().languages
    if language is not None and language not in offered:
        raise click.BadParameter(f"{language!r} is none of the site's languages: {', '.join(offered)}.")
    return language or offered[0]


class DatabaseUnreachable(RuntimeError):
    """The database cannot be opened; the message names it, without its password, and says why."""


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """The open database of `settings`. Raises DatabaseUnreachable."""
    set_time_zone(settings.zone)
    set_site_languages(settings.languages, settings.own_catalogues)
    database = Database(settings)
    try:
        await database.__aenter__()
        await get_connection("default").execute_query("SELECT 1")
    except (OSError, DBConnectionError, OperationalError, PostgresError, sqlite3.Error) as error:
        await database.__aexit__(None, None, None)
        raise DatabaseUnreachable(
            f"The database {database_address(settings)} cannot be opened: {first_line(error)}"
        ) from error
    try:
        yield database
    finally:
        await database.__aexit__(None, None, None)


def database_address(settings: Settings) -> str:
    """The path of a SQLite database, or host, port and name of a PostgreSQL database.

    Without user and password.
    """
    url = urlsplit(settings.database_url)
    if url.scheme == "sqlite":
        return url.path[1:]
    return f"{url.hostname or 'localhost'}:{url.port or 5432}{url.path}"


def first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


async def set_up(settings: Settings) -> list[str]:
    """Create folders and database, or bring them up to date; returns the names of the applied migrations.

    Raises StoreUnavailable and DatabaseUnreachable.
    """
    await Storage(settings).check()
    async with open_database(settings) as database:
        applied = await database.migrate()
        await take_over_years()
        await ContentVersion.get_or_create(id=1)
        await begin_recording()
    return applied


def progress_bar() -> Progress:
    """Progress on the terminal; nothing if standard error is no terminal."""
    terminal = Console(stderr=True)  # standard output is for results
    return Progress(
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=terminal,
        disable=not terminal.is_terminal,
    )


class ProgressReporter:
    """Shows one progress bar for each kind of work: `report("Pictures", 3, 10)`."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, what: str, done: int, total: int | None) -> None:
        if what not in self.tasks:
            self.tasks[what] = self.bar.add_task(what, total=total)
        self.bar.update(self.tasks[what], completed=done, total=total)
