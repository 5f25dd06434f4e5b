"""The forms with which an exhibition is built."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from wtforms import ValidationError
from wtforms.fields import DateTimeLocalField, Field, SelectField
from wtforms.validators import Optional

from gallery.clock import from_local
from gallery.forms import Block, Form, Line, Needed, Slug
from gallery.languages import gettext as _
from gallery.languages import lazy_gettext as _l
from gallery.pages import local_input

WRONG_MOMENT = _l("Please give a day and a time that are in the calendar, such as 2026-12-22 09:00.")


class Moment(DateTimeLocalField):
    """A day and a time by the site's clocks; its data is a moment in UTC."""

    data: datetime | None

    def __init__(self, label: Any, **options: Any) -> None:
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        super().__init__(label, [Optional()], format=formats, invalid_value_message=WRONG_MOMENT, **options)

    def _value(self) -> str:
        return " ".join(self.raw_data) if self.raw_data else local_input(self.data)

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        typed: datetime | None = self.data
        if valuelist and typed is not None:
            self.data = None
            if not 1900 <= typed.year <= 9000:  # what every calendar and both databases can hold
                raise ValueError(WRONG_MOMENT)
            self.data = from_local(typed)


class TitledForm(Form):
    title_zh = Line(_l("Title in Chinese"), 120)
    title_en = Line(_l("Title in English"), 120)

    def validate_title_en(self, field: Field) -> None:
        if not self["title_zh"].data and not field.data:
            raise ValidationError(_("Please give a title in at least one of the two languages."))


class ThemedForm(TitledForm):
    """A form in which one of `themes` (id and title) can be chosen."""

    theme: Any

    def __init__(self, posted: Any = None, *, themes: list[tuple[str, str]], **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self["theme"].choices = [("", "—"), *themes]

    def validate_theme(self, field: Field) -> None:
        if field.data not in dict(field.choices):
            raise ValidationError(_("This theme is not there any more. Please choose another."))


class ExhibitionForm(ThemedForm):
    """A new exhibition."""

    slug = Line(
        _l("Name in the address"),
        60,
        [Needed(_l("Please give a short name for the address.")), Slug()],
        description=_l(
            "Small Latin letters, digits and hyphens, such as winter-solstice-2026. It stays as it is."
        ),
    )
    theme = SelectField(
        _l("Theme"), validate_choice=False, description=_l("Gives the exhibition its accent colour.")
    )


class EditionForm(ThemedForm):
    """The draft of an exhibition."""

    introduction_zh = Block(_l("Introduction in Chinese"), 8000, description=_l("In Markdown."))
    introduction_en = Block(_l("Introduction in English"), 8000)
    opens_at = Moment(_l("Opens"))
    closes_at = Moment(_l("Closes"), description=_l("Left empty: it stays open."))
    theme = SelectField(
        _l("Theme"),
        validate_choice=False,
        description=_l("Gives the exhibition its accent colour. Visitors see a new theme at once."),
    )

    def validate_closes_at(self, field: Field) -> None:
        opens_at: datetime | None = self["opens_at"].data
        if opens_at is not None and field.data is not None and field.data <= opens_at:
            raise ValidationError(_("The exhibition closes before it opens. Please give a later moment."))


class RoomForm(TitledForm):
    text_zh = Block(_l("Wall text in Chinese"), 8000, description=_l("In Markdown."))
    text_en = Block(_l("Wall text in English"), 8000)
