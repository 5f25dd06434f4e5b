"""The interface of the stores of pictures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

CHUNK_BYTES = 1 << 20  # bytes in memory at a time while a file is copied or served


class StoreUnavailable(Exception):
    """A store does not answer, or refuses a request. The message is one sentence for the keeper, without
    keys.

    Nothing was lost: the operation can be repeated later.
    """

    def __init__(self, sentence: str, *, is_refusal: bool = False) -> None:
        super().__init__(sentence)
        self.is_refusal = is_refusal  # whether the store refused: then retrying does not help


@dataclass(frozen=True)
class StoredFile:
    """One file in the listing of a store."""

    key: str
    size: int  # bytes
    modified_at: datetime


class Store(ABC):
    """Files by key, such as "originals/22-characters". A file appears under its key when it is complete, and
    never changes.

    Every method can raise StoreUnavailable.
    """

    @abstractmethod
    async def put_file(self, key: str, source: Path) -> None:
        """Store `source`, a file that is not empty, as `key`; when this returns, a crash cannot lose it.

        `source` may be moved, so the caller must not use it afterwards.
        """

    @abstractmethod
    async def link_from(self, other: Self, key: str, source_key: str) -> bool:
        """Copy `source_key` of `other`, a store of the same kind, to `key`, without moving the bytes through
        this process.

        False if `other` does not have `source_key`, or no longer has it when this returns.
        """

    @abstractmethod
    async def exists(self, key: str) -> bool: ...

    @abstractmethod
    async def delete(self, *keys: str) -> None:
        """Delete files; a missing file is no error."""

    async def delete_folder(self, prefix: str) -> None:
        """Delete every file whose key begins with `prefix` and a slash."""
        await self.delete(*[key async for key in self.keys(prefix)])

    @abstractmethod
    def files(self, prefix: str = "") -> AsyncIterator[StoredFile]:
        """Every file whose key begins with `prefix` and a slash, in no particular order, never all in
        memory at once."""

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        """The keys of `files`."""
        async for stored in self.files(prefix):
            yield stored.key

    @abstractmethod
    def local_copy(self, key: str) -> AbstractAsyncContextManager[Path]:
        """A temporary path at which other processes of this machine can read `key`, but must not change it.

        Raises FileNotFoundError.
        """

    @abstractmethod
    async def answer(
        self, request: Request, key: str, *, media_type: str, headers: Mapping[str, str]
    ) -> Response:
        """The response to a GET or HEAD request, also one for a byte range, with the file `key`.

        Raises FileNotFoundError.
        """

    @abstractmethod
    async def check(self) -> None:
        """Write, read and delete a small file, to prove that the store can be used."""
