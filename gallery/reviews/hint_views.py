"""Dismissing a hint, and the page with the wording list that hints on wording are based on."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.access import load_person
from gallery.reviews import hints
from gallery.reviews.access import load_hint, load_submitted
from gallery.reviews.checks.wording import wording_list
from gallery.reviews.forms import DismissForm
from gallery.reviews.queue import load_queue_filter
from gallery.reviews.review_page import new_review_form, review_page
from gallery.web.forms import read_desk_form
from gallery.web.rendering import redirect, render


async def update(request: Request) -> Response:
    """A curator dismisses a hint and says why it does not matter, or opens the hint again."""
    person, hint = await load_hint(request)
    posted = await read_desk_form(request)
    chosen = await load_queue_filter(request.query_params)
    response = redirect(request, "reviews:new", id=hint.artwork_id, fragment="hints", query=chosen.query)
    if posted.get("again"):
        await hints.reopen(hint)
        return response
    form = DismissForm(posted)
    if not form.validate():
        request.path_params["id"] = hint.artwork_id
        _person, artwork = await load_submitted(request)
        review_form = await new_review_form(artwork)
        return await review_page(
            request, person, artwork, review_form, chosen, dismissal=(hint.id, form), status=422
        )
    await hints.dismiss(hint, person, form.reason.data or "")
    return response


async def wording(request: Request) -> Response:
    """Anybody at the desk reads the wording list and its sources."""
    await load_person(request)
    return render(request, "reviews/wording.html", {"wording": wording_list()})


routes = [
    Route("/desk/queue/wording", wording, name="reviews:wording", methods=["GET"]),
    Route("/desk/queue/hints/{id:int}", update, name="reviews:dismiss", methods=["POST"]),
]
