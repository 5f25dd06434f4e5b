"""Uploads in chunks: the partial file on the local disk, its lock, and the checks on each chunk.

The size of the file says how much has arrived, so an upload can go on after its process was killed. A request
that appends to the file holds the operating system's lock on it, which ends with the process. So several
processes can share one disk.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiofiles
from starlette.requests import ClientDisconnect, Request
from tortoise.functions import Coalesce, Count, Sum

from gallery.accounts.models import Person
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Upload
from gallery.images.sandbox.parent import HEAD_BYTES
from gallery.images.uploads import ReceivedFile
from gallery.numbers import whole_number
from gallery.organisations.models import Organisation
from gallery.storage import Storage
from gallery.storage.store import CHUNK_BYTES

LIFETIME = timedelta(days=3)  # the age at which an upload expires, even if data still arrives
MAX_OPEN_UPLOADS = 100  # per person
MAX_OPEN_BYTES = 2_000_000_000  # per person: the sum of the declared lengths
IDLE_TIMEOUT = 60.0  # seconds without a byte, after which a request is ended
POLL_SECONDS = 1.0  # seconds without a byte, after which a request yields to another one for the same upload

ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}  # for checksums; tus requires sha1


class TooManyUploads(Exception):
    """The person has too many open uploads."""


class UploadLocked(Exception):
    """Another request is appending to this upload."""


class UploadGone(Exception):
    """The upload was deleted."""


class OffsetMismatch(Exception):
    """The chunk does not start where the partial file ends; `size` is that file's size in bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class UploadTooLong(Exception):
    """The client sent more data than the declared length of the upload; the chunk was discarded."""


class ChecksumMismatch(Exception):
    """The chunk does not match its checksum and was discarded."""


class UploadStalled(Exception):
    """The client stopped sending, or another request will continue the upload. The data so far is kept."""


@dataclass(frozen=True)
class Checksum:
    algorithm: str  # one of ALGORITHMS
    digest: bytes


class PartialUpload:
    """The data of one upload that has arrived, in the file `path`."""

    def __init__(self, storage: Storage, token: str) -> None:
        self.path = storage.partial_uploads / token
        self._yield_request = storage.partial_uploads / f"{token}.knock"
        self._piece = storage.partial_uploads / f"{token}.piece"

    def make(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def size(self) -> int:
        """Bytes that are safely on the disk. Raises UploadGone."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            raise UploadGone from None
        try:
            os.fsync(descriptor)
            return os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)

    def delete(self) -> None:
        for path in (self.path, self._yield_request, self._piece):
            path.unlink(missing_ok=True)

    def request_yield(self) -> None:
        """Ask a request that holds the lock, but receives nothing, to release the lock."""
        self._yield_request.touch()

    def is_yield_requested(self) -> bool:
        return self._yield_request.exists()

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[Any]:
        """The open file, locked so that only the caller appends to it. Raises UploadLocked, UploadGone."""
        try:
            file = await aiofiles.open(self.path, "r+b")
        except FileNotFoundError:
            raise UploadGone from None
        try:
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.request_yield()
                raise UploadLocked from None
            if os.fstat(file.fileno()).st_nlink == 0:
                raise UploadGone
            self._yield_request.unlink(missing_ok=True)
            yield file
        finally:
            await file.close()

    async def append(
        self, file: Any, request: Request, offset: int, length: int, checksum: Checksum | None = None
    ) -> int:
        """Append the body of `request` to the locked `file` of an upload of `length` bytes; returns its new
        size.

        If the connection breaks, the bytes so far are kept. A chunk with a checksum is discarded instead,
        because the checksum is for the whole chunk. Raises OffsetMismatch, UploadTooLong, ChecksumMismatch,
        UploadStalled, ClientDisconnect.
        """
        descriptor = file.fileno()
        size = os.fstat(descriptor).st_size
        if size != offset:
            raise OffsetMismatch(size)
        announced = request.headers.get("content-length", "0")
        if whole_number(announced, most=length - offset) is None:
            raise UploadTooLong
        await file.seek(offset)
        if checksum is not None:
            return await self._append_checked(file, request, offset, length, checksum)
        try:
            async for piece in self._pieces(request):
                size += len(piece)
                if size > length:
                    await file.flush()
                    os.ftruncate(descriptor, offset)
                    raise UploadTooLong
                await file.write(piece)
        finally:
            await file.flush()
            await asyncio.to_thread(os.fsync, descriptor)
        return size

    async def _append_checked(
        self, file: Any, request: Request, offset: int, length: int, checksum: Checksum
    ) -> int:
        """Write the chunk to a second file first. So only bytes with a correct checksum get into the upload,
        even if the process is killed."""
        hash = ALGORITHMS[checksum.algorithm](usedforsecurity=False)
        size = offset
        try:
            async with aiofiles.open(self._piece, "w+b") as unchecked:
                async for piece in self._pieces(request):
                    size += len(piece)
                    if size > length:
                        raise UploadTooLong
                    hash.update(piece)
                    await unchecked.write(piece)
                if not hmac.compare_digest(hash.digest(), checksum.digest):
                    raise ChecksumMismatch
                await unchecked.seek(0)
                while piece := await unchecked.read(CHUNK_BYTES):
                    await file.write(piece)
            await file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        finally:
            self._piece.unlink(missing_ok=True)
        return size

    async def _pieces(self, request: Request) -> AsyncIterator[bytes]:
        while True:
            message = await self._message(request)
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return

    async def _message(self, request: Request) -> Any:
        """The next ASGI message. Raises UploadStalled if none comes in time: a client whose connection broke
        silently must be able to try again."""
        waiting = asyncio.ensure_future(request.receive())
        idle = 0.0
        try:
            while not (await asyncio.wait({waiting}, timeout=POLL_SECONDS))[0]:
                idle += POLL_SECONDS
                if idle >= IDLE_TIMEOUT or self.is_yield_requested():
                    raise UploadStalled
            return waiting.result()
        finally:
            waiting.cancel()

    async def received(self, folder: Path) -> ReceivedFile:
        """Hard-link the complete file into `folder`, so that it exists until the picture is stored."""
        path = folder / "upload"
        await asyncio.to_thread(os.link, self.path, path)
        async with aiofiles.open(path, "rb") as file:
            head = await file.read(HEAD_BYTES)
        return ReceivedFile(path, path.stat().st_size, head)


async def create_upload(
    organisation: Organisation, by: Person, length: int, metadata: str, storage: Storage
) -> Upload:
    """Start an upload of `length` bytes. Raises TooManyUploads."""
    async with in_transaction():
        await locked(Person.filter(id=by.id)).get()  # so that two requests cannot both pass the limits below
        open_ones = Upload.filter(by=by, completed_at__isnull=True, expires_at__gt=now())
        (totals,) = await open_ones.annotate(number=Count("id"), total=Coalesce(Sum("length"), 0)).values(
            "number", "total"
        )
        if totals["number"] >= MAX_OPEN_UPLOADS or totals["total"] + length > MAX_OPEN_BYTES:
            raise TooManyUploads
        upload = await Upload.create(
            organisation=organisation, by=by, length=length, metadata=metadata, expires_at=now() + LIFETIME
        )
    PartialUpload(storage, upload.token).make()
    return upload


async def delete_upload(upload: Upload, storage: Storage) -> None:
    """Delete an upload and its data. A request that is still appending then cannot complete the upload."""
    await Upload.filter(id=upload.id).delete()
    PartialUpload(storage, upload.token).delete()


async def delete_stray_files(storage: Storage) -> None:
    """Delete partial files older than LIFETIME: a killed process left them without a row in the database."""
    before = (now() - LIFETIME).timestamp()

    def sweep() -> None:
        for path in storage.partial_uploads.glob("*"):
            try:
                if path.stat().st_mtime < before:
                    path.unlink()
            except FileNotFoundError:
                continue

    await asyncio.to_thread(sweep)
