"""The responses to exceptions: pages in the reader's language, and problem details for programs."""

from __future__ import annotations

import hmac
import logging
import sqlite3
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Match
from starlette.types import ExceptionHandler
from tortoise.exceptions import OperationalError, TransactionManagementError, ValidationError

from gallery.accounts.access import SecondFactorRequired, SignInRequired
from gallery.accounts.confirmation import ConfirmationRequired, ask_to_confirm
from gallery.api.problems import Problem, is_api_request, problem_response, status_response
from gallery.artworks.access import NotOnView
from gallery.db.connection import is_closed, is_outage
from gallery.images.uploads import MalformedForm
from gallery.monitoring.request_log import current_request
from gallery.public.media import NOT_FOR_MACHINES
from gallery.public.view_models import ShownWork, style_sheet
from gallery.public.work_of_the_day import CHOICES, daily_works_of
from gallery.storage import StoreUnavailable
from gallery.web.languages import accepted_language, page_prefixes, set_language, site_languages
from gallery.web.rendering import DESK, pages_of, redirect, render, settings_of
from gallery.web.security import security_headers

logger = logging.getLogger("gallery")

RETRY_AFTER = "30"  # seconds
TEMPLATES = {404: "errors/404.html", 410: "errors/410.html"}


async def show_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if is_api_request(request):
        return status_response(request, error.status_code, error.headers)
    if error.status_code == 405 and request.method in {"GET", "HEAD"} and (page := _page_above(request)):
        return RedirectResponse(page, status_code=303)
    _set_language(request)
    template = TEMPLATES.get(error.status_code, "errors/other.html")
    is_public = not request.url.path.startswith(DESK)
    context = {"status": error.status_code, **await _picture_for(request, error)}
    response = render(request, template, context, status=error.status_code, with_fonts=is_public)
    response.headers.update(error.headers or {})
    work = context.get("work")
    if isinstance(work, ShownWork) and not work.is_for_machines:
        response.headers.update(NOT_FOR_MACHINES)
    return response


async def _picture_for(request: Request, error: HTTPException) -> dict[str, Any]:
    """The template's values for a picture on view; none if the database is away.

    A page below a language is answered after the page cache has asked for the content version. So this makes
    a query only after a change, and none for other addresses.
    """
    content = request.app.state.content
    if error.status_code not in TEMPLATES or content.fresh() is None:
        return {}
    if not request.url.path.startswith(page_prefixes()):
        return {}
    try:
        works = await daily_works_of(request).works(CHOICES)
    except Exception as failure:
        if not is_outage(failure):
            raise
        return {}
    work = _neutral_choice(request, error, works)
    return {"work": work, "style": style_sheet([work])} if work else {}


def _neutral_choice(request: Request, error: HTTPException, works: list[ShownWork]) -> ShownWork | None:
    """The work of the day; on the page of a work that is not on view, a work of another organisation.

    Which of the others is derived from the address and a secret, so that nobody can tell whose work it was
    from the one that is missing.
    """
    if isinstance(error, NotOnView):
        others = [work for work in works if work.organisation_id != error.organisation_id]
        address = request.path_params.get("public_id", "").encode()
        digest = hmac.digest(settings_of(request).secret_key.encode(), address, "sha256")
        return others[digest[0] % len(others)] if others else None
    return works[0] if works and error.status_code == 404 else None


def _page_above(request: Request) -> str:
    """For an address that only accepts POST: the page that has its form; "" if there is none.

    A browser that discarded a tab after a form was sent requests the form's address with GET.
    """
    path = request.url.path
    while path.count("/") > 1:
        path = path.rpartition("/")[0]
        scope = {"type": "http", "path": path, "method": "GET"}
        if any(route.matches(scope)[0] == Match.FULL for route in request.app.routes):
            return path
    return ""


def show_bad_address(request: Request) -> Response:
    """Respond with 400 to a URL with a NUL character, which no route accepts."""
    if is_api_request(request):
        return problem_response(request, Problem(400))
    return PlainTextResponse("There is no such address.\n", 400)


async def ask_to_sign_in(request: Request, error: Exception) -> Response:
    """Redirect to the sign-in page, which then redirects back to the requested page, or to the page of the
    sent form.
    """
    url = str(request.url) if request.method == "GET" else request.headers.get("referer", "")
    wanted = urlsplit(url)
    page = wanted.path + (f"?{wanted.query}" if wanted.query else "")
    query = f"?next={quote(page)}" if page else ""
    return RedirectResponse(pages_of(request).url("accounts:sign_in") + query, status_code=303)


async def ask_for_second_factor(request: Request, error: Exception) -> Response:
    """Redirect to the page for setting up a second factor; until then no other page of the desk opens."""
    return redirect(request, "accounts:second_factor")


async def show_bad_form(request: Request, error: Exception) -> Response:
    _set_language(request)
    return render(request, "errors/other.html", {"status": 400}, status=400)


async def note_disconnect(request: Request, error: Exception) -> Response:
    """Log that the connection closed before the whole body arrived. The response reaches nobody."""
    logger.warning("A request broke off before all of it had arrived; nothing was done.")
    return await show_error(request, HTTPException(408, headers={"connection": "close"}))


async def show_not_found(request: Request, error: Exception) -> Response:
    """Respond with 404 to a URL that contains a value longer than its database column.

    A POST raises the error: forms limit their fields, so a value that is too long is a bug.
    """
    if request.method not in {"GET", "HEAD"}:
        raise error
    return await show_error(request, HTTPException(404))


async def show_store_unavailable(request: Request, error: Exception) -> Response:
    """Respond with 503 while the picture store cannot be reached."""
    logger.warning("%s", error)
    return await show_error(request, HTTPException(503, headers={"retry-after": RETRY_AFTER}))


async def show_outage(request: Request, error: Exception) -> Response:
    """Respond with 503 while the database is unreachable or a disk is full, and to a change while the site is moved."""
    if not is_closed(error) and not is_outage(error):
        raise error
    if not is_closed(error):
        logger.warning("A request has failed: %s", error)
    if is_api_request(request):
        return status_response(request, 503, {"retry-after": RETRY_AFTER})
    _set_language(request)
    template = "errors/moving.html" if is_closed(error) else "errors/outage.html"
    return render(request, template, status=503, headers={"retry-after": RETRY_AFTER})


async def show_failure(request: Request, error: Exception) -> Response:
    """Respond with 500 to an unexpected exception.

    Starlette sends this response from outside the middleware, so the security headers are set here.
    """
    headers = security_headers(pages_of(request).settings)
    if is_api_request(request):
        return status_response(request, 500, headers)
    _set_language(request)
    current = current_request()
    context = {"error_id": current.id if current else ""}  # a keeper finds the error in the log by it
    return render(request, "errors/500.html", context, status=500, headers=headers)


def _set_language(request: Request) -> None:
    """Use the person's language at the desk; on other pages the language in the path, or else the browser's language."""
    person = getattr(request.state, "person", None)
    first = request.url.path.split("/")[1]
    if person is not None and request.url.path.startswith(DESK):
        set_language(person.language)
    elif first in site_languages():
        set_language(first)
    else:
        set_language(accepted_language(request.headers.get("accept-language", "")))


HANDLERS: dict[int | type[Exception], ExceptionHandler] = {
    HTTPException: show_error,
    SignInRequired: ask_to_sign_in,
    SecondFactorRequired: ask_for_second_factor,
    ConfirmationRequired: ask_to_confirm,
    MalformedForm: show_bad_form,
    ClientDisconnect: note_disconnect,
    ValidationError: show_not_found,
    StoreUnavailable: show_store_unavailable,
    **dict.fromkeys(
        (OperationalError, TransactionManagementError, sqlite3.OperationalError, OSError), show_outage
    ),
    500: show_failure,
}
