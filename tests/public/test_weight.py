"""How many bytes an exhibition of sixty works sends to a visitor, all of them from this site."""

from __future__ import annotations

import base64
import random
import re

import brotli
import pytest

from gallery.images.models import Image
from gallery.public.pagination import WORKS_PER_PAGE
from tests.conftest import Site
from tests.factories import in_zh
from tests.markup import attributes
from tests.public.pages import long_exhibition

pytestmark = pytest.mark.engines("sqlite", "postgresql")

HTML, CSS, JAVASCRIPT, FONTS = 22_000, 16_000, 10_000, 40_000  # bytes as brotli; fonts as WOFF2
PLACEHOLDER = 130  # bytes of a picture's, in the middle
HANZI = [chr(number) for number in range(0x4E00, 0x5E00)]


async def test_an_exhibition_of_sixty_works_is_light_and_all_of_it_is_ours(site: Site) -> None:
    exhibition, works = await long_exhibition(site, WORKS_PER_PAGE)
    chance = random.Random(6)
    for work in works:  # all texts and pictures are different, so that they do not compress well
        work.title, work.alt_text = (in_zh("".join(chance.choices(HANZI, k=length))) for length in (9, 30))
        await work.save()
        hint = base64.b64encode(chance.randbytes(PLACEHOLDER)).decode()
        await Image.filter(id=work.image_id).update(
            placeholder=f"data:image/webp;base64,{hint}", width=chance.randrange(900, 4000)
        )
    client = await site.client()
    page = (await client.get(f"/zh/exhibitions/{exhibition.slug}")).text
    assert page.count("<picture") == WORKS_PER_PAGE + 1  # and one at the project behind them
    assert len(brotli.compress(page.encode())) <= HTML
    for kind, most in (
        (("link[rel=stylesheet]", "href"), CSS),
        (("script", "src"), JAVASCRIPT),
    ):
        fetched = [(await client.get(path)).content for path in attributes(page, *kind)]
        assert fetched
        assert sum(len(brotli.compress(body)) for body in fetched) <= most
    fonts = [(await client.get(path)).content for path in re.findall(r"url\((/fonts/[^)]+)\)", page)]
    assert 0 < sum(map(len, fonts)) <= FONTS
    fetches = re.findall(
        r'<(?:script|img|source|link rel="(?:stylesheet|icon)")[^>]*? (?:src|href|srcset)="([^"]+)"', page
    )
    assert len(fetches) > WORKS_PER_PAGE
    assert [
        address
        for address in fetches
        if not address.startswith(("/static/", "/media/", "/iiif/", "/icons/", "data:"))
    ] == []
