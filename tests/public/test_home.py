"""The home page: what it says first, each exhibition's surface, and the work of the day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.clock import frozen_at, now, today
from gallery.db.content_version import bump
from gallery.exhibitions.models import Edition
from gallery.public.home import OPEN_ON_HOME
from gallery.public.work_of_the_day import places_on, rank_on
from gallery.web.models import Site as SiteSettings
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.factories import accepted
from tests.markup import attributes, first, select, text_in, texts_in
from tests.public.pages import page_text
from tests.queries import counted_queries


def shown_works(page: str) -> list[str]:
    """The addresses of the pictures on a page, one for each place where a picture hangs."""
    return [source.split("/")[2] for source in attributes(page, "main picture img", "src")]


async def page_after_change(site: Site, path: str, status: int = 200) -> str:
    await bump()
    site.app.state.content._checked_at = float("-inf")
    return await page_text(site, path, status)


def daily_address(page: str) -> str:
    return str(first(page, ".daily h3 a")["href"])


@given(st.integers(1, 400), st.dates(date(2000, 1, 1), date(2200, 1, 1)))
def test_each_rank_has_one_turn_before_any_comes_again(count: int, day: date) -> None:
    ranks = [rank_on(day + timedelta(days=number), count) for number in range(count)]
    assert sorted(ranks) == list(range(count))


@given(st.dictionaries(st.integers(1, 99), st.integers(1, 30), min_size=1, max_size=12), st.dates())
def test_the_places_are_of_different_organisations_and_exist(counts: dict[int, int], day: date) -> None:
    places = places_on(day, counts, 4)
    assert len({place.organisation_id for place in places}) == len(places) == min(4, len(counts))
    assert all(0 <= place.offset < counts[place.organisation_id] for place in places)


@pytest.mark.engines("sqlite", "postgresql")
async def test_every_work_on_view_is_once_the_work_of_the_day(site: Site) -> None:
    works = [await accepted(site) for _ in range(3)]
    works += [
        await factories.artwork(site.storage, site.cast.elsewhere, status=Status.ACCEPTED) for _ in range(2)
    ]
    await factories.exhibition([works[0], works[1], *works[2:]])
    await accepted(site)  # on view nowhere
    found = set()
    for days in range(1, 6):
        with frozen_at(now() + timedelta(days=days)):
            page = await page_after_change(site, "/en/")
            assert daily_address(page) == daily_address(await page_after_change(site, "/en/?again"))
            found.add(daily_address(page))
            assert len(shown_works(page)) == len(set(shown_works(page))) == 2
    assert found == {f"/en/works/{work.public_id}" for work in works}


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_work_of_the_day_stays_when_an_exhibition_opens_and_goes_at_a_withdrawal(
    site: Site,
) -> None:
    works = [await accepted(site) for _ in range(4)]
    await factories.exhibition(works)
    with frozen_at(now() + timedelta(days=1)):
        before = daily_address(await page_after_change(site, "/zh/"))
        for _ in range(3):
            await factories.exhibition([await accepted(site) for _ in range(2)])
            assert daily_address(await page_after_change(site, "/zh/")) == before
        # A new edition of the same exhibition, with the same works and another.
        edition = await Edition.filter(is_current=True).order_by("id").first()
        assert edition is not None
        await Edition.filter(id=edition.id).update(is_current=False, shown_until=now())
        await factories.exhibition([*works, await accepted(site)], opens_at=edition.opens_at)
        assert daily_address(await page_after_change(site, "/zh/")) == before
        work = next(work for work in works if before.endswith(work.public_id))
        await Consent.filter(id=work.consent_id).update(ends_on=today() - timedelta(days=1))
        page = await page_after_change(site, "/zh/")
        assert work.public_id not in page
        assert daily_address(page) != before


async def test_the_first_screen_says_what_this_is_in_the_keepers_words_if_there_are_any(site: Site) -> None:
    page = await page_text(site, "/en/")
    assert text_in(page, "h1").startswith("Artwork by people whom charities help.")
    home = Texts({"en": "Drawn *here*,\nby us.\n\n## More\n\nA second paragraph.", "zh": "我们画的。"})
    await SiteSettings.create(id=1, home=home)
    page = await page_after_change(site, "/en/")
    assert text_in(page, "h1") == "Drawn here, by us."
    assert "A second paragraph." in texts_in(page, ".prose p")
    assert first(page, "meta[name=description]")["content"] == "Drawn here, by us."
    assert text_in(await page_text(site, "/zh/"), "h1") == "我们画的。"


async def test_each_open_exhibition_has_its_own_surface_and_picture(site: Site) -> None:
    colours = ["#17693f", "#a8322a", "#123456"]
    for accent in colours:
        theme = await factories.theme(accent=accent, accent_night="#abcdef")
        await factories.exhibition([await accepted(site), await accepted(site)], theme=theme)
    await factories.exhibition([])  # nothing is on view in it
    page = await page_text(site, "/en/")
    doors = select(page, ".door")
    style = text_in(page, "style")
    surfaces = [f".{door['class'][-1]}{{--surface:" for door in doors]
    assert [style.partition(surface)[2][:7] for surface in surfaces] == colours[::-1]
    assert len(shown_works(page)) == len(set(shown_works(page))) == 4  # and the work of the day
    assert page.count('fetchpriority="high"') == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_more_open_exhibitions_than_the_page_shows_are_one_link_away(site: Site) -> None:
    for number in range(OPEN_ON_HOME + 1):
        page = await page_after_change(site, "/en/")
        assert not select(page, ".others-open"), number
        await factories.exhibition([await accepted(site)])
    page = await page_after_change(site, "/en/")
    assert len(select(page, ".door")) == OPEN_ON_HOME
    assert attributes(page, ".others-open a", "href") == ["/en/exhibitions"]


async def test_an_exhibition_of_one_work_shows_it_once(site: Site) -> None:
    work = await accepted(site)
    await factories.exhibition([work])
    page = await page_text(site, "/en/")
    assert len(shown_works(page)) == 1
    assert select(page, ".daily") == []
    # After it has closed, its picture stands at the past ones.
    await Edition.all().update(opens_at=now() - timedelta(days=3), closes_at=now() - timedelta(hours=1))
    page = await page_after_change(site, "/en/")
    assert len(shown_works(page)) == 1
    assert "No exhibition is open at present." in page


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_page_that_is_not_there_shows_a_work_on_view(site: Site) -> None:
    ours = [await accepted(site) for _ in range(2)]
    theirs = await factories.artwork(site.storage, site.cast.elsewhere, status=Status.ACCEPTED)
    await factories.exhibition([*ours, theirs])
    client = await site.client()
    answer = await client.get("/en/nothing")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-cache"
    assert len(shown_works(answer.text)) == 1
    assert shown_works(await page_text(site, "/nowhere", 404)) == []

    # The page of a withdrawn work never shows one of the same artist or organisation, and names nobody.
    gone = ours[0]
    await Artwork.filter(id=gone.id).update(status=Status.WITHDRAWN)
    image = await theirs.image
    for language in ("zh", "en"):
        page = await page_after_change(site, f"/{language}/works/{gone.public_id}", 410)
        assert shown_works(page) == [image.token]
        main = text_in(page, "main")
        for work in (gone, theirs):
            assert (await work.artist).credit_name not in main
            assert work.own("title") not in main
    await Artwork.filter(id=theirs.id).update(status=Status.WITHDRAWN)
    for work, expected in ((gone, 0), (theirs, 1)):
        page = await page_after_change(site, f"/en/works/{work.public_id}", 410)
        assert len(shown_works(page)) == expected
    await Artwork.all().update(status=Status.WITHDRAWN)
    assert shown_works(await page_after_change(site, "/en/nothing", 404)) == []


async def test_error_pages_ask_the_database_once_for_each_change(site: Site) -> None:
    await factories.exhibition([await accepted(site)])
    await page_after_change(site, "/en/nothing", 404)
    with counted_queries() as ran:
        await page_text(site, "/en/nothing", 404)
        await page_text(site, "/en/themes/nothing", 404)
    assert [query for query in ran if "image" in query] == []
