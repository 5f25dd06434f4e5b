"""The second factor: codes of an app, passkeys, recovery codes; for whom it is required, and its reset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.accounts.chores import delete_expired
from gallery.accounts.models import (
    AuthenticatorApp,
    Passkey,
    Person,
    RecoveryCode,
    Session,
    SignInAttempt,
    SpentChallenge,
)
from gallery.accounts.passkeys import CHALLENGE_LIFETIME, MAX_PASSKEYS, relying_party
from gallery.accounts.second_factors import (
    GRACE_PERIOD,
    RECOVERY_CODES,
    RESET_DELAY,
    matching_step,
    normalized_code,
)
from gallery.accounts.second_step_views import COOKIE
from gallery.accounts.sessions import ATTEMPTS_PER_PERSON
from gallery.app import create_app
from gallery.audit.models import Entry
from gallery.clock import now
from gallery.mail.models import Mail
from gallery.settings import Settings, SettingsError
from gallery.web import site_settings as site_module
from gallery.web.models import Site as KeptSite
from tests.accounts.authenticator import PRESENT, Authenticator
from tests.accounts.links import request_link
from tests.accounts.second_factor import (
    ADDRESS,
    PAGE,
    add_passkey,
    code_of,
    codes_in,
    first_step,
    is_signed_in,
    options_in,
    second,
    set_up_app,
)
from tests.cast import PASSWORD, assemble
from tests.conftest import Site, settings_for
from tests.markup import attribute, text_in


async def verbs(person: Person) -> list[str]:
    return list(
        await Entry.filter(thing_id=person.id, kind="account").order_by("id").values_list("verb", flat=True)
    )


async def changes_told(person: Person) -> list[str]:
    mails = await Mail.filter(person_id=person.id, kind="second_factor_changed").order_by("id")
    return [mail.facts["change"] for mail in mails]


# An authenticator app


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_app_is_set_up_and_its_code_is_asked_for(site: Site) -> None:
    partner = site.cast.partner
    app, codes = await set_up_app(await site.client(partner))
    assert len(set(codes)) == RECOVERY_CODES
    kept = await AuthenticatorApp.get(person=partner)
    assert app.secret not in kept.secret  # a reader of the database cannot make codes
    assert not await RecoveryCode.filter(code_hash__in=codes).exists()
    client = await first_step(site, path="/desk/works")
    assert not await is_signed_in(client)
    page = await client.get("/desk/sign-in/second")
    assert (page.status_code, 'autocomplete="one-time-code"' in page.text) == (200, True)
    answer = await second(client, code=code_of(app))
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/works")
    assert await is_signed_in(client)
    assert COOKIE not in client.cookies
    assert await verbs(partner) == [
        "account.recovery_codes_made",
        "account.app_added",
        "account.signed_in",
    ]
    assert await changes_told(partner) == ["app_added"]


@pytest.mark.engines("sqlite", "postgresql")
async def test_each_code_is_taken_once(site: Site) -> None:
    app, _ = await set_up_app(await site.client(site.cast.partner))
    code = code_of(app)
    assert (await second(await first_step(site), code=code)).status_code == 303
    again = await second(await first_step(site), code=code)
    assert (again.status_code, "set-cookie" in again.headers) == (422, False)
    assert "This code is wrong" in again.text


async def test_the_code_that_set_an_app_up_signs_nobody_in(site: Site) -> None:
    app, _ = await set_up_app(await site.client(site.cast.partner))
    assert (await second(await first_step(site), code=app.at(now()))).status_code == 422


@pytest.mark.parametrize("code", ["", " ", "abcdef", "00000", "0000000", "\0", "١٢٣٤٥٦", "x" * 5000])
async def test_what_is_no_code_is_refused_with_a_sentence(site: Site, code: str) -> None:
    await set_up_app(await site.client(site.cast.partner))
    client = await first_step(site)
    answer = await second(client, code=code)
    assert answer.status_code == 422
    assert "This code is wrong" in answer.text or "Please write the code." in answer.text
    assert not await is_signed_in(client)


async def test_guessing_codes_ends_after_eight_and_is_told(site: Site) -> None:
    app, codes = await set_up_app(await site.client(site.cast.partner))
    client = await first_step(site)
    for _ in range(ATTEMPTS_PER_PERSON):
        assert (await second(client, code="000000")).status_code == 422
    for fields in ({"code": code_of(app)}, {"recovery": codes[0]}):
        assert (await second(await first_step(site), **fields)).status_code == 429
    assert await Mail.filter(kind="second_factor_guessed", person_id=site.cast.partner.id).count() == 1
    await SignInAttempt.all().update(at=now() - timedelta(minutes=16))
    assert (await second(client, code=code_of(app))).status_code == 303


async def test_an_app_is_not_set_up_with_a_wrong_code_or_another_persons_secret(site: Site) -> None:
    client = await site.client(site.cast.partner)
    page = (await client.get(f"{PAGE}/app")).text
    sealed, secret = attribute(page, "[name=sealed]", "value"), text_in(page, "span.token")
    refused = await client.post(f"{PAGE}/app", data={"sealed": sealed, "code": "000000"})
    assert refused.status_code == 422
    assert secret in refused.text  # the same QR code: the app need not read another
    code = pyotp.TOTP(secret.replace(" ", "")).at(now())
    stranger = await site.client(site.cast.stranger)
    for value in (sealed, "x", ""):
        answer = await stranger.post(f"{PAGE}/app", data={"sealed": value, "code": code})
        assert (answer.status_code, secret in answer.text) == (422, False)
    assert await AuthenticatorApp.all().count() == 0


MOMENT = datetime(2026, 12, 22, 9, tzinfo=UTC)
SECRET = pyotp.random_base32()


@given(st.integers(-10, 10), st.integers(0, 29), st.integers(-3, 3))
def test_a_code_is_taken_within_a_half_minute_and_only_after_the_last(
    away: int, second: int, last: int
) -> None:
    current = int(MOMENT.timestamp()) // 30
    code = pyotp.TOTP(SECRET).generate_otp(current + away)
    found = matching_step(SECRET, code, MOMENT + timedelta(seconds=second), current + last)
    assert found == (current + away if abs(away) <= 1 and away > last else None)


@given(st.text(max_size=20))
def test_what_is_typed_is_six_digits_or_nothing(typed: str) -> None:
    assert re.fullmatch("([0-9]{6})?", normalized_code(typed))


def test_digits_are_read_as_people_type_them() -> None:
    assert (
        normalized_code(" 123 456 ")
        == normalized_code("123-456")
        == normalized_code("１２３４５６")
        == "123456"
    )


# Recovery codes


@pytest.mark.engines("sqlite", "postgresql")
async def test_a_recovery_code_works_once(site: Site) -> None:
    partner = site.cast.partner
    _, codes = await set_up_app(await site.client(partner))
    client = await first_step(site)
    assert (await second(client, recovery=codes[0].upper().replace("-", " "))).status_code == 303
    assert await is_signed_in(client)
    assert (await second(await first_step(site), recovery=codes[0])).status_code == 422
    assert (await second(await first_step(site), recovery="")).status_code == 422
    assert await RecoveryCode.filter(person=partner).count() == RECOVERY_CODES - 1
    assert await changes_told(partner) == ["app_added", "code_used"]


async def test_a_strangers_recovery_code_is_none(site: Site) -> None:
    _, codes = await set_up_app(await site.client(site.cast.stranger))
    await set_up_app(await site.client(site.cast.partner))
    assert (await second(await first_step(site), recovery=codes[0])).status_code == 422


async def test_new_recovery_codes_end_the_old_ones(site: Site) -> None:
    client = await site.client(site.cast.partner)
    assert (await client.post(f"{PAGE}/codes")).status_code == 404  # without a second factor there are none
    _, old = await set_up_app(client)
    new = codes_in((await client.post(f"{PAGE}/codes")).text)
    assert len(new) == RECOVERY_CODES
    assert not set(new) & set(old)
    assert (await second(await first_step(site), recovery=old[0])).status_code == 422
    assert (await second(await first_step(site), recovery=new[0])).status_code == 303


# Between the two steps


async def test_the_second_step_needs_the_first(site: Site) -> None:
    app, codes = await set_up_app(await site.client(site.cast.partner))
    client = await site.client()
    for cookie in ("", "x", "é", "W10.x.y"):
        headers = {"cookie": f"{COOKIE}={cookie}".encode()} if cookie else {}
        for answer in (
            await client.get("/desk/sign-in/second", headers=headers),  # type: ignore[arg-type]
            await client.post("/desk/sign-in/second", data={"recovery": codes[0]}, headers=headers),  # type: ignore[arg-type]
        ):
            assert (answer.status_code, answer.headers["location"]) == (303, "/desk/sign-in")
    assert await RecoveryCode.all().count() == RECOVERY_CODES
    assert app.secret


async def test_the_first_step_ends_with_a_new_password_and_with_the_account(site: Site) -> None:
    app, _ = await set_up_app(await site.client(site.cast.partner))
    client = await first_step(site)
    await Person.filter(id=site.cast.partner.id).update(is_active=False)
    assert (await second(client, code=code_of(app))).headers["location"] == "/desk/sign-in"
    await Person.filter(id=site.cast.partner.id).update(is_active=True, password_hash="another")
    assert (await second(client, code=code_of(app))).headers["location"] == "/desk/sign-in"


async def test_a_link_by_mail_is_one_factor_alone(site: Site) -> None:
    app, _ = await set_up_app(await site.client(site.cast.partner))
    link, client = await request_link(site, "link"), await site.client()
    assert (await client.post(link)).headers["location"] == "/desk/sign-in/second"
    assert not await is_signed_in(client)
    assert (await second(client, code=code_of(app))).headers["location"] == "/desk"
    assert await is_signed_in(client)
    newest = await Session.all().order_by("-id").first()
    assert newest is not None
    assert newest.confirmed_at is None  # no password was given


async def test_a_new_password_by_mail_keeps_the_second_factor(site: Site) -> None:
    await set_up_app(await site.client(site.cast.partner))
    link, client = await request_link(site, "password"), await site.client()
    answer = await client.post(link, data={"password": "a very new sentence"})
    assert answer.headers["location"] == "/desk/sign-in/second"
    assert not await is_signed_in(client)
    assert await Session.all().count() == 0


# Passkeys


async def test_a_passkey_signs_in_alone(named: Site) -> None:
    partner = named.cast.partner
    device = await add_passkey(await named.client(partner))
    client = await named.client()
    options = options_in((await client.get("/desk/sign-in?next=/desk/works")).text, "get")
    assert options["userVerification"] == "required"
    assert not options.get("allowCredentials")  # the answer does not show who has an account
    answer = await client.post(
        "/desk/sign-in/passkey?next=/desk/works", data={"credential": device.get(options)}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/works")
    assert await is_signed_in(client)
    passkey = await Passkey.get(person=partner)
    assert (passkey.sign_count, passkey.used_at is not None) == (1, True)
    assert await changes_told(partner) == ["passkey_added"]
    assert "My phone" in (await client.get(PAGE)).text


async def test_a_passkey_is_the_second_factor_after_a_password(named: Site) -> None:
    device = await add_passkey(await named.client(named.cast.partner))
    client = await first_step(named)
    options = options_in((await client.get("/desk/sign-in/second")).text, "get")
    assert len(options["allowCredentials"]) == 1
    assert (await second(client, credential=device.get(options))).status_code == 303
    assert await is_signed_in(client)


async def test_another_persons_passkey_is_no_second_factor(named: Site) -> None:
    await add_passkey(await named.client(named.cast.partner))
    theirs = await add_passkey(await named.client(named.cast.stranger))
    client = await first_step(named)
    options = options_in((await client.get("/desk/sign-in/second")).text, "get")
    assert (await second(client, credential=theirs.get(options))).status_code == 422
    assert not await is_signed_in(client)


async def sign_in_with(site: Site, device: Authenticator) -> int:
    client = await site.client()
    options = options_in((await client.get("/desk/sign-in")).text, "get")
    answer = await client.post("/desk/sign-in/passkey", data={"credential": device.get(options)})
    return answer.status_code


@pytest.mark.engines("sqlite", "postgresql")
async def test_an_answer_is_taken_once(named: Site) -> None:
    device = await add_passkey(await named.client(named.cast.partner))
    device.counts = False
    client = await named.client()
    credential = device.get(options_in((await client.get("/desk/sign-in")).text, "get"))
    answers = [
        (await (await named.client()).post("/desk/sign-in/passkey", data={"credential": credential}))
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [303, 422]
    spent = await SpentChallenge.all().count()
    await delete_expired(None)  # type: ignore[arg-type]
    assert await SpentChallenge.all().count() == spent  # it could still be sent again
    await SpentChallenge.all().update(at=now() - CHALLENGE_LIFETIME - timedelta(seconds=1))
    await delete_expired(None)  # type: ignore[arg-type]
    assert await SpentChallenge.all().count() == 0


async def test_an_answer_for_another_purpose_is_none(named: Site) -> None:
    member = await named.client(named.cast.partner)
    device = await add_passkey(member)
    client = await first_step(named)
    options = options_in((await client.get("/desk/sign-in/second")).text, "get")
    answer = await client.post("/desk/sign-in/passkey", data={"credential": device.get(options)})
    assert answer.status_code == 422
    options = options_in((await client.get("/desk/sign-in")).text, "get")
    assert (await second(client, credential=device.get(options))).status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9000"},
        {"flags": PRESENT},  # nobody gave a finger or a PIN
        {"flags": 0},
        {"user_handle": "AAAA"},
        {"credential_id": b"another"},
        {"count": -1},
    ],
    ids=str,
)
async def test_a_passkey_that_is_not_quite_right_is_refused(named: Site, change: dict[str, Any]) -> None:
    device = await add_passkey(await named.client(named.cast.partner))
    device.count = 7
    assert await sign_in_with(named, device) == 303
    for name, value in change.items():
        setattr(device, name, value)  # a count of 0 after one of 8: the passkey was copied
    assert await sign_in_with(named, device) == 422
    assert await Entry.filter(verb="account.signed_in").count() == 1


async def test_a_false_signature_is_refused(named: Site) -> None:
    device = await add_passkey(await named.client(named.cast.partner))
    device.key = Authenticator(ADDRESS).key
    assert await sign_in_with(named, device) == 422


@pytest.mark.parametrize("credential", ["", "x", "{}", "[]", "null", '{"id": 1}', "\0", "1" * 6000])
async def test_what_is_no_answer_is_refused(named: Site, credential: str) -> None:
    client = await named.client(**{"accept-language": "en"})
    answer = await client.post("/desk/sign-in/passkey", data={"credential": credential})
    assert (answer.status_code, "was not accepted" in answer.text) == (422, True)
    member = await named.client(named.cast.partner)
    answer = await member.post(f"{PAGE}/passkeys", data={"name": "A", "credential": credential})
    assert (answer.status_code, "could not be added" in answer.text) == (422, True)


async def test_somebody_kept_out_has_no_passkey(named: Site) -> None:
    device = await add_passkey(await named.client(named.cast.partner))
    await Person.filter(id=named.cast.partner.id).update(is_active=False)
    assert await sign_in_with(named, device) == 422


async def test_a_removed_passkey_signs_in_no_more(named: Site) -> None:
    client = await named.client(named.cast.partner)
    device = await add_passkey(client)
    passkey = await Passkey.get()
    stranger = await named.client(named.cast.stranger)
    assert (await stranger.post(f"{PAGE}/passkeys/{passkey.id}/removal")).status_code == 404
    assert (await client.post(f"{PAGE}/passkeys/{passkey.id}/removal")).status_code == 303
    assert await sign_in_with(named, device) == 422
    assert await RecoveryCode.all().count() == 0  # they went with the last second factor
    assert (await Person.get(id=named.cast.partner.id)).second_factor_at is None
    assert await changes_told(named.cast.partner) == ["passkey_added", "passkey_removed"]


async def test_recovery_codes_stay_with_the_other_factor(named: Site) -> None:
    client = await named.client(named.cast.partner)
    await add_passkey(client)
    _, codes = await set_up_app(client)
    assert codes == []  # the ones created with the passkey stay valid
    assert (await client.post(f"{PAGE}/app/removal")).status_code == 303
    assert await RecoveryCode.all().count() == RECOVERY_CODES
    assert (await Person.get(id=named.cast.partner.id)).second_factor_at is not None


async def test_a_passkey_has_a_name_and_there_are_not_too_many(named: Site) -> None:
    client = await named.client(named.cast.partner)
    options = options_in((await client.get(PAGE)).text, "create")
    data = {"name": " ", "credential": Authenticator(ADDRESS).create(options)}
    assert (await client.post(f"{PAGE}/passkeys", data=data)).status_code == 422
    partner = named.cast.partner
    await Passkey.bulk_create(
        [
            Passkey(person=partner, name="P", credential_id=f"id{n}", public_key="k")
            for n in range(MAX_PASSKEYS)
        ]
    )
    assert (await client.post(f"{PAGE}/passkeys", data={**data, "name": "P"})).status_code == 422
    assert await Passkey.all().count() == MAX_PASSKEYS


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://gallery.example.org", "gallery.example.org"),
        ("https://gallery.example.org:8443", "gallery.example.org"),
        ("http://localhost:8000", "localhost"),
        ("http://gallery.localhost", "gallery.localhost"),
        ("http://127.0.0.1:8000", None),
        ("https://127.0.0.1", None),
        ("https://[::1]", None),
        ("http://gallery.example.org", None),
    ],
)
def test_browsers_allow_passkeys_on_names_with_https(address: str, host: str | None, tmp_path: Any) -> None:
    assert relying_party(settings_for(tmp_path, "sqlite:///x", site_url=address)) == host


async def test_where_there_can_be_no_passkeys_the_page_says_so(site: Site) -> None:
    client = await site.client(site.cast.partner)
    page = (await client.get(PAGE)).text
    assert "data-passkey" not in page
    assert "so only the codes below can be used" in page
    assert "data-passkey" not in (await (await site.client()).get("/desk/sign-in")).text


# Who must have one


async def test_curators_have_ten_days_and_then_set_one_up(named: Site) -> None:
    client = await named.client(named.cast.curator)
    page = await client.get("/desk/queue")
    assert (page.status_code, "Curators and keepers need a second factor" in page.text) == (200, True)
    due = (await Person.get(id=named.cast.curator.id)).second_factor_due_at
    assert due is not None
    assert now() + GRACE_PERIOD - timedelta(minutes=5) < due <= now() + GRACE_PERIOD
    await client.get("/desk/queue")
    assert (await Person.get(id=named.cast.curator.id)).second_factor_due_at == due  # days are given once
    await Person.filter(id=named.cast.curator.id).update(second_factor_due_at=now() - timedelta(seconds=1))
    for path in ("/desk/queue", "/desk", "/desk/account", "/desk/password", "/desk/themes"):
        assert (await client.get(path)).headers["location"] == PAGE
    assert (await client.post("/desk/account/sessions")).headers["location"] == PAGE
    assert (await client.get(PAGE)).status_code == 200
    await set_up_app(client)
    page = await client.get("/desk/queue")
    assert (page.status_code, "need a second factor" in page.text) == (200, False)
    await client.post(f"{PAGE}/app/removal")
    assert (await client.get("/desk/queue")).headers["location"] == PAGE  # no second ten days
    assert (await client.post("/desk/sign-out")).headers["location"] == "/desk/sign-in"


async def test_partners_are_offered_one(named: Site) -> None:
    client = await named.client(named.cast.partner)
    page = await client.get("/desk/works")
    assert (page.status_code, "second factor" in page.text) == (200, False)
    assert (await Person.get(id=named.cast.partner.id)).second_factor_due_at is None
    assert "Passkeys and codes" in (await client.get("/desk/account")).text


@pytest.mark.parametrize(
    ("setting", "kept", "asks"),
    [("", True, True), ("", False, False), ("required", False, True), ("offered", True, False)],
)
async def test_the_setting_decides_and_else_how_the_site_began(
    database_url: str, tmp_path: Any, setting: str, kept: bool, asks: bool
) -> None:
    app = create_app(settings_for(tmp_path, database_url, second_factor=setting))
    async with app.router.lifespan_context(app):
        site = Site(app, app.state.settings, await assemble(), app.state.storage)
        if not kept:
            await KeptSite.create(id=1, asks_second_factor=False)
        async with site._clients:
            page = await (await site.client(site.cast.keeper)).get("/desk/queue")
            assert ("need a second factor" in page.text) == asks
    site_module.clear()


def test_a_setting_that_is_neither_is_refused() -> None:
    with pytest.raises(SettingsError, match="GALLERY_SECOND_FACTOR"):
        Settings.from_env({"GALLERY_SECOND_FACTOR": "yes", "GALLERY_SECRET_KEY": "x"})


# Lost ones


async def ask_for_reset(site: Site, person: Person, reason: str = "Lost the phone.") -> httpx.Response:
    keeper = await site.client(site.cast.keeper)
    await Person.filter(id=site.cast.keeper.id).update(second_factor_due_at=now() + GRACE_PERIOD)
    return await keeper.post(f"/desk/people/{person.id}", data={"wish": "reset", "reason": reason})


async def test_a_keeper_resets_after_three_days_and_with_a_reason(site: Site) -> None:
    partner = site.cast.partner
    signed_in = await site.client(partner)
    await set_up_app(signed_in)
    await ask_for_reset(site, partner, " ")
    assert (await Person.get(id=partner.id)).second_factor_reset_at is None
    await ask_for_reset(site, partner)
    due = (await Person.get(id=partner.id)).second_factor_reset_at
    assert due is not None
    assert due > now() + RESET_DELAY - timedelta(minutes=5)
    mail = await Mail.get(kind="second_factor_reset_asked", person_id=partner.id)
    assert mail.facts["reason"] == "Lost the phone."
    await site.work()
    assert await AuthenticatorApp.exists(person=partner)
    await Person.filter(id=partner.id).update(second_factor_reset_at=now() - timedelta(seconds=1))
    await site.work()
    assert not await AuthenticatorApp.exists(person=partner)
    assert not await RecoveryCode.exists(person=partner)
    assert not await is_signed_in(signed_in)
    answer = await (await site.client()).post(
        "/desk/sign-in", data={"email": partner.email, "password": PASSWORD}
    )
    assert answer.headers["location"] == "/desk"
    assert (await verbs(partner))[-3:-1] == ["account.reset_asked", "account.second_factor_reset"]
    assert (await changes_told(partner))[-1] == "reset"


async def test_signing_in_with_the_second_factor_stops_a_reset(site: Site) -> None:
    partner = site.cast.partner
    app, _ = await set_up_app(await site.client(partner))
    await ask_for_reset(site, partner)
    assert (await second(await first_step(site), code=code_of(app))).status_code == 303
    assert (await Person.get(id=partner.id)).second_factor_reset_at is None
    assert "account.reset_stopped" in await verbs(partner)
    await site.work()
    assert await AuthenticatorApp.exists(person=partner)


@pytest.mark.parametrize("role", ["partner", "curator"])
async def test_only_keepers_reset_and_not_their_own(site: Site, role: str) -> None:
    await set_up_app(await site.client(site.cast.stranger))
    await set_up_app(await site.client(site.cast.keeper))
    data = {"wish": "reset", "reason": "Lost."}
    client = await site.client(getattr(site.cast, role))
    assert (await client.post(f"/desk/people/{site.cast.stranger.id}", data=data)).status_code == 404
    await ask_for_reset(site, site.cast.keeper)
    await ask_for_reset(site, site.cast.partner)  # has none
    assert await Person.filter(second_factor_reset_at__isnull=False).count() == 0


async def test_a_closed_account_leaves_no_factor(named: Site) -> None:
    client = await named.client(named.cast.colleague)
    await add_passkey(client)
    await set_up_app(client)
    await client.post("/desk/account/closing")
    for model in (Passkey, AuthenticatorApp, RecoveryCode):
        assert await model.all().count() == 0
