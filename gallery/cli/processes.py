"""`gallery serve` and `gallery worker`: the processes of a running site."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import click
import uvicorn

from gallery.app import CHORES, create_app
from gallery.cli.common import console, open_database
from gallery.exhibitions.schedule import next_change
from gallery.images.sandbox.child import forbid_tracing
from gallery.monitoring.log_format import configure_logging
from gallery.settings import Settings
from gallery.storage import Storage, StoreUnavailable
from gallery.web.http_protocol import CachingHttpProtocol
from gallery.worker import ChoreContext, Worker

logger = logging.getLogger("gallery.serve")

Result = TypeVar("Result")

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds until a dead worker is restarted
STEADY_AFTER = 60.0  # seconds; if a worker ran for longer, the next pause is SHORTEST_PAUSE
STOP_TIMEOUT = 10.0  # seconds a worker has to finish before it is killed

port_option = click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="The port to listen on."
)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address or name to listen on.")
@port_option
@click.option("--no-worker", is_flag=True, help="Start no worker; one runs elsewhere.")
def serve(host: str, port: int, no_worker: bool) -> None:
    """Serve the site, with one worker process, until it is stopped."""
    settings = settings_with_port(port)
    configure_logging(logging.WARNING, settings.log_format)
    listening = open_socket(host, port)
    run(serve_site(settings, listening, with_worker=settings.worker and not no_worker))


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
) -> None:
    """Serve until SIGTERM or SIGINT; running requests are finished first."""
    async with open_database(settings) as database:
        await database.check()
    await check_store(Storage(settings))
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
            timeout_graceful_shutdown=15,
        )
    )
    if on_start is None:
        console.print(f"Serving {settings.site_url} · Ctrl-C stops it.")
    else:
        on_start()
    async with worker_process() if with_worker else contextlib.nullcontext():
        await server.serve(sockets=[listening])


async def check_store(storage: Storage) -> None:
    """Raise StoreUnavailable if the store refuses access or is configured wrongly.

    A store that does not answer is no error: the site starts, because the store may come back.
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


@asynccontextmanager
async def worker_process() -> AsyncIterator[None]:
    """Run a worker in its own process inside the `async with` block."""
    supervisor = asyncio.create_task(supervise_worker())
    try:
        yield
    finally:
        supervisor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await supervisor


async def supervise_worker() -> None:
    """Start a worker, and restart it after growing pauses when it dies. Stops the worker when cancelled."""
    pause = SHORTEST_PAUSE
    while True:
        started = time.monotonic()
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gallery.cli", "worker", "--with-parent", str(os.getpid())
        )
        try:
            code = await child.wait()
        except asyncio.CancelledError:
            await stop_child(child)
            raise
        if time.monotonic() - started > STEADY_AFTER:
            pause = SHORTEST_PAUSE
        logger.warning("The worker ended with %s; another starts in %.0f s", code, pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)


async def stop_child(child: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), STOP_TIMEOUT)
    except TimeoutError:
        child.kill()
        await child.wait()


async def run_worker(settings: Settings, parent: int | None) -> None:
    """Do the chores until a signal comes, or until the process `parent` has ended."""
    stopped = asyncio.Event()
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with open_database(settings) as database:
        await database.check()
        tasks = [
            asyncio.create_task(Worker(ChoreContext(settings, Storage(settings)), CHORES, next_change).run()),
            asyncio.create_task(stopped.wait()),
        ]
        if parent is not None:
            tasks.append(asyncio.create_task(wait_until_orphaned(parent)))
        finished, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        await cancel_tasks(others)
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


STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


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
