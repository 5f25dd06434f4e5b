"""The pages for changing one's e-mail address."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_person, set_guest_language
from gallery.accounts.address import change_address, find_address_change, request_address_change
from gallery.accounts.confirmation import require_confirmation
from gallery.accounts.forms import AddressForm
from gallery.accounts.limits import count_attempts
from gallery.accounts.links import LINKS_PER_PERSON, MAIL_LINK_LIFETIME, InvalidLink
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import set_language
from gallery.web.rendering import flash, redirect, render, settings_of
from gallery.web.security import REFERRER_WITHOUT_PATH


async def edit(request: Request) -> Response:
    """A person opens the form for a new address."""
    await load_person(request)
    return render(request, "accounts/address_edit.html", {"form": AddressForm()})


async def update(request: Request) -> Response:
    """Mail a link to the new address. The old address stays valid until the link is used."""
    person = await load_person(request)
    await require_confirmation(request)
    form = AddressForm(await read_desk_form(request))
    email = (form.email.data or "").lower()
    status = 422
    if form.validate():
        if email == person.email:
            form.refuse("email", _("This is your address already."))
        elif not await count_attempts({f"address {person.id}": LINKS_PER_PERSON}, settings_of(request)):
            form.refuse("email", _("Too many attempts. Please wait a quarter of an hour and try again."))
            status = 429
        else:
            await request_address_change(person, email)
            context = {"email": email, "minutes": int(MAIL_LINK_LIFETIME.total_seconds() // 60)}
            return render(request, "accounts/address_sent.html", context)
    return render(request, "accounts/address_edit.html", {"form": form}, status=status)


async def show_link(request: Request) -> Response:
    """A person opens the link and sees a button. Mail scanners also open links, but press no buttons."""
    await set_guest_language(request)
    try:
        change = await find_address_change(request.path_params["token"])
    except InvalidLink:
        return _invalid_link_page(request)
    set_language(change.person.language)
    return render(request, "accounts/address_confirm.html", {"change": change}, headers=REFERRER_WITHOUT_PATH)


async def use_link(request: Request) -> Response:
    """A person confirms the new address, and signs in with it from now on."""
    await set_guest_language(request)
    try:
        person = await change_address(request.path_params["token"])
    except InvalidLink:
        return _invalid_link_page(request)
    set_language(person.language)
    response = redirect(request, "accounts:account")
    flash(request, response, _("Your new address is now in use."))
    return response


def _invalid_link_page(request: Request) -> Response:
    return render(
        request,
        "accounts/link_invalid.html",
        {"is_for_address": True},
        status=410,
        headers=REFERRER_WITHOUT_PATH,
    )


routes = [
    Route("/desk/account/address", edit, name="accounts:edit_address", methods=["GET"]),
    Route("/desk/account/address", update, name="accounts:update_address", methods=["POST"]),
    Route("/desk/address/{token:secret}", show_link, name="accounts:show_address", methods=["GET"]),
    Route("/desk/address/{token:secret}", use_link, name="accounts:use_address", methods=["POST"]),
]
