"""Uploading a logo or a cover."""

from __future__ import annotations

from typing import Any

import httpx

ALT = {"alt[zh]": "一只手托着一盏灯", "alt[en]": "A hand that holds a lamp"}


async def send(client: httpx.AsyncClient, address: str, content: bytes | None, **data: str) -> httpx.Response:
    files: Any = {"picture": ("logo.png", content, "image/png")} if content is not None else None
    if files is None:
        return await client.post(address, files={"nothing": ("", b"")}, data=data)
    return await client.post(address, files=files, data=data)
