"""The forms of sign-in, invitations, one's own account and the site's settings."""

from __future__ import annotations

from typing import Any, ClassVar

from wtforms import (
    BooleanField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, Length

from gallery.accounts.passwords import MIN_PASSWORD_LENGTH
from gallery.web.forms import (
    Form,
    LineField,
    Required,
    TextBlockField,
    WholeNumberField,
    choices_of,
    max_length,
    stripped,
)
from gallery.web.languages import LANGUAGE_NAMES
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts_form import TextsForm

MEMBER_ROLES = {
    "editor": _l("enter works (editor)"),
    "owner": _l("enter works, and keep the organisation's page and members (owner)"),
}


class SignInForm(Form):
    email = StringField(
        _l("E-mail"),
        [Required(_l("Please write your e-mail address.")), max_length(254)],
        filters=[stripped],
        render_kw={"type": "email", "autocomplete": "username webauthn", "maxlength": 254},
    )
    password = PasswordField(
        _l("Password"),
        [Required(_l("Please write your password."))],
        render_kw={"autocomplete": "current-password"},
    )


class LinkForm(Form):
    email = StringField(
        _l("E-mail"),
        [
            Required(_l("Please write your e-mail address.")),
            Email(_l("Please write an e-mail address, such as name@example.org.")),
            max_length(254),
        ],
        filters=[stripped],
        render_kw={"type": "email", "autocomplete": "username", "maxlength": 254},
    )


def new_password(label: Any) -> PasswordField:
    return PasswordField(
        label,
        [
            Required(_l("Please choose a password.")),
            Length(
                min=MIN_PASSWORD_LENGTH,
                max=200,
                message=_l(
                    "Please use at least %(least)s characters; a short sentence is good.",
                    least=MIN_PASSWORD_LENGTH,
                ),
            ),
        ],
        description=_l(
            "At least %(least)s characters. A short sentence is easy to remember and hard to guess.",
            least=MIN_PASSWORD_LENGTH,
        ),
        render_kw={"autocomplete": "new-password"},
    )


class PasswordForm(Form):
    password = new_password(_l("New password"))


class OwnPasswordForm(PasswordForm):
    present = PasswordField(
        _l("Current password"),
        [Required(_l("Please write your password."))],
        render_kw={"autocomplete": "current-password"},
    )


class AddressForm(Form):
    email = StringField(
        _l("New e-mail address"),
        [
            Required(_l("Please write your e-mail address.")),
            Email(_l("Please write an e-mail address, such as name@example.org.")),
            max_length(254),
        ],
        filters=[stripped],
        render_kw={"type": "email", "autocomplete": "email", "maxlength": 254},
    )


class PasskeyForm(Form):
    name = LineField(
        _l("Name of the passkey"),
        60,
        [Required(_l("Please write a name, such as that of the device."))],
        description=_l("So that you recognise it later."),
    )


class AppForm(Form):
    sealed = HiddenField()
    code = StringField(
        _l("The code that the app shows"),
        [Required(_l("Please write the code."))],
        filters=[stripped],
        description=_l("Six digits, which change every half minute."),
        render_kw={"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": 20, "class": "code"},
    )


class AcceptForm(Form):
    name = LineField(
        _l("Your name"),
        80,
        [Required(_l("Please write your name, as colleagues know you."))],
        render_kw={"autocomplete": "name"},
    )
    password = new_password(_l("Password"))


class AccountForm(Form):
    name = LineField(_l("Your name"), 80, [Required(_l("Please write your name, as colleagues know you."))])
    language = SelectField(_l("Language"), choices=choices_of(LANGUAGE_NAMES.items()))
    wants_digest = BooleanField(
        _l("News in one mail a day"),
        description=_l(
            "If this is not ticked, you get each mail at once. Sign-in links are always sent at once."
        ),
    )


class InvitationForm(Form):
    email = StringField(
        _l("E-mail"),
        [
            Required(_l("Please write whom to invite.")),
            Email(_l("Please write an e-mail address, such as name@example.org.")),
            max_length(254),
        ],
        filters=[stripped],
        render_kw={"type": "email", "maxlength": 254, "autocomplete": "off"},
    )
    role = SelectField(
        _l("Role"),
        choices=choices_of(
            [
                ("member", _l("Member of an organisation")),
                ("curator", _l("Curator")),
                ("keeper", _l("Keeper")),
            ]
        ),
    )
    organisation = SelectField(_l("Organisation"), description=_l("For members only."), validate_choice=True)
    member_role = SelectField(_l("May"), choices=choices_of(MEMBER_ROLES.items()), default="editor")
    language = SelectField(_l("Language"), choices=choices_of(LANGUAGE_NAMES.items()))

    def __init__(
        self, posted: Any = None, *, organisations: list[tuple[str, str]], **begin_with: Any
    ) -> None:
        super().__init__(posted, **begin_with)
        self["organisation"].choices = choices_of([("", "—"), *organisations])


class ReviewingForm(Form):
    reviews_needed = RadioField(
        _l("Who decides on a work"),
        [Required(_l("Please choose one of the two."))],
        choices=[
            SelectChoice("1", _l("One curator")),
            SelectChoice("2", _l("Two curators, the second without knowing how the first decided")),
        ],
        validate_choice=True,
        invalid_choice_message=_l("Please choose one of the two."),
        description=_l("If two disagree, a third decides, or one of them joins the other."),
    )
    sample_percent = WholeNumberField(
        _l("Percentage of works reviewed, for sampled organisations"),
        description=_l("In percent, from 1 to 99."),
        render_kw={"type": "number", "min": 1, "max": 99},
    )

    def validate_sample_percent(self, field: Field) -> None:
        if field.data is None or not 1 <= field.data <= 99:
            field.errors = []
            raise ValidationError(_("Please give a whole number from 1 to 99."))


class SiteTextsForm(TextsForm):
    """The site's name and the keeper's texts."""

    texts: ClassVar = dict.fromkeys(("name", "home", "about", "footer"), "")

    name = LineField(_l("Name of the site"), 60, description=_l("If empty: the name set in the environment."))
    home = TextBlockField(_l("On the home page"), 4000, render_kw={"rows": 4})
    about = TextBlockField(
        _l("About this gallery"),
        20_000,
        description=_l("Replaces the page that comes with the gallery. If empty, that page is shown."),
        render_kw={"rows": 10},
    )
    footer = TextBlockField(_l("Footer"), 500, render_kw={"rows": 2})
