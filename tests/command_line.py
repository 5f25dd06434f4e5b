"""The command line, run as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests import forked
from tests.conftest import Site


def environment(home: Path, **values: str) -> dict[str, str]:
    ours = {"GALLERY_HOME": str(home), **{f"GALLERY_{name}": value for name, value in values.items()}}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GALLERY_")}
    return {**kept, **ours, "COLUMNS": "200"}


def gallery(
    home: Path, *words: str, program: Sequence[str] = (), before: str = "", **values: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the gallery. `program`: options for Python that start it in another way, in a new process.

    `before`: Python that the process executes first.
    """
    if not program:
        return forked.run(words, environment(home, **values), home, before)
    return subprocess.run(
        [sys.executable, *program, *words],
        env=environment(home, **values),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=300,
    )


def on_site(site: Site, *words: str, program: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    settings = site.settings
    return gallery(
        settings.home,
        *words,
        program=program,
        DATABASE_URL=settings.database_url,
        MEDIA=str(settings.media),
        SECRET_KEY="tests",
    )
