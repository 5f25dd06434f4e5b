"""Pages on which somebody changes their e-mail address."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_person, speak_to_guest
from gallery.accounts.address import ask_to_change, change_address, find_change
from gallery.accounts.confirmation import confirmed
from gallery.accounts.forms import AddressForm
from gallery.accounts.links import LINK_LASTS, LINKS_PER_PERSON, LinkSpent
from gallery.accounts.sessions import count_attempts
from gallery.web.forms import desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import set_language
from gallery.web.rendering import flash, redirect, render, settings_of
from gallery.web.security import WITHOUT_PATH


async def edit(request: Request) -> Response:
    """Somebody is asked for their new address."""
    await load_person(request)
    return render(request, "accounts/address_edit.html", {"form": AddressForm()})


async def update(request: Request) -> Response:
    """Somebody asks for a link to the new address; until it is opened, the old one holds."""
    person = await load_person(request)
    await confirmed(request)
    form = AddressForm(await desk_form(request))
    email = (form.email.data or "").lower()
    status = 422
    if form.validate():
        if email == person.email:
            form.refuse("email", _("This is your address already."))
        elif not await count_attempts({f"address {person.id}": LINKS_PER_PERSON}, settings_of(request)):
            form.refuse(
                "email", _("That was tried too often. Please wait a quarter of an hour and try again.")
            )
            status = 429
        else:
            await ask_to_change(person, email)
            context = {"email": email, "minutes": int(LINK_LASTS.total_seconds() // 60)}
            return render(request, "accounts/address_sent.html", context)
    return render(request, "accounts/address_edit.html", {"form": form}, status=status)


async def show_link(request: Request) -> Response:
    """Somebody opens the link at the new address and sees a button: programs that look at links in mails press none."""
    await speak_to_guest(request)
    try:
        change = await find_change(request.path_params["token"])
    except LinkSpent:
        return _spent(request)
    set_language(change.person.language)
    return render(request, "accounts/address_confirm.html", {"change": change}, headers=WITHOUT_PATH)


async def use_link(request: Request) -> Response:
    """Somebody confirms the new address: from now on they sign in with it."""
    await speak_to_guest(request)
    try:
        person = await change_address(request.path_params["token"])
    except LinkSpent:
        return _spent(request)
    set_language(person.language)
    response = redirect(request, "accounts:account")
    flash(request, response, _("Your new address holds from now on."))
    return response


def _spent(request: Request) -> Response:
    return render(
        request, "accounts/link_spent.html", {"is_for_address": True}, status=410, headers=WITHOUT_PATH
    )


routes = [
    Route("/desk/account/address", edit, name="accounts:edit_address", methods=["GET"]),
    Route("/desk/account/address", update, name="accounts:update_address", methods=["POST"]),
    Route("/desk/address/{token:secret}", show_link, name="accounts:show_address", methods=["GET"]),
    Route("/desk/address/{token:secret}", use_link, name="accounts:use_address", methods=["POST"]),
]
