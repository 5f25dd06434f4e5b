"""The database: models and migrations agree, and a site refuses to start on one that lacks migrations."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tortoise.connection import get_connection

from gallery.accounts.models import Person, Role
from gallery.app import create_app
from gallery.db.connection import Database, DatabaseOutOfDate, configuration, in_transaction
from gallery.db.content_version import bump, current_number
from gallery.db.models import ContentVersion
from gallery.db.sqlite import READERS
from gallery.settings import Settings, SettingsError
from tests.conftest import PostgreSQL, settings_for

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_models_and_migrations_agree(settings: Settings) -> None:
    async with Database(settings) as database:
        assert await database.unwritten_changes() == []
        assert await database.missing_migrations() == []


async def test_migrating_twice_does_nothing(settings: Settings) -> None:
    async with Database(settings) as database:
        assert await database.migrate() == []


async def test_sqlite_is_in_wal_mode_with_foreign_keys(tmp_path, sqlite_template) -> None:
    async with Database(settings_for(tmp_path, f"sqlite:///{sqlite_template}")):
        connection = get_connection("default")
        assert dict((await connection.execute_query("PRAGMA journal_mode"))[1][0]) == {"journal_mode": "wal"}
        assert dict((await connection.execute_query("PRAGMA foreign_keys"))[1][0]) == {"foreign_keys": 1}


async def test_a_site_does_not_start_on_an_empty_database(tmp_path) -> None:
    app = create_app(settings_for(tmp_path, f"sqlite:///{tmp_path / 'new.sqlite3'}"))
    with pytest.raises(DatabaseOutOfDate, match="gallery init"):
        async with app.router.lifespan_context(app):
            pass


async def test_a_transaction_that_fails_leaves_nothing(settings: Settings) -> None:
    async with Database(settings):
        with pytest.raises(RuntimeError):
            async with in_transaction():
                await Person.create(email="a@example.org", name="A", password_hash="-", role=Role.CURATOR)
                await bump()
                raise RuntimeError
        assert await Person.all().count() == 0
        assert await ContentVersion.all().count() == 0


async def test_bumps_at_once_are_all_counted(settings: Settings) -> None:
    async with Database(settings):
        await bump()

        async def one() -> None:
            async with in_transaction():
                await bump()

        await asyncio.gather(*(one() for _ in range(10)))
        assert (await ContentVersion.get(id=1)).number == 11


async def test_a_query_waits_for_no_transaction(settings: Settings) -> None:
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def change() -> None:
        async with in_transaction():
            await bump()
            assert await current_number() == 1  # it reads what it has written
            begun.set()
            await may_end.wait()

    async with Database(settings):
        changing = asyncio.create_task(change())
        await begun.wait()
        queries = [current_number() for _ in range(2 * READERS)]
        assert set(await asyncio.wait_for(asyncio.gather(*queries), 30)) == {0}
        may_end.set()
        await changing
        assert await current_number() == 1
        await bump()
        assert await current_number() == 2


@pytest.mark.engines("sqlite")
async def test_connections_for_reading_change_nothing(settings: Settings) -> None:
    async with Database(settings):
        connection = get_connection("default")
        await connection.execute_query("SELECT 1")
        (reader,) = connection._readers
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await reader.execute("DELETE FROM content_version")
        first = asyncio.create_task(current_number())
        await asyncio.sleep(0)
        first.cancel()  # whoever gives up waiting gives the connection back
        assert await asyncio.gather(*(current_number() for _ in range(2 * READERS))) == [0] * 2 * READERS
        assert len(connection._readers) <= READERS
        assert len(connection._idle) == len(connection._readers)


@pytest.mark.engines("sqlite")  # all transactions share one connection there
async def test_who_gives_up_waiting_takes_no_transaction_from_whoever_holds_it(settings: Settings) -> None:
    async with Database(settings):
        done, values = asyncio.Event(), list[str]()

        async def hold() -> None:
            async with in_transaction():
                await bump()
                await done.wait()
                await bump()
                values.append("held")

        async def wait() -> None:
            async with in_transaction():
                await bump()
                values.append("waited")

        holding = asyncio.create_task(hold())
        await asyncio.sleep(0.1)
        given_up = asyncio.create_task(wait())
        await asyncio.sleep(0.1)
        given_up.cancel()
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0.1)
        done.set()
        await asyncio.gather(holding, waiting)
        assert values == ["held", "waited"]
        assert (await ContentVersion.get(id=1)).number == 3


@pytest.mark.parametrize("pause", [0, 0.0005, 0.002, 0.05])
async def test_a_transaction_that_is_given_up_as_it_begins_is_over(
    tmp_path: Path, sqlite_template: Path, pause: float
) -> None:
    path = tmp_path / "gallery.sqlite3"
    shutil.copyfile(sqlite_template, path)

    async def one() -> None:
        async with in_transaction():
            await bump()

    async with Database(settings_for(tmp_path, f"sqlite:///{path}")):
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # like another process, so that the next transaction must wait
            given_up = asyncio.create_task(one())
            await asyncio.sleep(pause)
            given_up.cancel()
            other.execute("ROLLBACK")
            await asyncio.gather(given_up, return_exceptions=True)
        await one()
        assert get_connection("default").capabilities.dialect == "sqlite"
        with closing(sqlite3.connect(path, timeout=0)) as other:  # all locks are released
            assert other.execute("SELECT number FROM content_version").fetchone() is not None
            other.execute("UPDATE content_version SET number = number + 1")


@pytest.mark.parametrize("url", ["mysql://host/name", "sqlite://", "gallery.sqlite3", ""])
def test_an_address_that_is_no_database_is_refused_by_name(url: str) -> None:
    with pytest.raises(SettingsError, match="GALLERY_DATABASE_URL"):
        configuration(url)


def test_postgresql_addresses_may_name_a_socket(postgresql: PostgreSQL) -> None:
    credentials = configuration(postgresql.url("x"))["connections"]["default"]["credentials"]
    assert credentials["host"] == postgresql.socket
    assert credentials["database"] == "x"
