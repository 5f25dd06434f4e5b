"""The forms of supporters: what a curator enters, and what the supporters correct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from wtforms import BooleanField, RadioField
from wtforms.fields import Field, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, Optional, ValidationError

from gallery.exhibitions.forms import ChoiceField
from gallery.supporters.models import SupporterKind
from gallery.web.forms import (
    Form,
    LineField,
    Required,
    TextBlockField,
    is_web_address,
    language_choices,
    max_length,
    stripped,
    with_scheme,
)
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts_form import TextsForm

MAX_LINKS = 5
MAX_LINK_LENGTH = 500


def addresses_in(text: str) -> list[str]:
    """The web addresses of a text, one in each line, without repetitions."""
    return list(dict.fromkeys(with_scheme(line.strip()) for line in text.splitlines() if line.strip()))


class WordsForm(TextsForm):
    """What visitors read of a supporter."""

    texts: ClassVar[Mapping[str, Any]] = {
        "name": _l("Please give a name in at least one language."),
        "reason": "",
    }

    name = LineField(_l("Name that visitors read"), 120)
    reason = LineField(_l("Why, in one sentence"), 300)
    addresses = TextBlockField(
        _l("Links"),
        3000,
        description=_l("Their own pages, one address in each line, five at most."),
        render_kw={"rows": 3, "inputmode": "url"},
    )

    def __init__(self, posted: Any = None, *, obj: Any = None, data: Any = None, **options: Any) -> None:
        links = {"addresses": "\n".join(obj.links)} if obj is not None else {}
        super().__init__(posted, obj=obj, data={**links, **(data or {})}, **options)

    def validate_addresses(self, field: Field) -> None:
        found = addresses_in(field.data or "")
        if len(found) > MAX_LINKS:
            raise ValidationError(_("Please give five addresses at most."))
        wrong = next(
            (each for each in found if not is_web_address(each) or len(each) > MAX_LINK_LENGTH), None
        )
        if wrong is not None:
            raise ValidationError(
                _("“%(address)s” is no full web address that begins with https:// or http://.")
                % {"address": wrong[:60]}
            )

    def words(self) -> dict[str, Any]:
        """The values of supporters.WORDS, from a valid form."""
        return {
            "name": self.text_of("name"),
            "reason": self.text_of("reason"),
            "links": addresses_in(self["addresses"].data or ""),
        }


class AnswerForm(WordsForm):
    """What a supporter corrects, and how they agree."""

    confirms = BooleanField(_l("I am the person named here, or may decide for those named here."))

    def __init__(self, posted: Any = None, *, is_minor: bool = False, **options: Any) -> None:
        super().__init__(posted, **options)
        if is_minor:
            self["confirms"].label.text = _(
                "I am a parent or guardian of the person named here, and they want it, too."
            )

    def validate_agreement(self) -> bool:
        """Whether the form is valid and the box is ticked."""
        is_valid = self.validate()
        if not self["confirms"].data and not self.adds_language:
            self.refuse("confirms", _("Please tick this box if you agree."))
            return False
        return is_valid


def _email_field(label: Any, description: Any) -> Any:
    return StringField(
        label,
        [
            Optional(),
            Email(_l("Please write an e-mail address, such as name@example.org.")),
            max_length(254),
        ],
        filters=[stripped, str.lower],
        description=description,
        render_kw={"type": "email", "autocomplete": "off"},
    )


class SupporterForm(WordsForm):
    """What a curator enters."""

    kind = RadioField(
        _l("As"),
        [Required(_l("Please choose one."))],
        choices=[SelectChoice(each, each.label) for each in SupporterKind],
        invalid_choice_message=_l("Please choose something that is in the list."),
    )
    email = _email_field(
        _l("E-mail"), _l("The link with which they agree goes here. Never shown to visitors.")
    )
    is_minor = BooleanField(_l("Under 18"))
    guardian_email = _email_field(
        _l("E-mail of a parent or guardian"),
        _l("Needed under 18: then the link goes here, and a parent or guardian agrees."),
    )
    language = ChoiceField(_l("Language of the mail"), [])

    def __init__(self, posted: Any = None, **options: Any) -> None:
        super().__init__(posted, **options)
        self["language"].choices = language_choices()

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = super().validate(extra_validators)
        if self.adds_language:
            return False
        if self["is_minor"].data and not self["guardian_email"].data and not self["guardian_email"].errors:
            self.refuse(
                "guardian_email", _("Under 18, a parent or guardian must agree: please give their address.")
            )
        elif not self["is_minor"].data and not self["email"].data and not self["email"].errors:
            self.refuse("email", _("Please give the address to which the link goes."))
        return is_valid and not self.errors

    def record_values(self) -> dict[str, Any]:
        """The columns of a Supporter, from a valid form."""
        names = ("kind", "email", "is_minor", "guardian_email", "language")
        values = {**self.words(), **self.values(*names)}
        # Only the address to which the link goes is kept.
        return {**values, ("email" if values["is_minor"] else "guardian_email"): ""}


class ReachForm(Form):
    """The page to which a supporter's short link leads."""

    address = LineField(
        _l("Address of a page here"),
        300,
        [Required(_l("Please paste the address of an exhibition, a work or a project."))],
        description=_l("Copy it from the browser: an exhibition, a work or a project of this gallery."),
        render_kw={"inputmode": "url"},
    )
