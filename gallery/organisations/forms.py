"""The forms of organisations and projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wtforms import BooleanField, DateField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, Optional

from gallery.clock import today
from gallery.organisations.models import Cause, Organisation, Trust
from gallery.web.forms import (
    INVALID_DATE,
    Form,
    LineField,
    Required,
    Slug,
    TextBlockField,
    WebAddressField,
    WholeNumberField,
    language_choices,
    max_length,
    stripped,
)
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized
from gallery.web.texts_form import TextsForm

INVALID_CHOICE = _l("Please choose something that is in the list.")


def organisation_choices(organisations: Sequence[Organisation]) -> list[SelectChoice]:
    return [SelectChoice(str(each.id), localized(each, "name").text) for each in organisations]


class TrustForm(Form):
    trust = RadioField(
        _l("How its works are reviewed"),
        [Required(INVALID_CHOICE)],
        choices=[SelectChoice(each, each.label) for each in Trust],
        validate_choice=True,
        invalid_choice_message=INVALID_CHOICE,
        description=_l(
            "Whatever you choose, a curator first looks at a work that has a serious hint, a risk or no "
            "consent in force, or that comes again. This applies to works submitted from now on."
        ),
    )
    reason = LineField(
        _l("Why"), 300, [Required(_l("Please say in a few words why: it is kept with the change."))]
    )


class OwnerRequestForm(Form):
    email = StringField(
        _l("E-mail of the new owner"),
        [
            Required(_l("Please write whom to invite.")),
            Email(_l("Please write an e-mail address, such as name@example.org.")),
            max_length(254),
        ],
        filters=[stripped],
        render_kw={"type": "email", "maxlength": 254, "autocomplete": "off"},
    )
    reason = LineField(
        _l("Why"),
        500,
        [Required(_l("Please say in a few words why: the owners read it."))],
        description=_l("All present and former owners will read it."),
    )
    language = SelectField(_l("Language"), choices=language_choices)


NEEDS_NAME = _l("Please write a name, in one language at least.")


class ApplicationForm(TextsForm):
    """An application. `nickname` is a honeypot: hidden from people, filled in by spam bots."""

    texts: ClassVar = {"name": NEEDS_NAME}

    name = LineField(_l("Name of the organisation"), 120)
    registration_number = LineField(
        _l("Registration number"), 40, description=_l("Visitors see it, and can check whom they support.")
    )
    what_it_is = LineField(
        _l("No number? Tell us what you are"),
        200,
        description=_l(
            "Such as: a village school; a group of volunteers; a branch of a registered foundation."
        ),
    )
    website = WebAddressField(_l("Website"), [Optional()])
    about = TextBlockField(
        _l("About the organisation"),
        2000,
        [Required(_l("Please describe in a few sentences whom the organisation helps, and how."))],
        description=_l("Whom does it help, and how? What do they draw, paint or make?"),
        render_kw={"rows": 6},
    )
    contact_name = LineField(
        _l("Name of the contact person"),
        80,
        [Required(_l("Please write your name."))],
        render_kw={"autocomplete": "name"},
    )
    contact_email = StringField(
        _l("Your e-mail"),
        [
            Required(_l("Please write your e-mail address.")),
            Email(_l("Please write an e-mail address, such as name@example.org.")),
            max_length(254),
        ],
        filters=[stripped],
        description=_l("The answer, and the invitation, go there. Visitors do not see it."),
        render_kw={"type": "email", "autocomplete": "email", "maxlength": 254},
    )
    nickname = LineField(
        _l("Please leave this empty"), 200, render_kw={"tabindex": "-1", "autocomplete": "off"}
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Validate; the registration number is required, or else a description of what the organisation is."""
        super().validate(extra_validators)
        if not self.registration_number.data and not self.what_it_is.data:
            self.refuse(
                "registration_number",
                _(
                    "Please give the number under which the organisation is registered, or tell us below what you are."
                ),
            )
        return not self.errors and not self.adds_language


class AdmissionForm(Form):
    slug = LineField(
        _l("Name in web addresses"),
        60,
        [Slug()],
        description=_l(
            "Small Latin letters, digits and hyphens. Better not changed later: old links would break."
        ),
    )


class RefusalForm(Form):
    reason = TextBlockField(
        _l("Reason"),
        2000,
        [Required(_l("Please give a reason: the contact reads it."))],
        render_kw={"rows": 4},
    )


class ProfileForm(TextsForm):
    """The fields that owners may change themselves. Curators check names and registration number."""

    texts: ClassVar[Mapping[str, Any]] = {"about": "", "region": ""}

    about = TextBlockField(_l("About the organisation"), 5000, render_kw={"rows": 6})
    region = LineField(
        _l("Where it works"), 80, description=_l("Such as a province or a city. No address of a person.")
    )
    website = WebAddressField(_l("Website"), [Optional()])


class OrganisationForm(ProfileForm):
    texts: ClassVar = {"name": NEEDS_NAME, "about": "", "region": ""}

    name = LineField(_l("Name of the organisation"), 120)
    slug = LineField(
        _l("Name in web addresses"),
        60,
        [Slug()],
        description=_l(
            "Small Latin letters, digits and hyphens. Better not changed later: old links would break."
        ),
    )
    registration_number = LineField(
        _l("Registration number"), 40, description=_l("Visitors see it, and can check whom they support.")
    )
    is_active = BooleanField(
        _l("Its works may be shown"),
        description=_l("If this is not ticked, all its works leave the public pages; nothing is deleted."),
        default=True,
    )


MAX_AMOUNT = 10**12  # yuan
INVALID_AMOUNT = _l("Please write a whole number of yuan, in digits, such as 20000.")


class ProjectForm(TextsForm):
    texts: ClassVar = {
        "title": _l("Please write a title, in one language at least."),
        "summary": "",
        "effect": "",
    }

    organisation = SelectField(_l("Organisation"), [Optional()], invalid_choice_message=INVALID_CHOICE)
    title = LineField(_l("Title"), 120)
    summary = TextBlockField(
        _l("What it does"),
        600,
        render_kw={"rows": 4},
        description=_l("One or two sentences: what it does, and whom it helps."),
    )
    effect = LineField(
        _l("What support does, in a sentence"),
        120,
        description=_l(
            "Visitors read it next to the buttons. Such as: 30 yuan a month buys paper and paint for one child."
        ),
    )
    cause = SelectField(_l("Cause"), [Optional()], invalid_choice_message=INVALID_CHOICE)
    link = WebAddressField(
        _l("The project's own page"),
        description=_l("Visitors follow it from every work, to learn more and to support the project."),
    )
    link_once = WebAddressField(_l("To give once"))
    link_monthly = WebAddressField(_l("To give each month"))
    link_volunteer = WebAddressField(_l("To volunteer"))
    link_goods = WebAddressField(_l("To give goods"))
    goal = WholeNumberField(
        _l("Goal, in yuan"),
        [Optional()],
        most=MAX_AMOUNT,
        invalid_value_message=INVALID_AMOUNT,
    )
    raised = WholeNumberField(
        _l("Raised so far, in yuan"),
        [Optional()],
        most=MAX_AMOUNT,
        invalid_value_message=INVALID_AMOUNT,
    )
    raised_on = DateField(_l("As of which day"), [Optional()], invalid_value_message=INVALID_DATE)
    raised_source = LineField(
        _l("Who says so"), 200, description=_l("Such as: our yearly report; the platform's own count.")
    )
    starts_on = DateField(_l("Runs from"), [Optional()], invalid_value_message=INVALID_DATE)
    ends_on = DateField(_l("Runs until"), [Optional()], invalid_value_message=INVALID_DATE)

    def __init__(
        self, posted: Any = None, *, organisations: Sequence[Organisation], **begin_with: Any
    ) -> None:
        super().__init__(posted, **begin_with)
        self["organisation"].choices = organisation_choices(organisations)
        self["cause"].choices = [
            SelectChoice("", _("not said")),
            *(SelectChoice(each.value, each.label) for each in Cause),
        ]

    def is_valid(self) -> bool:
        """Validate; a title and a link are required."""
        self.validate()
        if not self.link.data:
            self.refuse("link", _("Please give the web address where people can support the project."))
        if self.raised.data is not None and not (self.raised_on.data and self.raised_source.data):
            missing = "raised_source" if self.raised_on.data else "raised_on"
            self.refuse(
                missing,
                _("An amount needs a date and a source: visitors ask when it was true, and who says so."),
            )
        if self.raised_on.data and self.raised_on.data > today():
            self.refuse("raised_on", _("This day is still to come."))
        starts_on, ends_on = self.starts_on.data, self.ends_on.data
        if starts_on and ends_on and ends_on < starts_on:
            self.refuse("ends_on", _("It would end before it begins. Please check both dates."))
        return not self.errors
