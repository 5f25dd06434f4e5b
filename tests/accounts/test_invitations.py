"""Invitations: accepted once, by the invited person, in the given role."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gallery.accounts.invitations import InvalidInvitation, accept, invite, open_invitation
from gallery.accounts.models import Invitation, Membership, Person, Role
from gallery.clock import now
from tests.conftest import Site

ACCOUNT = {"name": "New colleague", "password": "a sentence to remember"}


async def invited(site: Site, email: str = "new@example.org", role: Role = Role.MEMBER) -> str:
    organisation_id = site.cast.organisation.id if role == Role.MEMBER else None
    token = await invite(email, role, days=14, organisation_id=organisation_id, language="en")
    return f"/desk/invitations/{token}"


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_member_is_invited_and_accepts(site: Site) -> None:
    link, client = await invited(site), await site.client()
    page = await client.get(link)
    assert page.status_code == 200
    assert "Xiaogeng Foundation" in page.text
    answer = await client.post(link, data=ACCOUNT)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    person = await Person.get(email="new@example.org")
    assert (person.role, person.language, person.name) == (Role.MEMBER, "en", "New colleague")
    assert await Membership.filter(person=person, organisation=site.cast.organisation).count() == 1
    account = await client.get("/desk/account")
    assert account.status_code == 200
    assert person.password_hash not in account.text
    assert "argon2" not in account.text


@pytest.mark.parametrize("role", [Role.CURATOR, Role.KEEPER])
async def test_curators_and_keepers_belong_to_no_organisation(site: Site, role: Role) -> None:
    link, client = await invited(site, role=role), await site.client()
    assert (await client.post(link, data=ACCOUNT)).status_code == 303
    person = await Person.get(email="new@example.org")
    assert person.role == role
    assert not await Membership.exists(person=person)


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_link_is_good_once(site: Site) -> None:
    link = await invited(site)
    assert (await (await site.client()).post(link, data=ACCOUNT)).status_code == 303
    client = await site.client()
    assert (await client.get(link)).status_code == 410
    assert (await client.post(link, data=ACCOUNT)).status_code == 410
    assert await Person.filter(email="new@example.org").count() == 1


async def test_a_link_runs_out(site: Site) -> None:
    link, client = await invited(site), await site.client()
    await Invitation.all().update(expires_at=now() - timedelta(seconds=1))
    assert (await client.get(link)).status_code == 410
    assert (await client.post(link, data=ACCOUNT)).status_code == 410
    assert not await Person.exists(email="new@example.org")


@pytest.mark.parametrize("token", ["unknown", "%F0%9F%98%80", "a" * 500])
async def test_an_unknown_link_is_404(site: Site, token: str) -> None:
    client = await site.client()
    assert (await client.get(f"/desk/invitations/{token}")).status_code == 404
    assert (await client.post(f"/desk/invitations/{token}", data=ACCOUNT)).status_code == 404


@pytest.mark.engines("sqlite", "postgresql")
async def test_two_who_accept_at_once_make_one_account(site: Site) -> None:
    link = await invited(site)
    clients = [await site.client() for _ in range(4)]
    answers = await asyncio.gather(*(client.post(link, data=ACCOUNT) for client in clients))
    assert sorted(answer.status_code for answer in answers)[0] == 303
    assert [answer.status_code for answer in answers].count(303) == 1
    assert {answer.status_code for answer in answers} <= {303, 410, 422}
    assert await Person.filter(email="new@example.org").count() == 1
    assert await Membership.filter(person__email="new@example.org").count() == 1


@pytest.mark.engines("sqlite", "postgresql")
async def test_two_invitations_accepted_at_once_make_one_account(site: Site) -> None:
    tokens = [(await invited(site)).rpartition("/")[2] for _ in range(3)]
    held = [await open_invitation(token) for token in tokens]
    results = await asyncio.gather(
        *(accept(each, "A", "a long password") for each in held if each), return_exceptions=True
    )
    assert sum(isinstance(result, Person) for result in results) == 1
    assert sum(isinstance(result, InvalidInvitation) for result in results) == 2


async def test_somebody_with_an_account_signs_in_and_accepts(site: Site) -> None:
    link = await invited(site, "stranger@example.org")
    guest = await site.client()
    page = await guest.get(link)
    assert 'name="password"' not in page.text
    assert f"/desk/sign-in?next={link}" in page.text
    assert (await guest.post(link, data=ACCOUNT)).status_code == 422
    client = await site.client(site.cast.stranger)
    assert (await client.get(link)).status_code == 200
    assert (await client.post(link)).status_code == 303
    assert await Membership.filter(person=site.cast.stranger).count() == 2
    person = await Person.get(id=site.cast.stranger.id)
    assert (person.role, person.name) == (Role.MEMBER, "stranger")
    assert person.password_hash == site.cast.stranger.password_hash


async def test_somebody_else_who_is_signed_in_gains_nothing(site: Site) -> None:
    link = await invited(site, "colleague@example.org", Role.KEEPER)
    client = await site.client(site.cast.partner)
    assert (await client.post(link)).status_code == 422
    assert (await Person.get(id=site.cast.partner.id)).role == Role.MEMBER


async def test_a_keeper_stays_one(site: Site) -> None:
    link = await invited(site, "keeper@example.org", Role.CURATOR)
    assert (await (await site.client(site.cast.keeper)).post(link)).status_code == 303
    assert (await Person.get(id=site.cast.keeper.id)).role == Role.KEEPER


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"name": "", "password": "a long password"},
        {"name": "A", "password": "short"},
        {"name": "A", "password": "x" * 201},
        {"name": "x" * 81, "password": "a long password"},
    ],
)
async def test_a_form_that_is_not_whole_makes_no_account(site: Site, values: dict[str, str]) -> None:
    link, client = await invited(site), await site.client()
    answer = await client.post(link, data=values)
    assert answer.status_code == 422
    assert f'value="{values.get("password")}"' not in answer.text
    assert not await Person.exists(email="new@example.org")
    assert (await client.post(link, data=ACCOUNT)).status_code == 303


async def test_the_token_is_kept_nowhere(site: Site) -> None:
    token = (await invited(site)).rpartition("/")[2]
    invitation = await Invitation.get()
    assert token not in str(dict(invitation))
