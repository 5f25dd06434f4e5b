"""The keepers' page about people: roles, and who is kept out."""

from __future__ import annotations

import asyncio

import pytest

from gallery.accounts import people_views
from gallery.accounts.models import Person, Role, Session
from gallery.accounts.people import (
    AccountChangeRefused,
    change_role,
    request_second_factor_reset,
    restore_access,
    suspend,
)
from gallery.audit.models import Entry
from gallery.clock import now
from gallery.mail.models import Mail, MailState
from gallery.mail.outbox import Notification, notify
from tests.conftest import Site
from tests.markup import attributes, texts_in


async def another_keeper() -> Person:
    return await Person.create(
        email="second@example.org", name="Second", role=Role.KEEPER, language="en", password_hash="x"
    )


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_keeper_sees_and_changes_roles(site: Site) -> None:
    client = await site.client(site.cast.keeper)
    page = (await client.get("/desk/people")).text
    for person in (site.cast.keeper, site.cast.curator, site.cast.partner):
        assert person.email in page
    found = (await client.get(f"/desk/people?q={site.cast.curator.email}")).text
    assert site.cast.curator.email in found
    assert site.cast.partner.email not in found
    answer = await client.post(f"/desk/people/{site.cast.partner.id}", data={"role": "curator"})
    assert answer.status_code == 303
    assert (await Person.get(id=site.cast.partner.id)).role == Role.CURATOR
    assert await Entry.exists(verb="account.role_given", thing_id=site.cast.partner.id)


@pytest.mark.engines("sqlite", "postgresql")
async def test_whoever_is_kept_out_is_out_at_once(site: Site) -> None:
    client, out = await site.client(site.cast.keeper), await site.client(site.cast.curator)
    assert (await out.get("/desk/queue")).status_code == 200
    await client.post(f"/desk/people/{site.cast.curator.id}", data={"wish": "stop"})
    assert (await out.get("/desk/queue")).headers["location"].startswith("/desk/sign-in")
    assert not await Session.exists(person=site.cast.curator)
    assert "suspended" in (await client.get("/desk/people")).text
    await client.post(f"/desk/people/{site.cast.curator.id}", data={"wish": "let_in_again"})
    assert (await Person.get(id=site.cast.curator.id)).is_active


async def test_whoever_is_signed_out_everywhere_may_come_again(site: Site) -> None:
    client = await site.client(site.cast.keeper, **{"accept-language": "en"})
    devices = [await site.client(site.cast.curator) for _ in range(2)]
    assert (await client.get("/desk/people")).text.count('value="sign_out"') == 1  # nobody else is signed in
    await Session.filter(person=site.cast.keeper).update(confirmed_at=None)  # the password is not asked for
    answer = await client.post(f"/desk/people/{site.cast.curator.id}", data={"wish": "sign_out"})
    assert answer.status_code == 303
    for device in devices:
        assert (await device.get("/desk/queue")).headers["location"].startswith("/desk/sign-in")
    assert 'value="sign_out"' not in (await client.get("/desk/people")).text
    assert (await Person.get(id=site.cast.curator.id)).is_active
    await client.post(
        f"/desk/people/{site.cast.curator.id}", data={"wish": "sign_out"}
    )  # nothing is left to end
    entries = await Entry.filter(verb="account.signed_out_everywhere").values_list("thing_id", "person_id")
    assert entries == [(site.cast.curator.id, site.cast.keeper.id)]
    assert (await (await site.client(site.cast.curator)).get("/desk/queue")).status_code == 200


async def test_whoever_is_kept_out_gets_no_mail_that_waits_and_keeps_the_second_factor(site: Site) -> None:
    """A factor is removed after some days, in which its owner can sign in and stop the removal."""
    partner = site.cast.partner
    await Person.filter(id=partner.id).update(wants_digest=True, second_factor_at=now())
    await partner.refresh_from_db()
    for key in ("", "sent"):
        await notify([partner], Notification("work_accepted", "/desk/works/1", {"work": "饺子皮"}, key))
    await Mail.exclude(key=None).update(state=MailState.SENT)
    await request_second_factor_reset(partner, "They wrote to us.", site.cast.keeper)
    await suspend(partner, site.cast.keeper)
    assert [mail.state for mail in await Mail.all()] == [MailState.SENT]
    await restore_access(partner, site.cast.keeper)
    await partner.refresh_from_db()
    assert (partner.second_factor_reset_at, partner.second_factor_at is None) == (None, False)


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_site_keeps_a_keeper(site: Site) -> None:
    client = await site.client(site.cast.keeper)
    for data in ({"role": "member"}, {"wish": "stop"}):
        await client.post(f"/desk/people/{site.cast.keeper.id}", data=data)
        assert "Another keeper has to do this" in (await client.get("/desk/people")).text
    other = await another_keeper()
    made = await asyncio.gather(
        change_role(site.cast.keeper, Role.MEMBER, other),
        suspend(other, site.cast.keeper),
        return_exceptions=True,
    )
    assert any(isinstance(each, AccountChangeRefused) for each in made)
    assert await Person.filter(role=Role.KEEPER, is_active=True).exists()


async def test_an_account_that_was_closed_stays_closed(site: Site) -> None:
    closed = await Person.create(
        email="closed-9@invalid", name="Left", role=Role.MEMBER, password_hash="", is_active=False
    )
    client = await site.client(site.cast.keeper)
    assert "closed-9" not in (await client.get("/desk/people")).text
    await client.post(f"/desk/people/{closed.id}", data={"wish": "let_in_again"})
    assert not (await Person.get(id=closed.id)).is_active


@pytest.mark.parametrize("data", [{}, {"role": "king"}, {"wish": "fly"}])
async def test_bad_wishes_change_nothing(site: Site, data: dict[str, str]) -> None:
    client = await site.client(site.cast.keeper)
    await client.post(f"/desk/people/{site.cast.curator.id}", data=data)
    assert "something that is in the list" in (await client.get("/desk/people")).text
    assert (await client.post("/desk/people/99999", data={"role": "member"})).status_code == 404


async def test_nobody_else_changes_people(site: Site) -> None:
    for person in (site.cast.curator, site.cast.partner):
        client = await site.client(person)
        path = f"/desk/people/{site.cast.stranger.id}"
        for data in ({"role": "keeper"}, {"wish": "sign_out"}):
            assert (await client.post(path, data=data)).status_code == 404
    assert (await Person.get(id=site.cast.stranger.id)).role == Role.MEMBER


async def test_people_have_pages_with_keepers_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people_views, "PAGE_SIZE", 2)
    client = await site.client(site.cast.keeper)
    await Person.filter(id=site.cast.curator.id).update(is_active=False)
    everybody = await Person.all().order_by("name", "id")
    expected = [site.cast.keeper.email]
    expected += [each.email for each in everybody if each.role == Role.MEMBER]
    expected += [site.cast.curator.email]  # suspended people come last
    listed: list[str] = []
    for number in range(1, 10):
        page = (await client.get(f"/desk/people?page={number}")).text
        found = texts_in(page, ".row-main > .hint:first-of-type")
        assert len(found) <= 2
        listed += found
        if f"/desk/people?page={number + 1}" not in attributes(page, "a.button", "href"):
            break
    assert listed == expected
    second = (await client.get("/desk/people?q=example&page=1")).text
    assert "/desk/people?q=example&page=2" in attributes(second, "a.button", "href")
