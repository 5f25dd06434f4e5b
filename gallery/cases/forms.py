"""The forms of cases, of their figures, and of a curator's decision."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, ClassVar

from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField
from wtforms.validators import Optional

from gallery.artists.consents import SCOPE_WORDS
from gallery.artists.forms import CheckboxesField, ConsentFields
from gallery.artists.models import CASE_SCOPES, Consent
from gallery.cases.models import CONTENTS, CaseVersion, Currency
from gallery.clock import today
from gallery.organisations.forms import INVALID_CHOICE, MAX_AMOUNT, organisation_choices
from gallery.organisations.models import Organisation, Project
from gallery.web.forms import (
    INVALID_DATE,
    Form,
    LineField,
    MomentRequired,
    Required,
    TextBlockField,
    WebAddressField,
    WholeNumberField,
    choices_of,
)
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.languages import localized
from gallery.web.texts_form import TextsForm

INVALID_NUMBER = _l("Please write a whole number in digits, such as 20000.")
CURRENCY_WORDS = re.compile(r"[¥￥$€£元圆币]|yuan|dollar|euro|rmb|cny|hkd|usd|eur", re.IGNORECASE)
REGISTRATION_NUMBER = re.compile(r"[0-9A-Za-z\-]{6,60}")
STILL_OPEN = "open"  # beside the values of Ending
NOTHING_NAMED = _l("It tells of no single person")

CONTENT_WORDS: Mapping[str, Any] = {
    "diagnosis": _l("a diagnosis or an illness"),
    "hospital": _l("the name of a hospital or a home"),
    "face": _l("the face, also in a work that is shown with it or behind the link"),
}
DOUBT_WORDS: Mapping[str, Any] = {
    "replaces": _l("There is a figure of this day, which it replaces."),
    "decreases": _l(
        "It does not fit the other days: a total since the beginning only grows. Does it correct them?"
    ),
    "far_above": _l("It is more than ten times the goal. Is there a zero too many?"),
}


class AmountField(WholeNumberField):
    """A whole number; with the name or sign of a currency, a sentence says that there is one currency for all."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        text = valuelist[0] if valuelist else ""
        if isinstance(text, str):
            if CURRENCY_WORDS.search(text):
                raise ValueError(
                    _(
                        "Please write the number alone: all amounts of a case are in the one currency that is chosen for it."
                    )
                )
            valuelist = [text.replace(",", "").replace("，", "")]
        super().process_formdata(valuelist)


class CaseForm(TextsForm):
    """The words of a case. A draft needs a title only; `is_complete` says what a review needs."""

    texts: ClassVar = {
        "title": _l("Please write a title, in one language at least."),
        "story": "",
        "unit": "",
        "platform": "",
    }

    seen = HiddenField()  # the version that the page showed
    project = SelectField(_l("Project"), invalid_choice_message=INVALID_CHOICE)
    consent = SelectField(
        _l("Of whom it tells"),
        [Optional()],
        invalid_choice_message=INVALID_CHOICE,
        description=_l("Under the credit name, and only with a consent that names cases."),
    )
    contents = CheckboxesField(
        _l("What it names or shows of this person"),
        choices=choices_of(CONTENT_WORDS.items()),
        description=_l("The consent must name each of these. Please tick what the words below contain."),
    )
    title = LineField(_l("Title"), 120)
    story = TextBlockField(
        _l("What is needed, and why"),
        6000,
        render_kw={"rows": 8},
        description=_l(
            "Credit name only; no address, school or identity number. A blank line begins a paragraph."
        ),
    )
    currency = SelectField(
        _l("What the goal counts"),
        choices=choices_of((each.value, each.label) for each in Currency),
        invalid_choice_message=INVALID_CHOICE,
        default=Currency.CNY.value,
    )
    unit = LineField(
        _l("If it is no money: what"), 40, description=_l("Such as: winter coats; hours of tuition.")
    )
    goal = AmountField(_l("Goal"), [Optional()], most=MAX_AMOUNT, invalid_value_message=INVALID_NUMBER)
    link = WebAddressField(
        _l("Where one supports it"),
        [Optional()],
        description=_l(
            "The page of this fundraising, at the platform or your own. No money passes through the gallery."
        ),
    )
    platform = LineField(
        _l("Name of the platform"),
        80,
        description=_l("Where the public fundraising runs, as it calls itself."),
    )
    registration_number = LineField(
        _l("Registration number of the public fundraising"),
        60,
        description=_l("As the authority gave it (公开募捐备案编号). Visitors see it, and can check it."),
    )
    registered_until = DateField(
        _l("Registered until and including"), [Optional()], invalid_value_message=INVALID_DATE
    )

    def __init__(
        self,
        posted: Any = None,
        *,
        projects: Sequence[Project],
        consents: Sequence[Consent],
        **begin_with: Any,
    ) -> None:
        super().__init__(posted, **begin_with)
        self.consents = {str(each.id): each for each in consents}
        self["project"].choices = choices_of(
            (str(each.id), localized(each, "title").text) for each in projects
        )
        names = [(id, each.artist.credit_name) for id, each in self.consents.items()]
        self["consent"].choices = choices_of([("", NOTHING_NAMED), *names])

    @property
    def chosen_consent(self) -> Consent | None:
        return self.consents.get(self.consent.data or "")

    def version_values(self) -> dict[str, Any]:
        """The columns of a CaseVersion."""
        names = (
            "title",
            "story",
            "unit",
            "goal",
            "link",
            "platform",
            "registration_number",
            "registered_until",
        )
        contents = {f"has_{name}": name in (self.contents.data or []) for name in CONTENTS}
        return {**self.values(*names), "currency": Currency(self.currency.data), **contents}

    def is_valid(self, *, sends: bool, fixed_currency: Currency | None) -> bool:
        """Validate. `sends`: it is sent for review, so nothing may be missing. `fixed_currency`: that of its figures."""
        if not self.validate():
            return False
        if self.goal.data == 0:
            self.refuse(
                "goal", _("A goal of 0 is reached before it begins. Please write how much is needed.")
            )
        if fixed_currency is not None and self.currency.data != fixed_currency:
            sentence = _(
                "Its figures are counted in: %(currency)s. Two currencies cannot be added up. Please begin another case."
            )
            self.refuse("currency", sentence % {"currency": fixed_currency.label})
        number = self.registration_number.data
        if number and not REGISTRATION_NUMBER.fullmatch(number):
            self.refuse(
                "registration_number",
                _("Please write the number as it is registered: letters, digits and hyphens."),
            )
        self._check_contents()
        if sends:
            self._check_completeness()
        return not self.errors

    def _check_contents(self) -> None:
        ticked = self.contents.data or []
        consent = self.chosen_consent
        if consent is None:
            if ticked:
                self.refuse(
                    "consent",
                    _("What you ticked is about a person. Please choose of whom it tells, or untick it."),
                )
            return
        lacking = [str(CONTENT_WORDS[name]) for name in uncovered(consent, ticked)]
        if lacking:
            sentence = _(
                "The consent of %(name)s does not name: %(what)s. Please leave it out, or record a consent that names it."
            )
            self.refuse(
                "contents", sentence % {"name": consent.artist.credit_name, "what": _("; ").join(lacking)}
            )

    def _check_completeness(self) -> None:
        if not self.text_of("story"):
            self.refuse("story", _("Please write what is needed, and why."))
        if self.goal.data is None and not self.goal.errors:
            self.refuse("goal", _("Please write how much is needed: visitors see how far it is."))
        is_money = self.currency.data != Currency.THINGS
        if not is_money and not self.text_of("unit"):
            self.refuse("unit", _("Please write what is counted, such as winter coats."))
        if not (is_money or self.link.data):
            return
        if not self.registration_number.data:
            self.refuse(
                "registration_number",
                _("Whoever asks for money names the registration of the public fundraising."),
            )
        if not self.text_of("platform"):
            self.refuse("platform", _("Please write on which platform the fundraising runs."))
        if self.registered_until.data is None and not self.registered_until.errors:
            self.refuse("registered_until", _("Please write the last day of the registration."))
        elif self.registered_until.data and self.registered_until.data < today():
            self.refuse(
                "registered_until", _("This registration has expired. Please give the one that is valid now.")
            )


def uncovered(consent: Consent, contents: Sequence[str]) -> list[str]:
    """Those of CONTENTS that a consent does not name."""
    return [name for name in contents if not getattr(consent, f"for_case_{name}")]


class FigureForm(TextsForm):
    """What was reached by one day, since the beginning."""

    texts: ClassVar = {
        "source": _l("Please write who says so: a figure without a source is not shown."),
    }

    day = DateField(
        _l("As of which day"),
        [MomentRequired(_l("Please write the day of the figure."))],
        default=today,
        invalid_value_message=INVALID_DATE,
    )
    raised = AmountField(
        _l("Raised since the beginning"), [Optional()], most=MAX_AMOUNT, invalid_value_message=INVALID_NUMBER
    )
    helpers = AmountField(
        _l("Helpers since the beginning"), [Optional()], most=MAX_AMOUNT, invalid_value_message=INVALID_NUMBER
    )
    source = LineField(
        _l("Who says so"), 200, description=_l("Such as: the platform's own count; our books.")
    )
    confirmed = BooleanField(_l("It is right"))

    def is_valid(self, began: date) -> bool:
        """Validate what needs no other figure. `began`: the first day that makes sense."""
        self.validate()
        if self.day.data and self.day.data > today():
            self.refuse("day", _("This day is still to come."))
        if self.day.data and self.day.data < began:
            self.refuse("day", _("This day is too long ago. Please check the year."))
        if (
            self.raised.data is None
            and self.helpers.data is None
            and not (self.raised.errors or self.helpers.errors)
        ):
            self.refuse("raised", _("Please write what was raised, how many helped, or both."))
        return not self.errors and not self.adds_language


class ReturnForm(Form):
    words = TextBlockField(
        _l("To the organisation"),
        2000,
        [Required(_l("Please say what to change: the organisation reads it."))],
        render_kw={"rows": 4},
    )


class ConcernForm(Form):
    concern = TextBlockField(
        _l("What you fear"),
        2000,
        [Required(_l("Please say in a sentence what you fear: other curators read it."))],
        description=_l("Only curators read it. The case leaves public view at once."),
        render_kw={"rows": 3},
    )


class EndingForm(Form):
    ending = RadioField(
        _l("How it ends"),
        [Required(INVALID_CHOICE)],
        choices=choices_of(
            [
                ("closed", _l("Closed: it no longer asks for support")),
                ("stopped", _l("Stopped: it could not go on")),
                (STILL_OPEN, _l("It asks for support")),
            ]
        ),
        invalid_choice_message=INVALID_CHOICE,
    )


class CaseConsentForm(ConsentFields):
    """A consent to cases, recorded without a work. It asks for nothing that is about works."""

    organisation = SelectField(_l("Organisation"), [Optional()], invalid_choice_message=INVALID_CHOICE)
    credit_name = LineField(
        _l("Credit name"),
        80,
        [Required(_l("Please write the name under which the case tells of the person."))],
        description=_l("Visitors read this name. Please do not use the full legal name."),
    )

    def __init__(
        self, posted: Any = None, *, organisations: Sequence[Organisation], **begin_with: Any
    ) -> None:
        super().__init__(posted, **begin_with)
        self["organisation"].choices = organisation_choices(organisations)
        self["scopes"].choices = choices_of(
            (name, SCOPE_WORDS[name]) for name in (*CASE_SCOPES, "machine_use")
        )
        self["scopes"].description = _("Each is asked for singly, and can be refused.")


def version_data(version: CaseVersion) -> dict[str, Any]:
    """The values with which the form of a version begins, but for its texts."""
    names = ("goal", "link", "registration_number", "registered_until")
    return {
        **{name: getattr(version, name) for name in (*names, *CaseForm.texts)},
        "currency": version.currency.value,
        "contents": version.contents,
    }
