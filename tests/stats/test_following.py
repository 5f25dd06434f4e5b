"""Redirects to a project's links: only stored links, counted, and no dead ones."""

from __future__ import annotations

from typing import Any

import pytest

from gallery.artists.models import Consent
from gallery.artworks.models import Artwork, Status
from gallery.clock import now
from gallery.organisations.models import CheckedLink, LinkState, Project
from gallery.stats import support_links
from gallery.stats.count_writer import write_counts
from gallery.stats.models import CountKind, ProjectCount, WorkCount
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.markup import attributes, first
from tests.stats.visitors import BROWSER

LINKS = {
    "link": "https://example.org/project?a=1&b=%E7%88%B1#more",
    "link_once": "https://example.org/once",
    "link_monthly": "https://example.org/monthly",
    "link_volunteer": "http://example.org/help",
}


@pytest.fixture(autouse=True)
def _fresh_limits() -> None:
    support_links.COUNT_LIMIT._events.clear()


async def on_view(site: Site, **links: str) -> tuple[Artwork, Project]:
    project = await factories.project(site.cast.organisation, **(links or LINKS))
    work = await factories.artwork(
        site.storage, site.cast.organisation, status=Status.ACCEPTED, project=project
    )
    await factories.exhibition([work])
    return work, project


async def followed(model: Any) -> int:
    return sum(await model.filter(kind=CountKind.FOLLOWED).values_list("number", flat=True))


@pytest.mark.engines("sqlite", "postgresql")
async def test_each_button_leads_to_its_link_and_is_counted(site: Site) -> None:
    work, project = await on_view(site)
    visitor = await site.client(**BROWSER)
    for page in (f"/en/works/{work.public_id}", f"/en/projects/{project.slug}"):
        buttons = attributes((await visitor.get(page)).text, f"[href^='{page}/support/']", "href")
        assert len(buttons) == 4
        for address in buttons:
            answer = await visitor.get(address)
            assert answer.status_code == 302
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "strict-origin"
            assert "set-cookie" not in answer.headers
        led = [(await visitor.get(address)).headers["location"] for address in buttons]
        assert led == [LINKS[name] for name in ("link_once", "link_monthly", "link_volunteer", "link")]
    assert await ProjectCount.all().count() == 0
    await write_counts(site.app.state.visit_counter)
    assert await followed(ProjectCount) == 16
    assert await followed(WorkCount) == 8  # from the work's page


async def test_nothing_that_is_sent_says_where_it_leads(site: Site) -> None:
    work, project = await on_view(site, link="https://example.org/project")
    visitor = await site.client(**{**BROWSER, "host": "evil.example", "referer": "https://evil.example/"})
    for query in ("?link=https://evil.example", "?to=//evil.example", "?next=https://evil.example#x"):
        answer = await visitor.get(f"/zh/works/{work.public_id}/support/more{query}")
        assert answer.headers["location"] == "https://example.org/project"
    for kind in ("once", "link", "https", "more.evil.example"):
        assert (await visitor.get(f"/zh/projects/{project.slug}/support/{kind}")).status_code == 404
    for path in ("/zh/projects/nosuch/support/more", "/zh/works/nosuchwork/support/more"):
        assert (await visitor.get(path)).status_code == 404


async def test_a_stored_link_that_is_no_web_address_is_not_led_to(site: Site) -> None:
    work, project = await on_view(site, link="javascript:alert(1)")
    visitor = await site.client(**BROWSER)
    for path in (f"/zh/works/{work.public_id}", f"/zh/projects/{project.slug}"):
        assert "javascript:" not in (await visitor.get(path)).text
        assert (await visitor.get(f"{path}/support/more")).status_code == 404


async def test_a_dead_link_is_said_to_be_checked(site: Site) -> None:
    work, project = await on_view(site, link="https://example.org/gone")
    await CheckedLink.create(
        url="https://example.org/gone", state=LinkState.DEAD, answer="404", next_check_at=now()
    )
    visitor = await site.client(**BROWSER)
    for path in (f"/en/works/{work.public_id}", f"/en/projects/{project.slug}"):
        answer = await visitor.get(f"{path}/support/more")
        assert answer.status_code == 200
        assert "This link is being checked" in answer.text
        assert "example.org/gone" not in answer.text
        assert answer.headers["cache-control"] == "no-store"
    await write_counts(site.app.state.visit_counter)
    assert await followed(ProjectCount) == 0


async def test_only_what_visitors_see_leads_on(site: Site) -> None:
    hidden = await factories.project(site.cast.organisation)
    draft = await factories.artwork(site.storage, site.cast.organisation, project=hidden)
    visitor = await site.client(**BROWSER)
    assert (await visitor.get(f"/zh/projects/{hidden.slug}/support/more")).status_code == 404
    assert (await visitor.get(f"/zh/works/{draft.public_id}/support/more")).status_code == 404
    work, project = await on_view(site)
    await withdraw(await Consent.get(id=work.consent_id), site.storage)
    assert (await visitor.get(f"/zh/works/{work.public_id}/support/more")).status_code == 410
    assert (await visitor.get(f"/zh/projects/{project.slug}/support/more")).status_code == 404


async def test_programs_heads_and_floods_are_led_on_and_not_counted(site: Site) -> None:
    work, _ = await on_view(site)
    path = f"/zh/works/{work.public_id}/support/more"
    program = await site.client(**{**BROWSER, "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"})
    assert (await program.get(path)).status_code == 302
    visitor = await site.client(**BROWSER)
    assert (await visitor.head(path)).status_code == 302
    for _ in range(70):
        assert (await visitor.get(path)).status_code == 302
    await write_counts(site.app.state.visit_counter)
    assert await followed(ProjectCount) == 60


async def test_machines_are_told_the_true_address(site: Site) -> None:
    work, project = await on_view(site, link="https://example.org/project")
    visitor = await site.client(**BROWSER)
    for path in (f"/zh/works/{work.public_id}", f"/zh/projects/{project.slug}"):
        text = (await visitor.get(path)).text
        linked = first(text, "script[type='application/ld+json']").get_text()
        assert "https://example.org/project" in linked.replace("\\/", "/")
        assert "/support/" not in linked
    assert "Disallow: /zh/*/support/" in (await visitor.get("/robots.txt")).text
