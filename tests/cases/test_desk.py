"""Cases at the desk: written by members, decided by curators."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gallery.accounts.models import Membership
from gallery.artists.models import Artist
from gallery.cases.models import Case, CaseFigure, CaseVersion, VersionState, versions_on_view
from gallery.clock import today
from gallery.db import content_version
from gallery.mail.models import Mail
from gallery.organisations.models import Project
from tests import factories
from tests.conftest import Site


def fields(project: Project, **more: Any) -> dict[str, Any]:
    return {
        "project": str(project.id),
        "title[zh]": "一次手术",
        "title[en]": "An operation",
        "story[zh]": "孩子需要一次手术。",
        "currency": "CNY",
        "goal": "300000",
        "link": "https://give.example.org/case",
        "platform[zh]": "公益平台",
        "registration_number": "53110000500020439QA23015",
        "registered_until": str(today() + timedelta(days=100)),
        **more,
    }


@pytest.fixture(autouse=True)
def answers_from_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content_version, "STALENESS", 0.0)  # the cache asks before each answer


FIGURE = {"raised": "1000", "helpers": "12", "source[en]": "The platform's count"}


async def sent(site: Site, **more: Any) -> Case:
    project = await factories.project(site.cast.organisation)
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/cases", data=fields(project, send="1", **more))
    assert answer.status_code == 303, answer.text
    return await Case.get()


async def decide(site: Site, case: Case, **more: Any) -> Any:
    client = await site.client(site.cast.curator)
    page = (await client.get(f"/desk/cases/{case.id}/review")).text
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    return await client.post(
        f"/desk/cases/{case.id}/review", data={"seen": seen, "decision": "accept", **more}
    )


async def is_on_view(case: Case) -> bool:
    return await versions_on_view().filter(case_id=case.id).exists()


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_case_goes_from_draft_to_view(site: Site) -> None:
    project = await factories.project(site.cast.organisation)
    client = await site.client(site.cast.partner)
    # A draft needs a title alone.
    draft = {"project": str(project.id), "title[zh]": "一次手术", "currency": "CNY"}
    assert (await client.post("/desk/cases", data=draft)).status_code == 303
    case = await Case.get()
    page = (await client.get(f"/desk/cases/{case.id}/edit")).text
    assert 'value="一次手术"' in page
    seen = page.partition('name="seen" type="hidden" value="')[2].partition('"')[0]
    answer = await client.post(f"/desk/cases/{case.id}/edit", data=fields(project, send="1", seen=seen))
    assert answer.status_code == 303
    assert not await is_on_view(case)
    assert await Mail.filter(kind="case_waiting").exists()
    assert "An operation" in (await (await site.client(site.cast.curator)).get("/desk/cases")).text
    assert (await decide(site, case)).status_code == 303
    assert await is_on_view(case)
    assert await Mail.filter(kind="case_decided", person_id=site.cast.partner.id).count() == 1
    # Visitors read the accepted words while a change waits.
    page = (await client.get(f"/desk/cases/{case.id}/edit")).text
    seen = page.partition('name="seen" type="hidden" value="')[2].partition('"')[0]
    changed = fields(project, seen=seen, **{"title[en]": "Another title"})
    assert (await client.post(f"/desk/cases/{case.id}/edit", data=changed)).status_code == 303
    shown = (await (await site.client()).get(f"/en/cases/{case.slug}")).text
    assert "An operation" in shown
    assert "Another title" not in shown
    assert await CaseVersion.filter(case_id=case.id).count() == 2


async def test_a_curator_returns_a_case_with_words(site: Site) -> None:
    case = await sent(site)
    refused = await decide(site, case, decision="return")
    assert refused.status_code == 422
    assert "Please say what to change" in refused.text
    assert (await decide(site, case, decision="return", words="请写明手术的用途。")).status_code == 303
    client = await site.client(site.cast.partner)
    assert "请写明手术的用途。" in (await client.get(f"/desk/cases/{case.id}")).text
    assert not await is_on_view(case)
    # What was decided is not decided again.
    curator = await site.client(site.cast.curator)
    await curator.post(f"/desk/cases/{case.id}/review", data={"decision": "accept", "seen": "1:2"})
    assert (await CaseVersion.get()).state == VersionState.RETURNED


async def test_strangers_and_other_roles_find_nothing(site: Site) -> None:
    case = await sent(site)
    stranger, curator, anybody = (
        await site.client(site.cast.stranger),
        await site.client(site.cast.curator),
        await site.client(),
    )
    for path in (f"/desk/cases/{case.id}", f"/desk/cases/{case.id}/edit"):
        assert (await stranger.get(path)).status_code == 404
        assert (await curator.get(path)).status_code == 404
        assert (await anybody.get(path)).status_code in {303, 404}
    for path in ("figures", "ending", "figures/1/taking-back"):
        assert (await stranger.post(f"/desk/cases/{case.id}/{path}", data=FIGURE)).status_code == 404
        assert (await curator.post(f"/desk/cases/{case.id}/{path}", data=FIGURE)).status_code == 404
    partner = await site.client(site.cast.partner)
    for path in ("review", "veto", "veto/lifting"):
        assert (await partner.post(f"/desk/cases/{case.id}/{path}", data={})).status_code == 404
        assert (await stranger.post(f"/desk/cases/{case.id}/{path}", data={})).status_code == 404
    draft = await factories.case(site.cast.organisation, accepted=False)
    assert (await curator.get(f"/desk/cases/{draft.id}/review")).status_code == 404
    elsewhere = await factories.project(site.cast.elsewhere)
    answer = await partner.post("/desk/cases", data=fields(elsewhere))
    assert answer.status_code == 422
    assert "Please choose something that is in the list." in answer.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title[zh]": "", "title[en]": ""}, "Please write a title"),
        ({"goal": "0"}, "A goal of 0 is reached before it begins"),
        ({"goal": "300 USD"}, "Please write the number alone"),
        ({"goal": "viel"}, "Please write a whole number in digits"),
        ({"story[zh]": ""}, "Please write what is needed"),
        ({"registration_number": ""}, "names the registration of the public fundraising"),
        ({"registration_number": "??"}, "as it is registered"),
        ({"platform[zh]": ""}, "on which platform"),
        ({"registered_until": ""}, "the last day of the registration"),
        ({"registered_until": "2020-01-01"}, "This registration has expired"),
        ({"currency": "things", "link": ""}, "Please write what is counted"),
        ({"link": "javascript:alert(1)"}, "begins with https://"),
        ({"contents": "face"}, "Please choose of whom it tells"),
    ],
)
async def test_mistakes_are_named_and_nothing_is_lost(
    site: Site, changes: dict[str, str], sentence: str
) -> None:
    project = await factories.project(site.cast.organisation)
    client = await site.client(site.cast.partner)
    kept = {"title[fr]": "Mots gardés"} if "title[en]" not in changes else {}
    answer = await client.post("/desk/cases", data=fields(project, send="1") | kept | changes)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert not kept or "Mots gardés" in answer.text
    assert "公益平台" in answer.text or "platform[zh]" in changes
    assert await Case.all().count() == 0


async def test_a_form_that_is_sent_twice_makes_one_case(site: Site) -> None:
    project = await factories.project(site.cast.organisation)
    client = await site.client(site.cast.partner)
    assert (await client.post("/desk/cases", data=fields(project))).status_code == 303
    again = await client.post("/desk/cases", data=fields(project))
    assert again.status_code == 422
    assert "This project has a case with this title." in again.text
    assert await Case.all().count() == 1


async def test_a_goal_that_is_no_money_needs_no_registration(site: Site) -> None:
    project = await factories.project(site.cast.organisation)
    client = await site.client(site.cast.partner)
    things = {"currency": "things", "unit[en]": "winter coats", "link": "", "platform[zh]": ""}
    things |= {"registration_number": "", "registered_until": "", "send": "1"}
    answer = await client.post("/desk/cases", data=fields(project) | things)
    assert answer.status_code == 303, answer.text
    assert (await CaseVersion.get()).state == VersionState.WAITING


@pytest.mark.parametrize("link", ["https://give.example.org/theirs", "https://give.example.org/theirs/"])
async def test_a_link_of_another_organisation_is_refused(site: Site, link: str) -> None:
    await factories.project(site.cast.elsewhere, link_once="https://give.example.org/theirs")
    project = await factories.project(site.cast.organisation)
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/cases", data=fields(project, link=link))
    assert answer.status_code == 422
    assert "Another organisation has this link" in answer.text
    other = await factories.case(site.cast.elsewhere)
    version = await CaseVersion.get(case_id=other.id)
    answer = await client.post("/desk/cases", data=fields(project, link=version.link))
    assert "Another organisation has this link" in answer.text
    own = await factories.case(site.cast.organisation)
    answer = await client.post(
        "/desk/cases", data=fields(project, link=(await CaseVersion.get(case_id=own.id)).link)
    )
    assert answer.status_code == 303


@pytest.mark.parametrize("name", ["diagnosis", "hospital", "face"])
async def test_each_content_needs_its_own_scope(site: Site, name: str) -> None:
    consent = await factories.consent(site.cast.organisation, for_case=True)
    project = await factories.project(site.cast.organisation)
    client = await site.client(site.cast.partner)
    told = fields(project, consent=str(consent.id), contents=name)
    answer = await client.post("/desk/cases", data=told)
    assert answer.status_code == 422
    assert "does not name" in answer.text
    assert await Case.all().count() == 0
    setattr(consent, f"for_case_{name}", True)
    await consent.save()
    assert (await client.post("/desk/cases", data=told)).status_code == 303
    assert (await CaseVersion.get()).contents == [name]


async def test_a_consent_without_the_scope_or_elsewhere_cannot_be_chosen(site: Site) -> None:
    project = await factories.project(site.cast.organisation)
    client = await site.client(site.cast.partner)
    for organisation, values in (
        (site.cast.organisation, {"for_case": False, "for_case_face": True}),
        (site.cast.elsewhere, {"for_case": True}),
        (site.cast.organisation, {"for_case": True, "ends_on": today() - timedelta(days=1)}),
    ):
        consent = await factories.consent(organisation, **values)
        answer = await client.post("/desk/cases", data=fields(project, consent=str(consent.id)))
        assert answer.status_code == 422
    assert await Case.all().count() == 0


async def test_a_case_of_a_person_never_looks_like_one_of_nobody(site: Site) -> None:
    """If the consent lost the scope, the form still names the person, and saving says why it cannot be."""
    consent = await factories.consent(site.cast.organisation, for_case=True)
    case = await factories.case(site.cast.organisation, consent=consent, accepted=False)
    client = await site.client(site.cast.partner)
    assert "An operation" in (await client.get(f"/desk/consents/{consent.id}")).text
    consent.for_case = False
    await consent.save()
    page = (await client.get(f"/desk/cases/{case.id}/edit")).text
    assert f'<option selected value="{consent.id}">' in page
    seen = page.partition('name="seen" type="hidden" value="')[2].partition('"')[0]
    told = fields(await Project.get(id=case.project_id), consent=str(consent.id), seen=seen)
    answer = await client.post(f"/desk/cases/{case.id}/edit", data=told)
    assert answer.status_code == 422
    assert "This consent is not in force any more." in answer.text
    # Once visitors may have read it, it stays the same person's.
    await CaseVersion.all().update(state=VersionState.ACCEPTED)
    answer = await client.post(f"/desk/cases/{case.id}/edit", data={**told, "consent": ""})
    assert answer.status_code == 422
    assert "Visitors know this case as one of another person." in answer.text


async def test_a_consent_to_a_case_is_recorded_without_a_work(site: Site) -> None:
    client = await site.client(site.cast.partner)
    told = {"credit_name": "小雨", "agreed_by": "parent", "starts_on": str(today())}
    refused = await client.post("/desk/cases/consent", data={**told, "scopes": ["case_face"]})
    assert refused.status_code == 422
    assert "Please tick that the case may tell of the person" in refused.text
    made = await client.post("/desk/cases/consent", data={**told, "scopes": ["case", "case_face"]})
    assert made.status_code == 303
    works_only = await client.post("/desk/cases/consent", data={**told, "scopes": ["case", "web"]})
    assert works_only.status_code == 422
    await factories.project(site.cast.organisation)
    page = (await client.get("/desk/cases/new")).text
    assert "小雨" in page
    # A member of two organisations says whose it is.
    await Membership.create(person=site.cast.partner, organisation=site.cast.elsewhere)
    assert 'name="organisation"' in (await client.get("/desk/cases/consent")).text
    told |= {"credit_name": "小雪", "organisation": str(site.cast.elsewhere.id)}
    assert (await client.post("/desk/cases/consent", data={**told, "scopes": ["case"]})).status_code == 303
    assert (await Artist.get(credit_name="小雪")).organisation_id == site.cast.elsewhere.id


async def test_personal_data_and_wording_are_hinted_at(site: Site) -> None:
    story = {"story[zh]": "请拨打13800138000，他是自闭症患者。"}
    case = await sent(site, **story)
    for person, path in ((site.cast.partner, "edit"), (site.cast.curator, "review")):
        page = (await (await site.client(person)).get(f"/desk/cases/{case.id}/{path}")).text
        assert "This looks like a mobile telephone number." in page
        assert "<q>13800138000</q>" in page


async def test_two_who_save_at_once_lose_nothing(site: Site) -> None:
    case = await factories.case(site.cast.organisation, accepted=False)
    project = await Project.get(id=case.project_id)
    client = await site.client(site.cast.partner)
    page = (await client.get(f"/desk/cases/{case.id}/edit")).text
    seen = page.partition('name="seen" type="hidden" value="')[2].partition('"')[0]
    mine = fields(project, seen=seen, **{"title[en]": "Mine"})
    theirs = fields(project, seen=seen, **{"title[en]": "Theirs"})
    colleague = await site.client(site.cast.colleague)
    assert (await colleague.post(f"/desk/cases/{case.id}/edit", data=theirs)).status_code == 303
    refused = await client.post(f"/desk/cases/{case.id}/edit", data=mine)
    assert refused.status_code == 422
    assert "Somebody else has saved this case meanwhile" in refused.text
    assert 'value="Mine"' in refused.text
    assert (await CaseVersion.get()).title["en"] == "Theirs"


# Figures


async def test_figures_are_entered_and_taken_back(site: Site) -> None:
    case = await factories.case(site.cast.organisation)
    client = await site.client(site.cast.partner)
    path = f"/desk/cases/{case.id}/figures"
    yesterday = str(today() - timedelta(days=1))
    assert (await client.post(path, data={**FIGURE, "day": yesterday})).status_code == 303
    assert (
        await client.post(path, data={**FIGURE, "day": str(today()), "raised": "300,000"})
    ).status_code == 303
    shown = (await (await site.client()).get(f"/en/cases/{case.slug}")).text
    assert "Reached its goal on" in shown
    assert "300,000 yuan" in shown
    figure = await CaseFigure.get(raised=300_000)
    assert (await client.post(f"{path}/{figure.id}/taking-back")).status_code == 303
    shown = (await (await site.client()).get(f"/en/cases/{case.slug}")).text
    assert "Reached its goal on" not in shown
    assert "1,000 yuan" in shown


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"day": str(today() + timedelta(days=1))}, "This day is still to come."),
        ({"day": "1026-01-01"}, "too long ago"),
        ({"day": "soon"}, "Please write a date"),
        ({"source[en]": " "}, "Please write who says so"),
        ({"raised": "", "helpers": ""}, "Please write what was raised"),
        ({"raised": "-5"}, "Please write a whole number in digits"),
        ({"raised": "500 US$"}, "Please write the number alone"),
    ],
)
async def test_figures_that_cannot_be_are_refused(site: Site, changes: dict[str, str], sentence: str) -> None:
    case = await factories.case(site.cast.organisation)
    client = await site.client(site.cast.partner)
    answer = await client.post(
        f"/desk/cases/{case.id}/figures", data={"day": str(today()), **FIGURE, "confirmed": "y", **changes}
    )
    assert answer.status_code == 422
    assert sentence in answer.text
    assert await CaseFigure.all().count() == 0


@pytest.mark.parametrize(
    ("days_ago", "raised", "sentence"),
    [
        (0, "900", "a total since the beginning only grows"),
        (2, "5000", "a total since the beginning only grows"),
        (1, "1200", "There is a figure of this day"),
        (0, "3000001", "Is there a zero too many?"),
    ],
)
async def test_figures_that_look_wrong_are_asked_about(
    site: Site, days_ago: int, raised: str, sentence: str
) -> None:
    case = await factories.case(site.cast.organisation)
    await factories.figure(case, 1, 1000)
    client = await site.client(site.cast.partner)
    told = {**FIGURE, "day": str(today() - timedelta(days=days_ago)), "raised": raised, "helpers": ""}
    asked = await client.post(f"/desk/cases/{case.id}/figures", data=told)
    assert asked.status_code == 422
    assert sentence in asked.text
    assert f'value="{raised}"' in asked.text
    assert await CaseFigure.all().count() == 1
    confirmed = await client.post(f"/desk/cases/{case.id}/figures", data={**told, "confirmed": "y"})
    assert confirmed.status_code == 303
    made = await CaseFigure.filter(case_id=case.id).order_by("-id").first()
    assert made is not None
    assert made.is_correction == (raised != "3000001")


async def test_more_than_the_goal_is_taken_as_it_is(site: Site) -> None:
    case = await factories.case(site.cast.organisation)
    client = await site.client(site.cast.partner)
    told = {**FIGURE, "day": str(today()), "raised": "350000"}
    assert (await client.post(f"/desk/cases/{case.id}/figures", data=told)).status_code == 303


async def test_the_currency_stays_once_there_are_figures(site: Site) -> None:
    case = await factories.case(site.cast.organisation, accepted=False)
    await factories.figure(case, 1, 1000)
    client = await site.client(site.cast.partner)
    page = (await client.get(f"/desk/cases/{case.id}/edit")).text
    seen = page.partition('name="seen" type="hidden" value="')[2].partition('"')[0]
    told = fields(await Project.get(), seen=seen, currency="USD")
    answer = await client.post(f"/desk/cases/{case.id}/edit", data=told)
    assert answer.status_code == 422
    assert "Two currencies cannot be added up." in answer.text


async def test_a_case_ends_and_begins_again(site: Site) -> None:
    case = await factories.case(site.cast.organisation)
    client = await site.client(site.cast.partner)
    public = await site.client()
    assert "Support this case" in (await public.get(f"/en/cases/{case.slug}")).text
    for ending, label in (("closed", "Closed"), ("stopped", "Stopped")):
        answer = await client.post(f"/desk/cases/{case.id}/ending", data={"ending": ending})
        assert answer.status_code == 303
        shown = (await public.get(f"/en/cases/{case.slug}")).text
        assert label in shown
        assert "Support this case" not in shown
        assert (await public.get(f"/en/cases/{case.slug}/support/link")).status_code == 404
    assert (await client.post(f"/desk/cases/{case.id}/ending", data={"ending": "sold"})).status_code == 422
    assert (await client.post(f"/desk/cases/{case.id}/ending", data={"ending": "open"})).status_code == 303
    assert "Support this case" in (await public.get(f"/en/cases/{case.slug}")).text


async def test_a_veto_takes_it_off_at_once_until_it_is_accepted_again(site: Site) -> None:
    case = await sent(site)
    await decide(site, case)
    curator, public = await site.client(site.cast.curator), await site.client()
    path = f"/desk/cases/{case.id}/veto"
    assert (await curator.post(path, data={"concern": " "})).status_code == 422
    assert await is_on_view(case)
    assert (await curator.post(path, data={"concern": "The father asked for it."})).status_code == 303
    assert (await public.get(f"/en/cases/{case.slug}")).status_code == 404
    partner = await site.client(site.cast.partner)
    assert "The father asked" not in (await partner.get(f"/desk/cases/{case.id}")).text
    assert (await curator.post(f"{path}/lifting")).status_code == 303
    assert not await is_on_view(case)
    assert (await decide(site, case)).status_code == 303
    assert await is_on_view(case)
