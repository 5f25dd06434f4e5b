"""Closing one's own account: the name is deleted, the record of actions stays."""

from __future__ import annotations

import asyncio

import pytest

from gallery.accounts.invitations import invite
from gallery.accounts.models import Invitation, MemberRole, Membership, Person, Role, Session
from gallery.artworks.models import Status, Submission
from gallery.mail.models import Mail
from gallery.organisations.models import OwnerRequest
from gallery.organisations.owner_requests import invite_at_once
from tests import factories
from tests.cast import PASSWORD
from tests.conftest import Site

pytestmark = pytest.mark.engines("sqlite", "postgresql")


async def test_somebody_leaves_and_the_works_stay(site: Site) -> None:
    work = await factories.artwork(
        site.storage, site.cast.organisation, status=Status.SUBMITTED, created_by=site.cast.partner
    )
    await Submission.filter(artwork=work).update(by_id=site.cast.partner.id)
    here, there = [await site.client(site.cast.partner) for _ in range(2)]
    page = (await here.get("/desk/account/closing")).text
    assert "Close my account permanently" in page
    # The scripts delete what the browser keeps only at signing out, for whose button they have the words.
    assert page.count("data-forgets") == 1
    assert "Sign out before, and they are deleted here." in page
    answer = await here.post("/desk/account/closing")
    assert answer.headers["location"] == "/desk/sign-in"
    person = await Person.get(id=site.cast.partner.id)
    assert (person.is_active, person.name, person.password_hash) == (False, "Somebody who left", "")
    assert "partner" not in person.email
    assert await Session.filter(person=person).count() == 0
    assert not await Membership.exists(person=person)
    assert (await there.get("/desk/account")).status_code == 303
    data = {"email": "partner@example.org", "password": PASSWORD}
    assert (await (await site.client()).post("/desk/sign-in", data=data)).status_code == 422
    for password in ("", PASSWORD):
        data = {"email": person.email, "password": password}
        assert (await (await site.client()).post("/desk/sign-in", data=data)).status_code == 422
    page = await (await site.client(site.cast.curator)).get("/desk/queue")
    assert "partner@example.org" not in page.text
    assert await type(work).filter(id=work.id).exists()


async def test_no_row_keeps_the_address_of_somebody_who_left(site: Site) -> None:
    """Also rows from before the account existed: invitations, their mails, and a request for an owner."""
    partner, organisation = site.cast.partner, site.cast.organisation
    token = await invite_at_once(organisation, partner.email, "en", 3)
    client = await site.client(partner)
    assert (await client.post(f"/desk/invitations/{token}")).status_code == 303
    await invite(partner.email, Role.KEEPER, days=1, by=site.cast.keeper)
    await Membership.create(person=site.cast.stranger, organisation=organisation, role=MemberRole.OWNER)
    assert (await client.post("/desk/account/closing")).status_code == 303
    for model in (Person, Invitation, OwnerRequest, Mail):
        assert not await model.filter(email=partner.email).exists(), model.__name__
    closed = await Person.get(id=partner.id)
    for kept in (await Invitation.get(), await OwnerRequest.get()):
        assert kept.email == closed.email


async def test_the_only_keeper_stays_and_of_two_who_leave_at_once_one(site: Site) -> None:
    client = await site.client(site.cast.keeper)
    refused = await client.post("/desk/account/closing")
    assert (refused.status_code, "only keeper" in refused.text) == (422, True)
    assert "only keeper" in (await client.get("/desk/account/closing")).text
    await Person.filter(id=site.cast.curator.id).update(role=Role.KEEPER)
    clients = [client, await site.client(site.cast.curator)]
    answers = await asyncio.gather(*(each.post("/desk/account/closing") for each in clients))
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    assert await Person.filter(role=Role.KEEPER, is_active=True).count() == 1


async def test_the_only_owner_among_colleagues_stays(site: Site) -> None:
    client = await site.client(site.cast.partner)
    membership = await Membership.get(person=site.cast.partner)
    await Membership.filter(id=membership.id).update(role=MemberRole.OWNER)
    refused = await client.post("/desk/account/closing")
    assert (refused.status_code, "only owner" in refused.text) == (422, True)
    await Membership.filter(person_id=site.cast.colleague.id).update(role=MemberRole.OWNER)
    assert (await client.post("/desk/account/closing")).status_code == 303


async def test_a_guest_has_nothing_to_close(site: Site) -> None:
    client = await site.client()
    assert (await client.post("/desk/account/closing")).headers["location"].startswith("/desk/sign-in")
