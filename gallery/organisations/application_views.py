"""The public form for applications of organisations, and the curators' pages to admit or decline them."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.exceptions import IntegrityError

from gallery.accounts.access import load_curator
from gallery.accounts.limits import FORM_WINDOW, count_attempts
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.organisations import applications
from gallery.organisations.access import load_application
from gallery.organisations.applications import ApplicationAlreadyDecided
from gallery.organisations.forms import AdmissionForm, ApplicationForm, RefusalForm
from gallery.organisations.models import Application, ApplicationState
from gallery.organisations.views import redirect_to_invitation
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import set_language, site_languages
from gallery.web.rendering import flash, redirect, render, settings_of
from gallery.web.security import client_network

APPLICATIONS_PER_NETWORK = 5  # applications allowed within limits.FORM_WINDOW
DECIDED_LISTED = 50
APPLICATION_FIELDS = (
    "name",
    "registration_number",
    "what_it_is",
    "website",
    "about",
    "contact_name",
    "contact_email",
)


async def new(request: Request) -> Response:
    """A visitor opens the application form and reads what is expected of partners."""
    _set_language_of_path(request)
    return render(request, "applications/new.html", {"form": ApplicationForm()}, with_fonts=True)


async def create(request: Request) -> Response:
    """A visitor sends an organisation's application."""
    language = _set_language_of_path(request)
    form = ApplicationForm(await read_small_form(request))
    if not form.validate():
        return render(request, "applications/new.html", {"form": form}, status=422, with_fonts=True)
    if not form.nickname.data:  # honeypot: hidden from people, filled in by spam bots
        limits = {f"application from {client_network(request)}": APPLICATIONS_PER_NETWORK}
        if not await count_attempts(limits, settings_of(request), FORM_WINDOW):
            form.refuse(
                "contact_email",
                _("Several applications came from your network. Please try again in an hour."),
            )
            return render(request, "applications/new.html", {"form": form}, status=429, with_fonts=True)
        await applications.apply(form.values(*APPLICATION_FIELDS), language)
    return redirect(request, "applications:received", language=language)


async def received(request: Request) -> Response:
    """An applicant reads what happens next."""
    _set_language_of_path(request)
    return render(request, "applications/received.html", with_fonts=True)


def _set_language_of_path(request: Request) -> str:
    language = str(request.path_params["language"])
    if language not in site_languages():
        raise HTTPException(404)
    set_language(language)
    return language


async def index(request: Request) -> Response:
    """A curator sees the waiting and the recently decided applications."""
    await load_curator(request)
    decided = Application.exclude(state=ApplicationState.WAITING).order_by("-decided_at")
    context = {
        "waiting": await Application.filter(state=ApplicationState.WAITING).order_by("id"),
        "decided": await decided.limit(DECIDED_LISTED),
    }
    return render(request, "applications/index.html", context)


async def show(request: Request) -> Response:
    """A curator reads an application."""
    person, application = await load_application(request)
    await record(Verb.APPLICATION_READ, application.id, by=person)
    return _page(request, application)


async def admit(request: Request) -> Response:
    """A curator admits an organisation; its contact is invited."""
    person, application = await load_application(request)
    form = AdmissionForm(await read_small_form(request))
    if not form.validate():
        return _page(request, application, admission=form)
    days = settings_of(request).invitation_days
    try:
        token = await applications.admit(application, form.slug.data or "", person, days)
    except ApplicationAlreadyDecided as decided:
        return _back(request, application, str(decided.sentence), "error")
    except IntegrityError:
        form.refuse("slug", _("Another organisation has this name in web addresses. Please choose another."))
        return _page(request, application, admission=form)
    return await redirect_to_invitation(request, token)


async def decline(request: Request) -> Response:
    """A curator declines an application; the contact gets the reason."""
    person, application = await load_application(request)
    form = RefusalForm(await read_small_form(request))
    if not form.validate():
        return _page(request, application, refusal=form)
    try:
        await applications.decline(application, form.reason.data or "", person)
    except ApplicationAlreadyDecided as decided:
        return _back(request, application, str(decided.sentence), "error")
    sends_mail = settings_of(request).mail_server is not None
    mailed = _("Declined. The contact gets the reason by e-mail.")
    not_mailed = _("Declined. No mail server is set: please tell the contact the reason yourself.")
    return _back(request, application, mailed if sends_mail else not_mailed)


def _back(request: Request, application: Application, message: str, level: str = "done") -> Response:
    response = redirect(request, "applications:show", id=application.id)
    flash(request, response, message, level)
    return response


def _page(
    request: Request,
    application: Application,
    *,
    admission: AdmissionForm | None = None,
    refusal: RefusalForm | None = None,
) -> Response:
    context = {
        "application": application,
        "admission": admission or AdmissionForm(),
        "refusal": refusal or RefusalForm(),
    }
    return render(request, "applications/show.html", context, status=422 if admission or refusal else 200)


routes = [
    Route("/desk/applications", index, name="applications:index", methods=["GET"]),
    Route("/desk/applications/{id:int}", show, name="applications:show", methods=["GET"]),
    Route("/desk/applications/{id:int}/admission", admit, name="applications:admit", methods=["POST"]),
    Route("/desk/applications/{id:int}/refusal", decline, name="applications:decline", methods=["POST"]),
    Route("/{language}/join", new, name="applications:new", methods=["GET"]),
    Route("/{language}/join", create, name="applications:create", methods=["POST"]),
    Route("/{language}/join/received", received, name="applications:received", methods=["GET"]),
]
