"""Storage of pictures and sounds: a private and a public store of the same kind, and a local folder for
temporary files.

The private store has the originals and all renditions. The public store has only files of works on view.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gallery.settings import Settings
from gallery.storage.local import LocalFolder
from gallery.storage.proxy_cache import ProxyCache
from gallery.storage.s3 import Bucket, BucketFolder
from gallery.storage.store import Store, StoreUnavailable

__all__ = ["Storage", "Store", "StoreUnavailable"]


class Storage:
    """Both stores of a site, and a scratch folder, which is on the same disk as a local store."""

    private: Store
    public: Store
    proxy_cache: ProxyCache  # a shared cache of public files in front of the site

    def __init__(self, settings: Settings) -> None:
        self.proxy_cache = ProxyCache(settings)
        self._scratch = settings.media / "scratch"
        self._scratch.mkdir(parents=True, exist_ok=True)
        if settings.storage_url:
            bucket = Bucket(settings)
            self.location = str(bucket.address)
            self.private = BucketFolder(bucket, "private", self.scratch_folder, is_private=True)
            self.public = BucketFolder(
                bucket, "public", self.scratch_folder, public_url=settings.storage_public_url
            )
        else:
            self.location = str(settings.media)
            self.private = LocalFolder(settings.media / "private")
            self.public = LocalFolder(settings.media / "public")

    async def check(self) -> None:
        """Test both stores. Raises StoreUnavailable if either cannot be used."""
        await self.private.check()
        await self.public.check()

    @asynccontextmanager
    async def scratch_folder(self) -> AsyncIterator[Path]:
        """A temporary folder, deleted when the `with` block ends."""
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, dir=self._scratch))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def sweep_scratch(self, older_than: float) -> None:
        """Remove scratch folders last changed before `older_than` (seconds since 1970).

        Killed processes left them.
        """
        for folder in self._scratch.iterdir():
            if folder.stat().st_mtime < older_than:
                shutil.rmtree(folder, ignore_errors=True)
