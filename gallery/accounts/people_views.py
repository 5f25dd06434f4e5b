"""The keepers' page about people: accounts, roles and suspensions."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Case, Q, When

from gallery.accounts import people
from gallery.accounts.access import load_keeper
from gallery.accounts.confirmation import require_confirmation
from gallery.accounts.models import Invitation, Person, Role
from gallery.accounts.people import AccountChangeRefused
from gallery.clock import now
from gallery.web.forms import one_line, read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.list_pages import fetch_page
from gallery.web.rendering import flash, redirect, render

PAGE_SIZE = 50
KEEPERS_FIRST = Case(When(role=Role.KEEPER, then="1"), When(role=Role.CURATOR, then="2"), default="3")


async def index(request: Request) -> Response:
    """A keeper sees all accounts, keepers and curators first, and the invitations of keepers and curators."""
    await load_keeper(request)
    search = request.query_params.get("q", "").strip()[:80]
    people_found = Person.exclude(email__endswith="@invalid")  # closed accounts are not listed
    if search:
        people_found = people_found.filter(Q(name__icontains=search) | Q(email__icontains=search))
    in_order = people_found.annotate(rank=KEEPERS_FIRST).order_by("-is_active", "rank", "name", "id")
    page = await fetch_page(
        in_order.prefetch_related("memberships__organisation", "sessions"), request.query_params, PAGE_SIZE
    )
    invited = Invitation.filter(accepted_at__isnull=True, expires_at__gt=now()).exclude(role=Role.MEMBER)
    context = {
        "people": page.rows,
        "page": page,
        "query": urlencode({"q": search} if search else {}),
        "count": await people_found.count(),
        "search": search,
        "roles": list(Role),
        "invited": await invited.order_by("id") if page.number == 1 else [],
        "last_seen": {
            each.id: max((session.seen_at for session in each.sessions), default=None) for each in page.rows
        },
    }
    return render(request, "people/index.html", context)


async def update(request: Request) -> Response:
    """A keeper changes a role, signs a person out, suspends them, restores access, or requests a reset."""
    keeper = await load_keeper(request)
    person = await Person.get_or_none(id=request.path_params["id"])
    if person is None:
        raise HTTPException(404)
    posted = await read_desk_form(request)
    response = redirect(request, "people:index")
    role, wish = str(posted.get("role", "")), str(posted.get("wish", ""))
    if wish not in {"stop", "sign_out"}:  # removing access may be urgent: no confirmation
        await require_confirmation(request)
    try:
        if wish == "stop":
            await people.suspend(person, keeper)
        elif wish == "sign_out":
            await people.sign_out_everywhere(person, keeper)
        elif wish == "let_in_again":
            await people.restore_access(person, keeper)
        elif wish == "reset":
            await people.request_second_factor_reset(person, one_line(str(posted.get("reason", ""))), keeper)
        elif role in set(Role):
            await people.change_role(person, Role(role), keeper)
        else:
            flash(request, response, _("Please choose something that is in the list."), "error")
            return response
    except AccountChangeRefused as refusal:
        flash(request, response, str(refusal.sentence), "error")
    else:
        messages = {
            "reset": _(
                "They have been told by mail. Unless they sign in with the second factor first, it is removed in "
                "three days."
            ),
            "sign_out": _("Signed out everywhere. They can sign in again."),
        }
        flash(request, response, messages.get(wish, _("Saved.")))
    return response


routes = [
    Route("/desk/people", index, name="people:index", methods=["GET"]),
    Route("/desk/people/{id:int}", update, name="people:update", methods=["POST"]),
]
