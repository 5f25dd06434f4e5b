"""The list of automatically accepted works to look at, and setting and lifting a veto."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.models import Person
from gallery.artworks.as_sent import load_as_sent
from gallery.artworks.models import Artwork
from gallery.numbers import whole_numbers
from gallery.reviews import vetoes
from gallery.reviews.access import load_curator, load_submitted
from gallery.reviews.forms import LiftForm, VetoForm
from gallery.reviews.models import LaterCheck
from gallery.reviews.queue import load_queue_filter
from gallery.reviews.review_page import new_review_form, review_page
from gallery.reviews.trust import mark_checked
from gallery.reviews.vetoes import VetoRefused
from gallery.storage import StoreUnavailable
from gallery.web.forms import read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import ngettext
from gallery.web.rendering import flash, redirect, render, storage_of

logger = logging.getLogger("gallery")
PER_PAGE = 50


async def index(request: Request) -> Response:
    """A curator sees the automatically accepted works that nobody has looked at, the oldest first."""
    await load_curator(request)
    waiting = LaterCheck.filter(looked_at__isnull=True)
    checks = (
        await waiting.order_by("id")
        .limit(PER_PAGE)
        .select_related("review__artwork__image", "review__artwork__artist", "review__artwork__organisation")
    )
    await load_as_sent([check.review.artwork for check in checks])
    context = {"checks": checks, "count": await waiting.count()}
    return render(request, "reviews/later_checks.html", context)


async def update(request: Request) -> Response:
    """A curator marks works that they have looked at and found right."""
    person = await load_curator(request)
    ids = whole_numbers((await read_desk_form(request)).getlist("check"))
    number = await mark_checked(ids[:PER_PAGE], person)
    response = redirect(request, "later_checks:index")
    if number:
        message = ngettext(
            "%(num)s work has been dealt with.", "%(num)s works have been dealt with.", number
        ) % {"num": number}
        flash(request, response, message)
    else:
        flash(request, response, _("Please choose at least one work."), "hint")
    return response


async def create_veto(request: Request) -> Response:
    """A curator sets a veto on an accepted work, because showing it might harm somebody."""
    person, artwork = await load_submitted(request)
    form = VetoForm(await read_desk_form(request))
    if not form.validate():
        return await _render_again(request, person, artwork, form)
    response = redirect(request, "reviews:new", id=artwork.id, fragment="veto")
    try:
        await vetoes.veto(artwork, storage_of(request), person, form.concern.data or "")
    except VetoRefused as refusal:
        flash(request, response, str(refusal.sentence), "hint")
    except StoreUnavailable as away:
        logger.warning("%s", away)
        flash(
            request,
            response,
            _("It is off every page. Copies of its picture are still being deleted."),
            "hint",
        )
    else:
        flash(request, response, _("It is off view, and its public files have been deleted."))
    return response


async def delete_veto(request: Request) -> Response:
    """A curator lifts a veto; the work waits for review again."""
    person, artwork = await load_submitted(request)
    form = LiftForm(await read_desk_form(request))
    if not form.validate():
        return await _render_again(request, person, artwork, form)
    response = redirect(request, "reviews:new", id=artwork.id)
    try:
        await vetoes.lift_veto(artwork, person, form.concern.data or "")
    except VetoRefused as refusal:
        flash(request, response, str(refusal.sentence), "hint")
    else:
        flash(request, response, _("The veto is lifted. The work waits for review."))
    return response


async def _render_again(
    request: Request, person: Person, artwork: Artwork, form: VetoForm | LiftForm
) -> Response:
    """The page of the work, with the refused form as it was typed."""
    chosen = await load_queue_filter(request.query_params)
    review_form = await new_review_form(artwork)
    return await review_page(request, person, artwork, review_form, chosen, veto_form=form, status=422)


routes = [
    Route("/desk/later", index, name="later_checks:index", methods=["GET"]),
    Route("/desk/later", update, name="later_checks:update", methods=["POST"]),
    Route("/desk/queue/{id:int}/veto", create_veto, name="vetoes:create", methods=["POST"]),
    Route("/desk/queue/{id:int}/veto/end", delete_veto, name="vetoes:delete", methods=["POST"]),
]
