"""Sharing an artist's private details with the curators, for one review."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.accounts.models import Person
from gallery.artworks.access import load_artwork
from gallery.artworks.models import Artwork, Submission
from gallery.artworks.private_share_models import PrivateShare
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.web.forms import read_small_form
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect


async def share_of(artwork_id: int) -> PrivateShare | None:
    """The private share of a work that is in force, or None."""
    return await PrivateShare.filter(submission__artwork_id=artwork_id, submission__is_waiting=True).first()


async def share(artwork: Artwork, by: Person) -> bool:
    """Let curators read the private details until they decide; False if the work is not under review."""
    async with in_transaction():
        await locked(Artwork.filter(id=artwork.id)).get()
        waiting = await Submission.filter(artwork_id=artwork.id, is_waiting=True).order_by("-number").first()
        if waiting is None:
            return False
        if not await PrivateShare.exists(submission_id=waiting.id):
            await PrivateShare.create(submission_id=waiting.id, by=by, at=now())
            await record(Verb.WORK_PRIVATE_SHARED, artwork.id, organisation_id=artwork.organisation_id, by=by)
        return True


async def end_share(artwork: Artwork, by: Person) -> None:
    async with in_transaction():
        if await PrivateShare.filter(submission__artwork_id=artwork.id).delete():
            await record(
                Verb.WORK_PRIVATE_UNSHARED, artwork.id, organisation_id=artwork.organisation_id, by=by
            )


async def update(request: Request) -> Response:
    """A partner starts or stops sharing the artist's private details with the curators, for this review."""
    person, _organisations, artwork = await load_artwork(request)
    response = redirect(request, "artworks:show", id=artwork.id, fragment="private")
    if "is_shared" not in await read_small_form(request):
        await end_share(artwork, person)
        flash(request, response, _("Curators can no longer read the private details."))
    elif await share(artwork, person):
        flash(request, response, _("Curators can read the private details until they decide on this work."))
    else:
        flash(request, response, _("The work does not wait for a review, so nothing is shared."), "hint")
    return response


routes = [
    Route("/desk/works/{id:int}/private-share", update, name="private_shares:update", methods=["POST"]),
]
