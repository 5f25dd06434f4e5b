"""Organisations at the curators' desk, and inviting people."""

from __future__ import annotations

import pytest

from gallery.accounts.models import Invitation, Membership, Person, Role
from gallery.organisations.models import Organisation
from gallery.web.texts import Texts
from tests import factories
from tests.conftest import Site
from tests.markup import attribute, select

FIELDS = {"name[zh]": "山里的孩子", "slug": "hill-children"}
INVITED = {"email": "New@Example.org", "role": "member", "language": "zh"}


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_curator_enters_one_and_invites_its_first_member(site: Site) -> None:
    client = await site.client(site.cast.curator)
    answer = await client.post("/desk/organisations", data=FIELDS)
    made = await Organisation.get(slug="hill-children")
    assert answer.headers["location"] == f"/desk/organisations/{made.id}/edit"
    assert "Nobody yet" in (await client.get(answer.headers["location"])).text
    answer = await client.post(
        "/desk/invitations-sent", data={**INVITED, "organisation": made.id}, follow_redirects=True
    )
    assert answer.status_code == 200
    link = attribute(answer.text, "[value*='/desk/invitations/']", "value").removeprefix(
        site.settings.site_url
    )
    guest = await site.client()
    accepted = await guest.post(link, data={"name": "新来的", "password": "a long password"})
    assert accepted.status_code == 303
    person = await Person.get(email="new@example.org")
    assert person.role == Role.MEMBER
    assert await Membership.exists(person=person, organisation=made)


@pytest.mark.engines("sqlite", "postgresql")
async def test_only_a_keeper_stops_the_showing(site: Site) -> None:
    ours = site.cast.organisation
    fields = {"name[zh]": ours.name["zh"], "slug": ours.slug}
    path = f"/desk/organisations/{ours.id}/edit"
    await (await site.client(site.cast.curator)).post(path, data=fields)
    assert (await Organisation.get(id=ours.id)).is_active
    await (await site.client(site.cast.keeper)).post(path, data=fields)
    assert not (await Organisation.get(id=ours.id)).is_active


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name[zh]": "", "name[en]": ""}, "Please write a name"),
        ({"slug": "山"}, "small Latin letters"),
        ({"slug": "bazaar"}, "Another organisation has this name"),
        ({"website": "example"}, "full web address"),
    ],
)
async def test_mistakes_are_named(site: Site, fields: dict[str, str], sentence: str) -> None:
    client = await site.client(site.cast.curator)
    for path in ("/desk/organisations", f"/desk/organisations/{site.cast.organisation.id}/edit"):
        answer = await client.post(path, data={**FIELDS, **fields})
        assert answer.status_code == 422
        assert sentence in answer.text
    assert await Organisation.all().count() == 2


async def test_members_find_nothing_that_is_not_theirs(site: Site) -> None:
    client = await site.client(site.cast.partner)
    ours, theirs = site.cast.organisation.id, site.cast.elsewhere.id
    for path in ("/desk/organisations/new", f"/desk/organisations/{theirs}/edit"):
        assert (await client.get(path)).status_code == 404
    for path in ("/desk/organisations", f"/desk/organisations/{ours}/edit", "/desk/invitations-sent"):
        assert (await client.post(path, data={**FIELDS, **INVITED, "organisation": ours})).status_code == 404
    assert await Invitation.all().count() == 0


async def test_curators_are_invited_by_keepers_only(site: Site) -> None:
    asked = {**INVITED, "role": "curator"}
    curator = await (await site.client(site.cast.curator)).post("/desk/invitations-sent", data=asked)
    assert curator.status_code == 404
    assert await Invitation.all().count() == 0
    keeper = await (await site.client(site.cast.keeper)).post("/desk/invitations-sent", data=asked)
    assert keeper.status_code == 303
    assert (await Invitation.get()).role == Role.CURATOR


@pytest.mark.parametrize(
    "fields", [{"email": "nobody"}, {"email": ""}, {"organisation": "4711"}, {"role": "king"}]
)
async def test_an_invitation_that_cannot_be_made(site: Site, fields: dict[str, str]) -> None:
    client = await site.client(site.cast.keeper)
    answer = await client.post(
        "/desk/invitations-sent", data={**INVITED, "organisation": site.cast.organisation.id, **fields}
    )
    assert answer.status_code == 422
    assert await Invitation.all().count() == 0


async def test_the_list_counts_works_and_members(site: Site) -> None:
    page = (await (await site.client(site.cast.curator)).get("/desk/organisations")).text
    assert "Xiaogeng Foundation" in page
    assert "2 members" in page
    assert "Invite a curator" not in page
    keeper = (await (await site.client(site.cast.keeper)).get("/desk/organisations")).text
    assert "Invite a curator or keeper" in keeper


@pytest.mark.engines("sqlite", "postgresql")
async def test_the_list_has_pages_and_counts_works_and_members(site: Site) -> None:
    await Organisation.bulk_create(
        Organisation(slug=f"number-{number}", name=Texts({"en": f"Number {number}"})) for number in range(60)
    )
    last = await Organisation.get(slug="number-59")
    for _ in range(2):
        await factories.artwork(site.storage, last)
    curator = await site.client(site.cast.curator)
    first_page = (await curator.get("/desk/organisations")).text
    assert len(select(first_page, "ul.rows > li")) == 60
    assert row_of(first_page, "Xiaogeng Foundation").endswith("0 works · 2 members")
    assert "Number 59" not in first_page
    assert select(first_page, "[aria-label=Pages] [href$='?page=2']")
    second_page = (await curator.get("/desk/organisations?page=2")).text
    assert row_of(second_page, "Number 59").endswith("2 works · 0 members")
    assert (await curator.get("/desk/organisations?page=3")).status_code == 200


def row_of(html: str, name: str) -> str:
    rows = (" ".join(row.get_text().split()) for row in select(html, "ul.rows > li"))
    return next(row for row in rows if row.startswith(name))
