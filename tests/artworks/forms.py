"""The form of a work, as a browser sends it."""

from __future__ import annotations

from typing import Any

import httpx

from gallery.artworks.models import Artwork
from tests.markup import form_fields

# A child with a consent and a project that the organisation does not have yet.
NEW_CHILD = {
    "language": "zh",
    "credit_name": "小石头",
    "agreed_by": "parent",
    "scopes": "web",
    "starts_on": "2022-12-01",
    "project_title": "山里的画室",
    "project_link": "https://example.org/mountain",
}


def shown_fields(page: str) -> dict[str, Any]:
    """What a browser would send back of the form, without touching it."""
    return form_fields(page, 'form[enctype="multipart/form-data"]')


async def save(
    client: httpx.AsyncClient, work: Artwork, fields: dict[str, Any], **files: Any
) -> httpx.Response:
    return await client.post(f"/desk/works/{work.id}/edit", data=fields, files=files or {"other": b""})


def files(*contents: bytes) -> list[Any]:
    return [("pictures", (f"IMG_{n}.jpg", each, "image/jpeg")) for n, each in enumerate(contents, 1)]
