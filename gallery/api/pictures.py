"""The pictures of a work in the API: describing, ordering and removing them. New ones are sent by tus.

A picture is identified by the id of its image. The id stays the same when pictures are reordered, and changes
when the picture is turned or cropped.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from gallery.api.bodies import parse_json
from gallery.api.problems import FieldError, Problem
from gallery.api.schemas import escape_pointer, picture_change_schema, picture_order_schema
from gallery.api.works import state_response
from gallery.artworks.access import load_artwork
from gallery.artworks.models import Artwork
from gallery.artworks.pictures import describe_picture, order_pictures, remove_picture
from gallery.artworks.works import PICTURE_TEXTS, NotEditable, WorkRefused
from gallery.web.languages import gettext as _
from gallery.web.rendering import storage_of
from gallery.web.texts import NoSuchLanguage, Texts, normalised_tag
from gallery.web.texts_form import UNKNOWN_LANGUAGE


async def update(request: Request) -> Response:
    """A program describes a picture of a draft or a returned work."""
    person, _organisations, artwork = await load_artwork(request)
    values = parse_json(request, request.state.body, picture_change_schema())
    picture_id = _picture_id(artwork, request.path_params["picture"])
    changes = {name: _words(values[name], name) for name in PICTURE_TEXTS if name in values}
    try:
        await describe_picture(artwork, picture_id, changes, person)
    except (NotEditable, WorkRefused) as refusal:
        raise Problem(409, refusal.sentence) from None
    return state_response(request, await Artwork.get(id=artwork.id))


async def order(request: Request) -> Response:
    """A program puts the pictures of a draft or a returned work in order; the first one hangs on walls."""
    person, _organisations, artwork = await load_artwork(request)
    values = parse_json(request, request.state.body, picture_order_schema())
    ids = [_picture_id(artwork, id, f"/order/{at}") for at, id in enumerate(values["order"])]
    try:
        await order_pictures(artwork, ids, person)
    except WorkRefused as refusal:
        raise Problem(422, errors=[FieldError(refusal.sentence, "/order")]) from None
    except NotEditable as refusal:
        raise Problem(409, refusal.sentence) from None
    return state_response(request, await Artwork.get(id=artwork.id))


async def delete(request: Request) -> Response:
    """A program removes a picture of a draft or a returned work."""
    person, _organisations, artwork = await load_artwork(request)
    picture_id = _picture_id(artwork, request.path_params["picture"])
    try:
        await remove_picture(artwork, picture_id, person, storage_of(request))
    except (NotEditable, WorkRefused) as refusal:
        raise Problem(409, refusal.sentence) from None
    return Response(status_code=204, headers={"cache-control": "no-store"})


def _picture_id(artwork: Artwork, image_id: int, pointer: str = "") -> int:
    """The id of the picture with this image. Raises Problem: 404, or 422 with a pointer into the body."""
    ids = {each.image.id: each.id for each in artwork.all_pictures()}
    if image_id in ids:
        return ids[image_id]
    if pointer:
        raise Problem(422, errors=[FieldError(_("The work has no such picture."), pointer)])
    raise Problem(404)


def _words(values: Mapping[str, str | None], name: str) -> Texts:
    words = {}
    for tag, text in values.items():
        try:
            words[normalised_tag(tag)] = (
                " ".join((text or "").split()) if name == "caption" else (text or "").strip()
            )
        except NoSuchLanguage:
            pointer = f"/{name}/{escape_pointer(tag)}"
            raise Problem(422, errors=[FieldError(str(UNKNOWN_LANGUAGE), pointer)]) from None
    return Texts(words)
