"""The list of projects that take support: by cause, region and kind, each with a work."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.artworks.models import Artwork, Status
from gallery.clock import today
from gallery.organisations.models import CheckedLink, LinkState, Organisation, Project
from gallery.public import support
from gallery.stats.support_links import COUNT_LIMIT
from tests import factories
from tests.conftest import Site
from tests.factories import accepted, in_en, now
from tests.markup import attributes, select, text_in, texts_in
from tests.public.pages import page_after_change, page_text
from tests.queries import counted_queries

PAINT = "30 yuan a month buys paper and paint for one child."


async def on_view(site: Site, **values: object) -> tuple[Project, Artwork]:
    project = await factories.project(site.cast.organisation, **values)
    work = await accepted(site, project=project)
    await factories.exhibition([work])
    return project, work


@pytest.mark.engines("sqlite", "postgresql")
async def test_projects_are_found_by_kind_cause_and_region(site: Site) -> None:
    await Organisation.filter(id=site.cast.organisation.id).update(region=in_en("Yunnan"))
    monthly, work = await on_view(
        site, cause="education", link_monthly="https://example.org/monthly", effect=in_en(PAINT)
    )
    goods, _ = await on_view(site, cause="health", link_goods="https://example.org/goods")
    plain, _ = await on_view(site)
    page = await page_text(site, "/en/support")
    assert set(texts_in(page, ".houses h3")) == {each.title["en"] for each in (monthly, goods, plain)}
    assert texts_in(page, ".effect") == [PAINT]
    assert f"/en/projects/{monthly.slug}/support/monthly" in attributes(page, ".houses .actions a", "href")
    assert f"/en/projects/{plain.slug}/support/more" in attributes(page, ".houses .actions a", "href")
    assert work.alt_text["en"] in attributes(page, ".houses img", "alt")
    assert texts_in(page, ".narrowing dd a") == ["Give each month1", "Give goods1", "Education1", "Health1"]

    page = await page_text(site, "/en/support?kind=monthly")
    assert texts_in(page, ".houses h3") == [monthly.title["en"]]
    assert attributes(page, ".narrowing a[aria-current]", "href") == ["/en/support"]
    assert text_in(page, ".answered") == "1 project"
    for query, found in (("cause=health", goods), ("region=Yunnan&kind=goods", goods)):
        assert texts_in(await page_text(site, f"/en/support?{query}"), ".houses h3") == [found.title["en"]]
    # The other language names the same region otherwise, and finds it by either name.
    assert len(select(await page_text(site, "/zh/support?region=Yunnan"), ".houses h3")) == 3


@pytest.mark.parametrize(
    "query", ["kind=more", "kind=link_monthly", "cause=war", "region=Nowhere", "kind=monthly&cause=health"]
)
async def test_a_filter_without_a_project_is_not_found(site: Site, query: str) -> None:
    await on_view(site, cause="education", link_monthly="https://example.org/monthly")
    await page_text(site, f"/en/support?{query}", 404)


@pytest.mark.engines("sqlite", "postgresql")
async def test_what_is_not_on_view_or_has_ended_is_not_listed(site: Site) -> None:
    await on_view(site, ends_on=today() - timedelta(days=1))
    going_on, work = await on_view(site, ends_on=today())
    await factories.project(site.cast.organisation)  # without a work
    draft = await factories.project(site.cast.organisation)
    await factories.artwork(site.storage, site.cast.organisation, project=draft)
    assert texts_in(await page_text(site, "/en/support"), ".houses h3") == [going_on.title["en"]]
    await Artwork.filter(id=work.id).update(status=Status.WITHDRAWN)
    page = await page_after_change(site, "/en/support")
    assert select(page, ".houses") == []
    assert "No work is on view" in page


async def test_a_dead_link_is_no_button_and_no_script_gets_in(site: Site) -> None:
    dead = "https://example.org/dead"
    await CheckedLink.create(url=dead, state=LinkState.DEAD, next_check_at=now())
    _project, _ = await on_view(
        site, link_monthly=dead, link_once="javascript:alert(1)", effect=in_en("<b>Paint</b>")
    )
    page = await page_text(site, "/en/support")
    assert "the link is being checked" in text_in(page, ".houses .actions")
    assert texts_in(page, ".effect") == ["<b>Paint</b>"]
    assert "javascript:" not in page


async def test_many_projects_are_paged_with_the_same_number_of_queries(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(support, "LISTED_ON_PAGE", 2)
    numbers = []
    for number in range(5):
        await on_view(site, link_monthly=f"https://example.org/{number}")
        if number in (1, 4):
            with counted_queries() as queries:
                await page_after_change(site, "/en/support")
            numbers.append(len(queries))
    assert numbers[0] == numbers[1]
    seen: list[str] = []
    for number in (1, 2, 3, 99):
        page = await page_text(site, f"/en/support?page={number}")
        seen += texts_in(page, ".houses h3")
    assert len(seen) == 2 + 2 + 1 + 1  # a page after the last one is the last one
    assert len(set(seen)) == 5
    page = await page_text(site, "/en/support?kind=monthly&page=2")
    assert attributes(page, "[rel=next]", "href") == ["/en/support?kind=monthly&page=3"]
    assert attributes(page, "[rel=prev]", "href") == ["/en/support?kind=monthly"]
    assert "/zh/support?kind=monthly&page=2" in attributes(page, ".site-nav a", "href")


async def test_thanks_lead_on_to_the_project(site: Site) -> None:
    COUNT_LIMIT._events.clear()
    project, work = await on_view(site, effect=in_en(PAINT))
    page = await page_text(site, f"/en/works/{work.public_id}")
    assert attributes(page, ".appreciation .onward a", "href") == [f"/en/projects/{project.slug}"]
    assert texts_in(page, ".behind .effect") == [PAINT]
    client = await site.client(**{"user-agent": "Mozilla/5.0 Firefox/140.0"})
    answer = await client.post(f"/appreciations/en/{work.public_id}", follow_redirects=True)
    assert attributes(answer.text, ".behind a", "href") == [f"/en/projects/{project.slug}"]
