"""Cases as visitors read them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from gallery.artists.consents import NewConsent
from gallery.artists.models import AgreedBy, Artist, Consent
from gallery.artists.renewal import renew
from gallery.cases.models import Case, CaseFigure, CaseVersion, Currency
from gallery.clock import today
from gallery.db import content_version
from gallery.organisations.links import register_links
from gallery.organisations.merging import merge_projects
from gallery.organisations.models import CheckedLink, LinkState, Organisation, Project
from gallery.web.texts import NO_TEXTS, Texts
from gallery.withdrawals.withdrawal import withdraw
from tests import factories
from tests.conftest import Site
from tests.factories import accepted
from tests.live import LiveSite, any_in, crawl, is_text
from tests.public.test_json_ld import read
from tests.queries import counted_queries


@pytest.fixture(autouse=True)
def answers_from_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)  # the cache asks before each answer


async def page(site: Site, path: str, status: int = 200) -> str:
    answer = await (await site.client()).get(path)
    assert answer.status_code == status, path
    return answer.text


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_case_says_what_was_reached_and_who_is_responsible(site: Site) -> None:
    await Organisation.filter(id=site.cast.organisation.id).update(registration_number="53110000MJ0000000X")
    case = await factories.case(site.cast.organisation)
    await factories.figure(case, 20, 120_000, 3_000)
    await factories.figure(case, 10, 305_000, 9_000)
    await factories.figure(case, 3, 310_000)
    shown = await page(site, f"/en/cases/{case.slug}")
    for words in (
        "An operation is needed.",
        "310,000 yuan",
        "of 300,000 yuan",
        "9,000 helpers",
        "source: The platform&#39;s count",
        "53110000500020439QA23015",
        "53110000MJ0000000X",
        "Giving platform",
        "Xiaogeng Foundation",
        "<polyline",
        "The table has every figure.",
    ):
        assert words in shown
    assert shown.count('<th scope="row">') == 3
    assert "Support this case" in shown
    assert "no new figure for more than 30 days" not in shown
    zh = await page(site, f"/zh/cases/{case.slug}")
    assert "305,000元" in zh
    of_project = await Project.get(id=case.project_id)
    assert f"/en/cases/{case.slug}" in await page(site, f"/en/projects/{of_project.slug}")
    await page(site, "/en/cases/c-unknown", 404)


async def test_drafts_and_hidden_organisations_have_no_page(site: Site) -> None:
    draft = await factories.case(site.cast.organisation, accepted=False)
    await page(site, f"/en/cases/{draft.slug}", 404)
    await page(site, f"/en/projects/{(await Project.get()).slug}", 404)
    case = await factories.case(site.cast.organisation)
    await page(site, f"/en/cases/{case.slug}")
    await Organisation.filter(id=site.cast.organisation.id).update(is_active=False)
    await content_version.bump()
    await page(site, f"/en/cases/{case.slug}", 404)


async def test_it_says_that_figures_are_old(site: Site) -> None:
    case = await factories.case(site.cast.organisation)
    await factories.figure(case, 31, 1_000)
    assert "no new figure for more than 30 days" in await page(site, f"/en/cases/{case.slug}")
    fresh = await factories.case(site.cast.organisation)
    await factories.figure(fresh, 30, 1_000)
    assert "no new figure" not in await page(site, f"/en/cases/{fresh.slug}")


async def test_an_expired_registration_takes_the_link_off(site: Site) -> None:
    case = await factories.case(site.cast.organisation, registered_until=today() - timedelta(days=1))
    shown = await page(site, f"/en/cases/{case.slug}")
    assert "The registration of this fundraising ended on" in shown
    assert "Support this case" not in shown
    assert "give.example.org" not in shown
    await page(site, f"/en/cases/{case.slug}/support/link", 404)
    last_day = await factories.case(site.cast.organisation, registered_until=today())
    assert "Support this case" in await page(site, f"/en/cases/{last_day.slug}")


async def test_its_link_is_followed_checked_and_counted_with_the_project(site: Site) -> None:
    case = await factories.case(site.cast.organisation)
    link = (await CaseVersion.get()).link
    client = await site.client()
    followed = await client.get(f"/en/cases/{case.slug}/support/link")
    assert (followed.status_code, followed.headers["location"]) == (302, link)
    await site.work()  # the worker knows the link now
    await register_links({link})
    await CheckedLink.filter(url=link).update(state=LinkState.DEAD, answer="404")
    await content_version.bump()
    assert "The link to support it is being checked." in await page(site, f"/en/cases/{case.slug}")
    assert (await client.get(f"/en/cases/{case.slug}/support/link")).status_code == 200
    partner = await site.client(site.cast.partner)
    assert "does not work" in (await partner.get(f"/desk/cases/{case.id}")).text


async def test_the_worker_checks_links_of_cases(site: Site) -> None:
    await factories.case(site.cast.organisation)
    await site.work()
    assert await CheckedLink.exists(url=(await CaseVersion.get()).link)


async def test_a_goal_of_things_is_counted_in_their_words(site: Site) -> None:
    things = {"currency": Currency.THINGS, "unit": Texts({"en": "winter coats", "zh": "件棉衣"}), "goal": 120}
    case = await factories.case(site.cast.organisation, link="", platform=NO_TEXTS, **things)
    await factories.figure(case, 1, 80)
    assert "80 winter coats" in await page(site, f"/en/cases/{case.slug}")
    dollars = await factories.case(site.cast.organisation, currency=Currency.USD)
    await factories.figure(dollars, 1, 80)
    assert "80 US dollars" in await page(site, f"/en/cases/{dollars.slug}")
    assert "80美元" in (await page(site, f"/zh/cases/{dollars.slug}")).replace(
        "\N{NO-BREAK SPACE}", ""
    ).replace(" ", "")


async def of_a_person(site: Site, **values: Any) -> tuple[Case, Consent]:
    artist = await Artist.create(
        organisation=site.cast.organisation, credit_name="小雨", credit_translations=Texts({"en": "Xiaoyu"})
    )
    consent = await factories.consent(site.cast.organisation, artist, for_case=True, for_web=False)
    return await factories.case(site.cast.organisation, consent=consent, **values), consent


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_person_is_told_of_while_the_consent_covers_it(site: Site) -> None:
    case, consent = await of_a_person(site, has_hospital=True)
    await page(site, f"/en/cases/{case.slug}", 404)  # the hospital is not covered
    for change, status in (
        ({"for_case_hospital": True}, 200),
        ({"ends_on": today() - timedelta(days=1)}, 404),
        ({"ends_on": today()}, 200),
        ({"for_case": False}, 404),
        ({"for_case": True, "starts_on": today() + timedelta(days=1)}, 404),
    ):
        await Consent.filter(id=consent.id).update(**change)
        await content_version.bump()
        await page(site, f"/en/cases/{case.slug}", status)


async def test_the_page_names_the_credit_name_and_hangs_the_persons_works(site: Site) -> None:
    case, consent = await of_a_person(site)
    assert "It tells of Xiaoyu" in await page(site, f"/en/cases/{case.slug}")
    web = await factories.consent(site.cast.organisation, await Artist.get(id=consent.artist_id))
    works = [await accepted(site, consent=web) for _ in range(2)]
    other = await accepted(site)
    await factories.exhibition([*works, other])
    await content_version.bump()
    shown = await page(site, f"/en/cases/{case.slug}")
    assert all(f"/en/works/{work.public_id}" in shown for work in works)
    assert f"/en/works/{other.public_id}" not in shown
    # The new credit name is on the page at once, although the person may have no work.
    partner = await site.client(site.cast.partner)
    told = {"credit_name": "小雨", "credit_translations[en]": "Rain", "born": ""}
    assert (await partner.post(f"/desk/artists/{consent.artist_id}", data=told)).status_code == 303
    assert "It tells of Rain" in await page(site, f"/en/cases/{case.slug}")


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_withdrawn_consent_takes_the_case_with_it(site: Site) -> None:
    case, consent = await of_a_person(site)
    await factories.figure(case, 1, 1_000)
    staying = await factories.case(site.cast.organisation, project=await Project.get(id=case.project_id))
    slip = await page(site, f"/en/consent/{consent.code}")
    assert f"/en/cases/{case.slug}" in slip
    await withdraw(consent, site.storage)
    gone = await page(site, f"/en/cases/{case.slug}", 410)
    assert "小雨" not in gone
    of_project = await page(site, f"/en/projects/{(await Project.get()).slug}")
    assert case.slug not in of_project
    assert staying.slug in of_project
    assert case.slug not in await page(site, "/en/sitemap.xml")
    await page(site, f"/en/cases/{case.slug}/support/link", 404)
    await page(site, f"/sharing/en/cases/{case.slug}/card-000000000000.jpg", 410)
    assert (await CaseVersion.get(case_id=case.id)).title == NO_TEXTS
    assert not await CaseFigure.exists(case_id=case.id)
    # Nothing can be written or decided afterwards.
    partner = await site.client(site.cast.partner)
    await partner.post(f"/desk/cases/{case.id}/ending", data={"ending": "closed"})
    assert (await Case.get(id=case.id)).ending is None


async def test_a_renewal_moves_the_case_and_may_hide_it(site: Site) -> None:
    case, consent = await of_a_person(site, has_face=True)
    await Consent.filter(id=consent.id).update(for_case_face=True)
    await content_version.bump()
    await page(site, f"/en/cases/{case.slug}")
    for scope, status in ((["case"], 404), (["case", "case_face"], 200)):
        values = NewConsent(AgreedBy.PARENT, scope, today())
        consent = await renew(
            await Consent.get(id=consent.id).prefetch_related("artist"), values, site.cast.partner
        )
        assert (await Case.get()).consent_id == consent.id
        await page(site, f"/en/cases/{case.slug}", status)


async def test_merging_a_project_moves_its_cases(site: Site) -> None:
    case = await factories.case(site.cast.organisation)
    into = await factories.project(site.cast.organisation)
    await merge_projects(await Project.get(id=case.project_id), into, site.cast.partner)
    assert (await Case.get()).project_id == into.id
    assert case.slug in await page(site, f"/en/projects/{into.slug}")


async def test_other_programs_read_it(site: Site) -> None:
    case = await factories.case(site.cast.organisation)
    things, shown = await read(site, f"/en/cases/{case.slug}")
    assert things["Project"]["identifier"] == "53110000500020439QA23015"
    assert things["Project"]["potentialAction"]["@type"] == "DonateAction"
    assert things["Project"]["parentOrganization"]["@type"] == "Project"
    assert f"/sharing/en/cases/{case.slug}/card-" in shown
    sitemap = await page(site, "/zh/sitemap.xml")
    assert f"/zh/cases/{case.slug}" in sitemap
    assert f"/zh/projects/{(await Project.get()).slug}" in sitemap


async def test_programs_are_asked_not_to_learn_from_a_person(site: Site) -> None:
    case, consent = await of_a_person(site)
    answer = await (await site.client()).get(f"/en/cases/{case.slug}")
    assert "noai" in answer.headers["x-robots-tag"]
    await Consent.filter(id=consent.id).update(for_machine_use=True)
    await content_version.bump()
    answer = await (await site.client()).get(f"/en/cases/{case.slug}")
    assert "x-robots-tag" not in answer.headers


async def test_queries_do_not_grow_with_cases_and_figures(site: Site) -> None:
    case = await factories.case(site.cast.organisation)
    project = await Project.get(id=case.project_id)
    await factories.figure(case, 10, 5)
    paths = (f"/en/cases/{case.slug}", f"/en/projects/{project.slug}", "/en/sitemap.xml")

    async def numbers() -> list[int]:
        await content_version.bump()
        await page(site, paths[0])
        counts = []
        for path in paths:
            with counted_queries() as ran:
                await page(site, path)
            counts.append(len(ran))
        return counts

    before = await numbers()
    for days in range(1, 6):
        await factories.figure(case, days, 100 - days)
        other = await factories.case(site.cast.organisation, project=project)
        await factories.figure(other, days, 7)
    assert await numbers() == before


async def test_a_figure_drops_the_pages_of_its_case_alone(site: Site) -> None:
    first, second = [await factories.case(site.cast.organisation) for _ in range(2)]
    client, partner = await site.client(), await site.client(site.cast.partner)
    await client.get(f"/en/cases/{second.slug}")
    told = {"raised": "10", "source[en]": "x", "day": str(today())}
    assert (await partner.post(f"/desk/cases/{first.id}/figures", data=told)).status_code == 303
    with counted_queries() as ran:
        await client.get(f"/en/cases/{second.slug}")
    assert not [query for query in ran if "case_figure" in query]
    assert "10 yuan" in (await client.get(f"/en/cases/{first.slug}")).text


@pytest.mark.engines("sqlite", "postgresql-s3")
async def test_every_address_forgets_a_withdrawn_case(live: LiveSite) -> None:
    """Withdrawn by its slip on one process, the case is gone from every page of another."""
    organisation = live.cast.organisation
    artist = await Artist.create(organisation=organisation, credit_name="要撤回的孩子")
    consent = await factories.consent(organisation, artist, for_case=True)
    project = await factories.project(organisation)
    title = Texts({"zh": "要撤回的个案", "en": "Case to withdraw"})
    case = await factories.case(organisation, consent=consent, project=project, title=title)
    work = await factories.artwork(live.storage, organisation, status="accepted", project=project)
    await factories.exhibition([work])
    first, second = await live.serve(worker=False), await live.serve(worker=False)
    marks = [case.slug, *title.values(), "要撤回的孩子"]
    async with httpx.AsyncClient(base_url=first) as one, httpx.AsyncClient(base_url=second) as other:
        before = await crawl(one, first, "/zh/sitemap.xml")
        await crawl(other, first, "/zh/sitemap.xml")  # warms the second process's cache, too
        own = {path for path in before if case.slug in path}
        mentioning = {
            path for path, answer in before.items() if is_text(answer) and any_in(answer.text, marks)
        }
        pages = {f"/{language}/cases/{case.slug}" for language in ("zh", "en")}
        assert pages <= own
        assert {f"/zh/projects/{project.slug}", "/zh/sitemap.xml", *pages} <= mentioning
        slip = await one.get(f"/c/{consent.code}", follow_redirects=True)
        assert title["en"] in slip.text or title["zh"] in slip.text
        assert (await one.post(slip.url.path)).status_code == 303
        for client in (other, one):
            for path in sorted(own | mentioning):
                answer = await client.get(path)
                gone = 404 if "/support/" in path else 410
                assert answer.status_code == (gone if path in own else 200), path
                if is_text(answer):
                    assert not any_in(answer.text, [mark for mark in marks if mark not in path]), path
