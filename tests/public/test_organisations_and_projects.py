"""The list of organisations, the page of a project, and the page of an artist with one work and with many."""

from __future__ import annotations

from datetime import date

import pytest

from gallery.artists.consents import set_artist_page
from gallery.artworks.models import Artwork, Status
from gallery.images.profile_image_models import ProfileImage, ProfileImageState
from gallery.organisations.models import Organisation
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_en
from tests.markup import attributes, select, text_in, texts_in
from tests.public.pages import page_after_change, page_text


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_organisation_is_listed_with_logo_sentence_region_and_newest_work(site: Site) -> None:
    organisation = site.cast.organisation
    works = [await accepted(site) for _ in range(2)]
    await factories.exhibition(works)
    await Organisation.filter(id=organisation.id).update(
        about=in_en("We **paint** on Fridays.\n\nSince 1990."), region=in_en("Yunnan")
    )
    await ProfileImage.create(
        organisation=organisation,
        image=await factories.image(site.storage, organisation),
        alt=in_en("A wheat ear"),
        state=ProfileImageState.SHOWN,
    )
    page = await page_text(site, "/en/organisations")
    assert texts_in(page, ".houses .meta > span") == ["Yunnan", "2 works"]
    assert texts_in(page, ".houses .excerpt") == ["We paint on Fridays."]
    assert attributes(page, ".houses img", "alt") == ["A wheat ear", works[1].alt_text["en"]]
    assert "Yunnan" in texts_in(await page_text(site, f"/en/organisations/{organisation.slug}"), "dd")
    await Artwork.filter(id=works[1].id).update(status=Status.WITHDRAWN)
    await ProfileImage.all().update(state=ProfileImageState.WAITING)
    page = await page_after_change(site, "/en/organisations")
    assert attributes(page, ".houses img", "alt") == [works[0].alt_text["en"]]
    await Artwork.all().update(status=Status.WITHDRAWN)
    assert select(await page_after_change(site, "/en/organisations"), ".houses") == []


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_project_says_where_support_goes_and_shows_each_work_once(site: Site) -> None:
    project = await factories.project(
        site.cast.organisation, goal=9000, raised=1200, raised_on=date(2026, 5, 1), raised_source="the report"
    )
    works = [await accepted(site, project=project) for _ in range(3)]
    await factories.exhibition(works)
    page = await page_text(site, f"/en/projects/{project.slug}")
    assert attributes(page, ".opening .cover a", "href") == [f"/en/works/{works[2].public_id}"]
    shown = attributes(page, "main img", "alt")
    assert sorted(shown) == sorted(work.alt_text["en"] for work in works)
    assert attributes(page, ".opening .button.primary", "href") == [
        f"/en/projects/{project.slug}/support/more"
    ]
    reached = text_in(page, ".reached")
    for words in (
        "9,000 yuan",
        "1,200 yuan",
        "on 1 May 2026, source: the report",
        "This site takes no money",
    ):
        assert words in reached
    # A cover of its own comes before the works, which then all hang below.
    await ProfileImage.create(
        project=project,
        image=await factories.image(site.storage, site.cast.organisation),
        alt=in_en("A room"),
        state=ProfileImageState.SHOWN,
    )
    page = await page_after_change(site, f"/en/projects/{project.slug}")
    assert attributes(page, ".opening img", "alt") == ["A room"]
    assert len(attributes(page, ".large-works img", "alt")) == 3


@pytest.mark.parametrize(("count", "wall"), [(1, "wall alone"), (2, "wall few"), (8, "wall")])
async def test_an_artists_page_suits_one_work_and_many(site: Site, count: int, wall: str) -> None:
    consent = await factories.consent(site.cast.organisation)
    works = [
        await factories.artwork(site.storage, site.cast.organisation, consent=consent, status=Status.ACCEPTED)
        for _ in range(count)
    ]
    await factories.exhibition(works)
    artist = await consent.artist
    artist.about = Texts({"en": "Paints at night."})
    await artist.save()
    await set_artist_page(artist, True)
    await artist.refresh_from_db()
    page = await page_after_change(site, f"/en/artists/{artist.page_id}")
    assert [" ".join(each["class"]) for each in select(page, ".on-wall > .inner > ul")] == [wall]
    assert len(attributes(page, "main img", "src")) == count
    assert page.count('fetchpriority="high"') == 1
    assert len(select(page, ".of-one")) == (count == 1)
