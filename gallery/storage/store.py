"""What every store of pictures can do, wherever it keeps them."""

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

CHUNK_BYTES = 1 << 20  # bytes held in memory at once when a file is copied or answered


class StoreUnavailable(Exception):
    """A store does not answer, or refuses us. The message is one sentence for the keeper, without keys.

    Nothing was lost: what was to be done can be done again later.
    """

    def __init__(self, sentence: str, *, is_refusal: bool = False) -> None:
        super().__init__(sentence)
        self.is_refusal = is_refusal  # it answers, and says no: waiting will not help


@dataclass(frozen=True)
class StoredFile:
    """One file in a store, as a listing tells it."""

    key: str
    size: int  # bytes
    modified_at: datetime


class Store(ABC):
    """Files by key, such as "originals/22-characters". A key is whole or not there; what lies under it never changes.

    Every method may raise StoreAway.
    """

    @abstractmethod
    async def put_file(self, key: str, source: Path) -> None:
        """Take `source`, a file that is not empty, in as `key`; it is kept for good when this returns.

        The caller keeps no right to `source`, which may be gone afterwards.
        """

    @abstractmethod
    async def link_from(self, other: Self, key: str, source_key: str) -> bool:
        """Have what `other`, a store of the same kind, holds under `source_key` here as `key`, without moving its bytes
        through this process; False where `other` holds nothing, or no longer does when this returns."""

    @abstractmethod
    async def exists(self, key: str) -> bool: ...

    @abstractmethod
    async def delete(self, *keys: str) -> None:
        """Delete files; one that is not there is no error."""

    async def delete_folder(self, prefix: str) -> None:
        """Delete every file whose key begins with `prefix` and a slash."""
        await self.delete(*[key async for key in self.keys(prefix)])

    @abstractmethod
    def files(self, prefix: str = "") -> AsyncIterator[StoredFile]:
        """Every file whose key begins with `prefix` and a slash, in no particular order, never all in memory at once."""

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        """The keys of `files`."""
        async for stored in self.files(prefix):
            yield stored.key

    @abstractmethod
    def local_copy(self, key: str) -> AbstractAsyncContextManager[Path]:
        """A path at which another process of this machine can read `key`; not to be changed, and gone afterwards.

        Raises FileNotFoundError.
        """

    @abstractmethod
    async def answer(
        self, request: Request, key: str, *, media_type: str, headers: Mapping[str, str]
    ) -> Response:
        """Answer a GET or HEAD with the file of `key`, ranges included, under `headers`. Raises FileNotFoundError."""

    @abstractmethod
    async def check(self) -> None:
        """Write, read and delete a small file, as a proof that the store can be used."""
