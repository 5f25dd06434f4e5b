"""The forms that visitors send without an account, and with which a case is closed."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField
from wtforms.fields import StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, Optional

from gallery.contact.models import MAX_PAGE_LENGTH, Subject
from gallery.web.forms import Form, LineField, Required, TextBlockField, max_length, stripped
from gallery.web.languages import lazy_gettext as _l


def email_field(description: Any) -> Any:
    """An optional address for an answer."""
    return StringField(
        _l("Your e-mail"),
        [
            Optional(),
            Email(_l("Please write an e-mail address, such as name@example.org.")),
            max_length(254),
        ],
        filters=[stripped],
        description=description,
        render_kw={"type": "email", "autocomplete": "email"},
    )


def closing_note(missing: Any) -> Any:
    """What was done about a message or report. `missing`: the sentence if nothing is written."""
    return TextBlockField(_l("What was done"), 2000, [Required(missing)], render_kw={"rows": 4})


class LetterForm(Form):
    """What reports and messages share. `nickname` is a honeypot: hidden from people, filled in by spam bots."""

    email = email_field(_l("Only if you would like an answer. Only curators can see it."))
    nickname = LineField(
        _l("Please leave this empty"), 200, render_kw={"tabindex": "-1", "autocomplete": "off"}
    )


class MessageForm(LetterForm):
    subject = RadioField(
        _l("What is it about?"),
        [Required(_l("Please choose what it is about."))],
        choices=[SelectChoice(each, each.label) for each in Subject],
        validate_choice=True,
        invalid_choice_message=_l("Please choose something that is in the list."),
    )
    told = TextBlockField(
        _l("Your message"),
        4000,
        [Required(_l("Please write what it is about."))],
        description=_l("Please do not write private details of other people."),
        render_kw={"rows": 7},
    )
    page = LineField(
        _l("On which page?"),
        MAX_PAGE_LENGTH,
        description=_l("Its name or address, if it is about a page."),
    )
    email = email_field(_l("Only if you would like an answer."))


class CloseMessageForm(Form):
    note = closing_note(_l("Please note in a sentence what was done: other keepers read it."))
