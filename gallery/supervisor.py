"""Keeps child processes running: the worker, and with `gallery serve --processes` the serving processes.

`gallery serve --processes` becomes this module by exec. A process that only starts others then needs little
memory (21 MB instead of 160), and has loaded no code of the site that an upgrade could replace.

Serving processes inherit one listening socket, which the supervisor never closes. So connections that arrive
while processes are replaced wait in that socket until a process accepts them, and no connection is refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import NoReturn

from gallery.images.sandbox.child import forbid_tracing
from gallery.monitoring.log_format import configure_logging

logger = logging.getLogger("gallery.serve")

SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before a dead process is started again
STEADY_AFTER = 60.0  # seconds; after a process has run for so long, the next pause is the shortest again
WORKER_STOP_SECONDS = 10.0  # time for a worker to finish before it is killed
STOP_SECONDS = 15  # time for running requests when the site stops
RETIRE_SECONDS = 600  # time for running requests, such as uploads, of a process that was replaced
READY = b"1"  # sent by a serving process when it accepts connections


class ChildProcess:
    """A process of this site. Whenever it dies, it is started again after a pause, which grows each time.

    `came_up` becomes True when the process first accepts connections, False if it dies before that.
    """

    def __init__(self, name: str, words: Sequence[str], listening: socket.socket | None = None) -> None:
        self.name, self.words, self.listening = name, words, listening
        self.came_up: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._child: asyncio.subprocess.Process | None = None
        self._task = asyncio.create_task(self._keep_running())

    async def stop(self, seconds: float) -> None:
        """Ask the process to finish, and kill it after `seconds`."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        if self._child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
        try:
            await asyncio.wait_for(self._child.wait(), seconds)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._child.kill()
            await self._child.wait()

    async def _keep_running(self) -> None:
        pause = SHORTEST_PAUSE
        while True:
            started = time.monotonic()
            code = await self._run()
            if not self.came_up.done():
                self.came_up.set_result(False)
            if time.monotonic() - started > STEADY_AFTER:
                pause = SHORTEST_PAUSE
            logger.warning("The %s ended with %s; another starts in %.0f s", self.name, code, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _run(self) -> int:
        """Start the process once and wait until it has ended; returns its exit code."""
        command = [sys.executable, "-m", "gallery.cli", *self.words]
        if self.listening is None:
            self._child = await asyncio.create_subprocess_exec(*command)
            return await self._child.wait()
        ours, theirs = socket.socketpair()  # it closes when the supervisor dies, which the process notices
        with ours:
            ours.setblocking(False)
            with theirs:
                inherited = (self.listening.fileno(), theirs.fileno())
                self._child = await asyncio.create_subprocess_exec(
                    *command, "--supervised", *map(str, inherited), pass_fds=inherited
                )
            if await asyncio.get_running_loop().sock_recv(ours, 1) and not self.came_up.done():
                self.came_up.set_result(True)
            return await self._child.wait()


def start_worker() -> ChildProcess:
    return ChildProcess("worker", ["worker", "--with-parent", str(os.getpid())])


@asynccontextmanager
async def worker_process() -> AsyncIterator[None]:
    """Run a worker in its own process inside the `async with` block."""
    worker = start_worker()
    try:
        yield
    finally:
        await worker.stop(WORKER_STOP_SECONDS)


class Supervisor:
    """The serving processes on one listening socket, and a worker. All of them can be replaced at once."""

    def __init__(self, listening: socket.socket, processes: int, *, with_worker: bool) -> None:
        self._listening, self._processes, self._with_worker = listening, processes, with_worker
        self._stop_asked, self._replacement_asked = asyncio.Event(), asyncio.Event()
        self._servers: list[ChildProcess] = []
        self._newcomers: list[ChildProcess] = []  # replace `servers` once all of them accept connections
        self._retired: dict[ChildProcess, asyncio.Task[None]] = {}
        self._worker: ChildProcess | None = None

    def stop(self) -> None:
        self._stop_asked.set()

    def replace(self) -> None:
        self._replacement_asked.set()

    async def run(self) -> None:
        """Keep all processes running until `stop`."""
        self._servers = self._start_servers()
        self._worker = start_worker() if self._with_worker else None
        tasks = [
            asyncio.create_task(self._stop_asked.wait()),
            asyncio.create_task(self._replace_when_asked()),
        ]
        try:
            finished, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in finished:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            everyone = [*self._servers, *self._newcomers, *self._retired]
            everyone += [self._worker] if self._worker else []
            await asyncio.gather(*(process.stop(STOP_SECONDS) for process in everyone))

    def _start_servers(self) -> list[ChildProcess]:
        port = str(self._listening.getsockname()[1])
        return [
            ChildProcess("serving process", ["serve", "--port", port], self._listening)
            for _ in range(self._processes)
        ]

    async def _replace_when_asked(self) -> None:
        while True:
            await self._replacement_asked.wait()
            self._replacement_asked.clear()
            self._newcomers = self._start_servers()
            if all(await asyncio.gather(*(server.came_up for server in self._newcomers))):
                self._retire(self._servers, RETIRE_SECONDS)
                self._servers, self._newcomers = self._newcomers, []
                if self._worker is not None:
                    await self._worker.stop(WORKER_STOP_SECONDS)
                    self._worker = start_worker()
            else:
                logger.error("The new processes could not start, so the present ones go on")
                self._retire(self._newcomers, STOP_SECONDS)
                self._newcomers = []

    def _retire(self, servers: Sequence[ChildProcess], seconds: float) -> None:
        """Let `servers` finish their requests, for at most `seconds`, while their successors serve."""
        for server in servers:
            self._retired[server] = task = asyncio.create_task(server.stop(seconds))
            task.add_done_callback(partial(self._forget, server))

    def _forget(self, server: ChildProcess, _: asyncio.Task[None]) -> None:
        del self._retired[server]


def become_supervisor(listening: socket.socket, processes: int, *, with_worker: bool) -> NoReturn:
    """Become a small process that supervises `processes` serving processes until SIGTERM or SIGINT.

    SIGHUP replaces all of them, and the worker.
    """
    listening.set_inheritable(True)
    numbers = map(str, (listening.fileno(), processes, int(with_worker)))
    os.execv(sys.executable, [sys.executable, "-m", "gallery.supervisor", *numbers])  # noqa: S606


async def supervise(listening: socket.socket, processes: int, *, with_worker: bool) -> None:
    supervisor = Supervisor(listening, processes, with_worker=with_worker)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    loop.add_signal_handler(signal.SIGHUP, supervisor.replace)
    await supervisor.run()


if __name__ == "__main__":
    configure_logging(logging.WARNING, os.environ.get("GALLERY_LOG_FORMAT", "").strip())
    forbid_tracing()
    inherited, count, works = map(int, sys.argv[1:])
    asyncio.run(supervise(socket.socket(fileno=inherited), count, with_worker=bool(works)))
