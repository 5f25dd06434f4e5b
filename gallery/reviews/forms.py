"""The form of a review: a decision, a reason, and a note for each field of the work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wtforms import ValidationError
from wtforms.fields import Field, HiddenField, StringField

from gallery.forms import Block, Form
from gallery.languages import gettext as _
from gallery.languages import lazy_gettext as _l
from gallery.reviews.models import Decision

LONGEST_NOTE = 1000

# The fields of a work's form, as its organisation sees them, in their order.
NOTED_FIELDS = {
    "picture": _l("Picture"),
    "title": _l("Title"),
    "story": _l("Story"),
    "alt_text": _l("Alt text"),
    "medium": _l("Medium"),
    "year": _l("Year"),
    "assistance": _l("Who helped"),
    "artist": _l("Artist"),
    "consent": _l("Consent"),
    "project": _l("Project"),
    "themes": _l("Themes"),
}


class ReviewForm(Form):
    submission = HiddenField()
    decision = StringField(_l("Decision"))
    reason = Block(
        _l("To the organisation"),
        2000,
        description=_l("Needed when you decline. They read it at their work."),
    )

    def validate_decision(self, field: Field) -> None:
        if field.data not in set(Decision):
            raise ValidationError(_("Please use one of the three buttons: accept, return or decline."))

    def note_fields(self) -> Iterator[Field]:
        return (self[f"note_{name}"] for name in NOTED_FIELDS)

    def notes(self) -> dict[str, str]:
        """Form field of the work → the note on it; fields without one are left out."""
        return {name: text for name in NOTED_FIELDS if (text := self[f"note_{name}"].data)}


def _note(label: Any) -> Block:
    return Block(label, LONGEST_NOTE, render_kw={"rows": 2})


for _name, _label in NOTED_FIELDS.items():
    setattr(ReviewForm, f"note_{_name}", _note(_label))
