"""Changing the e-mail address of an account."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gallery.accounts.links import LINKS_PER_PERSON
from gallery.accounts.models import AddressChange, MailLink, Person
from gallery.clock import now
from gallery.mail.models import Mail
from tests.cast import PASSWORD
from tests.conftest import Site

NEW = "new@example.org"


async def asked(site: Site, email: str = NEW) -> str:
    """The path of the link sent to the new address."""
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/account/address", data={"email": email})
    assert answer.status_code == 200
    mail = await Mail.filter(kind="address_confirm").order_by("-id").first()
    assert mail is not None
    assert mail.email == email.strip().lower()
    return f"{mail.path}{mail.secret}"


async def email_of(site: Site) -> str:
    return (await Person.get(id=site.cast.partner.id)).email


async def test_the_new_address_holds_once_its_link_is_opened(site: Site) -> None:
    link = await asked(site, " New@Example.org ")
    assert await email_of(site) == "partner@example.org"
    client = await site.client()
    page = await client.get(link)
    assert (page.status_code, NEW in page.text) == (200, True)
    assert page.headers["referrer-policy"] == "strict-origin"
    assert await email_of(site) == "partner@example.org"  # looking changes nothing
    assert (await client.post(link)).status_code == 303
    assert await email_of(site) == NEW
    assert (await client.post(link)).status_code == 410
    for email, status in (("partner@example.org", 422), (NEW, 303)):
        answer = await (await site.client()).post(
            "/desk/sign-in", data={"email": email, "password": PASSWORD}
        )
        assert answer.status_code == status
    mails = Mail.filter(email="partner@example.org", kind__in=["address_asked", "address_changed"])
    assert await mails.count() == 2


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_address_that_has_an_account_gets_no_link(site: Site) -> None:
    client = await site.client(site.cast.partner)
    taken = await client.post("/desk/account/address", data={"email": "stranger@example.org"})
    free = await client.post("/desk/account/address", data={"email": "unknown1@example.org"})
    assert taken.text.replace("stranger@", "unknown1@") == free.text
    assert await Mail.filter(kind="address_confirm", email="stranger@example.org").count() == 0


async def test_an_address_that_is_taken_meanwhile_stays_with_who_took_it(site: Site) -> None:
    link = await asked(site)
    await Person.filter(id=site.cast.colleague.id).update(email=NEW)
    assert (await (await site.client()).post(link)).status_code == 410
    assert await email_of(site) == "partner@example.org"


async def test_only_the_last_link_works(site: Site) -> None:
    first = await asked(site)
    second = await asked(site, "second@example.org")
    client = await site.client()
    assert (await client.get(first)).status_code == 410
    assert (await client.post(first)).status_code == 410
    assert (await client.post(second)).status_code == 303


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_link_ends_with_its_time_and_with_a_new_password(site: Site) -> None:
    link, client = await asked(site), await site.client(site.cast.partner)
    await AddressChange.all().update(expires_at=now() - timedelta(seconds=1))
    assert (await client.post(link)).status_code == 410
    link = await asked(site)
    data = {"present": PASSWORD, "password": "a very new sentence"}
    assert (await client.post("/desk/password", data=data)).status_code == 303
    assert (await client.post(link)).status_code == 410
    assert await email_of(site) == "partner@example.org"


@pytest.mark.engines("sqlite", "postgresql")
async def test_links_to_the_old_address_end(site: Site) -> None:
    link = await asked(site)
    await MailLink.create(
        token_hash="a", person=site.cast.partner, purpose="password", expires_at=now() + timedelta(hours=1)
    )
    await (await site.client()).post(link)
    assert await MailLink.all().count() == 0


@pytest.mark.parametrize(
    "email", ["", " ", "x", "partner@example.org", "PARTNER@example.org", "\0@example.org"]
)
async def test_what_is_no_new_address_is_refused(site: Site, email: str) -> None:
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/account/address", data={"email": email})
    assert answer.status_code == 422
    assert await AddressChange.all().count() == 0


async def test_links_are_not_sent_without_end(site: Site) -> None:
    client = await site.client(site.cast.partner)
    for number in range(LINKS_PER_PERSON):
        data = {"email": f"{number}@example.org"}
        assert (await client.post("/desk/account/address", data=data)).status_code == 200
    assert (await client.post("/desk/account/address", data={"email": NEW})).status_code == 429


async def test_a_guest_and_a_made_up_link_come_to_nothing(site: Site) -> None:
    client = await site.client()
    assert (await client.get("/desk/account/address")).headers["location"].startswith("/desk/sign-in")
    assert (await client.get("/desk/address/x")).status_code == 410
    assert (await client.post("/desk/address/x")).status_code == 410
