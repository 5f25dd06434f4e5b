"""Requests for a new owner: the keepers' pages, and the page on which an owner objects."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_keeper, set_guest_language
from gallery.accounts.models import Person
from gallery.clock import now
from gallery.organisations import owner_requests
from gallery.organisations.access import load_organisation
from gallery.organisations.forms import OwnerRequestForm
from gallery.organisations.models import Organisation, OwnerRequest
from gallery.organisations.owner_requests import (
    OwnerRequestRefused,
    can_be_stopped,
    find_by_link,
    role_of_address,
)
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render, settings_of
from gallery.web.security import REFERRER_WITHOUT_PATH

REQUESTS_LISTED = 100


async def index(request: Request) -> Response:
    """A keeper sees all requests for new owners, and the time left for objections."""
    await load_keeper(request)
    rows = await (
        OwnerRequest.all()
        .order_by("-id")
        .limit(REQUESTS_LISTED)
        .prefetch_related("organisation", "asked_by", "objected_by", "invitation")
    )
    context = {"rows": rows, "can_be_stopped": can_be_stopped, "hours_left": hours_left}
    return render(request, "owner_requests/index.html", context)


def hours_left(owner_request: OwnerRequest) -> int:
    """Hours until the request takes effect, rounded up."""
    return max(0, -int(-(owner_request.effective_at - now()).total_seconds() // 3600))


async def new(request: Request) -> Response:
    """A keeper opens the form to request a new owner, and reads what the request does."""
    _keeper, organisation = await _load_organisation_as_keeper(request)
    return _form_page(request, organisation, OwnerRequestForm())


async def create(request: Request) -> Response:
    """A keeper requests a new owner; all current and former owners are notified and may object."""
    keeper, organisation = await _load_organisation_as_keeper(request)
    form = OwnerRequestForm(await read_small_form(request))
    if form.validate():
        try:
            await owner_requests.request_owner(
                organisation,
                form.email.data or "",
                form.reason.data or "",
                form.language.data,
                keeper,
                settings_of(request),
            )
        except OwnerRequestRefused as refusal:
            form.refuse("email", str(refusal.sentence))
        else:
            response = redirect(request, "owner_requests:index")
            flash(
                request,
                response,
                _(
                    "All present and former owners have been told. If nobody objects, the invitation will be sent in "
                    "72 hours."
                ),
            )
            return response
    return _form_page(request, organisation, form, status=422)


async def _load_organisation_as_keeper(request: Request) -> tuple[Person, Organisation]:
    keeper = await load_keeper(request)
    _person, organisation, _membership = await load_organisation(request)
    return keeper, organisation


def _form_page(
    request: Request, organisation: Organisation, form: OwnerRequestForm, status: int = 200
) -> Response:
    context = {"organisation": organisation, "form": form}
    return render(request, "owner_requests/new.html", context, status=status)


async def delete(request: Request) -> Response:
    """A keeper cancels a request."""
    keeper = await load_keeper(request)
    owner_request = await OwnerRequest.get_or_none(id=request.path_params["request"])
    if owner_request is None:
        raise HTTPException(404)
    stopped = await owner_requests.cancel(owner_request, keeper)
    response = redirect(request, "owner_requests:index")
    if stopped:
        flash(request, response, _("The request is cancelled."))
    else:
        flash(request, response, _("It is too late: the request has ended already."), "hint")
    return response


async def object_at_desk(request: Request) -> Response:
    """An owner objects on the page of their organisation."""
    person, organisation, own = await load_organisation(request)
    owner_request = await OwnerRequest.get_or_none(
        id=request.path_params["request"], organisation_id=organisation.id
    )
    if owner_request is None or own is None or not own.is_owner:
        raise HTTPException(404)
    stopped = await owner_requests.object_to(owner_request, person)
    response = redirect(request, "organisations:edit", id=organisation.id)
    if stopped:
        flash(request, response, _("You have objected, so nobody will be invited."))
    else:
        flash(request, response, _("It is too late: the request has ended already."), "hint")
    return response


async def show_objection(request: Request) -> Response:
    """A current or former owner opens the link of the mail, and sees a button for objecting."""
    await set_guest_language(request)
    owner_request = await _load_by_link(request)
    return await _objection_page(request, owner_request, is_open=can_be_stopped(owner_request))


async def create_objection(request: Request) -> Response:
    """A current or former owner objects by the link of the mail, without signing in."""
    await set_guest_language(request)
    owner_request = await _load_by_link(request)
    await owner_requests.object_to(owner_request, None)
    return await _objection_page(request, await _load_by_link(request), is_open=False)


async def _load_by_link(request: Request) -> OwnerRequest:
    owner_request = await find_by_link(request.path_params["request"], request.path_params["token"])
    if owner_request is None:
        raise HTTPException(404)
    return owner_request


async def _objection_page(request: Request, owner_request: OwnerRequest, *, is_open: bool) -> Response:
    context = {
        "owner_request": owner_request,
        "is_open": is_open,
        "role": await role_of_address(owner_request.email),
        "word": owner_request.state.label,
    }
    return render(request, "owner_requests/objection.html", context, headers=REFERRER_WITHOUT_PATH)


routes = [
    Route("/desk/owner-requests", index, name="owner_requests:index", methods=["GET"]),
    Route(
        "/desk/owner-requests/{request:int}/deletion", delete, name="owner_requests:delete", methods=["POST"]
    ),
    Route(
        "/desk/objections/{request:int}/{token:secret}",
        show_objection,
        name="owner_requests:show_objection",
        methods=["GET"],
    ),
    Route(
        "/desk/objections/{request:int}/{token:secret}",
        create_objection,
        name="owner_requests:create_objection",
        methods=["POST"],
    ),
    Route("/desk/organisations/{id:int}/owner-requests/new", new, name="owner_requests:new", methods=["GET"]),
    Route(
        "/desk/organisations/{id:int}/owner-requests", create, name="owner_requests:create", methods=["POST"]
    ),
    Route(
        "/desk/organisations/{id:int}/owner-requests/{request:int}/objection",
        object_at_desk,
        name="owner_requests:object",
        methods=["POST"],
    ),
]
