"""The middleware that protects the site."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from starlette.datastructures import Headers

import gallery
from gallery.accounts.invitations import invite
from gallery.accounts.models import MailLink, Purpose, Role, Session, SignInAttempt
from gallery.accounts.sessions import token_hash
from gallery.artists.code_pages import CODE_ATTEMPTS
from gallery.clock import now
from gallery.web.security import RateLimit, is_cross_origin, network_of_address
from tests import factories
from tests.conftest import Site
from tests.markup import select

HOST = "gallery.test"


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ({"sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"sec-fetch-site": "same-site"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": ""}, True),
        ({"sec-fetch-site": "cross-site", "origin": f"http://{HOST}"}, True),
        ({"sec-fetch-site": "same-origin", "origin": "http://evil.example"}, False),
        ({"origin": f"http://{HOST}"}, False),
        ({"origin": f"https://{HOST}"}, False),
        ({"origin": f"http://{HOST}:8000"}, True),
        ({"origin": "http://evil.example"}, True),
        ({"origin": f"http://{HOST}.evil.example"}, True),
        ({"origin": "null"}, True),
        ({"origin": ""}, True),
        ({"origin": "http://["}, True),
        ({}, False),
    ],
)
async def test_forms_of_other_sites_are_refused(site: Site, headers: dict[str, str], refused: bool) -> None:
    assert is_cross_origin(Headers({"host": HOST, **headers})) == refused
    client = await site.client(site.cast.partner)
    answer = await client.post("/desk/sign-out", headers=headers)
    assert answer.status_code == (403 if refused else 303)
    assert await Session.all().count() == (1 if refused else 0)


async def test_reading_from_another_site_is_allowed(site: Site) -> None:
    client = await site.client()
    answer = await client.get("/desk/sign-in", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200


async def test_every_kind_of_answer_has_the_headers(site: Site) -> None:
    work = await factories.artwork(site.storage, site.cast.organisation, status="accepted")
    await factories.exhibition([work])
    assert work.image is not None
    guest, partner = await site.client(), await site.client(site.cast.partner)
    static = site.app.state.pages.static("site.css")
    answers = [
        await guest.get("/zh/"),
        await guest.get("/zh/"),
        await guest.get("/desk/sign-in"),
        await guest.get("/desk"),
        await guest.get("/no/such/page"),
        await guest.get("/zh/no-such-page"),
        await guest.get(static),
        await guest.get(f"/media/{work.image.token}/320.jpg"),
        await guest.post("/desk/sign-in", headers={"origin": "null"}),
        await guest.post("/desk/sign-in"),
        await guest.delete("/desk/sign-in"),
        await guest.get("/a%00b"),
        await partner.get("/desk/account"),
    ]
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) >= {200, 303, 404, 403, 422, 405, 400}, statuses
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "referrer-policy" in answer.headers
        assert "strict-transport-security" not in answer.headers


@pytest.mark.engines("sqlite", "postgresql")
async def test_no_page_with_a_form_asks_browsers_to_hide_where_it_comes_from(site: Site) -> None:
    """Under `no-referrer` a form comes with `Origin: null`, and is refused unless another header names its origin."""
    consent = await factories.consent(site.cast.organisation, code="0123456789ABCDEFGHJK")
    work = await factories.artwork(site.storage, site.cast.organisation, status="submitted", consent=consent)
    partner = await site.client(site.cast.partner)
    await partner.post(f"/desk/works/{work.id}/private-share", data={"is_shared": "1"})
    for token, purpose in (("a", Purpose.SIGN_IN), ("b", Purpose.PASSWORD)):
        await MailLink.create(
            token_hash=token_hash(token),
            person=site.cast.partner,
            purpose=purpose,
            expires_at=now() + timedelta(days=1),
        )
    invited = await invite("somebody@example.org", Role.CURATOR, days=1)
    pages = {
        "/zh/consent/0123456789ABCDEFGHJK": None,
        "/desk/sign-in/a": None,
        "/desk/password/b": None,
        f"/desk/invitations/{invited}": None,
        f"/desk/artists/{consent.artist_id}/private": site.cast.partner,
        f"/desk/queue/{work.id}/private": site.cast.curator,
    }
    for address, person in pages.items():
        page = await (await site.client(person)).get(address)
        assert select(page.text, "form[method=post]"), address
        assert page.headers["referrer-policy"] != "no-referrer", address
        assert page.headers["cache-control"] == "no-store", address


async def test_the_page_of_a_failure_has_the_headers_too(tmp_path, sqlite_template) -> None:
    """Its middleware is Starlette's own, outside ours."""
    import httpx
    from starlette.routing import Route

    from gallery.app import create_app
    from tests.conftest import settings_for

    app = create_app(settings_for(tmp_path, f"sqlite:///{sqlite_template}"))

    async def broken(request: object) -> None:
        raise RuntimeError("broken")

    app.router.routes.append(Route("/broken", broken))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as client:
        answer = await client.get("http://gallery.test/broken")
    assert answer.status_code == 500
    assert "broken" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in answer.headers["content-security-policy"]


async def test_public_pages_read_and_set_no_cookie(site: Site) -> None:
    guest, partner = await site.client(), await site.client(site.cast.partner)
    partner.cookies.set("anything", "x", domain=HOST, path="/")
    first, second = await guest.get("/en/"), await partner.get("/en/")
    assert "set-cookie" not in first.headers
    assert first.text == second.text


@pytest.mark.parametrize(
    "path",
    [
        "/zh/exhibitions/{long}",
        "/zh/works/{long}",
        "/zh/themes/{long}",
        "/zh/organisations/{long}",
        "/zh/projects/{long}",
        "/zh/consent/{long}",
        "/media/{long}/320.jpg",
        "/desk/images/{digits}/320.jpg",
        "/desk/works/{digits}",
        "/desk/consents/{digits}",
        "/desk/queue/{digits}",
        "/desk/exhibitions/{digits}",
        "/static/x/{long}",
    ],
)
async def test_addresses_that_no_row_can_have_are_404(site: Site, path: str) -> None:
    client = await site.client(site.cast.keeper)
    for digits in ("9" * 10, "9" * 40):
        address = path.format(long="x" * 400, digits=digits)
        assert (await client.get(address)).status_code == 404, address


@pytest.mark.parametrize(
    "path", ["/c/%00", "/media/%00/320.jpg", "/zh/works/%00", "/zh/exhibitions?page=%00"]
)
async def test_a_nul_character_is_refused_at_the_door(site: Site, path: str) -> None:
    assert (await (await site.client()).get(path)).status_code == 400


def test_a_rate_limit_counts_by_key_and_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr("gallery.web.security.time.monotonic", lambda: moment)
    limit = RateLimit(times=2, seconds=10)
    assert [limit.allows("a") for _ in range(3)] == [True, True, False]
    assert limit.allows("b")
    moment = 110.0
    assert limit.allows("a")


def test_a_rate_limit_keeps_a_bounded_memory() -> None:
    limit = RateLimit(times=2, seconds=10, keys=5)
    for number in range(50):
        limit.allows(str(number))
    assert len(limit._events) <= 5


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.2", "192.0.2.2"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_network_is_an_ipv4_address_or_half_an_ipv6_one(address: str, network: str) -> None:
    assert network_of_address(address) == network


async def test_all_addresses_of_a_connection_share_a_limit(site: Site) -> None:
    async def ask(address: str) -> None:
        transport = httpx.ASGITransport(site.app, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            await client.get("/en/consent/00000000000000000000")
            await client.post("/desk/sign-in/link", data={"email": "one@example.org"})

    async def counted() -> tuple[int, int]:
        keys = set(await SignInAttempt.all().values_list("key", flat=True))
        return len(CODE_ATTEMPTS._events), len(keys) - 1  # one is of the e-mail address

    await ask("2001:db8:1:2::1")
    await ask("2001:db8:1:2:3:4:5:6")
    assert await counted() == (1, 1)
    await ask("192.0.2.1")
    assert await counted() == (2, 2)
    await SignInAttempt.all().delete()
    await ask("192.0.2.2")
    assert (await counted())[0] == 3


def test_nothing_is_counted_by_a_whole_address() -> None:
    package = Path(gallery.__file__).parent
    readers = {path.name for path in package.rglob("*.py") if "request.client" in path.read_text()}
    assert readers == {"security.py"}
