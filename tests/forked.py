"""Commands as processes that are forked from one that has imported the site and done nothing else.

Each is a process of its own, with its own environment, folder and output. It only skips the second of processor time that
importing the site takes, of which hundreds of starts would make minutes. tests/test_cli.py starts the program itself.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.imported_site"])


class ForkedCommand:
    """`gallery WORDS…`, with what the tests need of subprocess.Popen."""

    def __init__(
        self,
        words: Sequence[str],
        env: Mapping[str, str],
        cwd: Path,
        stdout: Path,
        stderr: Path,
        before: str = "",
    ) -> None:
        """`before`: Python that the process executes first."""
        arguments = ([*words], {**env}, str(cwd), str(stdout), str(stderr), before)
        self._words = words
        self._process = CONTEXT.Process(target=_run, args=arguments, daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired(self._words, timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def run(
    words: Sequence[str], env: Mapping[str, str], cwd: Path, before: str = ""
) -> subprocess.CompletedProcess[str]:
    """The command, ended, with its output. Raises subprocess.TimeoutExpired after five minutes."""
    with tempfile.TemporaryDirectory() as folder:
        stdout, stderr = Path(folder, "stdout"), Path(folder, "stderr")
        command = ForkedCommand(words, env, cwd, stdout, stderr, before)
        try:
            code = command.wait(300)
        finally:
            command.kill()
        return subprocess.CompletedProcess([*words], code, stdout.read_text(), stderr.read_text())


def _run(words: list[str], env: dict[str, str], cwd: str, stdout: str, stderr: str, before: str) -> None:
    """What the process does."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # the process that forks ignores it
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    for path, number in ((stdout, 1), (stderr, 2)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    from gallery.cli import main

    exec(before, {})
    sys.argv = ["gallery", *words]
    main(words, prog_name="gallery")
