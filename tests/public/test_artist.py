"""An artist's own page: only if wanted, under the credit name, with the works on view."""

from __future__ import annotations

import pytest

from gallery.artists.consents import set_artist_page
from gallery.artists.models import Artist
from gallery.artworks.models import Artwork, Status
from gallery.db.content_version import bump
from tests import factories
from tests.conftest import Site
from tests.markup import attribute, attributes, select
from tests.public.pages import long_exhibition


async def text_of(site: Site, path: str, status: int = 200) -> str:
    """A page after the content version was read again."""
    site.app.state.content._checked_at = float("-inf")
    answer = await (await site.client()).get(path)
    assert answer.status_code == status, path
    return answer.text


async def two_works(site: Site) -> tuple[Artist, list[Artwork]]:
    consent = await factories.consent(site.cast.organisation)
    works = [
        await factories.artwork(site.storage, site.cast.organisation, consent=consent, status=Status.ACCEPTED)
        for _ in range(2)
    ]
    await factories.exhibition(works)
    return await consent.artist, works


async def test_a_partner_makes_it_and_takes_it_away(site: Site) -> None:
    artist, works = await two_works(site)
    client = await site.client(site.cast.partner)
    path = f"/desk/consents/{works[0].consent_id}"
    assert "The artist wishes such a page" in (await client.get(path)).text
    assert "/artists/" not in await text_of(site, f"/en/works/{works[0].public_id}")
    assert (await client.post(f"{path}/page", data={"is_wished": "on"})).status_code == 303
    await artist.refresh_from_db()
    address = f"/en/artists/{artist.page_id}"
    assert f'href="{address}"' in await text_of(site, f"/en/works/{works[0].public_id}")
    page = await text_of(site, address)
    assert artist.credit_name in page
    assert all(work.public_id in page for work in works)
    assert str(artist.page_id) not in artist.credit_name

    assert (await client.post(f"{path}/page", data={})).status_code == 303
    await text_of(site, address, 404)
    assert "/artists/" not in await text_of(site, f"/en/works/{works[0].public_id}")
    first = artist.page_id
    await client.post(f"{path}/page", data={"is_wished": "on"})
    await artist.refresh_from_db()
    assert artist.page_id != first  # an address that was taken away stays dead


async def test_many_works_are_on_several_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gallery.public.artists.MAX_WORKS_LISTED", 2)
    _exhibition, works = await long_exhibition(site, 5)
    await Artist.filter(id=works[0].artist_id).update(page_id="k7")
    shown, path = [], "/en/artists/k7"
    while path:
        page = await text_of(site, path)
        shown += [address.rpartition("/")[2] for address in attributes(page, ".wall h3 a", "href")]
        links = {link.text: str(link["href"]) for link in select(page, "nav.actions a")}
        path = links.get("Older", "")
    assert shown == [work.public_id for work in reversed(works)]
    assert links == {"Newer": "/en/artists/k7?page=2"}
    assert attribute(page, "link[hreflang=zh-Hans]", "href").endswith("/zh/artists/k7")
    assert attribute(page, ".tongue", "href") == "/zh/artists/k7?page=3"
    await text_of(site, "/en/artists/k7?page=4", 404)


async def test_nobody_else_makes_one(site: Site) -> None:
    artist, works = await two_works(site)
    path = f"/desk/consents/{works[0].consent_id}/page"
    for person, status in ((site.cast.stranger, 404), (site.cast.curator, 404), (None, 303)):
        answer = await (await site.client(person)).post(path, data={"is_wished": "on"})
        assert answer.status_code == status
    await artist.refresh_from_db()
    assert artist.page_id is None


@pytest.mark.engines("sqlite", "postgresql")
async def test_it_shows_only_what_is_on_view(site: Site) -> None:
    artist, works = await two_works(site)
    await set_artist_page(artist, True)
    await artist.refresh_from_db()
    await Artwork.filter(id=works[0].id).update(status=Status.RETURNED)
    await bump()
    page = await text_of(site, f"/zh/artists/{artist.page_id}")
    assert works[0].public_id not in page
    assert works[1].public_id in page
    await Artwork.filter(id=works[1].id).update(status=Status.WITHDRAWN)
    await bump()
    await text_of(site, f"/en/artists/{artist.page_id}", 404)
    for unknown in ("None", "null", "0", "x" * 60):
        await text_of(site, f"/en/artists/{unknown}", 404)


async def test_pages_that_are_always_there(site: Site) -> None:
    for language in ("zh", "en"):
        home = await text_of(site, f"/{language}/")
        for name in ("about", "accessibility"):
            assert f'href="/{language}/{name}"' in home
            page = await (await site.client()).get(f"/{language}/{name}")
            assert page.status_code == 200
            assert page.headers["cache-control"].startswith("public")
            assert page.text.count("<h1") == 1
