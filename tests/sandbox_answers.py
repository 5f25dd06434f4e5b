"""Answers of the picture sandbox, kept between tests and between runs: half of the suite's time went to opening the same
few pictures again.

The answer is a function of the request, the picture and the code, and all three are in the key. Only answers of real
children are kept, with the files that they wrote; never a refusal or a fault.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import gallery.images
from gallery.images.sandbox import parent
from tests.kept import UNUSED_MOST, folder, remove

KEPT_TASKS = ("inspect", "fingerprint", "develop", "tiles", "region")  # each of one picture

RunChild = Callable[..., Awaitable[dict[str, Any]]]


def keeping_answers(run_child: RunChild) -> RunChild:
    """`run_child`, which first looks for an answer to the same request."""

    async def run_or_take(
        task: str, source: Path | None, kind: str, out: Path | None, limits: parent.Limits, **more: Any
    ) -> dict[str, Any]:
        if task not in KEPT_TASKS or source is None:
            return await run_child(task, source, kind, out, limits, **more)
        request = json.dumps([task, kind, out is not None, asdict(limits), more])
        kept = await asyncio.to_thread(kept_at, source, request)
        if (answer := await asyncio.to_thread(take, kept, out)) is None:
            answer = await run_child(task, source, kind, out, limits, **more)
            await asyncio.to_thread(keep, kept, answer, out)
        return answer

    return run_or_take


def kept_at(source: Path, request: str) -> Path:
    """Where the answer is kept. A test's own CHILD_PROGRAM has its own answers."""
    key = hashlib.sha256(f"{code_digest()} {parent.CHILD_PROGRAM} {request} ".encode())
    key.update(source.read_bytes())
    return answers() / key.hexdigest()[:32]


def take(kept: Path, out: Path | None) -> dict[str, Any] | None:
    """The kept answer, and its files at `out`; None if there is none."""
    try:
        answer: dict[str, Any] = json.loads((kept / "answer.json").read_bytes())
    except FileNotFoundError:
        return None
    os.utime(kept)
    files = kept / "out"
    if out is not None and files.is_dir():
        shutil.copytree(files, out, copy_function=shutil.copyfile, dirs_exist_ok=True)
    elif out is not None and files.exists():
        shutil.copyfile(files, out)
    return answer


def keep(kept: Path, answer: dict[str, Any], out: Path | None) -> None:
    making = Path(tempfile.mkdtemp(dir=answers()))
    (making / "answer.json").write_text(json.dumps(answer))
    if out is not None and out.is_dir():
        shutil.copytree(out, making / "out")
    elif out is not None and out.exists():
        shutil.copyfile(out, making / "out")
    try:
        making.rename(kept)
    except OSError:  # another process was first
        remove(making)


@cache
def answers() -> Path:
    """The folder of the answers, without those that no run has used for a day."""
    path = folder() / "sandbox"
    path.mkdir(exist_ok=True)
    for kept in path.iterdir():
        with suppress(FileNotFoundError):  # another process removes them, too
            if kept.stat().st_mtime < time.time() - UNUSED_MOST:
                remove(kept)
    return path


@cache
def code_digest() -> str:
    """A hash of all code that shapes an answer."""
    shape = hashlib.sha256(sys.version.encode())
    for file in sorted(Path(gallery.images.__path__[0]).rglob("*.py")):
        shape.update(file.read_bytes())
    for package in ("pillow", "pillow-heif"):
        try:
            shape.update(version(package).encode())
        except PackageNotFoundError:
            shape.update(b"none")
    return shape.hexdigest()
