"""The form for a new token."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField
from wtforms.fields.choices import SelectChoice

from gallery.api.tokens import LIFETIMES_DAYS, SCOPE_WORDS
from gallery.artists.forms import NO_SUCH_CHOICE, CheckboxesField
from gallery.web.forms import Form, LineField, Required
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import ngettext


class TokenForm(Form):
    name = LineField(
        _l("What it is for"),
        80,
        [Required(_l("Please write what it is for, so that you recognise it later."))],
        description=_l("Such as: our works database."),
        render_kw={"autocomplete": "off"},
    )
    scopes = CheckboxesField(
        _l("What it may do"),
        choices=[SelectChoice(scope, word) for scope, word in SCOPE_WORDS.items()],
    )
    days = RadioField(_l("How long it lasts"), invalid_choice_message=NO_SUCH_CHOICE)

    def __init__(self, posted: Any = None, **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        self["days"].choices = [
            SelectChoice(str(days), ngettext("%(num)s day", "%(num)s days", days) % {"num": days})
            for days in LIFETIMES_DAYS
        ]

    def is_valid(self) -> bool:
        """Whether the form is valid; otherwise its fields have error messages."""
        self.validate()
        if not self.scopes.data and not self.scopes.errors:
            self.refuse("scopes", _("Please tick at least one thing that it may do."))
        return not self.errors
