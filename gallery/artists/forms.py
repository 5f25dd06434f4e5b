"""Forms for artists and consents. The work form includes ConsentFields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from wtforms import (
    BooleanField,
    DateField,
    RadioField,
    SelectField,
    SelectMultipleField,
    ValidationError,
    widgets,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from gallery.artists.consents import SCOPE_WORDS, NewConsent
from gallery.artists.models import BIRTH_BANDS, AgreedBy
from gallery.clock import today
from gallery.web.forms import INVALID_DATE, Form, LineField, Required, TextBlockField, choices_of
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts_form import TextsForm

NO_SUCH_CHOICE = _l("Please choose something that is in the list.")


class CheckboxesField(SelectMultipleField):
    """A choice of several values, as check boxes."""

    data: list[str] | None

    widget = widgets.ListWidget(prefix_label=False)
    option_widget = widgets.CheckboxInput()

    def pre_validate(self, form: object) -> None:
        allowed = {choice.value for choice in self.iter_choices()}
        if any(value not in allowed for value in self.data or []):
            self.data = [value for value in self.data or [] if value in allowed]
            raise ValidationError(str(NO_SUCH_CHOICE))


@dataclass(frozen=True)
class FamilyAnswer:
    """An agreement by a link. `signer_name` is private."""

    consent: NewConsent
    signer_name: str


class ConsentFields(Form):
    agreed_by = RadioField(
        _l("Who agreed"),
        [Optional()],
        choices=[SelectChoice(each, each.label) for each in AgreedBy],
        invalid_choice_message=NO_SUCH_CHOICE,
    )
    scopes = CheckboxesField(
        _l("What was agreed to"),
        choices=choices_of(SCOPE_WORDS.items()),
        description=_l("Nothing can be shown here without consent to showing on this website."),
    )
    starts_on = DateField(
        _l("Runs from"),
        [Optional()],
        default=today,
        invalid_value_message=INVALID_DATE,
    )
    ends_on = DateField(
        _l("Until and including"),
        [Optional()],
        invalid_value_message=INVALID_DATE,
        description=_l("If empty: until it is withdrawn."),
    )
    assent = TextBlockField(
        _l("What the artist says about it"),
        2000,
        description=_l("In the artist's own words, or how they showed that they want it."),
        render_kw={"rows": 3},
    )

    @property
    def enters_consent(self) -> bool:
        """Whether a new consent was filled in. Dates alone do not count: they have defaults."""
        return bool(self.agreed_by.data or self.scopes.data or self.assent.data or self.ends_on.data)

    def entered_consent(self) -> NewConsent | None:
        """The new consent; None, with errors at the fields, if it is incomplete. Call after `validate`."""
        if not self.agreed_by.data and not self.agreed_by.errors:
            self.refuse("agreed_by", _("Please say who agreed."))
        if not self.scopes.data and not self.scopes.errors:
            self.refuse("scopes", _("Please tick at least one thing that was agreed to."))
        starts_on, ends_on = self.starts_on.data, self.ends_on.data
        if starts_on is None and not self.starts_on.errors:
            self.refuse("starts_on", _("Please say from which day the consent is valid."))
        if starts_on and ends_on and ends_on < starts_on:
            self.refuse("ends_on", _("The last day is before the first. Please check both dates."))
        if any(self[name].errors for name in ("agreed_by", "scopes", "starts_on", "ends_on", "assent")):
            return None
        assert starts_on is not None
        return NewConsent(
            AgreedBy(self.agreed_by.data),
            list(self.scopes.data or []),
            starts_on,
            ends_on,
            self.assent.data or "",
        )


class RenewalForm(ConsentFields):
    """A renewed consent: it starts today or earlier."""

    def renewal_values(self) -> NewConsent | None:
        """The new consent; None, with errors at the fields, if it is incomplete."""
        self.validate()
        starts_on, ends_on = self.starts_on.data, self.ends_on.data
        if starts_on and starts_on > today():
            self.refuse("starts_on", _("The works move to it at once, so it cannot begin later than today."))
        if ends_on and ends_on < today():
            self.refuse("ends_on", _("This day has passed. Please give a later one."))
        return None if any(field.errors for field in self) else self.entered_consent()


class FamilyForm(Form):
    """What an artist or guardian answers on the page behind the link of a request for consent."""

    scopes = CheckboxesField(_l("What you agree to"))
    ends_on = DateField(
        _l("Until and including"),
        [Optional()],
        invalid_value_message=INVALID_DATE,
        description=_l("If empty: until you withdraw."),
    )
    agreed_by = RadioField(
        _l("Who you are"),
        [Optional()],
        choices=choices_of(
            [
                (AgreedBy.PARENT, _l("a parent of the artist")),
                (AgreedBy.GUARDIAN, _l("the artist's guardian")),
                (AgreedBy.ARTIST, _l("the artist, and of age")),
            ]
        ),
        invalid_choice_message=NO_SUCH_CHOICE,
    )
    has_assent = BooleanField(_l("I have shown this to the artist, who wants it"))
    assent = TextBlockField(
        _l("What the artist says about it"),
        2000,
        description=_l(
            "In the artist's own words. If the artist cannot say it: how they show whether they want it."
        ),
        render_kw={"rows": 3},
    )
    signer_name = LineField(
        _l("Your full name"),
        120,
        description=_l("It stands for your signature. It is not published."),
        render_kw={"autocomplete": "name"},
    )

    def __init__(self, posted: Any = None, *, scopes: Sequence[str]) -> None:
        """`scopes`: the names from SCOPES that can be agreed to."""
        super().__init__(posted)
        self.scopes.choices = choices_of((name, SCOPE_WORDS[name]) for name in scopes)

    def answer(self) -> FamilyAnswer | None:
        """The agreement; None, with errors at the fields, if it is incomplete."""
        self.validate()
        if "web" not in (self.scopes.data or []) and not self.scopes.errors:
            self.refuse(
                "scopes",
                _(
                    "Nothing can be shown here without this. Please tick it, or choose “I do not agree” below."
                ),
            )
        if self.ends_on.data and self.ends_on.data < today():
            self.refuse("ends_on", _("This day has passed. Please give a later one."))
        if not self.agreed_by.data and not self.agreed_by.errors:
            self.refuse("agreed_by", _("Please say who you are."))
        is_artist = self.agreed_by.data == AgreedBy.ARTIST
        if not (is_artist or self.has_assent.data or self.assent.data or self.assent.errors):
            self.refuse(
                "has_assent",
                _(
                    "Please ask the artist, too. If they cannot answer, write below how they show what they want."
                ),
            )
        if not self.signer_name.data and not self.signer_name.errors:
            self.refuse("signer_name", _("Please write your full name."))
        if self.errors:
            return None
        shown = _("Shown to the artist, who wants it.") if self.has_assent.data and not is_artist else ""
        values = NewConsent(
            AgreedBy(self.agreed_by.data),
            list(self.scopes.data or []),
            today(),
            self.ends_on.data,
            self.assent.data or shown,
        )
        return FamilyAnswer(values, self.signer_name.data or "")


class ArtistForm(TextsForm):
    """The artist's public texts."""

    texts: ClassVar = {"credit_translations": "", "about": ""}

    credit_name = LineField(
        _l("Credit name"),
        80,
        [Required(_l("Please write the name under which the works are shown."))],
        description=_l("Visitors read this name. Please do not use the full legal name."),
    )
    credit_translations = LineField(
        _l("Credit name"), 80, description=_l("Only where it is another one than above.")
    )
    about = TextBlockField(
        _l("A few words for visitors"),
        400,
        render_kw={"rows": 3},
        description=_l(
            "They are shown on the artist's page, if there is one. No illness, school or address, please."
        ),
    )
    born = SelectField(
        _l("Born"), description=_l("A decade is enough; the gallery stores no date."), default=""
    )
    shows_born = BooleanField(_l("Visitors may read it, on the artist's page and next to the works"))

    def __init__(self, posted: Any = None, **begin_with: Any) -> None:
        super().__init__(posted, **begin_with)
        decades = [
            SelectChoice(band, _("born in the %(decade)ss") % {"decade": band[:4]})
            for band in reversed(BIRTH_BANDS)
        ]
        self["born"].choices = [SelectChoice("", _("not stated")), *decades]


class PrivateForm(Form):
    """Private details, which only the artist's organisation sees."""

    legal_name = LineField(_l("Real name"), 120)
    contact = TextBlockField(_l("How to contact them"), 1000, render_kw={"rows": 3})
    guardian = TextBlockField(
        _l("Guardian"), 1000, render_kw={"rows": 3}, description=_l("Who it is, and how to reach them.")
    )
    notes = TextBlockField(_l("Notes"), 4000, render_kw={"rows": 5})
