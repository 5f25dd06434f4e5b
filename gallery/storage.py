"""Where pictures lie: a private and a public store behind one interface.

The private store holds originals and every rendition; the public one only the renditions of works on view.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore

from gallery.settings import Settings


class Store:
    """Files by key in a local folder. Writes are atomic: a key is whole or not there."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._store = LocalStore(folder, automatic_cleanup=True)

    def path(self, key: str) -> Path:
        """The file of `key`, which may not be there."""
        return self.folder / key

    async def put_file(self, key: str, source: Path) -> None:
        """Take `source`, a file on the same disk, in as `key`; it is on the disk for good when this returns."""
        await asyncio.to_thread(_move_in, source, self.path(key))

    async def link_from(self, other: Store, key: str, source_key: str) -> bool:
        """Have what `other` holds under `source_key` here as `key`; False where it holds nothing."""
        return await asyncio.to_thread(_link_in, other.path(source_key), self.path(key))

    async def delete(self, *keys: str) -> None:
        """Delete files; one that is not there is no error."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except (NotFoundError, FileNotFoundError):
                continue

    async def delete_folder(self, prefix: str) -> None:
        """Delete every file whose key begins with `prefix` and a slash."""
        await self.delete(*[key async for key in self.keys(prefix)])

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        async for batch in obstore.list(self._store, prefix or None):
            for entry in batch:
                yield entry["path"]


class Storage:
    """Both stores of a site, and a folder on the same disk for what is being written."""

    def __init__(self, settings: Settings) -> None:
        self.private = Store(settings.media / "private")
        self.public = Store(settings.media / "public")
        self._scratch = settings.media / "scratch"
        self._scratch.mkdir(parents=True, exist_ok=True)

    @asynccontextmanager
    async def scratch_folder(self) -> AsyncIterator[Path]:
        """A folder that is gone afterwards."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._scratch))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def sweep_scratch(self, older_than: float) -> int:
        """Remove scratch folders last changed before `older_than` (seconds since 1970): a killed process left them."""
        removed = 0
        for folder in self._scratch.iterdir():
            if folder.stat().st_mtime < older_than:
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        return removed


def _move_in(source: Path, target: Path) -> None:
    with source.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    _sync_folder(target.parent)


def _link_in(source: Path, target: Path) -> bool:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        return True
    except FileNotFoundError:
        return False
    except OSError:  # another disk, or a file system without links
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(source, partial)
        partial.replace(target)
    return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
