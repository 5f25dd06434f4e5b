"""The store in a local folder, which needs no other service."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from stat import S_ISREG
from typing import Self

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from gallery.storage.disk import atomic_write
from gallery.storage.store import Store, StoredFile, StoreUnavailable

SMALL_FILE_BYTES = 256 << 10  # bytes; nearly every rendition and tile is smaller
MAX_NAME_BYTES = 255  # a longer name raises OSError, not FileNotFoundError
MAX_TRIES = 5  # attempts to write a file: another process may remove its empty folder


class LocalFolder(Store):
    """Files by key in a folder. A file is renamed to its key when it is complete."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._store = LocalStore(folder, automatic_cleanup=True)

    async def put_file(self, key: str, source: Path) -> None:
        await asyncio.to_thread(_move_in, source, self.folder / key)

    async def link_from(self, other: Self, key: str, source_key: str) -> bool:
        return await asyncio.to_thread(_link_in, other.folder / source_key, self.folder / key)

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread((self.folder / key).is_file)

    async def delete(self, *keys: str) -> None:
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except (NotFoundError, FileNotFoundError):
                continue

    async def files(self, prefix: str = "") -> AsyncIterator[StoredFile]:
        async for batch in obstore.list(self._store, prefix or None):
            for entry in batch:
                yield StoredFile(entry["path"], entry["size"], entry["last_modified"])

    @asynccontextmanager
    async def local_copy(self, key: str) -> AsyncIterator[Path]:
        if not await self.exists(key):
            raise FileNotFoundError(key)
        yield self.folder / key

    async def answer(
        self, request: Request, key: str, *, media_type: str, headers: Mapping[str, str]
    ) -> Response:
        path = self.folder / key
        if any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in path.parts):
            raise FileNotFoundError(key)
        if request.method == "GET" and "range" not in request.headers:
            # Without a thread, which would cost several times as much as reading a small file.
            small = _read_small(path)
            if small is not None:
                body, modified_at = small
                more = {"accept-ranges": "bytes", "last-modified": formatdate(modified_at, usegmt=True)}
                return Response(body, media_type=media_type, headers={**more, **headers})
        stats = await asyncio.to_thread(path.stat)
        if not S_ISREG(stats.st_mode):
            raise FileNotFoundError(key)
        return FileResponse(path, media_type=media_type, headers=headers, stat_result=stats)

    async def check(self) -> None:
        try:
            await asyncio.to_thread(_write_and_delete, self.folder / f".check-{secrets.token_hex(8)}")
        except OSError as error:
            raise StoreUnavailable(
                f"The folder {self.folder} cannot be written to: {error.strerror}.",
                is_refusal=error.errno not in {errno.ENOSPC, errno.EDQUOT},
            ) from error


def _read_small(path: Path) -> tuple[bytes, float] | None:
    """The content and modification time of a file; None if it is larger than SMALL_FILE_BYTES.

    Raises FileNotFoundError.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except NotADirectoryError:
        raise FileNotFoundError(path) from None
    try:
        stats = os.fstat(descriptor)
        if not S_ISREG(stats.st_mode) or stats.st_size > SMALL_FILE_BYTES:
            return None
        return os.read(descriptor, SMALL_FILE_BYTES), stats.st_mtime
    finally:
        os.close(descriptor)


def _move_in(source: Path, target: Path) -> None:
    with source.open("rb") as file:
        os.fsync(file.fileno())
    for attempt in range(MAX_TRIES):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
            break
        except (FileNotFoundError, FileExistsError):  # the empty folder was deleted in the meantime
            if attempt + 1 == MAX_TRIES or not source.exists():
                raise
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy_in(source, target)
            source.unlink()
            break
    _sync_folder(target.parent)


def _link_in(source: Path, target: Path) -> bool:
    for _ in range(MAX_TRIES):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            continue  # an empty folder, deleted in the meantime
        try:
            os.link(source, target)
        except FileExistsError:
            return True
        except FileNotFoundError:
            if source.exists():
                continue  # the target's folder was removed
            return False
        except OSError:  # `source` is on another disk, or the file system has no hard links
            try:
                _copy_in(source, target)
            except FileNotFoundError:
                return False
        return True
    return False


def _copy_in(source: Path, target: Path) -> None:
    with atomic_write(target) as partial:
        shutil.copyfile(source, partial)


def _sync_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:  # the folder was deleted in the meantime
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_and_delete(path: Path) -> None:
    path.write_bytes(b"check")
    path.unlink()
