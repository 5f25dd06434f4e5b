"""The pages for signing in with only a passkey, and for the second factor after a password or a mail link."""

from __future__ import annotations

from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.accounts.access import next_page, set_guest_language
from gallery.accounts.forms import SignInForm
from gallery.accounts.limits import TooManyAttempts, count_attempts
from gallery.accounts.models import AuthenticatorApp, Passkey, Person, RecoveryCode, SignInAttempt
from gallery.accounts.passkeys import PasskeyRefused, relying_party, request_options, use_passkey
from gallery.accounts.second_factors import (
    SecondFactorRefused,
    cancel_reset,
    use_app_code,
    use_recovery_code,
)
from gallery.accounts.sessions import (
    ATTEMPTS_PER_NETWORK,
    ATTEMPTS_PER_PERSON,
    open_session,
    token_hash,
)
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import today
from gallery.db.connection import in_transaction
from gallery.mail.outbox import Notification, notify
from gallery.settings import Settings
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import set_language
from gallery.web.rendering import (
    DESK,
    SIGNER_OPTIONS,
    cookie_in,
    delete_cookie,
    redirect,
    render,
    set_cookie,
    settings_of,
)
from gallery.web.security import client_network

COOKIE = "gallery_first_step"
FIRST_STEP_PATH = f"{DESK}/sign-in"
FIRST_STEP_SECONDS = 600  # time allowed between the first and the second step
SIGN_IN_PURPOSE = "sign in"  # `purpose` of the passkey challenge


async def finish_sign_in(
    request: Request, person: Person, path: str, *, is_confirmed: bool = True
) -> Response:
    """Sign a person in after the first factor and redirect to `path`, or ask for their second factor first.

    `is_confirmed`: the first factor was a password, not a link in a mail.
    """
    person = await Person.get(id=person.id)  # read again: the password may have just changed
    if person.second_factor_at is None:
        response = RedirectResponse(path, status_code=303)
        await open_session(request, response, person, is_confirmed=is_confirmed)
        return response
    settings = settings_of(request)
    response = redirect(request, "accounts:second_step")
    first_step = [person.id, token_hash(person.password_hash), path, is_confirmed]
    value = str(_serializer(settings).dumps(first_step))
    set_cookie(request, response, COOKIE, value, seconds=FIRST_STEP_SECONDS, path=FIRST_STEP_PATH)
    return response


def _serializer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret_key, salt="first step", signer_kwargs=SIGNER_OPTIONS)


async def _first_step(request: Request) -> tuple[Person, str, bool] | None:
    """The content of the first step's cookie: person, path to open, `is_confirmed`; None if it is invalid."""
    await set_guest_language(request)
    try:
        person_id, password, path, is_confirmed = _serializer(settings_of(request)).loads(
            cookie_in(request, COOKIE), max_age=FIRST_STEP_SECONDS
        )
    except BadSignature:
        return None
    person = await Person.get_or_none(id=person_id, is_active=True)
    if person is None or token_hash(person.password_hash) != password:
        return None
    set_language(person.language)
    return person, path, is_confirmed


async def new_second_step(request: Request) -> Response:
    """A person is asked for the second factor."""
    first_step = await _first_step(request)
    if first_step is None:
        return redirect(request, "accounts:sign_in")
    return await _page(request, first_step[0])


async def create_second_step(request: Request) -> Response:
    """A person gives a code of their authenticator app, a passkey or a recovery code, and is signed in."""
    first_step = await _first_step(request)
    if first_step is None:
        return redirect(request, "accounts:sign_in")
    person, path, is_confirmed = first_step
    fields = await read_small_form(request)
    settings = settings_of(request)
    field = next((name for name in ("credential", "recovery", "code") if name in fields), "code")
    typed = str(fields.get(field, "")).strip()
    if not typed:
        return await _page(request, person, {field: _("Please write the code.")}, status=422)
    try:
        await _check_second_factor(request, person, field, typed, settings)
    except TooManyAttempts:
        await _warn_of_guessing(person)
        sentence = _("Too many attempts. Please wait a quarter of an hour and try again.")
        return await _page(request, person, {field: sentence}, status=429)
    except PasskeyRefused:
        sentence = _("This passkey was not accepted. Please try again.")
        return await _page(request, person, {field: sentence}, status=422)
    except SecondFactorRefused:
        sentence = (
            _("This code is wrong or has already been used.")
            if field == "recovery"
            else _("This code is wrong or has expired. Please enter the one that the app shows now.")
        )
        return await _page(request, person, {field: sentence}, status=422)
    await cancel_reset(person)
    response = RedirectResponse(path, status_code=303)
    await open_session(request, response, person, is_confirmed=is_confirmed or field == "credential")
    delete_cookie(request, response, COOKIE, path=FIRST_STEP_PATH)
    return response


async def _check_second_factor(
    request: Request, person: Person, field: str, typed: str, settings: Settings
) -> None:
    """Check the second factor of the form. Raises TooManyAttempts, PasskeyRefused, SecondFactorRefused."""
    limits = {
        f"second factor {person.id}": ATTEMPTS_PER_PERSON,
        f"network {client_network(request)}": ATTEMPTS_PER_NETWORK,
    }
    attempts = await count_attempts(limits, settings)
    if not attempts:
        raise TooManyAttempts
    try:
        if field == "credential":
            if await use_passkey(typed, f"second step {person.id}", settings) != person:
                raise PasskeyRefused
        elif field == "recovery":
            await use_recovery_code(person, typed)
        else:
            await use_app_code(person, typed, settings)
    except (PasskeyRefused, SecondFactorRefused):
        async with in_transaction():
            await record(Verb.ACCOUNT_SECOND_FACTOR_REFUSED, person.id)
        raise
    await SignInAttempt.filter(Q(key=attempts[0].key) | Q(id=attempts[1].id)).delete()


async def _warn_of_guessing(person: Person) -> None:
    """Mail the person, at most once a day, that somebody is guessing the second factor."""
    notification = Notification(
        "second_factor_guessed", "/desk/password", key=f"second-factor-guessed:{today()}", is_for_digest=False
    )
    async with in_transaction():
        await notify([person], notification)


async def _page(
    request: Request, person: Person, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    settings = settings_of(request)
    passkeys = await Passkey.filter(person=person)
    context: dict[str, Any] = {
        "errors": errors or {},
        "has_passkeys": bool(passkeys),
        "options": request_options(f"second step {person.id}", settings, passkeys)
        if passkeys and relying_party(settings)
        else "",
        "has_app": await AuthenticatorApp.exists(person=person),
        "codes_left": await RecoveryCode.filter(person=person).count(),
        "reset_at": person.second_factor_reset_at,
    }
    return render(request, "accounts/second_step.html", context, status=status)


def sign_in_options(settings: Settings) -> str:
    """The `request_options` of the sign-in page; "" if the site has no relying party."""
    return request_options(SIGN_IN_PURPOSE, settings) if relying_party(settings) else ""


async def create_passkey_session(request: Request) -> Response:
    """A person signs in with only a passkey.

    A passkey counts as two factors: the device, and a fingerprint, face or PIN.
    """
    await set_guest_language(request)
    settings = settings_of(request)
    attempts = await count_attempts({f"network {client_network(request)}": ATTEMPTS_PER_NETWORK}, settings)
    sentence, status = (
        _("This passkey was not accepted. Please try again, or sign in with the password."),
        422,
    )
    if not attempts:
        sentence = _("Too many attempts. Please wait a quarter of an hour and try again.")
        status = 429
    else:
        try:
            person = await use_passkey(
                str((await read_small_form(request)).get("credential", "")), SIGN_IN_PURPOSE, settings
            )
        except PasskeyRefused:
            pass
        else:
            await SignInAttempt.filter(id=attempts[0].id).delete()
            await cancel_reset(person)
            response = RedirectResponse(next_page(request), status_code=303)
            await open_session(request, response, person)
            return response
    context = {
        "form": SignInForm(),
        "next": next_page(request),
        "options": sign_in_options(settings),
        "passkey_error": sentence,
    }
    return render(request, "accounts/sign_in.html", context, status=status)


async def passkey_again(request: Request) -> Response:
    """Redirect to the sign-in page, for people who open the address to which the passkey's form is sent."""
    return redirect(request, "accounts:sign_in")


routes = [
    Route("/desk/sign-in/passkey", passkey_again, name="accounts:passkey_again", methods=["GET"]),
    Route("/desk/sign-in/passkey", create_passkey_session, name="accounts:use_passkey", methods=["POST"]),
    Route("/desk/sign-in/second", new_second_step, name="accounts:second_step", methods=["GET"]),
    Route("/desk/sign-in/second", create_second_step, name="accounts:create_second_step", methods=["POST"]),
]
