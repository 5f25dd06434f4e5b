"""The pages for setting up passkeys, an authenticator app and recovery codes."""

from __future__ import annotations

import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_signed_in
from gallery.accounts.confirmation import require_confirmation
from gallery.accounts.forms import AppForm, PasskeyForm
from gallery.accounts.models import AuthenticatorApp, Passkey, Person, RecoveryCode
from gallery.accounts.passkeys import (
    MAX_PASSKEYS,
    PasskeyRefused,
    TooManyPasskeys,
    add_passkey,
    creation_options,
    relying_party,
    remove_passkey,
)
from gallery.accounts.second_factors import (
    SecondFactorRefused,
    add_app,
    is_required,
    make_recovery_codes,
    otpauth_uri,
    remove_app,
    secret_of_setup,
    start_app_setup,
)
from gallery.accounts.sessions import device_name
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render, settings_of


async def show(request: Request) -> Response:
    """A person sees their passkeys, their authenticator app and the number of unused recovery codes."""
    person = await load_signed_in(request)
    name = device_name(request.headers.get("user-agent", ""))
    return await _page(request, person, PasskeyForm(data={"name": name}))


async def _page(request: Request, person: Person, form: PasskeyForm, status: int = 200) -> Response:
    settings = settings_of(request)
    passkeys = await Passkey.filter(person=person).order_by("id")
    context = {
        "form": form,
        "passkeys": passkeys,
        "options": creation_options(person, passkeys, settings) if relying_party(settings) else "",
        "most": MAX_PASSKEYS,
        "app": await AuthenticatorApp.get_or_none(person=person),
        "codes_left": await RecoveryCode.filter(person=person).count(),
        "is_required": is_required(person, settings),
    }
    return render(request, "accounts/second_factor.html", context, status=status)


async def create_passkey(request: Request) -> Response:
    """A person adds the passkey that their browser created."""
    person = await load_signed_in(request)
    await require_confirmation(request)
    posted = await read_desk_form(request)
    form = PasskeyForm(posted)
    if not form.validate():
        return await _page(request, person, form, status=422)
    try:
        codes = await add_passkey(
            person, str(posted.get("credential", "")), form["name"].data, settings_of(request)
        )
    except PasskeyRefused:
        form.refuse("name", _("This passkey could not be added. Please try again."))
        return await _page(request, person, form, status=422)
    except TooManyPasskeys:
        sentence = _("You have %(most)s passkeys. Please remove one that you no longer use first.")
        form.refuse("name", sentence % {"most": MAX_PASSKEYS})
        return await _page(request, person, form, status=422)
    return _done(request, codes, _("The passkey is added."))


async def delete_passkey(request: Request) -> Response:
    """A person removes one of their passkeys."""
    person = await load_signed_in(request)
    passkey_id = request.path_params["passkey"]
    if not await Passkey.exists(id=passkey_id, person=person):
        raise HTTPException(404)
    await require_confirmation(request)
    await remove_passkey(person, passkey_id)
    return _done(request, [], _("The passkey is removed here. You can also delete it on your device."))


async def new_app(request: Request) -> Response:
    """A person sees the QR code for their authenticator app."""
    person = await load_signed_in(request)
    return _app_page(request, person, AppForm(data={"sealed": start_app_setup(person, settings_of(request))}))


def _app_page(request: Request, person: Person, form: AppForm, status: int = 200) -> Response:
    settings = settings_of(request)
    try:
        secret = secret_of_setup(person, form.sealed.data or "", settings)
    except SecondFactorRefused:  # the page was open for too long, so a new secret is made
        form.sealed.data = start_app_setup(person, settings)
        secret = secret_of_setup(person, form.sealed.data, settings)
        form.refuse("code", _("This page was open for too long. Please read the new QR code with your app."))
    context = {
        "form": form,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "address": otpauth_uri(person, secret, settings),
        "qr": segno.make(otpauth_uri(person, secret, settings), error="m", micro=False).svg_data_uri(
            border=4, dark="#000", light="#fff"
        ),
    }
    return render(request, "accounts/app.html", context, status=status)


async def create_app(request: Request) -> Response:
    """A person sets up their authenticator app with the first code that it shows."""
    person = await load_signed_in(request)
    await require_confirmation(request)
    form = AppForm(await read_desk_form(request))
    if not form.validate():
        return _app_page(request, person, form, status=422)
    try:
        codes = await add_app(person, form.sealed.data or "", form.code.data or "", settings_of(request))
    except SecondFactorRefused:
        form.refuse(
            "code", _("This code is wrong or has expired. Please enter the one that the app shows now.")
        )
        return _app_page(request, person, form, status=422)
    return _done(request, codes, _("The app is set up."))


async def delete_app(request: Request) -> Response:
    """A person removes their authenticator app."""
    person = await load_signed_in(request)
    await require_confirmation(request)
    await remove_app(person)
    return _done(request, [], _("The app is removed: its codes no longer work here."))


async def create_codes(request: Request) -> Response:
    """A person makes new recovery codes; the old ones become invalid."""
    person = await load_signed_in(request)
    await require_confirmation(request)
    try:
        codes = await make_recovery_codes(person)
    except SecondFactorRefused:
        raise HTTPException(404) from None
    return _done(request, codes, "")


def _done(request: Request, codes: list[str], message: str) -> Response:
    """Redirect to the page of second factors; or show new recovery codes, which are never shown again."""
    if codes:
        return render(request, "accounts/recovery_codes.html", {"codes": codes, "message": message})
    response = redirect(request, "accounts:second_factor")
    flash(request, response, message)
    return response


BASE = "/desk/account/second-factor"
routes = [
    Route(BASE, show, name="accounts:second_factor", methods=["GET"]),
    Route(f"{BASE}/passkeys", create_passkey, name="accounts:add_passkey", methods=["POST"]),
    Route(
        f"{BASE}/passkeys/{{passkey:int}}/removal",
        delete_passkey,
        name="accounts:remove_passkey",
        methods=["POST"],
    ),
    Route(f"{BASE}/app", new_app, name="accounts:app", methods=["GET"]),
    Route(f"{BASE}/app", create_app, name="accounts:add_app", methods=["POST"]),
    Route(f"{BASE}/app/removal", delete_app, name="accounts:remove_app", methods=["POST"]),
    Route(f"{BASE}/codes", create_codes, name="accounts:make_codes", methods=["POST"]),
]
