from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from wtforms import ValidationError
from wtforms.fields import ColorField, DateField, Field, SelectField
from wtforms.validators import Optional

from gallery.clock import today
from gallery.themes import date_rules
from gallery.themes.accents import (
    COLOUR_PATTERN,
    DAY_BACKGROUNDS,
    NIGHT_BACKGROUNDS,
    is_readable,
    lowest_contrast,
    nearest_readable,
)
from gallery.themes.date_rules import (
    FIRST_YEAR,
    LAST_YEAR,
    SOLAR_TERMS,
    WEEKDAYS,
    DateRule,
    InvalidDateRule,
    next_days,
)
from gallery.themes.models import Theme
from gallery.web.forms import (
    LineField,
    Required,
    Slug,
    TextBlockField,
    WholeNumberField,
    choices_of,
    is_valid_choice,
    stripped,
)
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts_form import TextsForm

INVALID_DATE = _l("Please give a day that is in the calendar, such as 2026-12-22.")

DATE_KINDS = {
    "": _l("A day or several days, chosen by hand"),
    "fixed": _l("The same day each year"),
    "weekday": _l("A weekday of a month"),
    "solar": _l("A solar term"),
    "lunar": _l("A day of the lunar calendar"),
}
MONTH_CHOICES = [(str(number), str(number)) for number in range(1, 13)]
DAY_CHOICES = [*((str(number), str(number)) for number in range(1, 32)), ("last", _l("the last day"))]
ORDINALS = [
    ("1", _l("the first")),
    ("2", _l("the second")),
    ("3", _l("the third")),
    ("4", _l("the fourth")),
    ("5", _l("the fifth")),
    ("last", _l("the last")),
]
WEEKDAY_NAMES = (
    _l("Monday"),
    _l("Tuesday"),
    _l("Wednesday"),
    _l("Thursday"),
    _l("Friday"),
    _l("Saturday"),
    _l("Sunday"),
)
SOLAR_TERM_NAMES = (
    _l("Minor Cold"),
    _l("Major Cold"),
    _l("Start of Spring"),
    _l("Rain Water"),
    _l("Awakening of Insects"),
    _l("Spring Equinox"),
    _l("Pure Brightness"),
    _l("Grain Rain"),
    _l("Start of Summer"),
    _l("Grain Buds"),
    _l("Grain in Ear"),
    _l("Summer Solstice"),
    _l("Minor Heat"),
    _l("Major Heat"),
    _l("Start of Autumn"),
    _l("End of Heat"),
    _l("White Dew"),
    _l("Autumn Equinox"),
    _l("Cold Dew"),
    _l("Frost Descent"),
    _l("Start of Winter"),
    _l("Minor Snow"),
    _l("Major Snow"),
    _l("Winter Solstice"),
)
RULE_FIELDS = {
    "fixed": ("rule_month", "rule_day"),
    "weekday": ("rule_month", "rule_nth", "rule_weekday"),
    "solar": ("rule_term",),
    "lunar": ("rule_month", "rule_day"),
}
NO_SUCH_CHOICE = _l("Please choose one of the list.")


class ChoiceField(SelectField):
    """A select field whose error for an unknown value is one of the site's own sentences."""

    def __init__(self, label: Any, choices: Any, **options: Any) -> None:
        super().__init__(label, choices=choices_of(choices), validate_choice=False, **options)

    def pre_validate(self, form: Any) -> None:
        if not is_valid_choice(self.data, self.choices):
            raise ValidationError(str(NO_SUCH_CHOICE))


class ThemeForm(TextsForm):
    texts: ClassVar = {"title": _l("Please write a title, in one language at least."), "text": ""}

    title = LineField(_l("Title"), 80)
    slug = LineField(
        _l("Name in the address"),
        60,
        [Required(_l("Please give a short name for the address.")), Slug()],
        description=_l("Small Latin letters, digits and hyphens, such as winter-solstice-2026."),
    )
    text = TextBlockField(_l("Text"), 4000, description=_l("What the occasion is, in Markdown."))
    date_kind = ChoiceField(_l("When it is"), list(DATE_KINDS.items()), default="")
    occurs_on = DateField(_l("Day of the occasion"), [Optional()], invalid_value_message=INVALID_DATE)
    occurs_until = DateField(
        _l("Until"),
        [Optional()],
        invalid_value_message=INVALID_DATE,
        description=_l("For an occasion of several days, such as a World Cup."),
    )
    rule_month = ChoiceField(_l("Month"), MONTH_CHOICES, default="1")
    rule_day = ChoiceField(
        _l("Day"),
        DAY_CHOICES,
        default="1",
        description=_l(
            "By the lunar calendar, Spring Festival is 1/1, the Lantern Festival 1/15, Mid-Autumn 8/15, Double Ninth 9/9. "
            "A leap month is not counted."
        ),
    )
    rule_nth = ChoiceField(_l("Which one"), ORDINALS, default="1")
    rule_weekday = ChoiceField(_l("Weekday"), list(zip(WEEKDAYS, WEEKDAY_NAMES, strict=True)), default="mon")
    rule_term = ChoiceField(
        _l("Solar term"),
        list(zip(SOLAR_TERMS, SOLAR_TERM_NAMES, strict=True)),
        default="winter_solstice",
        description=_l("The day is that of China Standard Time."),
    )
    rule_year = WholeNumberField(
        _l("Year"),
        [Optional()],
        description=_l("The year of this theme. If empty: the next occurrence."),
    )
    call_opens_on = DateField(
        _l("Submissions from"),
        [Optional()],
        invalid_value_message=INVALID_DATE,
        description=_l("If empty: from now on."),
    )
    call_closes_on = DateField(
        _l("Submissions until"),
        [Optional()],
        invalid_value_message=INVALID_DATE,
        description=_l("The last day. Left empty: without end."),
    )
    accent = ColorField(
        _l("Accent by day"),
        filters=[lambda text: stripped(text).lower()],
        default="#a8322a",
        description=_l("For the date line, the edge of the project box and the one button that matters."),
    )
    accent_night = ColorField(
        _l("Accent by night"),
        filters=[lambda text: stripped(text).lower()],
        default="#e4755f",
    )

    @classmethod
    def of(cls, theme: Theme) -> ThemeForm:
        """A form filled with the values of a theme."""
        kind, _colon, values = theme.date_rule.partition(":")
        begin_with: dict[str, Any] = {"date_kind": kind}
        for name, part in zip(RULE_FIELDS.get(kind, ()), values.split("-"), strict=False):
            begin_with[name] = part
        if kind and theme.occurs_on:
            begin_with["rule_year"] = theme.occurs_on.year
        return cls(obj=theme, data=begin_with)

    def date_rule(self) -> DateRule | None:
        """The chosen date rule; None if the days were chosen by hand. Raises InvalidDateRule."""
        kind = self["date_kind"].data
        if not kind:
            return None
        return date_rules.parse_rule(
            f"{kind}:{'-'.join(self[name].data for name in RULE_FIELDS.get(kind, ()))}"
        )

    def days(self) -> dict[str, Any]:
        """The theme's rule and days, as column values. The form must be valid."""
        rule = self.date_rule()
        if rule is None:
            return {"date_rule": "", **self.values("occurs_on", "occurs_until")}
        return {"date_rule": str(rule), "occurs_on": self._day_by(rule), "occurs_until": None}

    def _day_by(self, rule: DateRule) -> date | None:
        year: int | None = self["rule_year"].data
        if year is None:
            return next(iter(next_days(rule, today(), 1)), None)
        return next(iter(rule.days_in(year)), None)

    def validate_date_kind(self, field: Field) -> None:
        try:
            self.date_rule()
        except InvalidDateRule as error:
            raise ValidationError(
                _("This rule gives no day in any year. Please choose another day or month.")
            ) from error

    def validate_rule_year(self, field: Field) -> None:
        try:
            rule = self.date_rule()
        except InvalidDateRule:  # validate_date_kind reports this error
            return
        if rule is None or field.data is None:
            return
        if not FIRST_YEAR <= field.data <= LAST_YEAR:
            raise ValidationError(
                _("Please give a year from %(first)s to %(last)s.") % {"first": FIRST_YEAR, "last": LAST_YEAR}
            )
        if not rule.days_in(field.data):
            coming = next_days(rule, date(field.data, 1, 1), 1)
            raise ValidationError(
                _("There is no such day in %(year)s. The next one is in %(next)s.")
                % {"year": field.data, "next": coming[0].year if coming else "–"}
            )

    def validate_occurs_until(self, field: Field) -> None:
        first: date | None = self["occurs_on"].data
        if self["date_kind"].data or field.data is None:
            return
        if first is None:
            raise ValidationError(_("Please also give the first day."))
        if field.data < first:
            raise ValidationError(_("The occasion ends before it begins. Please give a later day."))

    def validate_call_closes_on(self, field: Field) -> None:
        opens: date | None = self["call_opens_on"].data
        if opens is not None and field.data is not None and field.data < opens:
            raise ValidationError(_("The call ends before it begins. Please give a later day."))

    def validate_accent(self, field: Field) -> None:
        check_accent(
            field.data,
            DAY_BACKGROUNDS,
            _l(
                "This colour is too light to read on paper: its contrast is %(ratio)s, and 4.5 is needed. "
                "The nearest tone that can be read is %(tone)s."
            ),
        )

    def validate_accent_night(self, field: Field) -> None:
        check_accent(
            field.data,
            NIGHT_BACKGROUNDS,
            _l(
                "This colour is too dark to read at night: its contrast is %(ratio)s, and 4.5 is needed. "
                "The nearest tone that can be read is %(tone)s."
            ),
        )


def check_accent(colour: Any, grounds: tuple[str, ...], sentence: Any) -> None:
    """Raise ValidationError if `colour` is not a colour or not readable on the backgrounds `grounds`."""
    if not isinstance(colour, str) or not COLOUR_PATTERN.fullmatch(colour):
        raise ValidationError(_("Please choose a colour, written such as #a8322a."))
    if not is_readable(colour, grounds):
        # Truncated, not rounded: the message must not show 4.46 as 4.5.
        ratio = int(lowest_contrast(colour, grounds) * 100) / 100
        tone = nearest_readable(colour, grounds)
        raise ValidationError(str(sentence) % {"ratio": f"{ratio:.2f}", "tone": tone})
