"""Turning and cropping the picture of a work before it is submitted. The original file is not changed."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wtforms import DecimalField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from gallery.accounts.models import Person
from gallery.artists.forms import NO_SUCH_CHOICE
from gallery.artworks.access import load_artwork
from gallery.artworks.entry import WorkEntry
from gallery.artworks.models import FIRST, Artwork, Picture, has_image
from gallery.artworks.redirects import redirect_to_work
from gallery.artworks.works import NotEditable, discard_image, not_editable_reason
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction, locked
from gallery.images.framing import FRAME_UNITS, NO_FRAMING, TURNS, Framing
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.storage_keys import unframed_name
from gallery.settings import Settings
from gallery.storage import Storage, StoreUnavailable
from gallery.web.edit_conflicts import EditConflict
from gallery.web.forms import Form, read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import render, settings_of, storage_of

logger = logging.getLogger("gallery")

SIDES = ("left", "top", "right", "bottom")
PER_CENT = FRAME_UNITS // 100
MIN_REMAINDER = PER_CENT  # a crop keeps at least 1 % of each side; in FRAME_UNITS

TURN_WORDS = dict(
    zip(
        TURNS,
        (
            _l("as it came"),
            _l("a quarter turn to the right"),
            _l("upside down"),
            _l("a quarter turn to the left"),
        ),
        strict=True,
    )
)


def margin_field(label: Any) -> DecimalField:
    return DecimalField(
        label,
        [Optional()],
        places=None,
        invalid_value_message=_l("Please write a number of per cent, such as 12.5."),
        render_kw={"min": "0", "max": "99", "step": "0.01", "inputmode": "decimal"},
    )


class FramingForm(Form):
    turn = SelectField(_l("Turn"), invalid_choice_message=NO_SUCH_CHOICE)
    left = margin_field(_l("Cropped at the left, in per cent"))
    top = margin_field(_l("Cropped at the top, in per cent"))
    right = margin_field(_l("Cropped at the right, in per cent"))
    bottom = margin_field(_l("Cropped at the bottom, in per cent"))

    def __init__(self, posted: Any = None, **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self["turn"].choices = [SelectChoice(str(turn), word) for turn, word in TURN_WORDS.items()]

    @classmethod
    def of(cls, framing: Framing) -> FramingForm:
        """The form with the values of a framing."""
        cut = (framing.left, framing.top, FRAME_UNITS - framing.right, FRAME_UNITS - framing.bottom)
        sides = {name: Decimal(parts) / PER_CENT for name, parts in zip(SIDES, cut, strict=True)}
        return cls(data={"turn": str(framing.turn), **sides})

    def read(self) -> Framing | None:
        """The typed framing; None, with errors at the fields, if it is invalid."""
        self.validate()
        cut = {}
        for name in SIDES:
            value = self[name].data or Decimal(0)
            if not self[name].errors and not (value.is_finite() and 0 <= value < 100):
                self.refuse(name, _("Please write a number from 0 to 99."))
            cut[name] = 0 if self[name].errors else round(value * PER_CENT)
        for first, last in (("left", "right"), ("top", "bottom")):
            if not self.errors and cut[first] + cut[last] > FRAME_UNITS - MIN_REMAINDER:
                self.refuse(last, _("Nothing would be left of the picture. Please cut off less."))
        if self.errors:
            return None
        right, bottom = FRAME_UNITS - cut["right"], FRAME_UNITS - cut["bottom"]
        return Framing(int(self.turn.data), cut["left"], cut["top"], right, bottom)


async def reframe(
    artwork: Artwork,
    framing: Framing,
    by: Person,
    storage: Storage,
    settings: Settings,
    picture: Picture | None = None,
) -> Image | None:
    """Turn and crop the first picture of a draft or returned work, or `picture`; its image must be fetched.

    The work gets a new image of the same original file, and the worker makes its renditions. The earlier
    image is deleted. Returns None if the picture has this framing already. Raises ImageRefused, NotEditable,
    EditConflict, StoreUnavailable.
    """
    before = picture.image if picture else artwork.image
    if before is None or before.framing == framing:
        return None
    async with WorkEntry(storage, settings, by) as entry:
        try:
            fresh = await entry.reframe_picture(before, framing)
        except FileNotFoundError:
            raise EditConflict from None
        except ImageRefused:
            if await Artwork.filter(has_image([before.id]), id=artwork.id).exists():
                raise
            raise EditConflict from None  # the file of the image was deleted while it was being opened
        async with in_transaction():
            current = await locked(Artwork.filter(id=artwork.id)).first()
            if current is None:
                raise EditConflict
            if not current.is_editable:
                raise NotEditable(current.status)
            # Find the picture by its image, because its place in the work may have changed in the meantime.
            if current.image_id == before.id:
                current.image_id = fresh.id
            elif not await Picture.filter(artwork_id=current.id, image_id=before.id).update(
                image_id=fresh.id
            ):
                raise EditConflict
            await current.save(update_fields=["image_id", "updated_at"])
            await record(Verb.WORK_CHANGED, current.id, organisation_id=current.organisation_id, by=by)
        entry.keep_picture()
    await discard_image(before, storage)
    return fresh


async def edit(request: Request) -> Response:
    """A partner opens the page for turning and cropping, which shows the whole original."""
    return await _page(request)


async def _page(request: Request, form: FramingForm | None = None, status: int = 200) -> Response:
    """The page with the current picture, or a redirect; without `form` the page shows the current framing."""
    _person, _organisations, artwork = await load_artwork(request)
    picture = _chosen_picture(request, artwork)
    image = picture.image if picture else artwork.image
    refused = _redirect_if_not_framable(request, artwork, image)
    if refused is not None:
        return refused
    assert image is not None
    form = FramingForm.of(image.framing) if form is None else form
    context = {
        "work": artwork,
        "image": image,
        "picture": picture,
        "form": form,
        "sides": [form[name] for name in SIDES],
        "whole": unframed_name(image),
        "shortest": 600,
    }
    return render(request, "artworks/framing.html", context, status=status)


def _chosen_picture(request: Request, artwork: Artwork) -> Picture | None:
    """The further picture in the URL; None for the first picture. 404 if there is none with this id."""
    id = request.path_params.get("picture", FIRST)
    picture = next((each for each in artwork.later_pictures if each.id == id), None)
    if picture is None and id != FIRST:
        raise HTTPException(404)
    return picture


async def update(request: Request) -> Response:
    """A partner turns and crops the picture, or restores the original."""
    person, _organisations, artwork = await load_artwork(request)
    picture = _chosen_picture(request, artwork)
    image = picture.image if picture else artwork.image
    refused = _redirect_if_not_framable(request, artwork, image)
    if refused is not None:
        return refused
    posted = await read_desk_form(request)
    form = FramingForm(posted)
    framing = NO_FRAMING if posted.get("then") == "as_it_came" else form.read()
    if framing is None:
        return await _page(request, form, 422)
    status = 422
    try:
        fresh = await reframe(artwork, framing, person, storage_of(request), settings_of(request), picture)
    except ImageRefused as refusal:
        form.refuse("right", str(REFUSALS[refusal.code]))
    except EditConflict:
        form.refuse("turn", _("The picture has just been changed. Please look at it and try again."))
    except NotEditable as refusal:
        return redirect_to_work(request, artwork, refusal.sentence)
    except StoreUnavailable as error:
        logger.warning("%s", error)
        status = 503
        form.refuse("turn", _("The picture could not be saved right now. Please try again in a minute."))
    else:
        done = _(
            "The picture has been turned and cropped, and is being prepared. You can change it until you "
            "submit it."
        )
        return redirect_to_work(request, artwork, done if fresh else _("The picture is as it was."), "done")
    return await _page(request, form, status)


def _redirect_if_not_framable(request: Request, artwork: Artwork, image: Image | None) -> Response | None:
    """A redirect with the reason why the picture cannot be framed now; None if it can be framed."""
    if not artwork.is_editable:
        return redirect_to_work(request, artwork, not_editable_reason(artwork.status))
    if image is None or image.state not in {ImageState.RECEIVED, ImageState.READY}:
        return redirect_to_work(request, artwork, _("There is no picture yet that could be turned."))
    if unframed_name(image) is None:
        return redirect_to_work(request, artwork, str(ImageState.RECEIVED.label))
    return None


routes = [
    Route("/desk/works/{id:int}/framing", edit, name="framings:edit", methods=["GET"]),
    Route("/desk/works/{id:int}/framing", update, name="framings:update", methods=["POST"]),
    Route(
        "/desk/works/{id:int}/pictures/{picture:int}/framing",
        edit,
        name="framings:edit_picture",
        methods=["GET"],
    ),
    Route(
        "/desk/works/{id:int}/pictures/{picture:int}/framing",
        update,
        name="framings:update_picture",
        methods=["POST"],
    ),
]
