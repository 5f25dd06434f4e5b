"""The pages of one-time links by mail: requesting a link, signing in with it, choosing a new password."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_person, set_guest_language
from gallery.accounts.forms import LinkForm, OwnPasswordForm, PasswordForm
from gallery.accounts.limits import TooManyAttempts
from gallery.accounts.links import (
    MAIL_LINK_LIFETIME,
    InvalidLink,
    change_password,
    find_link,
    request_link,
    reset_password,
    use_link,
)
from gallery.accounts.models import Purpose
from gallery.accounts.password_rules import names_of_person, refuse_weak_password
from gallery.accounts.second_step_views import finish_sign_in
from gallery.accounts.sessions import authenticate_by_password
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import set_language
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of
from gallery.web.security import REFERRER_WITHOUT_PATH, client_network


async def new_link(request: Request) -> Response:
    """A person opens the form for requesting a sign-in link by mail."""
    await set_guest_language(request)
    return _link_page(request, LinkForm())


async def create_link(request: Request) -> Response:
    """A person requests a link; the response is the same whether or not the address has an account."""
    await set_guest_language(request)
    form = LinkForm(await read_small_form(request))
    if not form.validate():
        return _link_page(request, form, status=422)
    network = client_network(request)
    try:
        await request_link(form.email.data or "", _purpose(request), network, settings_of(request))
    except TooManyAttempts:
        form.refuse("email", _("Too many attempts. Please wait a quarter of an hour and try again."))
        return _link_page(request, form, status=429)
    context = {"email": form.email.data, "minutes": int(MAIL_LINK_LIFETIME.total_seconds() // 60)}
    return render(request, "accounts/link_sent.html", context)


def _purpose(request: Request) -> Purpose:
    return Purpose.PASSWORD if request.url.path.endswith("/password") else Purpose.SIGN_IN


def _link_page(request: Request, form: LinkForm, status: int = 200) -> Response:
    context = {"form": form, "is_for_password": _purpose(request) == Purpose.PASSWORD}
    return render(request, "accounts/link_wanted.html", context, status=status)


async def show_sign_in_link(request: Request) -> Response:
    """A person opens their link and sees a button. Mail scanners also open links, but press no buttons."""
    await set_guest_language(request)
    try:
        link = await find_link(request.path_params["token"], Purpose.SIGN_IN)
    except InvalidLink:
        return _invalid_link_page(request)
    set_language(link.person.language)
    return render(request, "accounts/link_sign_in.html", {"link": link}, headers=REFERRER_WITHOUT_PATH)


async def use_sign_in_link(request: Request) -> Response:
    """A person signs in with their link, which works once."""
    await set_guest_language(request)
    try:
        person = await use_link(request.path_params["token"])
    except InvalidLink:
        return _invalid_link_page(request)
    return await finish_sign_in(request, person, pages_of(request).url("desk"), is_confirmed=False)


async def show_password_link(request: Request) -> Response:
    """A person opens the link for choosing a new password."""
    return await _password_page(request, PasswordForm())


async def use_password_link(request: Request) -> Response:
    """A person chooses a new password; they are signed in here and signed out everywhere else."""
    await set_guest_language(request)
    form = PasswordForm(await read_small_form(request))
    try:
        link = await find_link(request.path_params["token"], Purpose.PASSWORD)
        if form.validate():
            await refuse_weak_password(form, await names_of_person(link.person), settings_of(request))
        if form.errors:
            return await _password_page(request, form, status=422)
        person = await reset_password(request.path_params["token"], form.password.data or "")
    except InvalidLink:
        return _invalid_link_page(request)
    set_language(person.language)
    response = await finish_sign_in(request, person, pages_of(request).url("desk"))
    flash(request, response, _("Your new password is now in use. You were signed out everywhere else."))
    return response


async def _password_page(request: Request, form: PasswordForm, status: int = 200) -> Response:
    await set_guest_language(request)
    try:
        link = await find_link(request.path_params["token"], Purpose.PASSWORD)
    except InvalidLink:
        return _invalid_link_page(request)
    set_language(link.person.language)
    context = {"form": form, "link": link}
    return render(
        request, "accounts/password_new.html", context, status=status, headers=REFERRER_WITHOUT_PATH
    )


def _invalid_link_page(request: Request) -> Response:
    return render(
        request,
        "accounts/link_invalid.html",
        {"is_for_address": False},
        status=410,
        headers=REFERRER_WITHOUT_PATH,
    )


async def edit_password(request: Request) -> Response:
    """A signed-in person opens the form for a new password."""
    await load_person(request)
    return render(request, "accounts/password_edit.html", {"form": OwnPasswordForm()})


async def update_password(request: Request) -> Response:
    """A person changes their password, and is signed out everywhere else."""
    person = await load_person(request)
    form = OwnPasswordForm(await read_small_form(request))
    status = 422
    if form.validate():
        await refuse_weak_password(form, await names_of_person(person), settings_of(request))
    if not form.errors:
        network = client_network(request)
        try:
            if await authenticate_by_password(
                person.email, form.present.data or "", network, settings_of(request)
            ):
                await change_password(person, form.password.data or "", request.state.session)
                response = redirect(request, "accounts:account")
                flash(
                    request,
                    response,
                    _("Your new password is now in use. You were signed out everywhere else."),
                )
                return response
            form.refuse("present", _("This is not your current password."))
        except TooManyAttempts:
            form.refuse("present", _("Too many attempts. Please wait a quarter of an hour and try again."))
            status = 429
    return render(request, "accounts/password_edit.html", {"form": form}, status=status)


routes = [
    Route("/desk/sign-in/link", new_link, name="accounts:new_link", methods=["GET"]),
    Route("/desk/sign-in/link", create_link, name="accounts:create_link", methods=["POST"]),
    Route("/desk/sign-in/password", new_link, name="accounts:new_password", methods=["GET"]),
    Route("/desk/sign-in/password", create_link, name="accounts:create_password", methods=["POST"]),
    Route("/desk/sign-in/{token:secret}", show_sign_in_link, name="accounts:show_link", methods=["GET"]),
    Route("/desk/sign-in/{token:secret}", use_sign_in_link, name="accounts:use_link", methods=["POST"]),
    Route("/desk/password", edit_password, name="accounts:edit_password", methods=["GET"]),
    Route("/desk/password", update_password, name="accounts:update_password", methods=["POST"]),
    Route(
        "/desk/password/{token:secret}", show_password_link, name="accounts:show_password", methods=["GET"]
    ),
    Route("/desk/password/{token:secret}", use_password_link, name="accounts:use_password", methods=["POST"]),
]
