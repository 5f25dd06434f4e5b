"""The page that shows every interface element once: in development, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from gallery.app import create_app
from gallery.artworks.models import Status
from gallery.images.models import Image
from tests import factories
from tests.conftest import Site


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("has_works", [True, False])
async def test_each_element_is_there_in_development(site: Site, language: str, has_works: bool) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status=Status.ACCEPTED)
    if has_works:
        await Image.filter(id=work.image_id).update(width=2000, height=1500)
        await factories.exhibition([work])
    app = create_app(replace(site.settings, development=True))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://gallery.test"
    ) as client:
        answer = await client.get("/patterns", params={"language": language})
    assert answer.status_code == 200
    assert "public" not in answer.headers["cache-control"]
    elements = (
        "date-line",
        "wall",
        "opening on-accent",
        "opening on-accent full",
        "said",
        "detail",
        "on-wall daily",
    )
    elements += ("index pictured large houses", "cards", "next-exhibition", "on-accent ending", "month")
    for name in elements if has_works else ():
        assert f'class="{name}' in answer.text
    for name in ("button primary", "counts", "behind", "facts", "notice notice-error", "field has-error"):
        assert f'class="{name}' in answer.text


async def test_visitors_have_no_such_page(site: Site) -> None:
    assert (await (await site.client()).get("/patterns")).status_code == 404
