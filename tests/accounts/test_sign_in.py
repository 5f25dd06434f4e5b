"""Signing in and out: who may, the limit of attempts, and the page that follows."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import httpx
import pytest

from gallery.accounts.invitations import invite
from gallery.accounts.models import Role, Session, SignInAttempt
from gallery.accounts.sessions import (
    ATTEMPTS_PER_NETWORK,
    ATTEMPTS_PER_PERSON,
    COOKIE,
    MAX_SESSION_LIFETIME,
    device_name,
)
from gallery.app import create_app
from gallery.clock import now
from tests.cast import PASSWORD, assemble
from tests.conftest import Site, settings_for


async def sign_in(
    client: httpx.AsyncClient, email: str, password: str = PASSWORD, next: str = ""
) -> httpx.Response:
    query = f"?next={quote(next, safe='')}" if next else ""
    return await client.post(f"/desk/sign-in{query}", data={"email": email, "password": password})


@pytest.mark.engines("sqlite", "postgresql")
async def test_somebody_signs_in(site: Site) -> None:
    client = await site.client()
    answer = await sign_in(client, "  Partner@Example.org ")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk")
    assert (await client.get("/desk/account")).status_code == 200
    session = await Session.get().prefetch_related("person")
    assert session.person == site.cast.partner
    assert client.cookies[COOKIE] not in session.token_hash


async def test_the_cookie_is_for_the_desk_only(site: Site) -> None:
    answer = await sign_in(await site.client(), "partner@example.org")
    parts = {part.strip().lower() for part in answer.headers["set-cookie"].split(";")}
    assert {"path=/desk", "httponly", "samesite=lax"} <= parts
    assert "secure" not in parts


async def test_the_cookie_is_secure_where_the_site_is(tmp_path, sqlite_template) -> None:
    path = shutil.copyfile(sqlite_template, tmp_path / "gallery.sqlite3")  # shared by all tests
    settings = settings_for(tmp_path, f"sqlite:///{path}", site_url="https://gallery.example")
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://gallery.example") as client:
            from gallery.accounts.invitations import invite
            from gallery.accounts.models import Invitation, Person, Role

            token = await invite("secure@example.org", Role.CURATOR, days=1)
            answer = await client.post(
                f"/desk/invitations/{token}", data={"name": "S", "password": "a long enough one"}
            )
            assert answer.status_code == 303
            for sent in (answer, await client.get("/desk/account"), await client.post("/desk/sign-out")):
                for cookie in sent.headers.get_list("set-cookie"):
                    assert cookie.startswith("__Secure-gallery_")  # which https alone can set
                    assert "; Secure" in cookie  # browsers delete a cookie only with the same attribute
                assert sent.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
            assert f"__Secure-{COOKIE}" in answer.cookies
            assert (sent.status_code, f"__Secure-{COOKIE}" in client.cookies) == (303, False)
            await Person.all().delete()
            await Invitation.all().delete()


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("partner@example.org", "wrong password"),
        ("nobody@example.org", PASSWORD),
        ("partner@example.org", PASSWORD.upper()),
        ("partner@example.org", ""),
        ("", PASSWORD),
        ("partner\0@example.net", PASSWORD),
        ("partner@example.org", PASSWORD + "\0"),
        ("汤圆@example.org", "团圆团圆团圆团圆团圆团圆"),
    ],
)
async def test_what_is_wrong_is_refused_in_the_same_words(site: Site, email: str, password: str) -> None:
    client = await site.client(**{"accept-language": "en"})
    answer = await sign_in(client, email, password)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers
    assert await Session.all().count() == 0
    assert "argon2" not in answer.text
    if email.strip() and password:
        assert "do not match" in answer.text


async def test_an_unknown_and_a_known_address_get_the_same_page(site: Site) -> None:
    client = await site.client(**{"accept-language": "en"})
    known = await sign_in(client, "partner@example.org", "wrong password")
    unknown = await sign_in(client, "someone@example.org", "wrong password")
    assert known.text == unknown.text.replace("someone@", "partner@")


async def test_somebody_inactive_does_not_come_in(site: Site) -> None:
    partner = site.cast.partner
    signed_in = await site.client(partner)
    assert (await signed_in.get("/desk/account")).status_code == 200
    partner.is_active = False
    await partner.save()
    assert (await signed_in.get("/desk/account")).headers["location"].startswith("/desk/sign-in")
    assert (await sign_in(await site.client(), partner.email)).status_code == 422


async def test_guessing_one_persons_password_ends_after_eight(site: Site) -> None:
    client = await site.client()
    for _ in range(ATTEMPTS_PER_PERSON):
        assert (await sign_in(client, "partner@example.org", "wrong password")).status_code == 422
    assert (await sign_in(client, "partner@example.org", "wrong password")).status_code == 429
    assert (await sign_in(client, "PARTNER@example.org")).status_code == 429
    assert (await sign_in(client, "colleague@example.org")).status_code == 303


@pytest.mark.engines("sqlite", "postgresql")
async def test_guessing_at_once_is_counted_too(site: Site) -> None:
    client = await site.client()
    answers = await asyncio.gather(
        *(sign_in(client, "partner@example.org", f"wrong {n}") for n in range(ATTEMPTS_PER_PERSON + 6))
    )
    assert [answer.status_code for answer in answers].count(422) <= ATTEMPTS_PER_PERSON


async def test_the_right_password_forgets_the_wrong_ones(site: Site) -> None:
    client = await site.client()
    for _ in range(ATTEMPTS_PER_PERSON - 1):
        await sign_in(client, "partner@example.org", "wrong password")
    assert (await sign_in(client, "partner@example.org")).status_code == 303
    for _ in range(ATTEMPTS_PER_PERSON):
        assert (await sign_in(client, "partner@example.org", "wrong password")).status_code == 422


async def test_guessing_many_peoples_passwords_from_one_address_ends(site: Site) -> None:
    client = await site.client()
    await sign_in(client, "person@example.org", "wrong password")
    of_address = await SignInAttempt.all().order_by("-id").first()
    assert of_address is not None
    await SignInAttempt.bulk_create(
        [SignInAttempt(key=of_address.key, at=now()) for _ in range(ATTEMPTS_PER_NETWORK - 1)]
    )
    assert (await sign_in(client, "partner@example.org")).status_code == 429


async def test_attempts_are_forgotten_after_a_while(site: Site) -> None:
    client = await site.client()
    for _ in range(ATTEMPTS_PER_PERSON + 1):
        answer = await sign_in(client, "partner@example.org", "wrong password")
    assert answer.status_code == 429
    await SignInAttempt.all().update(
        at=now() - timedelta(minutes=16), expires_at=now() - timedelta(minutes=1)
    )
    await SignInAttempt.create(key="of the release before", at=now() - timedelta(minutes=16))
    assert (await sign_in(client, "partner@example.org", "wrong password")).status_code == 422
    await site.work()
    assert await SignInAttempt.all().count() == 2


@pytest.mark.parametrize(
    ("wanted", "page"),
    [
        ("/desk/account", "/desk/account"),
        ("/desk/works?state=draft", "/desk/works?state=draft"),
        ("//evil.example", "/desk"),
        ("/\\evil.example", "/desk"),
        ("\\\\evil.example", "/desk"),
        ("/desk/\\evil.example", "/desk"),
        ("https://evil.example/desk/", "/desk"),
        ("https:evil.example", "/desk"),
        ("javascript:alert(1)", "/desk"),
        ("/desk@evil.example", "/desk"),
        ("/desk.evil.example/", "/desk"),
        ("/desk/\r\nset-cookie: a=1", "/desk"),
        ("/desk/\tx", "/desk"),
        ("/zh/", "/desk"),
    ],
)
async def test_the_next_page_is_never_another_site(site: Site, wanted: str, page: str) -> None:
    answer = await sign_in(await site.client(), "partner@example.org", next=wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    again = await (await site.client(site.cast.partner)).get("/desk/sign-in", params={"next": wanted})
    assert again.headers["location"] == page


async def test_a_page_of_the_desk_asks_to_sign_in_and_comes_back(site: Site) -> None:
    answer = await (await site.client()).get("/desk/account?a=1&b=2")
    assert answer.status_code == 303
    client = await site.client()
    landed = await client.post(
        answer.headers["location"], data={"email": "partner@example.org", "password": PASSWORD}
    )
    assert landed.headers["location"] == "/desk/account?a=1&b=2"


async def test_signing_out_ends_the_session_in_the_database(site: Site) -> None:
    client = await site.client(site.cast.partner)
    token = client.cookies[COOKIE]
    answer = await client.post("/desk/sign-out")
    assert answer.headers["location"] == "/desk/sign-in"
    assert await Session.all().count() == 0
    client.cookies.set(COOKIE, token, domain="gallery.test", path="/desk")
    assert (await client.get("/desk/account")).status_code == 303


async def test_a_session_that_ran_out_is_none(site: Site) -> None:
    client = await site.client(site.cast.partner)
    await Session.all().update(expires_at=now() - timedelta(seconds=1))
    assert (await client.get("/desk/account")).headers["location"].startswith("/desk/sign-in")
    await site.work()
    assert await Session.all().count() == 0


async def test_a_session_in_use_lasts_longer(site: Site) -> None:
    client = await site.client(site.cast.partner)
    await Session.all().update(seen_at=now() - timedelta(hours=1))
    await client.get("/desk/account")
    session = await Session.get()
    assert session.expires_at > now() + timedelta(days=site.settings.session_days - 1)


@pytest.mark.parametrize("cookie", ["x", "\x00", "é", "a" * 4000])
async def test_a_cookie_that_is_no_token_is_nobody(site: Site, cookie: str) -> None:
    client = await site.client()
    answer = await client.get(
        "/desk/account",
        headers={"cookie": f"{COOKIE}={cookie}".encode()},  # type: ignore[dict-item]
    )
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17) MicroMessenger/8.0", "WeChat, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Firefox/127.0", "Firefox, Windows"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_devices_are_told_apart_and_no_more(user_agent: str, device: str) -> None:
    assert device_name(user_agent) == device


async def pieces(size: int, passed: list[int]) -> AsyncIterator[bytes]:
    """A multipart body of `size` bytes, in parts below 1 MB each; `passed` lists the pieces that were read."""
    for number in range(size // 900_000):
        passed.append(900_000)
        yield (
            f'--b\r\ncontent-disposition: form-data; name="f{number}"\r\n\r\n'.encode()
            + b"x" * 900_000
            + b"\r\n"
        )
    yield b"--b--\r\n"


async def test_a_huge_form_is_refused_before_it_is_held(site: Site) -> None:
    client, headers = await site.client(), {"content-type": "multipart/form-data; boundary=b"}
    invited = await invite("somebody@example.org", Role.CURATOR, days=1)
    for path in ("/desk/sign-in", f"/desk/invitations/{invited}"):
        passed: list[int] = []
        answer = await client.post(path, content=pieces(59_000_000, passed), headers=headers)
        assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (413, True)
        assert "too large" in answer.text or "太大" in answer.text
        assert len(passed) == 1  # the rest was not read
        small = await client.post(path, content=b"--b--\r\n", headers=headers)
        assert small.status_code == 400
    assert await SignInAttempt.all().count() == 0


async def test_an_address_longer_than_any_is_refused(site: Site) -> None:
    assert (await sign_in(await site.client(), "x" * 5000, "y" * 5000)).status_code == 422


async def test_a_session_ends_after_ninety_days_however_much_it_is_used(site: Site) -> None:
    client = await site.client(site.cast.partner)
    began = now() - MAX_SESSION_LIFETIME + timedelta(days=2)
    await Session.all().update(created_at=began, seen_at=now() - timedelta(hours=1))
    assert (await client.get("/desk/account")).status_code == 200
    session = await Session.get()
    assert session.expires_at == began + MAX_SESSION_LIFETIME  # used, but no longer than that
    await Session.all().update(created_at=now() - MAX_SESSION_LIFETIME, expires_at=now() + timedelta(days=9))
    assert (await client.get("/desk/account")).headers["location"].startswith("/desk/sign-in")
    await site.work()
    assert await Session.all().count() == 0


async def test_a_sign_in_for_longer_than_ninety_days_is_cut(tmp_path, sqlite_template) -> None:
    path = shutil.copyfile(sqlite_template, tmp_path / "gallery.sqlite3")
    app = create_app(settings_for(tmp_path, f"sqlite:///{path}", session_days=400))
    async with app.router.lifespan_context(app):
        site = Site(app, app.state.settings, await assemble(), app.state.storage)
        async with site._clients:
            await sign_in(await site.client(), "partner@example.org")
            assert (await Session.get()).expires_at <= now() + MAX_SESSION_LIFETIME
