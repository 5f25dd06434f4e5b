"""Turning and cropping the picture of a work before it is submitted: an instruction, and the original stays as it came."""

from __future__ import annotations

import logging
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wtforms import DecimalField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from gallery.accounts.models import Person
from gallery.artists.forms import NO_SUCH_CHOICE
from gallery.artworks.access import load_artwork
from gallery.artworks.models import Artwork
from gallery.artworks.works import NotEditable, WorkRefused, discard_image, why_not_editable
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction, locked
from gallery.images.framing import FRAME_UNITS, NO_FRAMING, TURNS, Framing
from gallery.images.models import Image, ImageState
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.storage_keys import unframed_name
from gallery.images.uploads import reframe_image
from gallery.settings import Settings
from gallery.storage import Storage, StoreUnavailable
from gallery.web.forms import Form, read_desk_form
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.rendering import flash, redirect, render, settings_of

logger = logging.getLogger("gallery")

SIDES = ("left", "top", "right", "bottom")
PER_CENT = FRAME_UNITS // 100
MIN_REMAINDER = PER_CENT  # of each side

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
    """A field for how much is cut off at one side."""
    return DecimalField(
        label,
        [Optional()],
        places=None,
        invalid_value_message=_l("Please write a number of per cent, such as 12.5."),
        render_kw={"min": "0", "max": "99", "step": "0.01", "inputmode": "decimal"},
    )


class FramingForm(Form):
    turn = SelectField(_l("Turn"), invalid_choice_message=NO_SUCH_CHOICE)
    left = margin_field(_l("Cut off at the left, in per cent"))
    top = margin_field(_l("Cut off at the top, in per cent"))
    right = margin_field(_l("Cut off at the right, in per cent"))
    bottom = margin_field(_l("Cut off at the bottom, in per cent"))

    def __init__(self, posted: Any = None, **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self["turn"].choices = [SelectChoice(str(turn), word) for turn, word in TURN_WORDS.items()]

    @classmethod
    def of(cls, framing: Framing) -> FramingForm:
        """The form as it stands for a framing."""
        cut = (framing.left, framing.top, FRAME_UNITS - framing.right, FRAME_UNITS - framing.bottom)
        sides = {name: Decimal(parts) / PER_CENT for name, parts in zip(SIDES, cut, strict=True)}
        return cls(data={"turn": str(framing.turn), **sides})

    def read(self) -> Framing | None:
        """The framing that was typed; otherwise sentences stand at the fields."""
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
    artwork: Artwork, framing: Framing, by: Person, storage: Storage, settings: Settings
) -> Image | None:
    """Frame the picture of a draft or returned work anew; its image must be fetched and be there.

    The work gets another image of the same original, which is to be developed, and the one before is deleted; None where
    it is framed like this already. Raises decoder.Refused, NotEditable, WorkRefused, StoreAway.
    """
    before = artwork.image
    if before is None or before.framing == framing:
        return None
    try:
        fresh = await reframe_image(before, framing, storage, settings)
    except FileNotFoundError:
        raise changed_meanwhile() from None
    except ImageRefused:
        if await Artwork.exists(id=artwork.id, image_id=before.id):
            raise
        raise changed_meanwhile() from None  # its file was deleted while it was being opened
    try:
        async with in_transaction():
            held = await locked(Artwork.filter(id=artwork.id)).first()
            if held is None or held.image_id != before.id:
                raise changed_meanwhile()
            if not held.is_editable:
                raise NotEditable(held.status)
            held.image_id = fresh.id
            await held.save(update_fields=["image_id", "updated_at"])
            await record(Verb.WORK_CHANGED, held.id, organisation_id=held.organisation_id, by=by)
    except BaseException:
        await discard_image(fresh, storage)
        raise
    await discard_image(before, storage)
    return fresh


def changed_meanwhile() -> WorkRefused:
    return WorkRefused(
        "turn", _("The picture was changed this very moment. Please look at it and try again.")
    )


async def edit(request: Request) -> Response:
    """A partner sees the whole picture, to turn it and cut its edges off."""
    _person, _organisations, artwork = await load_artwork(request)
    refused = _redirect_if_not_framable(request, artwork)
    if refused is not None:
        return refused
    assert artwork.image is not None
    return _render_page(request, artwork, FramingForm.of(artwork.image.framing))


async def update(request: Request) -> Response:
    """A partner says how the picture is to be turned and cropped, or has it again as it came."""
    person, _organisations, artwork = await load_artwork(request)
    refused = _redirect_if_not_framable(request, artwork)
    if refused is not None:
        return refused
    posted = await read_desk_form(request)
    form = FramingForm(posted)
    framing = NO_FRAMING if posted.get("then") == "as_it_came" else form.read()
    if framing is None:
        return _render_page(request, artwork, form, 422)
    status = 422
    try:
        fresh = await reframe(artwork, framing, person, request.app.state.storage, settings_of(request))
    except ImageRefused as refusal:
        form.refuse("right", str(REFUSALS[refusal.code]))
    except WorkRefused as refusal:
        form.refuse(refusal.field, refusal.sentence)
    except NotEditable as refusal:
        return _redirect_to_work(request, artwork, refusal.sentence, "hint")
    except StoreUnavailable as away:
        logger.warning("%s", away)
        status = 503
        form.refuse("turn", _("The picture could not be kept just now. Please try again in a minute."))
    else:
        done = _("The picture is framed anew and is being prepared. You can change it until you submit it.")
        return _redirect_to_work(request, artwork, done if fresh else _("The picture is as it was."))
    await artwork.fetch_related("image")
    return _redirect_if_not_framable(request, artwork) or _render_page(request, artwork, form, status)


def _redirect_if_not_framable(request: Request, artwork: Artwork) -> Response | None:
    """The way back where there is nothing to be framed now, with a sentence."""
    image = artwork.image
    if not artwork.is_editable:
        return _redirect_to_work(request, artwork, why_not_editable(artwork.status), "hint")
    if image is None or image.state not in {ImageState.RECEIVED, ImageState.READY}:
        return _redirect_to_work(request, artwork, _("There is no picture yet that could be turned."), "hint")
    if unframed_name(image) is None:
        sentence = str(ImageState.RECEIVED.label)
        return _redirect_to_work(request, artwork, sentence, "hint")
    return None


def _redirect_to_work(request: Request, artwork: Artwork, sentence: str, level: str = "done") -> Response:
    response = redirect(request, "artworks:show", id=artwork.id)
    flash(request, response, sentence, level)
    return response


def _render_page(request: Request, artwork: Artwork, form: FramingForm, status: int = 200) -> Response:
    assert artwork.image is not None
    context = {
        "work": artwork,
        "form": form,
        "sides": [form[name] for name in SIDES],
        "whole": unframed_name(artwork.image),
        "shortest": 600,
    }
    return render(request, "artworks/framing.html", context, status=status)


routes = [
    Route("/desk/works/{id:int}/framing", edit, name="framings:edit", methods=["GET"]),
    Route("/desk/works/{id:int}/framing", update, name="framings:update", methods=["POST"]),
]
