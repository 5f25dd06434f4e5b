"""Uploads in pieces. Received bytes are in private storage, so any process on any machine can continue an upload.

The upload's row has the number of received bytes. A request adds a piece to the row only if no other request
was faster, so requests that send the same bytes at the same time do no harm.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiofiles
from starlette.requests import ClientDisconnect, Request
from tortoise.functions import Coalesce, Count, Sum

from gallery.accounts.models import Person
from gallery.clock import now
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.db.leases import is_free, lease_renewal
from gallery.images.models import Upload, UploadPiece
from gallery.images.sandbox.parent import HEAD_BYTES
from gallery.images.storage_keys import upload_key
from gallery.images.uploads import ReceivedFile
from gallery.numbers import whole_number
from gallery.organisations.models import Organisation
from gallery.storage import Storage, StoreUnavailable
from gallery.storage.store import CHUNK_BYTES

LIFETIME = timedelta(days=3)  # the age at which an upload expires, even if data still arrives
MAX_OPEN_UPLOADS = 100  # per person
MAX_OPEN_BYTES = 2_000_000_000  # per person: the sum of the declared lengths
MAX_PIECES = 200  # of one upload; if there are more, they are merged into one
PIECE_SECONDS = 5.0  # the longest time for receiving a piece; a killed process loses no more than one piece
POLL_SECONDS = 1.0  # seconds without a byte, after which the received bytes are stored
IDLE_TIMEOUT = 60.0  # seconds without a byte, after which a request is ended
LEASE_SECONDS = 20.0  # how long an upload waits after the process that was finishing it was killed

ALGORITHMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}  # for checksums; tus requires sha1


class TooManyUploads(Exception):
    """The person has too many open uploads."""


class UploadLocked(Exception):
    """Another process is finishing this upload."""


class UploadGone(Exception):
    """The upload was deleted."""


class OffsetMismatch(Exception):
    """The chunk does not start where the upload ends now. `size` is the number of bytes received so far."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class UploadTooLong(Exception):
    """The client sent more data than the declared length of the upload; the last piece was discarded."""


class ChecksumMismatch(Exception):
    """The chunk does not match its checksum and was discarded."""


class UploadStalled(Exception):
    """The client stopped sending. The data so far is kept."""


@dataclass(frozen=True)
class Checksum:
    algorithm: str  # one of ALGORITHMS
    digest: bytes


async def append(
    upload: Upload, request: Request, offset: int, storage: Storage, checksum: Checksum | None = None
) -> None:
    """Add the body of `request` to an upload.

    If the connection breaks, the bytes so far are kept. A chunk with a checksum is discarded instead,
    because the checksum is for the whole chunk. Raises OffsetMismatch, UploadTooLong, ChecksumMismatch,
    UploadStalled, UploadLocked, UploadGone, ClientDisconnect, StoreUnavailable.
    """
    if offset != upload.received:
        raise OffsetMismatch(upload.received)
    announced = request.headers.get("content-length", "0")
    if whole_number(announced, most=upload.length - offset) is None:
        raise UploadTooLong
    if upload.received < upload.length and await _pieces_of(upload).count() >= MAX_PIECES:
        await _merge_pieces(upload, storage)
    async with storage.scratch_folder() as folder:
        with closing(_Body(request, checksum)) as body:
            while not body.is_over:
                size = await body.receive(folder / "piece", upload.length - upload.received)
                if size:
                    await _add_piece(upload, folder / "piece", size, storage)
    if body.fault is not None:
        raise body.fault


class _Body:
    """The body of a request, received piece by piece."""

    def __init__(self, request: Request, checksum: Checksum | None) -> None:
        self.is_over = False
        self.fault: ClientDisconnect | UploadStalled | None = None  # why the body ended early
        self._request = request
        self._checksum = checksum
        self._message: asyncio.Future[Any] | None = None  # the task that waits for the next ASGI message
        self._idle = 0.0  # seconds without a byte

    async def receive(self, path: Path, most: int) -> int:
        """Write the next piece of at most `most` bytes to `path`; returns its size in bytes.

        A piece ends with the body, after PIECE_SECONDS, and when the client pauses. With a checksum, the
        whole chunk is one piece, which is stored only if the checksum is correct. Raises UploadTooLong,
        ChecksumMismatch, and with a checksum `fault`.
        """
        size, began_at = 0, time.monotonic()
        hash = ALGORITHMS[self._checksum.algorithm](usedforsecurity=False) if self._checksum else None
        async with aiofiles.open(path, "wb") as file:
            while not self.is_over:
                data = await self._next()
                began_at = began_at if size else time.monotonic()
                size += len(data)
                if size > most:
                    raise UploadTooLong
                await file.write(data)
                if hash is not None:
                    hash.update(data)
                elif size and (not data or time.monotonic() - began_at >= PIECE_SECONDS):
                    break
        if hash is not None and self._checksum is not None:
            if self.fault is not None:
                raise self.fault
            if not hmac.compare_digest(hash.digest(), self._checksum.digest):
                raise ChecksumMismatch
        return size

    async def _next(self) -> bytes:
        """The next bytes; b"" if none came for POLL_SECONDS, and at the end of the body."""
        if self._message is None:
            self._message = asyncio.ensure_future(self._request.receive())
        if not (await asyncio.wait({self._message}, timeout=POLL_SECONDS))[0]:
            self._idle += POLL_SECONDS
            if self._idle >= IDLE_TIMEOUT:
                self.is_over, self.fault = True, UploadStalled()
            return b""
        message, self._message, self._idle = self._message.result(), None, 0.0
        if message["type"] == "http.disconnect":
            self.fault = ClientDisconnect()
        self.is_over = self.fault is not None or not message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body

    def close(self) -> None:
        if self._message is not None:
            self._message.cancel()


async def _add_piece(upload: Upload, path: Path, size: int, storage: Storage) -> None:
    """Store the file `path` as the next piece. Raises OffsetMismatch if another request was faster, UploadGone."""
    piece = UploadPiece(upload_id=upload.id, start=upload.received, size=size)
    await storage.private.put_file(upload_key(upload.token, piece.token), path)
    try:
        async with in_transaction():
            continued = Upload.filter(id=upload.id, received=piece.start, completed_at__isnull=True)
            if not await continued.update(received=piece.start + size):
                current = await Upload.get_or_none(id=upload.id)
                raise UploadGone if current is None else OffsetMismatch(current.received)
            await piece.save()
    except (OffsetMismatch, UploadGone):
        await storage.private.delete(upload_key(upload.token, piece.token))
        raise
    upload.received += size


def _pieces_of(upload: Upload) -> QuerySet[UploadPiece]:
    return UploadPiece.filter(upload_id=upload.id).order_by("start")


async def _merge_pieces(upload: Upload, storage: Storage) -> None:
    """Merge the pieces into one, so that a client that sends small chunks does not leave thousands of files.

    Raises UploadLocked, UploadGone, StoreUnavailable.
    """
    async with leased(upload), storage.scratch_folder() as folder:
        pieces = await _pieces_of(upload)
        file = await received_file(upload, storage, folder)
        merged = UploadPiece(upload_id=upload.id, start=0, size=file.size)
        await storage.private.put_file(upload_key(upload.token, merged.token), file.path)
        async with in_transaction():
            replaced = UploadPiece.filter(id__in=[piece.id for piece in pieces])
            if await replaced.delete() != len(pieces):
                raise UploadLocked
            await merged.save()
    await storage.private.delete(*(upload_key(upload.token, piece.token) for piece in pieces))


@asynccontextmanager
async def leased(upload: Upload) -> AsyncIterator[None]:
    """Until the block ends, only the caller may read or merge all pieces of an unfinished upload.

    Raises UploadLocked, UploadGone.
    """
    rows = Upload.filter(id=upload.id, completed_at__isnull=True)
    lease = timedelta(seconds=LEASE_SECONDS)
    if not await rows.filter(is_free(lease)).update(lease_until=now() + lease):
        raise UploadLocked if await Upload.exists(id=upload.id) else UploadGone
    try:
        async with lease_renewal(rows.all, LEASE_SECONDS):
            yield
    finally:
        await rows.update(lease_until=None)


async def received_file(upload: Upload, storage: Storage, folder: Path) -> ReceivedFile:
    """Write all received bytes into one file in `folder`; the caller has the lease.

    Raises UploadGone if the store has lost a piece; then the upload is deleted. Raises UploadLocked if the
    lease was lost and another process has merged or finished the upload.
    """
    path = folder / "upload"
    pieces = await _pieces_of(upload)
    try:
        for piece in pieces:
            async with storage.private.local_copy(upload_key(upload.token, piece.token)) as copy:
                await asyncio.to_thread(_append_file, copy, path)
    except FileNotFoundError:
        if await _pieces_of(upload).filter(id__in=[piece.id for piece in pieces]).count() == len(pieces):
            await delete_upload(upload, storage)
        raise UploadLocked if await Upload.exists(id=upload.id) else UploadGone from None
    async with aiofiles.open(path, "rb") as file:
        head = await file.read(HEAD_BYTES)
    return ReceivedFile(path, path.stat().st_size, head)


def _append_file(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("ab") as writer:
        shutil.copyfileobj(reader, writer, CHUNK_BYTES)


async def create_upload(
    organisation: Organisation, by: Person, length: int, metadata: str, most_open: int = 0
) -> Upload:
    """Start an upload of `length` bytes.

    `most_open`: the limit for the sum of all open uploads in bytes, if larger than MAX_OPEN_BYTES. Raises
    TooManyUploads.
    """
    async with in_transaction():
        await locked(Person.filter(id=by.id)).get()  # so that two requests cannot both pass the limits below
        open_ones = Upload.filter(by=by, completed_at__isnull=True, expires_at__gt=now())
        (totals,) = await open_ones.annotate(number=Count("id"), total=Coalesce(Sum("length"), 0)).values(
            "number", "total"
        )
        if totals["number"] >= MAX_OPEN_UPLOADS or totals["total"] + length > max(MAX_OPEN_BYTES, most_open):
            raise TooManyUploads
        return await Upload.create(
            organisation=organisation, by=by, length=length, metadata=metadata, expires_at=now() + LIFETIME
        )


async def delete_upload(upload: Upload, storage: Storage) -> None:
    """Delete an upload and its data. A request that is still sending data cannot complete the upload any more."""
    await Upload.filter(id=upload.id).delete()
    await _delete_files(upload, storage)


async def delete_pieces(upload: Upload, storage: Storage) -> None:
    """Delete the data of a completed upload."""
    await _pieces_of(upload).delete()
    await _delete_files(upload, storage)


async def _delete_files(upload: Upload, storage: Storage) -> None:
    """Delete files. If the store is unavailable, they stay; the chore for files without a row deletes them."""
    with suppress(StoreUnavailable):
        await storage.private.delete_folder(upload_key(upload.token))
