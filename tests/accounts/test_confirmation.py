"""Asking again for the password or a passkey, before actions that a passer-by at an open desk must not be
able to do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from gallery.accounts.confirmation import CONFIRMATION_LIFETIME
from gallery.accounts.invitations import invite
from gallery.accounts.models import AddressChange, Invitation, MemberRole, Membership, Person, Role, Session
from gallery.accounts.sessions import ATTEMPTS_PER_PERSON
from gallery.api.models import Token
from gallery.clock import now
from tests.accounts.second_factor import PAGE, add_passkey, options_in, set_up_app
from tests.cast import PASSWORD
from tests.conftest import Site
from tests.markup import select

LATER = timedelta(minutes=1)


async def long_open(site: Site, person: Person) -> httpx.AsyncClient:
    """A desk where the password was entered a while ago."""
    client = await site.client(person, **{"accept-language": "en"})
    await forget_confirmation(person)
    return client


async def forget_confirmation(person: Person) -> None:
    await Session.filter(person=person).update(confirmed_at=now() - CONFIRMATION_LIFETIME - LATER)


def fields_in(page: str) -> list[tuple[str, str]]:
    """The fields that the confirmation page sends again, as a browser does."""
    form = next(form for form in select(page, "form[method=post]") if not form.has_attr("action"))
    return [(str(tag["name"]), str(tag["value"])) for tag in select(form, "input[type=hidden][name]")]


async def answer(client: httpx.AsyncClient, page: httpx.Response, password: str = PASSWORD) -> httpx.Response:
    fields: dict[str, Any] = {}
    for name, value in fields_in(page.text):
        fields.setdefault(name, []).append(value)
    return await client.post(page.url.path, data={**fields, "confirm_password": password})


async def what_needs_it(site: Site) -> list[tuple[str, Person, str, dict[str, Any]]]:
    """The name, person, address and form fields of each action that needs confirmation."""
    cast = site.cast
    await Membership.filter(person=cast.partner).update(role=MemberRole.OWNER)
    colleague = await Membership.get(person=cast.colleague)
    await set_up_app(await site.client(cast.stranger))
    organisation = f"/desk/organisations/{cast.organisation.id}"
    curator = {"email": "new@example.org", "role": "curator", "member_role": "editor", "language": "en"}
    return [
        ("close", cast.curator, "/desk/account/closing", {}),
        ("address", cast.partner, "/desk/account/address", {"email": "new@example.org"}),
        (
            "token",
            cast.partner,
            f"{organisation}/tokens",
            {"name": "“Our” <system>", "scopes": ["works:read", "works:write"], "days": "365"},
        ),
        ("owner", cast.partner, f"{organisation}/members/{colleague.id}", {"role": "owner"}),
        ("keeper", cast.keeper, f"/desk/people/{cast.partner.id}", {"role": "keeper"}),
        ("invite", cast.keeper, "/desk/invitations-sent", curator),
        ("reset", cast.keeper, f"/desk/people/{cast.stranger.id}", {"wish": "reset", "reason": "Lost <b>"}),
        ("codes", cast.stranger, f"{PAGE}/codes", {}),
        ("app off", cast.stranger, f"{PAGE}/app/removal", {}),
    ]


async def state() -> list[Any]:
    """The values that any of these actions would change."""
    return [
        await Person.all().order_by("id").values_list("role", "is_active", "email", "second_factor_at"),
        await Membership.all().order_by("id").values_list("role", flat=True),
        await Token.all().count(),
        await Invitation.all().count(),
        await AddressChange.all().count(),
        await Person.filter(second_factor_reset_at__isnull=False).count(),
    ]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("number", range(9))
async def test_it_is_asked_first_and_nothing_typed_is_lost(site: Site, number: int) -> None:
    name, person, path, fields = (await what_needs_it(site))[number]
    client, before = await long_open(site, person), await state()
    page = await client.post(path, data=fields)
    assert (page.status_code, "Please confirm that it is you" in page.text) == (403, True), name
    sent = [
        (key, each)
        for key, value in fields.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    assert fields_in(page.text) == sent
    for wrong in ("wrong password", ""):
        page = await answer(client, page, wrong)
        assert (page.status_code, fields_in(page.text)) == (403, sent)
        assert wrong not in page.text or not wrong
    assert await state() == before
    done = await answer(client, page)
    assert done.status_code in {200, 303}
    assert await state() != before or name == "codes"


async def test_it_is_asked_once_in_ten_minutes(site: Site) -> None:
    partner = site.cast.partner
    client = await long_open(site, partner)
    page = await client.post("/desk/account/address", data={"email": "new@example.org"})
    assert (await answer(client, page)).status_code == 200
    assert (await client.post("/desk/account/address", data={"email": "b@example.org"})).status_code == 200
    await forget_confirmation(partner)
    assert (await client.post("/desk/account/address", data={"email": "c@example.org"})).status_code == 403


async def test_each_session_is_asked_for_itself(site: Site) -> None:
    partner = site.cast.partner
    here, there = await site.client(partner), await site.client(partner)
    await forget_confirmation(partner)
    page = await here.post("/desk/account/address", data={"email": "new@example.org"})
    assert (await answer(here, page)).status_code == 200
    assert (await there.post("/desk/account/address", data={"email": "b@example.org"})).status_code == 403


async def test_guessing_the_password_ends(site: Site) -> None:
    client = await long_open(site, site.cast.partner)
    page = await client.post("/desk/account/address", data={"email": "new@example.org"})
    for _ in range(ATTEMPTS_PER_PERSON):
        page = await answer(client, page, "wrong password")
        assert page.status_code == 403
    assert (await answer(client, page)).status_code == 429
    assert await AddressChange.all().count() == 0


async def test_another_persons_password_is_not_enough(site: Site) -> None:
    client = await long_open(site, site.cast.partner)
    await Person.filter(id=site.cast.partner.id).update(password_hash="another")
    page = await client.post("/desk/account/address", data={"email": "new@example.org"})
    assert (await answer(client, page)).status_code == 403


@pytest.mark.engines("sqlite", "postgresql")
async def test_who_may_not_is_not_asked(site: Site) -> None:
    client = await long_open(site, site.cast.partner)
    assert (
        await client.post(f"/desk/people/{site.cast.stranger.id}", data={"role": "keeper"})
    ).status_code == 404
    elsewhere = f"/desk/organisations/{site.cast.elsewhere.id}/tokens"
    assert (await client.post(elsewhere, data={"name": "A"})).status_code == 404
    guest = await site.client()
    assert (await guest.post("/desk/account/address")).headers["location"].startswith("/desk/sign-in")


async def test_an_invitation_as_a_keeper_is_accepted_by_who_signed_in(site: Site) -> None:
    """Somebody at an open desk may be able to read the mails, too."""
    partner = site.cast.partner
    link = f"/desk/invitations/{await invite(partner.email, Role.KEEPER, days=1, by=site.cast.keeper)}"
    client = await long_open(site, partner)
    asked = await client.post(link)
    assert (asked.status_code, "Please confirm that it is you" in asked.text) == (403, True)
    assert (await Person.get(id=partner.id)).role == Role.MEMBER
    assert (await answer(client, asked)).status_code == 303
    assert (await Person.get(id=partner.id)).role == Role.KEEPER


@pytest.mark.engines("sqlite", "postgresql")
async def test_taking_access_away_is_not_made_slower(site: Site) -> None:
    client = await long_open(site, site.cast.keeper)
    assert (
        await client.post(f"/desk/people/{site.cast.partner.id}", data={"wish": "stop"})
    ).status_code == 303
    assert not (await Person.get(id=site.cast.partner.id)).is_active


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_passkey_confirms_too(named: Site) -> None:
    partner = named.cast.partner
    client = await named.client(partner)
    device = await add_passkey(client)
    theirs = await add_passkey(await named.client(named.cast.stranger))
    await forget_confirmation(partner)
    for each, status in ((theirs, 403), (device, 200)):
        page = await client.post("/desk/account/address", data={"email": "new@example.org"})
        credential = each.get(options_in(page.text, "get"))
        data = {"email": "new@example.org", "confirm_credential": credential}
        assert (await client.post("/desk/account/address", data=data)).status_code == status


async def test_somebody_who_signed_in_by_mail_gives_the_password_first(site: Site) -> None:
    from tests.accounts.links import request_link

    link, client = await request_link(site, "link"), await site.client()
    await client.post(link)
    assert (await client.post("/desk/account/closing")).status_code == 403
