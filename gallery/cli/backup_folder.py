"""The folder that `gallery backup` fills and `gallery restore` reads.

2026-11-26T031500Z/   one copy of the database, with the secret key
private/              every private picture, stored once and shared by all copies
withdrawals.txt       a line for each withdrawn consent
vetoes.txt            a line for each work with a veto
valid.txt             a line for each thing that can end and has not ended, see revocations.py
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
from gallery.cli.common import first_line
from gallery.exhibitions.stored_files import (
    BATCH_SIZE,
    ExpectedFile,
    images_with_private_files,
    needed_keys_without_image,
)
from gallery.images.storage_keys import token_of_key
from gallery.settings import Settings
from gallery.storage import disk

COPY_NAME_FORMAT = "%Y-%m-%dT%H%M%SZ"  # the name of a copy's folder: when the copy was begun, in UTC
SQLITE_COPY, POSTGRESQL_DUMP = "gallery.sqlite3", "gallery.dump"
PICTURES_FOLDER, SECRET_FILE = "private", "secret_key"
UNFINISHED_COPY = "making"  # the name of the folder while the copy is not complete
WITHDRAWALS_FILE, VETOES_FILE, VALID_FILE = "withdrawals.txt", "vetoes.txt", "valid.txt"


def key_batches(pool: Path) -> Iterator[list[str]]:
    """Yield the keys of all pictures in `pool`, in lists of a few hundred."""
    keys = [str(path.relative_to(pool)) for path in pool.rglob("*") if path.is_file()]
    for start in range(0, len(keys), BATCH_SIZE):
        yield keys[start : start + BATCH_SIZE]


async def needed_keys(keys: Iterable[str]) -> set[str]:
    """The subset of `keys` that the database expects in private storage."""
    wanted = set(keys)
    images = await images_with_private_files({token_of_key(key) for key in wanted})
    return {key for key in wanted if token_of_key(key) in images} | await needed_keys_without_image(wanted)


def read_lists(*paths: Path) -> dict[str, str]:
    """The entries of all lists: digest → moment. Raises ClickException for a file that is not a list."""
    found: dict[str, str] = {}
    for path in paths:
        for line in path.read_text().splitlines() if path.exists() else ():
            digest, _, moment = line.partition(" ")
            if len(digest) != 64:
                raise click.ClickException(f"{path} is not a list of withdrawals, vetoes or valid things.")
            found.setdefault(digest, moment)
    return found


def newest_valid_list(*paths: Path) -> tuple[set[str], str]:
    """The digests of the newest valid.txt, with its moment; empty if there is none. Raises ClickException."""
    found = [read_lists(path) for path in paths]
    newest = max(found, key=_list_time, default=dict[str, str]())
    return set(newest), _list_time(newest)


def _list_time(valid: Mapping[str, str]) -> str:
    return next(iter(valid.values()), "")


def list_digest(listed: Consent | Artwork) -> str:
    """The SHA-256 digest under which a list names a consent or a work. It reveals nothing about them."""
    return hashlib.sha256(
        (listed.code if isinstance(listed, Consent) else listed.public_id).encode()
    ).hexdigest()


def choose_copy(folder: Path, name: str | None) -> Path:
    """The copy with the given name; without a name the newest copy. Raises ClickException."""
    existing = list_copies(folder)
    for path in reversed(existing):
        if name in (None, path.name):
            return path
    names = ", ".join(path.name for path in existing) or "none"
    raise click.ClickException(
        f"There is no copy {name or ''} in {folder}. Known: {names}.".replace("  ", " ")
    )


def copy_time(copied: Path) -> datetime:
    """The moment at which a copy was begun. Raises ValueError if the folder's name is not a moment."""
    return datetime.strptime(copied.name, COPY_NAME_FORMAT).replace(tzinfo=UTC)


def list_copies(folder: Path) -> list[Path]:
    """The complete copies in `folder`, the oldest first."""

    def is_copy(path: Path) -> bool:
        try:
            copy_time(path)
        except ValueError:
            return False
        return path.is_dir()

    return sorted(filter(is_copy, folder.iterdir()))


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Create the folder if needed, and lock it for this command.

    Raises ClickException if another command has locked it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with disk.lock_folder(folder) as is_ours:
        if not is_ours:
            raise click.ClickException(f"Another command is working in {folder}.")
        yield


def copy_atomically(source: Path, target: Path) -> None:
    """Copy a file so that `target` is complete or does not exist, readable by its owner only."""
    with disk.atomic_write(target, 0o600) as half:
        shutil.copyfile(source, half)


def copy_unless_damaged(source: Path, target: Path, expected: ExpectedFile | None) -> bool:
    """Copy atomically if the file matches `expected`; returns whether the file was copied."""
    with suppress(DamagedFile), disk.atomic_write(target, 0o600) as half:
        shutil.copyfile(source, half)
        if expected is not None and not expected.is_in(half):
            raise DamagedFile
        return True
    return False


class DamagedFile(Exception):
    """A file does not match its size or digest in the database."""


def write_atomically(path: Path, text: str) -> None:
    with disk.atomic_write(path, 0o600) as half:
        half.write_text(text)


async def run_postgresql_program(program: str, settings: Settings, *words: str | Path) -> None:
    """Run one of PostgreSQL's programs on the site's database. Raises ClickException.

    The password is passed in the environment, because other users can read a command line.
    """
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
    _, errors = await process.communicate()
    if process.returncode:
        raise click.ClickException(
            f"{program} failed: {first_line(Exception(errors.decode(errors='replace')))}"
        )
