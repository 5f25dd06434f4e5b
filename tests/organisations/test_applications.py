"""An organisation applies by the public form; a curator admits or declines it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gallery.accounts.models import Invitation, MemberRole, Membership, Person
from gallery.clock import now
from gallery.mail.models import Mail
from gallery.organisations.application_views import APPLICATIONS_PER_NETWORK
from gallery.organisations.models import Application, ApplicationState, Organisation
from tests.conftest import Site

FIELDS = {
    "name[zh]": "山里的孩子",
    "name[en]": "Hill Children",
    "registration_number": "53110000MJ01234567",
    "website": "https://hill.example.org/",
    "about": "我们教山里的孩子画画。",
    "contact_name": "王老师",
    "contact_email": "Wang@Example.org",
    "nickname": "",
}


async def applied(site: Site, **fields: str) -> Application:
    answer = await (await site.client()).post("/zh/join", data={**FIELDS, **fields})
    assert (answer.status_code, answer.headers["location"]) == (303, "/zh/join/received")
    return await Application.all().order_by("-id").first()  # type: ignore[return-value]


async def test_it_is_kept_and_both_sides_are_told(site: Site) -> None:
    application = await applied(site)
    assert (application.name["zh"], application.language) == ("山里的孩子", "zh")
    kinds = {(mail.kind, mail.email, mail.language) for mail in await Mail.all()}
    assert kinds == {
        ("application_received", "Wang@Example.org", "zh"),
        ("application_waiting", "curator@example.org", "en"),
        ("application_waiting", "keeper@example.org", "en"),
    }


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_the_form_is_a_public_page_without_cookie(site: Site, language: str) -> None:
    client = await site.client(site.cast.partner)
    for path in (f"/{language}/join", f"/{language}/join/received"):
        page = await client.get(path)
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
        assert "partner" not in page.text.replace("/desk", "").lower().replace(
            "for partners and curators", ""
        )
        assert "public" not in page.headers["cache-control"]
    assert f'href="/{language}/join"' in (await client.get(f"/{language}/")).text
    assert (await client.get("/fr/join")).status_code == 404


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_curator_admits_it_and_the_contact_becomes_its_owner(site: Site) -> None:
    application = await applied(site)
    client = await site.client(site.cast.curator)
    assert "1 application is waiting for an answer" in (await client.get("/desk/organisations")).text
    assert "Hill Children" in (await client.get("/desk/applications")).text
    path = f"/desk/applications/{application.id}"
    assert "53110000MJ01234567" in (await client.get(path)).text
    page = await client.post(f"{path}/admission", data={"slug": "hill-children"})
    assert page.status_code == 200
    organisation = await Organisation.get(slug="hill-children")
    assert (organisation.about["zh"], organisation.registration_number) == (
        FIELDS["about"],
        FIELDS["registration_number"],
    )
    mail = await Mail.get(kind="application_admitted")
    link = f"{mail.path}{mail.secret}"
    assert f"{site.settings.site_url}{link}" in page.text
    guest = await site.client()
    await guest.post(link, data={"name": "王老师", "password": "a long password"})
    membership = await Membership.get(organisation=organisation).prefetch_related("person")
    assert (membership.role, membership.person.email) == (MemberRole.OWNER, "wang@example.org")
    assert "admitted" in (await client.get("/desk/applications")).text


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_curator_declines_it_with_a_reason(site: Site) -> None:
    application = await applied(site)
    client = await site.client(site.cast.curator)
    path = f"/desk/applications/{application.id}"
    assert (await client.post(f"{path}/refusal", data={"reason": " "})).status_code == 422
    assert (await client.post(f"{path}/refusal", data={"reason": "登记号查不到。"})).status_code == 303
    mail = await Mail.get(kind="application_declined")
    assert (mail.email, mail.facts["reason"]) == ("Wang@Example.org", "登记号查不到。")
    assert "登记号查不到。" in (await client.get(path)).text
    await Application.all().update(decided_at=now() - timedelta(days=181))
    await site.work()
    assert await Application.all().count() == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_of_two_curators_at_once_one_decides(site: Site) -> None:
    application = await applied(site)
    clients = [await site.client(site.cast.curator), await site.client(site.cast.keeper)]
    path = f"/desk/applications/{application.id}"
    await asyncio.gather(
        clients[0].post(f"{path}/admission", data={"slug": "hill-children"}),
        clients[1].post(f"{path}/refusal", data={"reason": "No"}),
    )
    await application.refresh_from_db()
    admitted = application.state == ApplicationState.ADMITTED
    assert await Organisation.exists(slug="hill-children") is admitted
    assert await Mail.filter(kind__in=["application_admitted", "application_declined"]).count() == 1
    late = await clients[0].post(f"{path}/admission", data={"slug": "another"}, follow_redirects=True)
    assert "already been decided" in late.text
    assert not await Organisation.exists(slug="another")


@pytest.mark.parametrize("slug", ["", "bazaar", "山", "a b", "x" * 61])
async def test_a_name_that_will_not_do_admits_nobody(site: Site, slug: str) -> None:
    application = await applied(site)
    client = await site.client(site.cast.curator)
    answer = await client.post(f"/desk/applications/{application.id}/admission", data={"slug": slug})
    assert answer.status_code == 422
    await application.refresh_from_db()
    assert application.state == ApplicationState.WAITING
    assert await Invitation.all().count() == 0
    assert await Organisation.all().count() == 2


async def test_nobody_but_curators_sees_applications(site: Site) -> None:
    application = await applied(site)
    path = f"/desk/applications/{application.id}"
    for person, status in ((site.cast.partner, 404), (None, 303)):
        client = await site.client(person)
        for page in ("/desk/applications", path):
            assert (await client.get(page)).status_code == status
        for page in (f"{path}/admission", f"{path}/refusal"):
            assert (await client.post(page, data={"slug": "x", "reason": "x"})).status_code == status
    curator = await site.client(site.cast.curator)
    assert (await curator.get("/desk/applications/4711")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name[zh]": "", "name[en]": " "}, "Please write a name"),
        ({"name[zh]": "长" * 121}, "please keep it to 120"),
        ({"registration_number": ""}, "Please give the number"),
        ({"website": "hill.example.org"}, "full web address"),
        ({"website": "javascript:alert(1)"}, "full web address"),
        ({"about": ""}, "Please describe in a few sentences"),
        ({"about": "长" * 2001}, "please keep it to 2000"),
        ({"contact_name": ""}, "Please write your name"),
        ({"contact_email": "wang"}, "Please write an e-mail address"),
        ({"contact_email": "a@b.org\r\nBcc: c@d.org"}, "Please write an e-mail address"),
    ],
)
async def test_mistakes_are_named_and_nothing_is_lost(
    site: Site, fields: dict[str, str], sentence: str
) -> None:
    answer = await (await site.client()).post("/en/join", data={**FIELDS, **fields})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert ("王老师" in answer.text) == ("contact_name" not in fields)
    assert await Application.all().count() == 0
    assert await Mail.all().count() == 0


async def test_a_form_sent_twice_is_one_application(site: Site) -> None:
    await applied(site)
    await applied(site)
    assert await Application.all().count() == 1
    assert await Mail.filter(kind="application_received").count() == 1


async def test_a_program_that_fills_in_everything_is_thanked_and_forgotten(site: Site) -> None:
    answer = await (await site.client()).post("/zh/join", data={**FIELDS, "nickname": "Bot"})
    assert answer.headers["location"] == "/zh/join/received"
    assert await Application.all().count() == 0
    assert await Mail.all().count() == 0


async def test_one_address_applies_only_so_often(site: Site) -> None:
    client = await site.client()
    codes = [
        (await client.post("/zh/join", data={**FIELDS, "name[zh]": f"机构{number}"})).status_code
        for number in range(APPLICATIONS_PER_NETWORK + 1)
    ]
    assert codes == [303] * APPLICATIONS_PER_NETWORK + [429]


async def test_a_form_too_large_or_of_another_site_is_refused(site: Site) -> None:
    client = await site.client()
    assert (await client.post("/zh/join", data={**FIELDS, "about": "长" * 70_000})).status_code == 413
    sent = await client.post("/zh/join", data=FIELDS, headers={"sec-fetch-site": "cross-site"})
    assert sent.status_code == 403
    assert await Application.all().count() == 0


async def test_markup_in_an_application_stays_text(site: Site) -> None:
    application = await applied(site, **{"name[zh]": "<b>山</b>", "about": "<script>alert(1)</script>"})
    page = await (await site.client(site.cast.curator)).get(f"/desk/applications/{application.id}")
    assert "<script>alert" not in page.text
    assert "<b>山" not in page.text


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_contact_with_an_account_joins_with_it(site: Site) -> None:
    application = await applied(site, contact_email="stranger@example.org")
    curator = await site.client(site.cast.curator)
    await curator.post(f"/desk/applications/{application.id}/admission", data={"slug": "hill-children"})
    mail = await Mail.get(kind="application_admitted")
    client = await site.client(site.cast.stranger)
    assert (await client.post(f"{mail.path}{mail.secret}")).status_code == 303
    assert await Membership.filter(person=site.cast.stranger).count() == 2
    assert await Person.filter(email="stranger@example.org").count() == 1
