"""The pages of sign-in, invitations and one's own account."""

from __future__ import annotations

from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gallery.accounts import invitations
from gallery.accounts.access import load_person, load_signed_in, next_page, set_guest_language
from gallery.accounts.account_deletion import AccountDeletionRefused, close_account, deletion_obstacle
from gallery.accounts.confirmation import require_confirmation
from gallery.accounts.forms import AcceptForm, AccountForm, SignInForm
from gallery.accounts.invitations import InvalidInvitation, InviterNotAllowed
from gallery.accounts.limits import TooManyAttempts
from gallery.accounts.models import Person, Role, Session
from gallery.accounts.password_rules import names_of_organisation, refuse_weak_password
from gallery.accounts.second_step_views import finish_sign_in, sign_in_options
from gallery.accounts.sessions import (
    MAX_SESSION_LIFETIME,
    authenticate_by_password,
    close_session,
    current_session,
    open_session,
)
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction
from gallery.mail.outbox import change_digest_preference
from gallery.numbers import row_id
from gallery.web.forms import read_desk_form, read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import set_language
from gallery.web.rendering import flash, pages_of, redirect, render, settings_of
from gallery.web.security import client_network


async def desk(request: Request) -> Response:
    """Redirect a partner to their works, and a curator to the review queue."""
    person = await load_person(request)
    return redirect(request, "reviews:index" if person.is_curator else "artworks:index")


async def new_session(request: Request) -> Response:
    """A person opens the sign-in page."""
    await set_guest_language(request)
    if await current_session(request):
        return RedirectResponse(next_page(request), status_code=303)
    return _sign_in_page(request, SignInForm())


def _sign_in_page(request: Request, form: SignInForm, status: int = 200) -> Response:
    context = {
        "form": form,
        "next": next_page(request),
        "options": sign_in_options(settings_of(request)),
        "passkey_error": "",
    }
    return render(request, "accounts/sign_in.html", context, status=status)


async def create_session(request: Request) -> Response:
    """A person signs in, and is redirected to the page that they wanted."""
    await set_guest_language(request)
    form = SignInForm(await read_small_form(request))
    status = 422
    if form.validate():
        network = client_network(request)
        try:
            person = await authenticate_by_password(
                form.email.data or "", form.password.data or "", network, settings_of(request)
            )
        except TooManyAttempts:
            form.refuse("password", _("Too many attempts. Please wait a quarter of an hour and try again."))
            status = 429
        else:
            if person is not None:
                return await finish_sign_in(request, person, next_page(request))
            form.refuse("password", _("The e-mail address and the password do not match. Please check both."))
    return _sign_in_page(request, form, status)


async def delete_session(request: Request) -> Response:
    """A person signs out on this device."""
    person = await load_signed_in(request)
    async with in_transaction():
        await Session.filter(id=request.state.session.id).delete()
        await record(Verb.ACCOUNT_SIGNED_OUT, person.id)
    response = redirect(request, "accounts:sign_in")
    close_session(request, response)
    return response


async def show_invitation(request: Request) -> Response:
    """A person opens the link of an invitation and sees what it offers."""
    return await _invitation_page(request, AcceptForm())


async def accept_invitation(request: Request) -> Response:
    """A person accepts an invitation: with a name and a password, or with their existing account."""
    await set_guest_language(request)
    token = request.path_params["token"]
    try:
        invitation = await invitations.open_invitation(token)
        if invitation is None:
            raise HTTPException(404)
        session = await current_session(request)
        if session is not None and session.person.email == invitation.email:
            person = await load_signed_in(request)
            if invitation.role != Role.MEMBER:
                await require_confirmation(request)
            await invitations.accept_with_account(invitation, person)
            return redirect(request, "desk")
        form = AcceptForm(await read_small_form(request))
        organisation = names_of_organisation(invitation.organisation) if invitation.organisation else []
        own = [form.name.data or "", invitation.email, *organisation]
        if form.validate():
            await refuse_weak_password(form, own, settings_of(request))
        if await Person.exists(email=invitation.email) or form.errors:
            return await _invitation_page(request, form, status=422)
        person = await invitations.accept(invitation, form.name.data or "", form.password.data or "")
    except InvalidInvitation as spent:
        return _invalid_invitation_page(request, spent)
    response = redirect(request, "desk")
    await open_session(request, response, person)
    flash(request, response, _("Welcome. Your account is ready."))
    return response


def _invalid_invitation_page(request: Request, spent: InvalidInvitation) -> Response:
    context = {"is_void": isinstance(spent, InviterNotAllowed)}
    return render(request, "accounts/invitation_invalid.html", context, status=410)


async def _invitation_page(request: Request, form: AcceptForm, status: int = 200) -> Response:
    await set_guest_language(request)
    try:
        invitation = await invitations.open_invitation(request.path_params["token"])
    except InvalidInvitation as spent:
        return _invalid_invitation_page(request, spent)
    if invitation is None:
        raise HTTPException(404)
    if "language" not in request.query_params:
        set_language(invitation.language)
    session = await current_session(request)
    context = {
        "form": form,
        "invitation": invitation,
        "has_account": await Person.exists(email=invitation.email),
        "is_theirs": session is not None and session.person.email == invitation.email,
        "sign_in": f"{pages_of(request).url('accounts:sign_in')}?next={quote(request.url.path)}",
    }
    return render(request, "accounts/invitation.html", context, status=status)


async def edit_account(request: Request) -> Response:
    """A person sees their name, language and signed-in devices."""
    person = await load_person(request)
    return await _account_page(request, AccountForm(obj=person), person)


async def update_account(request: Request) -> Response:
    """A person changes their name, their language, or whether they get a daily digest."""
    person = await load_person(request)
    form = AccountForm(await read_desk_form(request))
    if not form.validate():
        return await _account_page(request, form, person, status=422)
    person.name, person.language = form.name.data or "", form.language.data
    person.wants_digest = form.wants_digest.data
    async with in_transaction():
        await person.save(update_fields=["name", "language", "wants_digest"])
        await change_digest_preference(person, wants_digest=person.wants_digest)
        await record(Verb.ACCOUNT_CHANGED, person.id)
    set_language(person.language)
    response = redirect(request, "accounts:account")
    flash(request, response, _("Saved."))
    return response


async def _account_page(request: Request, form: AccountForm, person: Person, status: int = 200) -> Response:
    sessions = await Session.filter(person=person).order_by("-seen_at")
    context = {
        "form": form,
        "sessions": sessions,
        "this_session": request.state.session,
        "lasts_at_most": MAX_SESSION_LIFETIME,
    }
    return render(request, "accounts/account.html", context, status=status)


async def delete_sessions(request: Request) -> Response:
    """A person signs out on all other devices, or on one device of the list."""
    person = await load_person(request)
    others = Session.filter(person=person).exclude(id=request.state.session.id)
    chosen = (await read_desk_form(request)).get("session")
    if isinstance(chosen, str) and chosen:
        others = others.filter(id=row_id(chosen))
    async with in_transaction():
        if await others.delete():
            await record(Verb.ACCOUNT_SESSIONS_ENDED, person.id)
    response = redirect(request, "accounts:account")
    flash(request, response, _("Signed out there."))
    return response


async def new_account_deletion(request: Request) -> Response:
    """A person reads which data is kept when they close their account, and whether they can close it."""
    person = await load_person(request)
    return render(request, "accounts/closing.html", {"obstacle": await deletion_obstacle(person)})


async def create_account_deletion(request: Request) -> Response:
    """A person closes their account: name and address are deleted, and they are signed out everywhere."""
    person = await load_person(request)
    await require_confirmation(request)
    try:
        await close_account(person)
    except AccountDeletionRefused as refusal:
        return render(request, "accounts/closing.html", {"obstacle": refusal.sentence}, status=422)
    response = redirect(request, "accounts:sign_in")
    close_session(request, response)
    flash(request, response, _("Your account is closed. Thank you for what you did here."))
    return response


routes = [
    Route("/desk", desk, name="desk", methods=["GET"]),
    Route("/desk/sign-in", new_session, name="accounts:sign_in", methods=["GET"]),
    Route("/desk/sign-in", create_session, name="accounts:create_session", methods=["POST"]),
    Route("/desk/sign-out", delete_session, name="accounts:sign_out", methods=["POST"]),
    Route("/desk/invitations/{token:secret}", show_invitation, name="accounts:invitation", methods=["GET"]),
    Route("/desk/invitations/{token:secret}", accept_invitation, name="accounts:accept", methods=["POST"]),
    Route("/desk/account", edit_account, name="accounts:account", methods=["GET"]),
    Route("/desk/account", update_account, name="accounts:update", methods=["POST"]),
    Route("/desk/account/closing", new_account_deletion, name="accounts:closing", methods=["GET"]),
    Route("/desk/account/closing", create_account_deletion, name="accounts:close", methods=["POST"]),
    Route("/desk/account/sessions", delete_sessions, name="accounts:delete_sessions", methods=["POST"]),
]
