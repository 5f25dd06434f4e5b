"""The store in an S3-compatible bucket, which private and public pictures share under two prefixes."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import os
import re
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import aiofiles
import obstore
from obstore.exceptions import BaseError, InvalidPathError
from obstore.store import HTTPStore, S3Store
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from gallery.settings import Settings, SettingsError
from gallery.storage.store import CHUNK_BYTES, Store, StoredFile, StoreUnavailable

REQUEST_TIMEOUT = (
    10.0  # seconds for one small request; a visitor waits no longer for a store that is unavailable
)
TRANSFER_TIMEOUT = timedelta(minutes=10)  # for the transfer of one whole file
MAX_CONCURRENT_DELETIONS = 16  # parallel requests, for a store that deletes only one key per request

CLIENT_OPTIONS: dict[str, Any] = {"connect_timeout": timedelta(seconds=2), "timeout": TRANSFER_TIMEOUT}
RETRY_CONFIG: Any = {
    "max_retries": 2,
    "retry_timeout": timedelta(seconds=REQUEST_TIMEOUT),
    "backoff": {
        "init_backoff": timedelta(milliseconds=100),
        "max_backoff": timedelta(seconds=2),
        "base": 2,
    },
}


@dataclass(frozen=True)
class Address:
    """A bucket's address, from
    `s3://bucket/prefix?endpoint=https://…&region=…&style=virtual&delete=single`."""

    bucket: str
    prefix: str  # "" or "some/prefix"
    endpoint: str | None  # None: Amazon S3
    region: str
    is_virtual: bool  # whether URLs are https://bucket.host/key or https://host/bucket/key
    deletes_many: bool  # whether one request may delete many keys

    @classmethod
    def of(cls, url: str) -> Address:
        """Parse the URL of a bucket. Raises SettingsError."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc:
            raise SettingsError(
                f"GALLERY_STORAGE_URL begins with {url.split('?')[0]!r}: it takes s3://bucket/prefix?endpoint=https://…"
                if "@" not in parts.netloc
                else "GALLERY_STORAGE_URL holds no keys: they go into GALLERY_STORAGE_KEY_ID and GALLERY_STORAGE_SECRET."
            )
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        endpoint = options.pop("endpoint", None)
        region = options.pop("region", "us-east-1")
        style = options.pop("style", "path")
        delete = options.pop("delete", "many")
        if options:
            raise SettingsError(
                f"GALLERY_STORAGE_URL says {next(iter(options))!r}: it takes endpoint, region, style and delete."
            )
        if endpoint is not None and not re.fullmatch(r"https?://[^/?#@\s]+/?", endpoint):
            raise SettingsError(
                f"GALLERY_STORAGE_URL has the endpoint {endpoint!r}: it takes https://host or http://host:port."
            )
        if style not in {"path", "virtual"}:
            raise SettingsError(f"GALLERY_STORAGE_URL has the style {style!r}: it takes path or virtual.")
        if delete not in {"many", "single"}:
            raise SettingsError(f"GALLERY_STORAGE_URL has delete={delete!r}: it takes many or single.")
        return cls(
            parts.netloc,
            parts.path.strip("/"),
            endpoint.rstrip("/") if endpoint else None,
            region,
            style == "virtual",
            delete == "many",
        )

    def __str__(self) -> str:
        """The bucket and its host, for messages to the keeper."""
        name = f"s3://{self.bucket}/{self.prefix}".rstrip("/")
        return f"{name} at {urlsplit(self.endpoint).netloc}" if self.endpoint else f"{name} at Amazon"

    def client(self, **keys: Any) -> S3Store:
        values: dict[str, Any] = {
            "region": self.region,
            "virtual_hosted_style_request": self.is_virtual,
            "disable_bulk_delete": not self.deletes_many,
            "client_options": {**CLIENT_OPTIONS, "allow_http": (self.endpoint or "").startswith("http://")},
            "retry_config": RETRY_CONFIG,
            **keys,
        }
        if self.endpoint is not None:
            host = urlsplit(self.endpoint)
            values["endpoint"] = (
                f"{host.scheme}://{self.bucket}.{host.netloc}" if self.is_virtual else self.endpoint
            )
        return S3Store(self.bucket, prefix=self.prefix or None, **values)


class Bucket:
    """A connection to one bucket, which both stores share."""

    def __init__(self, settings: Settings) -> None:
        self.address = Address.of(settings.storage_url)
        self.store = self.address.client(
            access_key_id=settings.storage_key_id, secret_access_key=settings.storage_secret
        )
        self.cache_control = settings.picture_cache_control

    @contextmanager
    def converted_errors(self) -> Iterator[None]:
        """Convert the store's errors to StoreUnavailable, except FileNotFoundError."""
        try:
            yield
        except InvalidPathError:
            raise FileNotFoundError("no such key") from None
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self.unavailable(error) from None
            raise FileNotFoundError("no such key") from None
        except (BaseError, TimeoutError) as error:
            # Not chained: the original error contains keys of pictures, which must not get into a log.
            raise self.unavailable(error) from None

    def unavailable(self, error: Exception) -> StoreUnavailable:
        message = str(error)
        code = re.search(r"<Code>(\w+)</Code>", message)
        status = re.search(r"status code: (\d{3})", message) or re.search(r"status: (\d{3})", message)
        if code and code[1] == "NoSuchBucket":
            return StoreUnavailable(
                f"The store {self.address} has no bucket {self.address.bucket!r}.", is_refusal=True
            )
        if status and status[1] in {"301", "307", "400", "401", "403"}:
            reason = f"{status[1]} {code[1]}" if code else status[1]
            return StoreUnavailable(
                f"The store {self.address} refuses us ({reason}): "
                "are GALLERY_STORAGE_KEY_ID, GALLERY_STORAGE_SECRET and the region right, and may the key read, write, "
                "list and delete?",
                is_refusal=True,
            )
        reason = f"it answers {status[1]}" if status else "no connection, or no answer in time"
        return StoreUnavailable(f"The store {self.address} cannot be reached: {reason}.")


class BucketFolder(Store):
    """Files by key under one prefix of a bucket.

    `public_url`: where visitors can fetch the same files directly; responses then redirect to it.
    """

    def __init__(
        self,
        bucket: Bucket,
        name: str,
        scratch: Callable[[], AbstractAsyncContextManager[Path]],
        *,
        is_private: bool = False,
        public_url: str = "",
    ) -> None:
        self.bucket = bucket
        self.name = name
        self.is_private = is_private
        self._store = bucket.store
        self._scratch = scratch
        self._public_url = public_url

    def _path_of(self, key: str) -> str:
        return f"{self.name}/{key}"

    async def put_file(self, key: str, source: Path) -> None:
        media_type = guess_type(key)[0] or "application/octet-stream"
        attributes = {"Content-Type": media_type, "Cache-Control": self.bucket.cache_control}
        with (
            source.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
            self.bucket.converted_errors(),
        ):
            # One request, never in parts: a process that is killed in between leaves nothing behind.
            await obstore.put_async(
                self._store, self._path_of(key), content, attributes=attributes, use_multipart=False
            )

    async def link_from(self, other: Self, key: str, source_key: str) -> bool:
        try:
            with self.bucket.converted_errors():
                async with asyncio.timeout(REQUEST_TIMEOUT):
                    await obstore.copy_async(self._store, other._path_of(source_key), self._path_of(key))
        except FileNotFoundError:
            return False
        if await other.exists(source_key):
            return True
        # The source was deleted while it was copied, so the copy must be deleted, too.
        await self.delete(key)
        return False

    async def exists(self, key: str) -> bool:
        try:
            await self._head(key)
        except FileNotFoundError:
            return False
        return True

    async def delete(self, *keys: str) -> None:
        with self.bucket.converted_errors():
            if keys and self.bucket.address.deletes_many:
                async with asyncio.timeout(REQUEST_TIMEOUT * (1 + len(keys) // 1000)):
                    await obstore.delete_async(self._store, [self._path_of(key) for key in keys])
                return
            for start in range(0, len(keys), MAX_CONCURRENT_DELETIONS):
                async with asyncio.timeout(REQUEST_TIMEOUT):
                    await asyncio.gather(
                        *(self._delete_one(key) for key in keys[start : start + MAX_CONCURRENT_DELETIONS])
                    )

    async def _delete_one(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError), self.bucket.converted_errors():
            await obstore.delete_async(self._store, self._path_of(key))

    async def files(self, prefix: str = "") -> AsyncIterator[StoredFile]:
        listing = obstore.list(self._store, self._path_of(prefix).rstrip("/"), chunk_size=1000).__aiter__()
        while True:
            with self.bucket.converted_errors():
                try:
                    async with asyncio.timeout(REQUEST_TIMEOUT):
                        batch = await anext(listing)
                except StopAsyncIteration:
                    return
            for entry in batch:
                key = entry["path"].removeprefix(f"{self.name}/")
                yield StoredFile(key, entry["size"], entry["last_modified"])

    @asynccontextmanager
    async def local_copy(self, key: str) -> AsyncIterator[Path]:
        async with self._scratch() as folder:
            path = folder / "copy"
            with self.bucket.converted_errors():
                async with asyncio.timeout(TRANSFER_TIMEOUT.total_seconds()):
                    result = await obstore.get_async(self._store, self._path_of(key))
                    async with aiofiles.open(path, "wb") as file:
                        async for piece in result.stream(CHUNK_BYTES):
                            await file.write(piece)
            yield path

    async def answer(
        self, request: Request, key: str, *, media_type: str, headers: Mapping[str, str]
    ) -> Response:
        if self._public_url:
            await self._head(key)
            return RedirectResponse(f"{self._public_url}/{key}", status_code=302, headers=headers)
        if request.method == "HEAD" or "range" in request.headers:
            meta, first = await self._head(key), b""
        else:
            with self.bucket.converted_errors():
                async with asyncio.timeout(REQUEST_TIMEOUT):
                    result = await obstore.get_async(
                        self._store, self._path_of(key), options={"range": (0, CHUNK_BYTES)}
                    )
                    meta, first = result.meta, bytes(await result.bytes_async())
        return BucketResponse(self, key, meta, first, media_type=media_type, headers=headers)

    async def read(self, key: str, start: int, end: int) -> bytes:
        """The bytes of `key` from `start` up to but not including `end`."""
        with self.bucket.converted_errors():
            async with asyncio.timeout(REQUEST_TIMEOUT):
                return bytes(
                    await obstore.get_range_async(self._store, self._path_of(key), start=start, end=end)
                )

    async def _head(self, key: str) -> Any:
        with self.bucket.converted_errors():
            async with asyncio.timeout(REQUEST_TIMEOUT):
                return await obstore.head_async(self._store, self._path_of(key))

    async def check(self) -> None:
        """See Store.check. Also check that strangers can read public files at `public_url`, and cannot read
        private files."""
        key = f"check/{secrets.token_hex(8)}"
        async with self._scratch() as folder:
            (folder / "check").write_bytes(b"check")
            await self.put_file(key, folder / "check")
        try:
            if await self.read(key, 0, 5) != b"check" or key not in [
                each async for each in self.keys("check")
            ]:
                raise StoreUnavailable(f"The store {self.bucket.address} does not return what was stored.")
            stranger = self.bucket.address.client(skip_signature=True)
            if self.is_private and await _can_read(stranger, self._path_of(key)):
                raise StoreUnavailable(
                    f"The store {self.bucket.address} shows {self.name}/ to everybody: make it private.",
                    is_refusal=True,
                )
            if self._public_url and not await _can_read(_public_store(self._public_url), key):
                raise StoreUnavailable(
                    f"Visitors do not find at GALLERY_STORAGE_PUBLIC_URL the files under {self.name}/.",
                    is_refusal=True,
                )
        finally:
            await self.delete(key)


def _public_store(url: str) -> HTTPStore:
    options: Any = {**CLIENT_OPTIONS, "allow_http": url.startswith("http://")}
    return HTTPStore(url, client_options=options, retry_config=RETRY_CONFIG)


async def _can_read(store: Any, path: str) -> bool:
    """Whether the client `store` can read the file at `path`."""
    try:
        async with asyncio.timeout(REQUEST_TIMEOUT):
            await (await obstore.get_async(store, path)).bytes_async()
    except (BaseError, FileNotFoundError, TimeoutError):
        return False
    return True


class BucketResponse(FileResponse):
    """Starlette's FileResponse (with Range requests) for a file that is read from the bucket in chunks."""

    chunk_size = CHUNK_BYTES

    def __init__(
        self,
        folder: BucketFolder,
        key: str,
        meta: Any,
        first: bytes,
        *,
        media_type: str,
        headers: Mapping[str, str],
    ) -> None:
        moment = meta["last_modified"].timestamp()
        stats = os.stat_result((stat.S_IFREG, 0, 0, 0, 0, 0, meta["size"], moment, moment, moment))
        super().__init__(key, media_type=media_type, headers=headers, stat_result=stats)
        self._folder = folder
        self._first = first

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The server must not send the file itself: it is not on this machine.
        extensions = {
            name: value
            for name, value in scope.get("extensions", {}).items()
            if name != "http.response.pathsend"
        }
        await super().__call__({**scope, "extensions": extensions}, receive, send)

    @asynccontextmanager
    async def _open_file(self) -> AsyncIterator[Any]:
        assert self.stat_result is not None
        yield RangeReader(self._folder, str(self.path), self.stat_result.st_size, self._first)


class RangeReader:
    """A file of the bucket with `read` and `seek`, like a local file."""

    def __init__(self, folder: BucketFolder, key: str, size: int, first: bytes) -> None:
        self._folder = folder
        self._key = key
        self._size = size
        self._first = first  # the first bytes of the file, which were already read
        self._at = 0

    async def seek(self, at: int) -> None:
        self._at = at

    async def read(self, length: int) -> bytes:
        start, end = self._at, min(self._at + length, self._size)
        if start >= end:
            return b""
        known = end <= len(self._first)
        piece = self._first[start:end] if known else await self._folder.read(self._key, start, end)
        self._at += len(piece)
        return piece
