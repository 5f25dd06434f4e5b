"""Request headers of browsers, for tests whose visits are counted."""

from __future__ import annotations

BROWSER = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "sec-fetch-site": "same-origin",
}
PHONE = {
    **BROWSER,
    "user-agent": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0 Mobile Safari/537.36",
}


def raw_headers(**headers: str) -> dict[bytes, bytes]:
    """Headers as the HTTP protocol passes them on: bytes."""
    return {name.encode(): value.encode() for name, value in headers.items()}
