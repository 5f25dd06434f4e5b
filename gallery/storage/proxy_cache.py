"""A shared cache in front of the site, such as Varnish or a CDN, that keeps pictures longer than the site lets it.

It is emptied as a whole: which addresses of a picture were asked for, pieces and cards among them, nobody has written down.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from urllib.parse import urlsplit

from gallery.settings import Settings
from gallery.storage.store import StoreUnavailable

TIMEOUT = 10.0  # for one step of the request; whoever withdraws waits that long
PURGE_BODY = json.dumps({"purge_everything": True}).encode()


class ProxyCache:
    """The cache that GALLERY_PURGE_URL empties; without that setting there is none."""

    def __init__(self, settings: Settings) -> None:
        self._url = urlsplit(settings.purge_url)
        self._headers = {"content-type": "application/json"}
        if settings.purge_token:
            self._headers["authorization"] = f"Bearer {settings.purge_token}"

    @property
    def is_there(self) -> bool:
        return bool(self._url.hostname)

    async def purge(self) -> None:
        """Have it forget everything, once no process answers with what it shall forget (`content_version.settle`).

        Raises StoreAway where it does not say that it did.
        """
        if not self.is_there:
            return
        try:
            status = await asyncio.to_thread(self._ask)
        except (OSError, http.client.HTTPException) as error:
            raise self._away(type(error).__name__) from None  # its text may hold the address
        if not 200 <= status < 300:
            raise self._away(f"it answers {status}")

    def _ask(self) -> int:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.netloc, timeout=TIMEOUT)
        try:
            target = f"{self._url.path or '/'}{'?' if self._url.query else ''}{self._url.query}"
            connection.request("POST", target, PURGE_BODY, self._headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def _away(self, reason: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"The cache in front of the site, {self._url.hostname}, was not emptied: {reason}."
        )
