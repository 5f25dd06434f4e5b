"""A picture that arrives in pieces: its file on the local disk, what may be added to it, and by whom at one time.

How much of it is there is the size of the file, so a process that is killed leaves an upload that goes on. Whoever adds
to it holds a lock of the operating system on it, which ends with the process: several processes can share one disk.
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

LIFETIME = timedelta(days=3)  # from the beginning of an upload, whatever arrives
MAX_OPEN_UPLOADS = 100  # uploads of one person that are under way
MAX_OPEN_BYTES = 2_000_000_000  # that they announce together
IDLE_TIMEOUT = 60.0  # seconds without a byte, after which a request is given up
POLL_SECONDS = 1.0  # seconds of silence after which it gives way to whoever wants to go on instead

ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}  # of checksums; tus asks for sha1


class TooManyUploads(Exception):
    """The person has begun more uploads than they may have open."""


class UploadLocked(Exception):
    """Somebody else adds to this upload just now."""


class UploadGone(Exception):
    """The upload is no longer there."""


class OffsetMismatch(Exception):
    """The piece does not begin where the part ends, which is at `size`."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class UploadTooLong(Exception):
    """More came than was announced; nothing of the piece was kept."""


class ChecksumMismatch(Exception):
    """The piece is not what its checksum says; nothing of it was kept."""


class UploadStalled(Exception):
    """The sender sends nothing more, or somebody else wants to go on; what came is kept."""


@dataclass(frozen=True)
class Checksum:
    algorithm: str  # one of ALGORITHMS
    digest: bytes


class PartialUpload:
    """What has arrived of one upload, at `path`."""

    def __init__(self, storage: Storage, token: str) -> None:
        self.path = storage.parts / token
        self._knock = storage.parts / f"{token}.knock"
        self._piece = storage.parts / f"{token}.piece"

    def make(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        os.close(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def size(self) -> int:
        """Bytes that are there for good. Raises Gone."""
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
        for path in (self.path, self._knock, self._piece):
            path.unlink(missing_ok=True)

    def knock(self) -> None:
        """Ask whoever holds it, and hears nothing from their sender, to let go."""
        self._knock.touch()

    def is_wanted(self) -> bool:
        return self._knock.exists()

    @asynccontextmanager
    async def hold(self) -> AsyncIterator[Any]:
        """The open file, to be added to by nobody else. Raises Held, Gone."""
        try:
            file = await aiofiles.open(self.path, "r+b")
        except FileNotFoundError:
            raise UploadGone from None
        try:
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._knock.touch()
                raise UploadLocked from None
            if os.fstat(file.fileno()).st_nlink == 0:
                raise UploadGone
            self._knock.unlink(missing_ok=True)
            yield file
        finally:
            await file.close()

    async def add(
        self, file: Any, request: Request, offset: int, length: int, checksum: Checksum | None = None
    ) -> int:
        """Add the body of `request` to the held `file`, of which `length` bytes are announced; returns its new size.

        What came before the sender broke off is kept, unless a checksum speaks of the whole piece. Raises WrongOffset,
        TooLong, WrongChecksum, GoneSilent, ClientDisconnect.
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
            return await self._add_checked(file, request, offset, length, checksum)
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

    async def _add_checked(
        self, file: Any, request: Request, offset: int, length: int, checksum: Checksum
    ) -> int:
        """By way of a file beside it: only bytes that were checked come into the part, even if we are killed."""
        told = ALGORITHMS[checksum.algorithm](usedforsecurity=False)
        size = offset
        try:
            async with aiofiles.open(self._piece, "w+b") as aside:
                async for piece in self._pieces(request):
                    size += len(piece)
                    if size > length:
                        raise UploadTooLong
                    told.update(piece)
                    await aside.write(piece)
                if not hmac.compare_digest(told.digest(), checksum.digest):
                    raise ChecksumMismatch
                await aside.seek(0)
                while piece := await aside.read(CHUNK_BYTES):
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
        """The next message. A sender whose connection broke without a word must not keep its own next try out."""
        waiting = asyncio.ensure_future(request.receive())
        silent = 0.0
        try:
            while not (await asyncio.wait({waiting}, timeout=POLL_SECONDS))[0]:
                silent += POLL_SECONDS
                if silent >= IDLE_TIMEOUT or self.is_wanted():
                    raise UploadStalled
            return waiting.result()
        finally:
            waiting.cancel()

    async def received(self, folder: Path) -> ReceivedFile:
        """The whole part under a second name in `folder`, so that it stays until it has become a picture."""
        path = folder / "upload"
        await asyncio.to_thread(os.link, self.path, path)
        async with aiofiles.open(path, "rb") as file:
            head = await file.read(HEAD_BYTES)
        return ReceivedFile(path, path.stat().st_size, head)


async def create_upload(
    organisation: Organisation, by: Person, length: int, metadata: str, storage: Storage
) -> Upload:
    """Begin an upload of `length` bytes. Raises TooManyUploads."""
    async with in_transaction():
        await locked(Person.filter(id=by.id)).get()  # so that two of theirs are not counted at once
        open_ones = Upload.filter(by=by, completed_at__isnull=True, expires_at__gt=now())
        told: Any = await open_ones.annotate(number=Count("id"), total=Coalesce(Sum("length"), 0)).values(
            "number", "total"
        )
        if told[0]["number"] >= MAX_OPEN_UPLOADS or told[0]["total"] + length > MAX_OPEN_BYTES:
            raise TooManyUploads
        upload = await Upload.create(
            organisation=organisation, by=by, length=length, metadata=metadata, expires_at=now() + LIFETIME
        )
    PartialUpload(storage, upload.token).make()
    return upload


async def delete_upload(upload: Upload, storage: Storage) -> None:
    """Delete an upload and what arrived of it. Whoever is just adding to it finds nothing to finish."""
    await Upload.filter(id=upload.id).delete()
    PartialUpload(storage, upload.token).delete()


async def delete_stray_files(storage: Storage) -> None:
    """Delete files that are older than any upload may be: what a killed process left without a row."""
    before = (now() - LIFETIME).timestamp()

    def sweep() -> None:
        for path in storage.parts.glob("*"):
            try:
                if path.stat().st_mtime < before:
                    path.unlink()
            except FileNotFoundError:
                continue

    await asyncio.to_thread(sweep)
