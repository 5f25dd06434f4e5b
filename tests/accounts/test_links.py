"""One-time links by mail: signing in without the password, and choosing a new one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from gallery.accounts.links import LINKS_PER_NETWORK, LINKS_PER_PERSON
from gallery.accounts.models import LinkRequest, MailLink, Person, Session
from gallery.accounts.sessions import COOKIE, token_hash
from gallery.clock import now
from gallery.mail.models import Mail
from tests.accounts.links import WAYS, request_link
from tests.accounts.second_factor import is_signed_in
from tests.cast import PASSWORD
from tests.conftest import Site

NEW = "a very new sentence"


@pytest.mark.engines("sqlite", "postgresql")
async def test_somebody_signs_in_by_the_button_behind_the_link(site: Site) -> None:
    link, client = await request_link(site, "link", " Partner@Example.org "), await site.client()
    for _ in range(2):  # opening the link, as mail scanners do, does not use it up
        page = await client.get(link)
        assert page.status_code == 200
        assert "set-cookie" not in page.headers
        assert page.headers["referrer-policy"] == "strict-origin"
        assert page.headers["cache-control"] == "no-store"
    assert (await client.head(link)).status_code in {200, 405}
    answer = await client.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert await is_signed_in(client)
    assert (await Session.get().prefetch_related("person")).person == site.cast.partner


async def test_a_link_is_good_once_even_at_the_same_moment(site: Site) -> None:
    link = await request_link(site, "link")
    clients = [await site.client() for _ in range(4)]
    answers = await asyncio.gather(*(client.post(link) for client in clients))
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410]
    assert await Session.all().count() == 1
    assert (await clients[0].get(link)).status_code == 410


@pytest.mark.parametrize("way", WAYS)
async def test_a_link_runs_out(site: Site, way: str) -> None:
    link, client = await request_link(site, way), await site.client()
    await MailLink.all().update(expires_at=now() - timedelta(seconds=1))
    assert (await client.get(link)).status_code == 410
    answer = await client.post(link, data={"password": NEW})
    assert answer.status_code == 410
    assert "another one now" in answer.text or "再要" in answer.text
    await site.work()
    assert await MailLink.all().count() == 0


@pytest.mark.parametrize("way", WAYS)
async def test_a_guessed_link_is_none(site: Site, way: str) -> None:
    client = await site.client()
    for token in ("x", "a" * 32, "%F0%9F%8E%A8", "a" * 3000):
        path = f"{WAYS[way][0].rpartition('/')[0]}/{token}" if way == "link" else f"/desk/password/{token}"
        assert (await client.get(path)).status_code == 410
        assert (await client.post(path, data={"password": NEW})).status_code == 410


async def test_a_link_for_one_thing_does_not_do_the_other(site: Site) -> None:
    sign_in, password = await request_link(site, "link"), await request_link(site, "password")
    client = await site.client()
    crossed = sign_in.replace("/desk/sign-in/", "/desk/password/")
    assert (await client.post(crossed, data={"password": NEW})).status_code == 410
    assert (await client.post(password.replace("/desk/password/", "/desk/sign-in/"))).status_code == 410
    assert (await client.post(sign_in)).status_code == 303


async def test_a_new_password_ends_every_session_and_every_link(site: Site) -> None:
    there = await site.client(site.cast.partner)
    stranger = await site.client(site.cast.stranger)
    other_link = await request_link(site, "link")
    link, client = await request_link(site, "password"), await site.client()
    assert (await client.get(link)).status_code == 200
    assert (await client.post(link, data={"password": NEW})).headers["location"] == "/desk"
    assert await is_signed_in(client)
    assert not await is_signed_in(there)
    assert await is_signed_in(stranger)
    assert (await client.post(other_link)).status_code == 410
    assert (await client.post(link, data={"password": NEW})).status_code == 410
    guest = await site.client()
    data = {"email": "partner@example.org"}
    assert (await guest.post("/desk/sign-in", data={**data, "password": PASSWORD})).status_code == 422
    assert (await guest.post("/desk/sign-in", data={**data, "password": NEW})).status_code == 303
    assert await Mail.filter(kind="password_changed", email="partner@example.org").count() == 1


@pytest.mark.parametrize("password", ["", "short", "x" * 201])
async def test_a_password_that_will_not_do_leaves_the_link_good(site: Site, password: str) -> None:
    link, client = await request_link(site, "password"), await site.client()
    assert (await client.post(link, data={"password": password})).status_code == 422
    assert (await client.post(link, data={"password": NEW})).status_code == 303


@pytest.mark.parametrize("way", WAYS)
async def test_nobody_learns_who_has_an_account(site: Site, way: str) -> None:
    """The same page, and the same rows written, whether or not the address is known."""
    client, path = await site.client(), WAYS[way][0]
    answers = {
        email: await client.post(path, data={"email": email})
        for email in ("partner@example.org", "nobody@example.org")
    }
    known, unknown = (answer.text.replace(email, "…") for email, answer in answers.items())
    assert known == unknown
    assert {answer.status_code for answer in answers.values()} == {200}
    assert await LinkRequest.all().count() == 2
    assert await Mail.all().count() == 0
    await site.work()
    assert await LinkRequest.all().count() == 0
    assert [mail.email for mail in await Mail.all()] == ["partner@example.org"]


async def test_the_limit_is_the_same_for_known_and_unknown_addresses(site: Site) -> None:
    client = await site.client()
    for email in ("partner@example.org", "nobody@example.org"):
        for _ in range(LINKS_PER_PERSON):
            assert (await client.post("/desk/sign-in/link", data={"email": email})).status_code == 200
        refused = await client.post("/desk/sign-in/password", data={"email": email.upper()})
        assert refused.status_code == 429
    # Sign-ins with a password are counted separately.
    data = {"email": "partner@example.org", "password": PASSWORD}
    assert (await client.post("/desk/sign-in", data=data)).status_code == 303


async def test_one_network_address_asks_only_so_often(site: Site) -> None:
    client = await site.client()
    codes = [
        (await client.post("/desk/sign-in/link", data={"email": f"n{number}@example.org"})).status_code
        for number in range(LINKS_PER_NETWORK + 2)
    ]
    assert codes == [200] * LINKS_PER_NETWORK + [429, 429]


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.parametrize("email", ["", "nobody", "a@b\r\nBcc: c@d", "x" * 300 + "@example.org", "a@b@c"])
async def test_what_is_no_address_is_refused(site: Site, email: str) -> None:
    answer = await (await site.client()).post("/desk/sign-in/link", data={"email": email})
    assert answer.status_code == 422
    assert await LinkRequest.all().count() == 0


async def test_a_form_that_is_too_large_or_none_is_refused(site: Site) -> None:
    client = await site.client()
    for path, _ in WAYS.values():
        assert (await client.post(path, data={"email": "x" * 70_000})).status_code == 413
        assert (await client.post(path, content=b"\xff=1&" + b"a=1&" * 80)).status_code == 400
        sent = await client.post(path, content=b"{}", headers={"content-type": "application/json"})
        assert sent.status_code == 400


async def test_a_form_of_another_site_is_refused(site: Site) -> None:
    link, client = await request_link(site, "link"), await site.client()
    headers = {"sec-fetch-site": "cross-site"}
    assert (await client.post(link, headers=headers)).status_code == 403
    assert (
        await client.post("/desk/sign-in/link", headers=headers, data={"email": "a@b.org"})
    ).status_code == 403
    assert (await client.get(link)).status_code == 200


async def test_a_closed_account_gets_no_link_and_a_link_no_closed_account(site: Site) -> None:
    link = await request_link(site, "link")
    await Person.filter(id=site.cast.partner.id).update(is_active=False)
    assert (await (await site.client()).post(link)).status_code == 410
    await Mail.all().delete()
    await (await site.client()).post("/desk/sign-in/link", data={"email": "partner@example.org"})
    await site.work()
    assert await Mail.all().count() == 0


@pytest.mark.engines("sqlite", "postgresql")
async def test_tokens_are_kept_as_hashes(site: Site) -> None:
    link = await request_link(site, "link")
    token = link.rpartition("/")[2]
    assert len(token) == 32
    assert (await MailLink.get()).token_hash == token_hash(token)
    await site.work()  # no mail server: kept in the outbox, without the secret
    assert (await Mail.get()).secret == ""


async def test_somebody_changes_the_password_and_stays_here_only(site: Site) -> None:
    here, there = [await site.client(site.cast.partner) for _ in range(2)]
    data = {"present": PASSWORD, "password": NEW}
    assert (await here.get("/desk/password")).status_code == 200
    wrong = await here.post("/desk/password", data={**data, "present": "something else"})
    assert (wrong.status_code, "not your current password" in wrong.text) == (422, True)
    assert (await here.post("/desk/password", data={**data, "password": "short"})).status_code == 422
    assert await is_signed_in(there)
    assert (await here.post("/desk/password", data=data)).status_code == 303
    assert await is_signed_in(here)
    assert not await is_signed_in(there)
    assert here.cookies[COOKIE]
    body = urlencode(data)
    guest = await site.client()
    answer = await guest.post(
        "/desk/password", content=body, headers={"content-type": "application/x-www-form-urlencoded"}
    )
    assert answer.headers["location"].startswith("/desk/sign-in")


async def test_guessing_the_present_password_is_limited(site: Site) -> None:
    client = await site.client(site.cast.partner)
    data = {"present": "wrong", "password": NEW}
    codes = [(await client.post("/desk/password", data=data)).status_code for _ in range(10)]
    assert codes[-1] == 429
