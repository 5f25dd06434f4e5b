"""An exhibition of many works: on several pages, each work once, with no more queries than a small one."""

from __future__ import annotations

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork
from gallery.public.pagination import WORKS_PER_PAGE, first_works
from tests import factories
from tests.conftest import Site
from tests.factories import accepted
from tests.markup import attribute, attributes, texts_in
from tests.public.pages import long_exhibition, page_text
from tests.queries import counted_queries

pytestmark = pytest.mark.engines("sqlite", "postgresql")


def shown_in(page: str) -> list[str]:
    return [
        path.removeprefix("/zh/works/")
        for path in attributes(page, ":is(.cover-title, .wall h3) > a[href^='/zh/works/']", "href")
    ]


async def walked(site: Site, address: str) -> list[list[str]]:
    """The works of each page, from the first to the last, following the link to the next page."""
    stretches = []
    while address:
        page = await page_text(site, address)
        stretches.append(shown_in(page))
        address = next(iter(attributes(page, "[rel=next]", "href")), "")
    return stretches


@pytest.mark.parametrize(
    "rooms", [(WORKS_PER_PAGE,), (WORKS_PER_PAGE + 1,), (2 * WORKS_PER_PAGE, 1), (50, 50, 3, 90)]
)
async def test_each_work_is_shown_once_and_in_order(site: Site, rooms: tuple[int, ...]) -> None:
    exhibition, works = await long_exhibition(site, *rooms)
    stretches = await walked(site, f"/zh/exhibitions/{exhibition.slug}")
    assert [id for stretch in stretches for id in stretch] == [work.public_id for work in works]
    assert {len(stretch) for stretch in stretches[:-1]} <= {WORKS_PER_PAGE}
    front = await page_text(site, f"/zh/exhibitions/{exhibition.slug}")
    assert str(len(works)) in texts_in(front, "dd")  # the count includes all works


async def test_a_room_has_its_own_door(site: Site) -> None:
    exhibition, works = await long_exhibition(site, 70, 30)
    address = f"/zh/exhibitions/{exhibition.slug}"
    page = await page_text(site, address)
    assert f'href="{address}?room=2"' in page
    page = await page_text(site, f"{address}?room=2")
    assert shown_in(page) == [work.public_id for work in works[70:]]
    assert attribute(page, "h1 a", "href") == address
    assert 'href="/en/exhibitions/' + exhibition.slug + '?room=2"' in page  # the same page in English


async def test_a_small_exhibition_has_no_plan(site: Site) -> None:
    exhibition, _works = await long_exhibition(site, 3, 2)
    page = await page_text(site, f"/zh/exhibitions/{exhibition.slug}")
    assert 'class="plan"' not in page
    assert 'rel="next"' not in page
    assert len(shown_in(page)) == 5


@pytest.mark.parametrize(
    "query", ["room=0", "room=9999", "room=3", "room=-1", "room=x", "room=٣", "room=1e1"]
)
async def test_a_room_that_is_not_there(site: Site, query: str) -> None:
    exhibition, _works = await long_exhibition(site, 3, 2)
    page = await page_text(site, f"/zh/exhibitions/{exhibition.slug}?{query}", 404)
    assert "/zh/search" in page


@pytest.mark.parametrize("after", ["zzzzzzzzzz", "", "' OR 1", "饺子", "x" * 400])
async def test_after_a_work_that_hangs_elsewhere_the_room_begins_at_its_door(site: Site, after: str) -> None:
    exhibition, works = await long_exhibition(site, 5)
    page = await (await site.client()).get(
        f"/zh/exhibitions/{exhibition.slug}", params={"room": "1", "after": after}
    )
    assert shown_in(page.text) == [work.public_id for work in works]


async def test_after_a_withdrawn_work_the_walk_goes_on_where_it_was(site: Site) -> None:
    exhibition, works = await long_exhibition(site, WORKS_PER_PAGE + 10)
    last = works[WORKS_PER_PAGE - 1]
    gone = await factories.consent(site.cast.organisation, withdrawn_at=factories.now())
    await Artwork.filter(id=last.id).update(consent_id=gone.id)
    page = await page_text(site, f"/zh/exhibitions/{exhibition.slug}?room=1&after={last.public_id}")
    assert shown_in(page) == [work.public_id for work in works[WORKS_PER_PAGE:]]
    assert await Consent.exists(id=gone.id)


async def test_queries_and_size_do_not_grow_with_the_walls(site: Site) -> None:
    exhibition, works = await long_exhibition(site, WORKS_PER_PAGE, 540)
    ran: dict[str, int] = {}
    sizes: dict[str, int] = {}
    small = await factories.exhibition(works[:2])
    paths = {
        "small": f"/zh/exhibitions/{small.slug}",
        "first": f"/zh/exhibitions/{exhibition.slug}",
        "later": f"/zh/exhibitions/{exhibition.slug}?room=2&after={works[300].public_id}",
    }
    for name, path in paths.items():
        with counted_queries() as statements:
            sizes[name] = len(await page_text(site, path))
        ran[name] = len(statements)
    assert ran["first"] <= ran["small"] + 2  # the content of its rooms, and the total
    assert ran["later"] <= ran["first"] + 2  # the walk's next page, and its card
    assert sizes["first"] < 60 * 2000


async def test_a_work_says_what_hangs_beside_it(site: Site) -> None:
    _exhibition, works = await long_exhibition(site, 12)
    for index, expected in [(0, [1, 2, 3, 4, 5, 6]), (5, [2, 3, 4, 6, 7, 8]), (11, [5, 6, 7, 8, 9, 10])]:
        page = await page_text(site, f"/zh/works/{works[index].public_id}")
        assert shown_in(page) == [works[each].public_id for each in expected]
    alone = await accepted(site)
    await factories.exhibition([alone])
    assert 'id="beside-it"' not in await page_text(site, f"/zh/works/{alone.public_id}")


async def test_every_stretch_stands_behind_the_same_card(site: Site) -> None:
    exhibition, works = await long_exhibition(site, 2, WORKS_PER_PAGE)
    edition = await exhibition.editions.filter(is_current=True).get()
    assert [work.id for work in await first_works(edition.id)] == [work.id for work in works[:WORKS_PER_PAGE]]
    shared = await factories.consent(site.cast.organisation, for_sharing=True)
    await Artwork.filter(id=works[4].id).update(consent_id=shared.id)
    visitor = await site.client()
    here = f"/en/exhibitions/{exhibition.slug}"
    later = f"?room=2&after={works[WORKS_PER_PAGE - 1].public_id}"
    cards = [
        attribute((await visitor.get(f"{here}{more}")).text, "meta[property='og:image']", "content")
        for more in ("", "?room=1", later, "/walk", "/walk?room=2")
    ]
    assert len(set(cards)) == 1
