"""Asking for the password or a passkey again before sensitive actions.

Somebody else may be using a desk that the person left open.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response

from gallery.accounts.limits import TooManyAttempts
from gallery.accounts.models import Passkey, Session
from gallery.accounts.passkeys import PasskeyRefused, relying_party, request_options, use_passkey
from gallery.accounts.sessions import authenticate_by_password
from gallery.clock import now
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import render, settings_of
from gallery.web.security import client_network

CONFIRMATION_LIFETIME = timedelta(minutes=10)
PASSWORD, CREDENTIAL = "confirm_password", "confirm_credential"  # names of the form's fields


class ConfirmationRequired(Exception):
    """The person must confirm who they are; `fields`: the submitted form fields."""

    def __init__(self, fields: ImmutableMultiDict[str, Any], sentence: str = "", status: int = 403) -> None:
        super().__init__(sentence)
        self.fields = fields
        self.sentence = sentence
        self.status = status


async def require_confirmation(request: Request) -> None:
    """Check that the person gave the password or a passkey, in this request or within CONFIRMATION_LIFETIME.

    Raises ConfirmationRequired if not. A page then asks for the password or a passkey, and sends the same
    form fields again, so no input is lost. Call this in POST handlers, after load_…().
    """
    session, person, settings = request.state.session, request.state.person, settings_of(request)
    if session.confirmed_at is not None and session.confirmed_at > now() - CONFIRMATION_LIFETIME:
        return
    fields = await read_desk_form(request)
    if CREDENTIAL in fields:
        try:
            if await use_passkey(str(fields[CREDENTIAL]), f"confirm {session.id}", settings) != person:
                raise PasskeyRefused
        except PasskeyRefused:
            raise ConfirmationRequired(
                fields, _("This passkey was not accepted. Please try again.")
            ) from None
    elif fields.get(PASSWORD):
        try:
            if not await authenticate_by_password(
                person.email, str(fields[PASSWORD]), client_network(request), settings
            ):
                raise ConfirmationRequired(fields, _("This is not your current password."))
        except TooManyAttempts:
            sentence = _("Too many attempts. Please wait a quarter of an hour and try again.")
            raise ConfirmationRequired(fields, sentence, 429) from None
    else:
        sentence = _("Please write your password.") if PASSWORD in fields else ""
        raise ConfirmationRequired(fields, sentence)
    session.confirmed_at = now()
    await Session.filter(id=session.id).update(confirmed_at=session.confirmed_at)


async def ask_to_confirm(request: Request, error: Exception) -> Response:
    """The page that asks for the password or a passkey; its form repeats the submitted fields."""
    assert isinstance(error, ConfirmationRequired)
    settings = settings_of(request)
    passkeys = await Passkey.filter(person=request.state.person)
    context = {
        "fields": [each for each in error.fields.multi_items() if each[0] not in {PASSWORD, CREDENTIAL}],
        "password": PASSWORD,
        "credential": CREDENTIAL,
        "sentence": error.sentence,
        "options": request_options(f"confirm {request.state.session.id}", settings, passkeys)
        if passkeys and relying_party(settings)
        else "",
    }
    return render(request, "accounts/confirm.html", context, status=error.status)
