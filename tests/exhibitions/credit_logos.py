"""An edition that thanks somebody with a logo."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gallery.artworks.models import Status
from gallery.exhibitions import drafts
from gallery.exhibitions.draft_lists import add_entry
from gallery.exhibitions.models import Exhibition
from tests import factories
from tests.conftest import Site
from tests.markup import attributes

CREDIT = {"kind": "donor", "name": {"en": "Glow Fund"}, "link": "https://example.org/glow"}

PAGE = "/en/exhibitions/solstice"


class Thanked:
    """An exhibition on view that thanks somebody, and the desk of a curator."""

    def __init__(self, site: Site, exhibition: Exhibition, key: str, client: httpx.AsyncClient) -> None:
        self.site, self.exhibition, self.key, self.client = site, exhibition, key, client
        self.address = f"/desk/exhibitions/{exhibition.id}/credits/{key}/logo"

    async def send(self, content: bytes | None, **data: str) -> httpx.Response:
        files: Any = {"picture": ("logo.png", content, "image/png") if content is not None else ("", b"")}
        return await self.client.post(self.address, files=files, data=data)

    async def seen(self, path: str = PAGE) -> str:
        self.site.app.state.content._checked_at = float("-inf")
        return (await (await self.site.client()).get(path)).text

    async def logo(self, path: str = PAGE) -> str:
        """The address of the logo on a page; empty without a logo."""
        return next(iter(attributes(await self.seen(path), "img.logo", "src")), "")

    async def status_of(self, address: str) -> int:
        return (await (await self.site.client()).get(address)).status_code

    async def files(self) -> list[str]:
        return [stored.key async for stored in self.site.storage.private.files("logos")]


@pytest.fixture
async def thanked(site: Site) -> Thanked:
    curator = site.cast.curator
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    exhibition = await factories.exhibition([work], published=False, slug="solstice")
    key = await add_entry(exhibition, "credits", CREDIT, curator)
    await drafts.publish(exhibition, curator)
    return Thanked(site, exhibition, key, await site.client(curator))
