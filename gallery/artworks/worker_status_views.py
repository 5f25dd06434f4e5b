"""The keepers' page about the site's health: the traffic light, workers, the queue, and failed pictures."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tortoise.expressions import Q

from gallery.accounts.access import load_keeper
from gallery.artworks.models import Artwork, Submission, has_image
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import REFUSALS
from gallery.mail.models import Mail, MailState
from gallery.monitoring.signals import SEVERITY, signals, worst
from gallery.monitoring.state import read_state
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import flash, redirect, render, settings_of

MAX_LISTED = 50
IMAGE_RELATIONS = ("artwork", "further_picture__artwork", "organisation")


async def show(request: Request) -> Response:
    """A keeper sees whether the site is healthy, which workers are alive, what is queued, and which pictures failed."""
    await load_keeper(request)
    state = await read_state(settings_of(request))
    found = signals(state, settings_of(request))
    late = Image.filter(state=ImageState.RECEIVED, failures__gt=0).order_by("attempt_after", "id")
    of_works = Q(artwork__id__not_isnull=True) | Q(further_picture__id__not_isnull=True)
    failed = Image.filter(of_works, state=ImageState.REFUSED).order_by("-id")
    lengths: list[tuple[Any, int]] = [
        (_l("Pictures to be prepared"), state.pictures.count),
        (
            _l("Pictures in progress"),
            await Image.filter(state=ImageState.RECEIVED, lease_until__gt=now()).count(),
        ),
        (_l("Voices to be prepared"), state.sounds.count),
        (
            _l("Submissions to be looked through"),
            await Submission.filter(checked_with=0, is_waiting=True).count(),
        ),
        (_l("Mails to be sent"), await Mail.filter(state=MailState.UNSENT).count()),
        (_l("Mails given up"), await Mail.filter(state=MailState.GIVEN_UP).count()),
        (_l("Withdrawals whose files are being deleted"), state.withdrawals.count),
    ]
    context = {
        "signals": sorted(found, key=lambda signal: -SEVERITY[signal.light]),
        "light": worst(found),
        "state": state,
        "lengths": lengths,
        "failed": await failed.limit(MAX_LISTED).prefetch_related(*IMAGE_RELATIONS),
        "failed_count": await failed.count(),
        "late": await late.limit(MAX_LISTED).prefetch_related(*IMAGE_RELATIONS),
        "late_count": state.pictures_late,
        "refusals": REFUSALS,
        "limits": settings_of(request),
    }
    return render(request, "worker_status/show.html", context)


async def retry(request: Request) -> Response:
    """A keeper has the worker retry a picture that failed or exceeded its time limit."""
    await load_keeper(request)
    image = await Image.get_or_none(id=request.path_params["id"])
    if image is None:
        raise HTTPException(404)
    artwork = await Artwork.filter(has_image([image.id]) | Q(id=image.candidate_for_id or 0)).first()
    if artwork is None:
        raise HTTPException(404)
    fragment = "late" if image.state == ImageState.RECEIVED else "failed"
    async with in_transaction():
        again = await Image.filter(
            Q(state=ImageState.REFUSED) | Q(state=ImageState.RECEIVED, failures__gt=0), id=image.id
        ).update(
            state=ImageState.RECEIVED,
            refusal="",
            failures=0,
            losses=0,
            lease_until=None,
            attempt_after=None,
        )
        if again:
            await record(Verb.WORK_PICTURE_RETRIED, artwork.id, organisation_id=image.organisation_id)
    response = redirect(request, "worker_status:show", fragment=fragment)
    flash(request, response, _("It will be tried again."))
    return response


routes = [
    Route("/desk/worker", show, name="worker_status:show", methods=["GET"]),
    Route("/desk/worker/pictures/{id:int}", retry, name="worker_status:retry", methods=["POST"]),
]
