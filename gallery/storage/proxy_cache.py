"""A shared cache in front of the site, such as Varnish or a CDN, that stores pictures longer than the site's
headers allow.

The cache is emptied as a whole, because it is not recorded which URLs of a picture, its tiles and its cards
were requested.
"""

from __future__ import annotations

import asyncio
import http.client
import json
from urllib.parse import urlsplit

from gallery.settings import Settings
from gallery.storage.store import StoreUnavailable

TIMEOUT = 10.0  # seconds without an answer; the person who withdraws waits for the purge
PURGE_BODY = json.dumps({"purge_everything": True}).encode()


class ProxyCache:
    """The cache that GALLERY_PURGE_URL empties; without this setting there is none."""

    def __init__(self, settings: Settings) -> None:
        self._url = urlsplit(settings.purge_url)
        self._headers = {"content-type": "application/json"}
        if settings.purge_token:
            self._headers["authorization"] = f"Bearer {settings.purge_token}"

    @property
    def is_configured(self) -> bool:
        return bool(self._url.hostname)

    async def purge(self) -> None:
        """Empty the cache. First call `content_version.wait_for_propagation`, so that no process refills it
        with the old content.

        Raises StoreUnavailable unless the cache confirms it.
        """
        if not self.is_configured:
            return
        try:
            status = await asyncio.to_thread(self._request)
        except (OSError, http.client.HTTPException) as error:
            raise self._unavailable(type(error).__name__) from None  # the error's message may contain the URL
        if not 200 <= status < 300:
            raise self._unavailable(f"it answers {status}")

    def _request(self) -> int:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.netloc, timeout=TIMEOUT)
        try:
            target = f"{self._url.path or '/'}{'?' if self._url.query else ''}{self._url.query}"
            connection.request("POST", target, PURGE_BODY, self._headers)
            return connection.getresponse().status
        finally:
            connection.close()

    def _unavailable(self, reason: str) -> StoreUnavailable:
        return StoreUnavailable(
            f"The cache in front of the site, {self._url.hostname}, was not emptied: {reason}."
        )
