"""The form with which a visitor reports a work, and the pages on which curators read and close reports."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.limits import FORM_WINDOW, count_attempts
from gallery.accounts.members import organisations_with_conflict
from gallery.artworks.access import load_on_view
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.contact.letters import LetterClosed, close_letter
from gallery.reviews import reports
from gallery.reviews.access import load_curator, load_report
from gallery.reviews.forms import CloseReportForm, ReportForm
from gallery.reviews.models import Report
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.languages import set_language
from gallery.web.rendering import flash, redirect, render, settings_of
from gallery.web.security import client_network

REPORTS_PER_NETWORK = 5  # reports allowed within limits.FORM_WINDOW
CLOSED_LISTED = 50


async def new(request: Request) -> Response:
    """A visitor opens the form to report a work."""
    return _form(request, await _load_reported_work(request), ReportForm())


async def create(request: Request) -> Response:
    """A visitor sends a report."""
    artwork = await _load_reported_work(request)
    form = ReportForm(await read_small_form(request))
    if not form.validate():
        return _form(request, artwork, form, 422)
    language = str(request.path_params["language"])
    if not form.nickname.data:  # honeypot: hidden from people, filled in by spam bots
        limits = {f"report from {client_network(request)}": REPORTS_PER_NETWORK}
        if not await count_attempts(limits, settings_of(request), FORM_WINDOW):
            form.refuse("told", _("Several reports came from your network. Please try again in an hour."))
            return _form(request, artwork, form, 429)
        await reports.create_report(artwork, form.values("reported_for", "told", "email"), language)
    return redirect(request, "reports:received", language=language)


async def received(request: Request) -> Response:
    """A visitor who reported a work reads what happens next."""
    set_language(request.path_params["language"])
    return render(request, "reports/received.html")


async def _load_reported_work(request: Request) -> Artwork:
    """The work in the URL; 404 if it is not on view, so that nobody learns that it exists."""
    set_language(request.path_params["language"])
    return await load_on_view(request.path_params["public_id"], "artist")


def _form(request: Request, artwork: Artwork, form: ReportForm, status: int = 200) -> Response:
    return render(request, "reports/new.html", {"artwork": artwork, "form": form}, status=status)


async def index(request: Request) -> Response:
    """A curator sees the open reports, the oldest first, and the recently closed ones."""
    person = await load_curator(request)
    readable = Report.exclude(artwork__organisation_id__in=[0, *await organisations_with_conflict(person.id)])
    closed = readable.filter(closed_at__isnull=False).order_by("-closed_at").limit(CLOSED_LISTED)
    waiting = await readable.filter(closed_at__isnull=True).order_by("id").prefetch_related("artwork")
    closed_reports = await closed.prefetch_related("artwork")
    await load_as_sent([report.artwork for report in [*waiting, *closed_reports]])
    context = {
        "waiting": waiting,
        "closed": closed_reports,
    }
    return render(request, "reports/index.html", context)


async def show(request: Request) -> Response:
    """A curator reads a report next to the work that it is about."""
    person, report = await load_report(request)
    await record(Verb.REPORT_READ, report.id, by=person)
    return _page(request, report, CloseReportForm())


async def close(request: Request) -> Response:
    """A curator closes a report and notes what was done."""
    person, report = await load_report(request)
    form = CloseReportForm(await read_small_form(request))
    if not form.validate():
        return _page(request, report, form, 422)
    try:
        await close_letter(report, form.note.data or "", person, Verb.REPORT_CLOSED)
    except LetterClosed:
        response = redirect(request, "reports:show", id=report.id)
        flash(request, response, _("This report has already been closed."), "error")
        return response
    response = redirect(request, "reports:index")
    flash(request, response, _("The report is closed."))
    return response


def _page(request: Request, report: Report, form: CloseReportForm, status: int = 200) -> Response:
    context = {"report": report, "form": form}
    return render(request, "reports/show.html", context, status=status)


routes = [
    Route("/{language:language}/works/{public_id:name}/report", new, name="reports:new", methods=["GET"]),
    Route(
        "/{language:language}/works/{public_id:name}/report", create, name="reports:create", methods=["POST"]
    ),
    Route("/{language:language}/reported", received, name="reports:received", methods=["GET"]),
    Route("/desk/reports", index, name="reports:index", methods=["GET"]),
    Route("/desk/reports/{id:int}", show, name="reports:show", methods=["GET"]),
    Route("/desk/reports/{id:int}/closing", close, name="reports:close", methods=["POST"]),
]
