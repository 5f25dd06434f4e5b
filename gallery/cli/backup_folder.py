"""The folder that `gallery backup` fills and `gallery restore` reads: copies of the database, pictures, withdrawals.

2026-11-26T031500Z/   one copy of the database, with the secret key
private/              every private picture, once for all copies
withdrawals.txt       a line for each withdrawn consent
vetoes.txt            a line for each work that a curator took off the wall
valid.txt             a line for each thing that can end and has not, see revocations
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.cli.site import one_line
from gallery.exhibitions.stored_files import AT_ONCE, Content, expected_in_private, others_among
from gallery.images.storage_keys import token_in
from gallery.settings import Settings
from gallery.storage import disk

STAMP = "%Y-%m-%dT%H%M%SZ"  # a copy's folder is named by its moment, in UTC
SQLITE, POSTGRESQL = "gallery.sqlite3", "gallery.dump"
PICTURES, SECRET = "private", "secret_key"
MAKING = "making"  # a copy that is not whole yet
WITHDRAWALS, VETOES, VALID = "withdrawals.txt", "vetoes.txt", "valid.txt"


def keys_by_some(pool: Path) -> Iterator[list[str]]:
    """The keys of all pictures in `pool`, by some hundred at once."""
    keys = [str(path.relative_to(pool)) for path in pool.rglob("*") if path.is_file()]
    for start in range(0, len(keys), AT_ONCE):
        yield keys[start : start + AT_ONCE]


async def needed_among(keys: Iterable[str]) -> set[str]:
    """Of some keys in private storage, those that the database expects there."""
    asked = set(keys)
    images = await expected_in_private({token_in(key) for key in asked})
    return {key for key in asked if token_in(key) in images} | await others_among(asked)


def listed(*paths: Path) -> dict[str, str]:
    """Digests with the moment that stands beside each; raises ClickException for a file that is no list."""
    found: dict[str, str] = {}
    for path in paths:
        for line in path.read_text().splitlines() if path.exists() else ():
            digest, _, moment = line.partition(" ")
            if len(digest) != 64:
                raise click.ClickException(f"{path} is no list of withdrawals, vetoes or valid things.")
            found.setdefault(digest, moment)
    return found


def newest_valid(*paths: Path) -> tuple[set[str], str]:
    """The list of what was valid that was written last, with its moment; empty where there is none. Raises ClickException."""
    found = [listed(path) for path in paths]
    newest = max(found, key=_written, default=dict[str, str]())
    return set(newest), _written(newest)


def _written(valid: Mapping[str, str]) -> str:
    return next(iter(valid.values()), "")


def digest_of(listed: Consent | Artwork) -> str:
    """What stands for a consent or a work in a list, and says nothing to whoever reads it."""
    return hashlib.sha256(
        (listed.code if isinstance(listed, Consent) else listed.public_id).encode()
    ).hexdigest()


def chosen(folder: Path, name: str | None) -> Path:
    """The copy of that name, or the newest; raises ClickException."""
    known = copies(folder)
    for path in reversed(known):
        if name in (None, path.name):
            return path
    there = ", ".join(path.name for path in known) or "none"
    raise click.ClickException(
        f"There is no copy {name or ''} in {folder}. There is: {there}.".replace("  ", " ")
    )


def moment_of(copied: Path) -> datetime:
    """When a copy was begun; raises ValueError for a folder that is none."""
    return datetime.strptime(copied.name, STAMP).replace(tzinfo=UTC)


def copies(folder: Path) -> list[Path]:
    """The whole copies in `folder`, from the oldest."""

    def is_copy(path: Path) -> bool:
        try:
            moment_of(path)
        except ValueError:
            return False
        return path.is_dir()

    return sorted(filter(is_copy, folder.iterdir()))


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """`folder`, made where it is not there, for this command alone. Raises ClickException."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with disk.held(folder) as is_ours:
        if not is_ours:
            raise click.ClickException(f"Another command is at work in {folder}.")
        yield


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file so that `target` is there whole or not at all, readable by its owner alone."""
    with disk.whole(target, 0o600) as half:
        shutil.copyfile(source, half)


def copy_good(source: Path, target: Path, expected: Content | None) -> bool:
    """As `copy_whole`, unless what is copied is not `expected`; whether it was copied."""
    with suppress(DamagedFile), disk.whole(target, 0o600) as half:
        shutil.copyfile(source, half)
        if expected is not None and not expected.is_in(half):
            raise DamagedFile
        return True
    return False


class DamagedFile(Exception):
    """A file is not what the database says."""


def write_whole(path: Path, text: str) -> None:
    with disk.whole(path, 0o600) as half:
        half.write_text(text)


async def postgresql(program: str, settings: Settings, *words: str | Path) -> None:
    """Run a program of PostgreSQL's on the site's database; its password goes by the environment. Raises ClickException."""
    url = urlsplit(settings.database_url)
    password = unquote(url.password or "")
    host = f"{unquote(url.username or 'postgres')}@{url.hostname or ''}{f':{url.port}' if url.port else ''}"
    query = "&".join(part for part in url.query.split("&") if part and not part.startswith("pool="))
    address = f"postgresql://{host}{url.path}{f'?{query}' if query else ''}"
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            f"--dbname={address}",
            *map(str, words),
            env={**os.environ, **({"PGPASSWORD": password} if password else {})},
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise click.ClickException(
            f"{program} is not installed: it comes with PostgreSQL's client."
        ) from error
    _, said = await process.communicate()
    if process.returncode:
        raise click.ClickException(f"{program} failed: {one_line(Exception(said.decode(errors='replace')))}")
