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
from tests.markup import attribute, attributes, first, select, text_in

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
    answer = await client.post(f"{path}/admission", data={"slug": "hill-children"})
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
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
        ({"website": "hill example org"}, "full web address"),
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


async def test_without_a_number_it_says_what_it_is(site: Site) -> None:
    client = await site.client()
    page = await client.post("/en/join", data={**FIELDS, "registration_number": ""})
    assert page.status_code == 422
    assert "tell us below what you are" in text_in(page.text, ".has-error .field-error")
    application = await applied(site, registration_number="", what_it_is="A village school")
    page = await (await site.client(site.cast.curator)).get(f"/desk/applications/{application.id}")
    assert "A village school" in page.text


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("hill.example.org/我们?a=b", "https://hill.example.org/我们?a=b"),
        ("hill.example.org:8080", "https://hill.example.org:8080"),
        ("http://hill.example.org", "http://hill.example.org"),
        ("", ""),
    ],
)
async def test_a_web_address_gets_its_scheme(site: Site, typed: str, stored: str) -> None:
    assert (await applied(site, website=typed)).website == stored


@pytest.mark.parametrize(
    "typed", ["javascript:alert(1)", "mailto:a@example.org", "we have none", "a.b@example.org"]
)
async def test_what_is_no_web_address_is_said_in_our_words(site: Site, typed: str) -> None:
    page = await (await site.client()).post("/en/join", data={**FIELDS, "website": typed})
    assert page.status_code == 422
    assert "full web address" in text_in(page.text, ".has-error .field-error")
    assert typed in attributes(page.text, "[name=website]", "value")


async def test_what_is_required_is_marked_and_the_browser_says_nothing(site: Site) -> None:
    page = (await (await site.client()).get("/en/join")).text
    assert first(page, "form[data-keep]").has_attr("novalidate")
    marked = [attribute(field, "input, textarea", "name") for field in select(page, ".field:has(.required)")]
    assert marked == ["name[zh]", "about", "contact_name", "contact_email"]
    empty = await (await site.client()).post("/en/join", data={"nickname": ""})
    refused = [attribute(field, "input, textarea", "name") for field in select(empty.text, ".has-error")]
    assert set(marked) <= set(refused)
    assert "/en/join" in attributes((await (await site.client()).get("/en/")).text, ".site-nav a", "href")


async def test_without_a_mail_server_nobody_says_that_a_mail_is_sent(site: Site) -> None:
    application = await applied(site)
    page = await (await site.client()).get("/en/join/received")
    assert "sends no mails by itself" in page.text
    keeper = await site.client(site.cast.keeper)
    path = f"/desk/applications/{application.id}"
    assert "by e-mail" not in (await keeper.get(path)).text
    answer = await keeper.post(f"{path}/admission", data={"slug": "hill-children"})
    page = await keeper.get(answer.headers["location"])
    assert "on its way" not in page.text
    assert "/desk/invitations/" in attribute(page.text, "input#link", "value")
    refused = await applied(site, **{"name[zh]": "另一个"})
    answer = await keeper.post(f"/desk/applications/{refused.id}/refusal", data={"reason": "No"})
    assert "tell the contact the reason yourself" in (await keeper.get(answer.headers["location"])).text


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_lost_link_is_made_again_by_who_could_invite(site: Site) -> None:
    application = await applied(site)
    keeper = await site.client(site.cast.keeper)
    answer = await keeper.post(
        f"/desk/applications/{application.id}/admission", data={"slug": "hill-children"}
    )
    page = answer.headers["location"]
    old = attribute((await keeper.get(page)).text, "input#link", "value")
    assert attribute((await keeper.get(page)).text, "input#link", "value") == old  # after a reload, too
    curator = await site.client(site.cast.curator)
    assert not select((await curator.get(page)).text, "input#link")  # another browser
    for person in (site.cast.partner, None):
        stranger = await site.client(person)
        assert (await stranger.get(page)).status_code in {303, 404}
        assert (await stranger.post(page)).status_code in {303, 404}
    answer = await curator.post(page)
    new = attribute((await curator.get(answer.headers["location"])).text, "input#link", "value")
    guest = await site.client()
    for link, status in ((old, 404), (new, 200)):
        assert (await guest.get(link.removeprefix(site.settings.site_url))).status_code == status
    assert (await keeper.get(page)).status_code == 404
    assert await Invitation.all().count() == 1
