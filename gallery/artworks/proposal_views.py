"""Changes that a partner proposes to an accepted work: other texts, or another picture."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artworks.access import load_artwork
from gallery.artworks.entry import WorkEntry
from gallery.artworks.forms import (
    ProposalForm,
    picture_blocks,
    picture_fields,
    proposal_form,
    translation_blocks,
    typed_texts,
)
from gallery.artworks.models import Artwork, Status
from gallery.artworks.redirects import redirect_to_work
from gallery.artworks.sent_pictures import add_sent_picture, earlier_upload
from gallery.artworks.submissions import NotSubmittable
from gallery.artworks.works import NEW_PICTURE, TRANSLATED_FIELDS
from gallery.images.models import Image
from gallery.images.uploads import FormReader
from gallery.web.languages import gettext as _
from gallery.web.rendering import render, settings_of, storage_of


async def new(request: Request) -> Response:
    """A partner opens the form to propose a change to an accepted work."""
    _person, _organisations, artwork = await load_artwork(request)
    if artwork.status != Status.ACCEPTED:
        return _redirect_not_accepted(request, artwork)
    return render_proposal(request, artwork, proposal_form(artwork))


async def create(request: Request) -> Response:
    """A partner proposes a change; the accepted work stays on view until a curator decides."""
    person, organisations, artwork = await load_artwork(request)
    storage, settings = storage_of(request), settings_of(request)
    async with storage.scratch_folder() as folder, WorkEntry(storage, settings, person) as entry:
        received = await FormReader(request, folder, settings.upload_max_bytes).read()
        form = proposal_form(artwork, received.fields)
        if artwork.is_editable or artwork.status == Status.WITHDRAWN:
            return _redirect_not_accepted(request, artwork)
        form.validate()
        entry.reuse_picture(await earlier_upload(received, organisations))
        status = await add_sent_picture(entry, received, artwork.organisation, form)
        if form.errors:
            entry.keep_picture()
            return render_proposal(request, artwork, form, status, entry.picture)
        return await _propose(request, artwork, form, entry)


async def _propose(request: Request, artwork: Artwork, form: ProposalForm, entry: WorkEntry) -> Response:
    try:
        await entry.propose(artwork, typed_texts(form), form.place_id, form.order)
    except NotSubmittable as refusal:
        if await Artwork.exists(id=artwork.id, status=Status.WITHDRAWN):
            await entry.discard_picture()
            return redirect_to_work(request, artwork, refusal.sentence)
        if not refusal.missing:
            form.refuse("title", refusal.sentence)
        for name, sentence in refusal.missing.items():
            form.refuse(name, sentence)
        if "picture" in refusal.missing:
            return render_proposal(request, artwork, form, 422)
        entry.keep_picture()
        return render_proposal(request, artwork, form, 422, entry.picture)
    sentence = _("Your change is with the curators. Until they decide, what was accepted stays on view.")
    return redirect_to_work(request, artwork, sentence, "done")


def _redirect_not_accepted(request: Request, artwork: Artwork) -> Response:
    return redirect_to_work(request, artwork, _("Changes can be proposed to works that are accepted."))


def render_proposal(
    request: Request, artwork: Artwork, form: ProposalForm, status: int = 200, kept: Image | None = None
) -> Response:
    hidden = {"caption"} if artwork.sound_id else {"caption", "transcript"}
    context = {
        "work": artwork,
        "form": form,
        "kept": kept,
        "translations": translation_blocks(form, [each for each in TRANSLATED_FIELDS if each not in hidden]),
        "captions": translation_blocks(form, ["caption"]),
        "picture_texts": picture_blocks(form, artwork),
        "new_picture": [form[name] for name in picture_fields([NEW_PICTURE])],
        "new_picture_translations": translation_blocks(form, picture_fields([NEW_PICTURE])),
    }
    return render(request, "artworks/proposal.html", context, status=status)


routes = [
    Route("/desk/works/{id:int}/proposal", new, name="artworks:propose", methods=["GET"]),
    Route("/desk/works/{id:int}/proposal", create, name="artworks:create_proposal", methods=["POST"]),
]
