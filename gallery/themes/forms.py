"""The form of a theme."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import ValidationError
from wtforms.fields import ColorField, DateField, Field
from wtforms.validators import Optional

from gallery.forms import Block, Form, Line, Needed, Slug, stripped
from gallery.languages import gettext as _
from gallery.languages import lazy_gettext as _l
from gallery.themes.accents import COLOUR, DAY, NIGHT, is_readable, least_contrast, nearest_readable

WRONG_DAY = _l("Please give a day that is in the calendar, such as 2026-12-22.")


class ThemeForm(Form):
    title_zh = Line(_l("Title in Chinese"), 80)
    title_en = Line(_l("Title in English"), 80)
    slug = Line(
        _l("Name in the address"),
        60,
        [Needed(_l("Please give a short name for the address.")), Slug()],
        description=_l("Small Latin letters, digits and hyphens, such as winter-solstice-2026."),
    )
    text_zh = Block(_l("Text in Chinese"), 4000, description=_l("What the occasion is, in Markdown."))
    text_en = Block(_l("Text in English"), 4000)
    occurs_on = DateField(_l("Day of the occasion"), [Optional()], invalid_value_message=WRONG_DAY)
    call_opens_on = DateField(
        _l("Works are taken from"),
        [Optional()],
        invalid_value_message=WRONG_DAY,
        description=_l("Left empty: from now on."),
    )
    call_closes_on = DateField(
        _l("Works are taken until"),
        [Optional()],
        invalid_value_message=WRONG_DAY,
        description=_l("The last day. Left empty: without end."),
    )
    accent = ColorField(
        _l("Accent by day"),
        filters=[lambda text: stripped(text).lower()],
        default="#a8322a",
        description=_l("For the date line, the edge of the project box and the one button that matters."),
    )
    accent_night = ColorField(
        _l("Accent by night"),
        filters=[lambda text: stripped(text).lower()],
        default="#e4755f",
    )

    def validate_title_en(self, field: Field) -> None:
        if not self["title_zh"].data and not field.data:
            raise ValidationError(_("Please give a title in at least one of the two languages."))

    def validate_call_closes_on(self, field: Field) -> None:
        opens: date | None = self["call_opens_on"].data
        if opens is not None and field.data is not None and field.data < opens:
            raise ValidationError(_("The call ends before it begins. Please give a later day."))

    def validate_accent(self, field: Field) -> None:
        check_accent(
            field.data,
            DAY,
            _l(
                "This colour is too light to read on paper: its contrast is %(ratio)s, and 4.5 is needed. "
                "The nearest tone that can be read is %(tone)s."
            ),
        )

    def validate_accent_night(self, field: Field) -> None:
        check_accent(
            field.data,
            NIGHT,
            _l(
                "This colour is too dark to read at night: its contrast is %(ratio)s, and 4.5 is needed. "
                "The nearest tone that can be read is %(tone)s."
            ),
        )


def check_accent(colour: Any, grounds: tuple[str, ...], sentence: Any) -> None:
    """Raises ValidationError where `colour` is none, or cannot be read on `grounds`."""
    if not isinstance(colour, str) or not COLOUR.fullmatch(colour):
        raise ValidationError(_("Please choose a colour, written such as #a8322a."))
    if not is_readable(colour, grounds):
        # Cut, not rounded: 4.46 must not be called 4.5.
        ratio = int(least_contrast(colour, grounds) * 100) / 100
        tone = nearest_readable(colour, grounds)
        raise ValidationError(str(sentence) % {"ratio": f"{ratio:.2f}", "tone": tone})
