"""`gallery serve` and `gallery worker`: the processes of a running site."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Generator, Iterable
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import click
import uvicorn

from gallery.app import CHORES, create_app
from gallery.cli.common import console, open_database
from gallery.db.write_tracker import WriteTracker
from gallery.exhibitions.schedule import next_change
from gallery.images.sandbox.child import forbid_tracing
from gallery.monitoring.log_format import configure_logging
from gallery.settings import Settings
from gallery.storage import Storage, StoreUnavailable
from gallery.supervisor import (
    READY,
    RETIRE_SECONDS,
    STOP_SECONDS,
    become_supervisor,
    worker_process,
)
from gallery.web.http_protocol import CachingHttpProtocol
from gallery.worker import ChoreContext, Worker

logger = logging.getLogger("gallery.serve")

Result = TypeVar("Result")

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

port_option = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on."
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address or name to listen on.")
@port_option
@click.option("--no-worker", is_flag=True, help="Start no worker; one runs elsewhere.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    help="Serve with so many processes, which SIGHUP replaces without refusing a request.",
)
@click.option(
    "--supervised", type=(int, int), hidden=True, help="The inherited socket, and the supervisor's."
)
def serve(
    host: str, port: int, no_worker: bool, processes: int | None, supervised: tuple[int, int] | None
) -> None:
    """Serve the site, with one worker process, until it is stopped."""
    settings = settings_with_port(port)
    configure_logging(logging.WARNING, settings.log_format)
    if supervised is not None:
        listening, supervisor = (socket.socket(fileno=number) for number in supervised)
        run(serve_site(settings, listening, with_worker=False, supervisor=supervisor))
        return
    listening = open_socket(host, port)
    with_worker = settings.worker and not no_worker
    if processes is None:
        run(serve_site(settings, listening, with_worker=with_worker))
    else:
        run(check_site(settings))
        print_serving(settings)
        become_supervisor(listening, processes, with_worker=with_worker)


@click.command()
@click.option("--with-parent", type=int, hidden=True, help="Stop when this process has ended.")
def worker(with_parent: int | None) -> None:
    """Make renditions and do the other chores, until it is stopped.

    `gallery serve` starts one by itself. More workers can run wherever the database and the pictures can
    be reached.
    """
    settings = Settings.from_env()
    configure_logging(logging.INFO, settings.log_format)
    run(run_worker(settings, with_parent))


def settings_with_port(port: int) -> Settings:
    """The settings. If GALLERY_SITE_URL is not set, the URL of the site is http://127.0.0.1:`port`."""
    settings = Settings.from_env()
    if os.environ.get("GALLERY_SITE_URL", "").strip():
        return settings
    return dataclasses.replace(settings, site_url=f"http://127.0.0.1:{port}")


def open_socket(host: str, port: int) -> socket.socket:
    """A socket bound to `host` and `port`. Raises ClickException."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(address)
            listening.listen(2048)
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise click.ClickException(
            f"Cannot listen on {host}:{port}: {error.strerror}. Another --port may be free."
        ) from error
    return listening


async def serve_site(
    settings: Settings,
    listening: socket.socket,
    *,
    with_worker: bool,
    on_start: Callable[[], None] | None = None,
    supervisor: socket.socket | None = None,
) -> None:
    """Serve in this process until SIGTERM or SIGINT; running requests are finished first.

    If there is a `supervisor`, it prints that the site is served, and is notified when this process accepts
    connections. This process stops when the supervisor ends.
    """
    await check_site(settings)
    server = Server(
        uvicorn.Config(
            create_app(settings),
            loop="none",  # serve_site already runs in an event loop
            http=CachingHttpProtocol,
            lifespan="on",
            access_log=False,
            server_header=False,
            log_config=None,  # uvicorn's lines have the format of all others
            log_level="warning",
            timeout_graceful_shutdown=STOP_SECONDS if supervisor is None else RETIRE_SECONDS,
        ),
        supervisor,
    )
    if supervisor is None:
        (on_start or partial(print_serving, settings))()
    async with worker_process() if with_worker else contextlib.nullcontext():
        await server.serve(sockets=[listening])


def print_serving(settings: Settings) -> None:
    console.print(f"Serving {settings.site_url} · Ctrl-C stops it.")


async def check_site(settings: Settings) -> None:
    """Raises if the database lacks a migration or cannot be opened, or if the store refuses access."""
    async with open_database(settings) as database:
        await database.check()
    await check_store(Storage(settings))


async def check_store(storage: Storage) -> None:
    """Raise StoreUnavailable if the store refuses access or is configured wrongly.

    A store that does not answer is no error: the site starts, because the store may recover.
    """
    try:
        await storage.check()
    except StoreUnavailable as away:
        if away.is_refusal:
            raise
        logger.warning("%s Pages are served; pictures will be when the store answers.", away)


class Server(uvicorn.Server):
    """A uvicorn server that returns after SIGTERM or SIGINT.

    Uvicorn's own handler would end the process and leave the worker running.
    """

    def __init__(self, config: uvicorn.Config, supervisor: socket.socket | None) -> None:
        super().__init__(config)
        self.supervisor = supervisor

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.supervisor is not None:
            self.supervisor.send(READY)
            asyncio.get_running_loop().add_reader(self.supervisor, self._stop_without, self.supervisor)

    def _stop_without(self, supervisor: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(supervisor)
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)


async def run_worker(settings: Settings, parent: int | None) -> None:
    """Do the chores until a signal comes, or until the process `parent` has ended."""
    stopped = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_database(settings) as database:
        await database.check()
        writes = WriteTracker(settings.database_url)
        context = ChoreContext(settings, Storage(settings))
        tasks = [
            asyncio.create_task(Worker(context, CHORES, next_change, writes.version).run()),
            asyncio.create_task(stopped.wait()),
        ]
        if parent is not None:
            tasks.append(asyncio.create_task(wait_until_orphaned(parent)))
        finished, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await cancel_tasks(others)
        writes.close()
        for task in finished:
            task.result()


async def wait_until_orphaned(parent: int) -> None:
    """Return when `parent` is no longer the parent process, because it was killed."""
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing wakes a child whose parent was killed
        await asyncio.sleep(0.5)


async def cancel_tasks(tasks: Iterable[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def run(job: Coroutine[Any, Any, Result]) -> Result:
    """Run `job`, on uvloop if installed. Prevents sandbox processes from reading this process's memory."""
    forbid_tracing()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(job)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop
