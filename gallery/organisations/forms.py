"""The forms of organisations and projects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, DateField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, Optional

from gallery.clock import today
from gallery.organisations.models import Organisation, Trust
from gallery.web.forms import (
    INVALID_DATE,
    Form,
    LineField,
    Required,
    Slug,
    TextBlockField,
    WebAddress,
    WholeNumberField,
    language_choices,
    max_length,
    stripped,
)
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized

WEB_ADDRESS = {"inputmode": "url", "placeholder": "https://"}
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


class ApplicationForm(Form):
    """An application. `nickname` is a honeypot: hidden from people, filled in by spam bots."""

    name_zh = LineField(_l("Name in Chinese"), 120)
    name_en = LineField(_l("Name in English"), 120)
    registration_number = LineField(
        _l("Registration number"),
        40,
        [Required(_l("Please give the number under which the organisation is registered."))],
        description=_l("Visitors see it, and can check whom they support."),
    )
    website = LineField(_l("Website"), 500, [Optional(), WebAddress()], render_kw=WEB_ADDRESS)
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

    def is_valid(self) -> bool:
        """Validate; at least one of the two names is required."""
        self.validate()
        if not self.name_zh.data and not self.name_en.data:
            self.refuse("name_zh", _("Please write a name, in Chinese or in English."))
        return not self.errors


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


class ProfileForm(Form):
    """What owners may change themselves. Names and registration number are checked by curators."""

    about_zh = TextBlockField(_l("About the organisation, in Chinese"), 5000, render_kw={"rows": 6})
    about_en = TextBlockField(_l("About the organisation, in English"), 5000, render_kw={"rows": 6})
    website = LineField(_l("Website"), 500, [Optional(), WebAddress()], render_kw=WEB_ADDRESS)

    def is_valid(self) -> bool:
        return bool(self.validate())


class OrganisationForm(Form):
    name_zh = LineField(_l("Name in Chinese"), 120)
    name_en = LineField(_l("Name in English"), 120)
    slug = LineField(
        _l("Name in web addresses"),
        60,
        [Slug()],
        description=_l(
            "Small Latin letters, digits and hyphens. Better not changed later: old links would break."
        ),
    )
    about_zh = TextBlockField(_l("About the organisation, in Chinese"), 5000, render_kw={"rows": 6})
    about_en = TextBlockField(_l("About the organisation, in English"), 5000, render_kw={"rows": 6})
    registration_number = LineField(
        _l("Registration number"), 40, description=_l("Visitors see it, and can check whom they support.")
    )
    website = LineField(_l("Website"), 500, [Optional(), WebAddress()], render_kw=WEB_ADDRESS)
    is_active = BooleanField(
        _l("Its works may be shown"),
        description=_l("If this is not ticked, all its works leave the public pages; nothing is deleted."),
        default=True,
    )

    def is_valid(self) -> bool:
        """Validate; at least one of the two names is required."""
        self.validate()
        if not self.name_zh.data and not self.name_en.data:
            self.refuse("name_zh", _("Please write a name, in Chinese or in English."))
        return not self.errors


MAX_AMOUNT = 10**12  # yuan
INVALID_AMOUNT = _l("Please write a whole number of yuan, in digits, such as 20000.")


class ProjectForm(Form):
    organisation = SelectField(_l("Organisation"), [Optional()], invalid_choice_message=INVALID_CHOICE)
    title_zh = LineField(_l("Title in Chinese"), 120)
    title_en = LineField(_l("Title in English"), 120)
    summary_zh = TextBlockField(
        _l("What it does, in Chinese"),
        600,
        render_kw={"rows": 4},
        description=_l("One or two sentences: what it does, and whom it helps."),
    )
    summary_en = TextBlockField(_l("What it does, in English"), 600, render_kw={"rows": 4})
    link = LineField(
        _l("The project's own page"),
        500,
        [WebAddress()],
        description=_l("Visitors follow it from every work, to learn more and to support the project."),
        render_kw=WEB_ADDRESS,
    )
    link_once = LineField(_l("To give once"), 500, [WebAddress()], render_kw=WEB_ADDRESS)
    link_monthly = LineField(_l("To give each month"), 500, [WebAddress()], render_kw=WEB_ADDRESS)
    link_volunteer = LineField(_l("To volunteer"), 500, [WebAddress()], render_kw=WEB_ADDRESS)
    goal = WholeNumberField(
        _l("Goal, in yuan"),
        [Optional()],
        most=MAX_AMOUNT,
        invalid_value_message=INVALID_AMOUNT,
        render_kw={"inputmode": "numeric"},
    )
    raised = WholeNumberField(
        _l("Raised so far, in yuan"),
        [Optional()],
        most=MAX_AMOUNT,
        invalid_value_message=INVALID_AMOUNT,
        render_kw={"inputmode": "numeric"},
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

    def is_valid(self) -> bool:
        """Validate; a title and a link are required."""
        self.validate()
        if not self.title_zh.data and not self.title_en.data:
            self.refuse("title_zh", _("Please write a title, in Chinese or in English."))
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
