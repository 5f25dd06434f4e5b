"""The pictures of a draft or returned work: a page that takes several files, and orders and removes pictures."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gallery.artworks.access import load_artwork
from gallery.artworks.entry import WorkEntry
from gallery.artworks.forms import ACCEPTED_PICTURES
from gallery.artworks.models import MAX_PICTURES, Artwork
from gallery.artworks.pictures import move_picture, remove_picture, too_many_pictures
from gallery.artworks.redirects import redirect_to_work
from gallery.artworks.works import NotEditable, WorkRefused, not_editable_reason
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.uploads import MultiFileFormReader, ReceivedFile, too_large
from gallery.storage import StoreUnavailable
from gallery.web.forms import read_desk_form
from gallery.web.languages import file_size
from gallery.web.languages import gettext as _
from gallery.web.rendering import flash, redirect, render, settings_of, storage_of

logger = logging.getLogger("gallery")

MAX_FORM_BYTES = 300_000_000  # for all files of one form together
PLACES = {"up": -1, "down": 1, "first": -MAX_PICTURES}


async def edit(request: Request) -> Response:
    """A partner opens the page with the pictures of a draft or returned work."""
    _person, _organisations, artwork = await load_artwork(request)
    if not artwork.is_editable:
        return redirect_to_work(request, artwork, not_editable_reason(artwork.status))
    return _render_page(request, artwork)


async def create(request: Request) -> Response:
    """A partner adds one or more pictures to the work, in the order of the files."""
    person, _organisations, artwork = await load_artwork(request)
    storage, settings = storage_of(request), settings_of(request)
    refused: list[tuple[str, str]] = []
    async with storage.scratch_folder() as folder:
        reader = MultiFileFormReader(request, folder, settings.upload_max_bytes, MAX_PICTURES, MAX_FORM_BYTES)
        received = await reader.read()
        if not artwork.is_editable:
            return redirect_to_work(request, artwork, not_editable_reason(artwork.status))
        for file in received.files:
            async with WorkEntry(storage, settings, person) as entry:
                try:
                    if sentence := await _add(entry, artwork, file):
                        refused.append((file.name, sentence))
                except NotEditable as refusal:  # submitted while the files arrived
                    return redirect_to_work(request, artwork, refusal.sentence)
    refused += [(name, too_large(settings.upload_max_bytes)) for name in received.too_large]
    refused += [(name, _left_out()) for name in received.left_out]
    if not received.files and not refused:
        refused.append(("", _("Please choose one picture or more.")))
    response = redirect(request, "pictures:edit", id=artwork.id)
    if refused:
        _person, _organisations, artwork = await load_artwork(request)
        return _render_page(request, artwork, refused, status=422)
    flash(
        request,
        response,
        _("The pictures have arrived. Please describe each of them in the form of the work."),
    )
    return response


async def _add(entry: WorkEntry, artwork: Artwork, file: ReceivedFile) -> str:
    """Add one file to the work; returns the reason if that is not possible, else "". Raises NotEditable."""
    if not file.size:
        return _("This file is empty: it has 0 bytes. Please choose the picture again.")
    try:
        await entry.add_picture(file, artwork.organisation)
        await entry.append_picture(artwork)
    except ImageRefused as refusal:
        return str(REFUSALS[refusal.code])
    except WorkRefused as refusal:
        return refusal.sentence
    except StoreUnavailable as error:
        logger.warning("%s", error)
        return _("The picture could not be saved right now. Please try again in a minute.")
    return ""


def _left_out() -> str:
    return _("One form takes %(most)s pictures, %(size)s in total. Please send this one in another form.") % {
        "most": MAX_PICTURES,
        "size": file_size(MAX_FORM_BYTES),
    }


async def update(request: Request) -> Response:
    """A partner moves a picture forward, back, or to the front."""
    person, _organisations, artwork = await load_artwork(request)
    id, then = request.path_params["picture"], (await read_desk_form(request)).get("then")
    try:
        await move_picture(artwork, id, PLACES.get(str(then), 0), person)
    except NotEditable as refusal:
        return redirect_to_work(request, artwork, refusal.sentence)
    except WorkRefused as refusal:
        response = redirect(request, "pictures:edit", id=artwork.id)
        flash(request, response, refusal.sentence, "hint")
        return response
    return redirect(request, "pictures:edit", id=artwork.id, fragment=f"picture-{id}")


async def delete(request: Request) -> Response:
    """A partner removes a picture from the work."""
    person, _organisations, artwork = await load_artwork(request)
    try:
        await remove_picture(artwork, request.path_params["picture"], person, storage_of(request))
    except (NotEditable, WorkRefused) as refusal:
        return redirect_to_work(request, artwork, refusal.sentence)
    response = redirect(request, "pictures:edit", id=artwork.id)
    flash(request, response, _("The picture is deleted."))
    return response


def _render_page(
    request: Request, artwork: Artwork, refused: list[tuple[str, str]] | None = None, status: int = 200
) -> Response:
    pictures = list(artwork.all_pictures())
    context = {
        "work": artwork,
        "pictures": pictures,
        "refused": refused or [],
        "accept": ACCEPTED_PICTURES,
        "most": MAX_PICTURES,
        "most_bytes": MAX_FORM_BYTES,
        "is_full": len(pictures) >= MAX_PICTURES,
        "too_many": too_many_pictures(),
    }
    return render(request, "artworks/pictures.html", context, status=status)


routes = [
    Route("/desk/works/{id:int}/pictures", edit, name="pictures:edit", methods=["GET"]),
    Route("/desk/works/{id:int}/pictures", create, name="pictures:create", methods=["POST"]),
    Route(
        "/desk/works/{id:int}/pictures/{picture:int}/place", update, name="pictures:move", methods=["POST"]
    ),
    Route(
        "/desk/works/{id:int}/pictures/{picture:int}/deletion",
        delete,
        name="pictures:delete",
        methods=["POST"],
    ),
]
