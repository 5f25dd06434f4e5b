"""The form for a range of days."""

from __future__ import annotations

from datetime import timedelta

from wtforms import DateField
from wtforms.validators import Optional

from gallery.clock import today
from gallery.stats.totals import DateRange
from gallery.web.forms import INVALID_DATE, Form
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l

DEFAULT_DAYS = 30
MAX_DAYS = 3660


def last_days(number: int) -> DateRange:
    """The last `number` days, today included."""
    return DateRange(today() - timedelta(days=number - 1), today())


class DateRangeForm(Form):
    """The first and last day of the statistics."""

    first = DateField(_l("From"), [Optional()], invalid_value_message=INVALID_DATE)
    last = DateField(_l("Until"), [Optional()], invalid_value_message=INVALID_DATE)

    def is_valid(self) -> bool:
        """Validate; the first day must not be after the last, and the range not longer than MAX_DAYS."""
        if not self.validate():
            return False
        first, last = self["first"].data, self["last"].data
        if first is None:
            self.refuse("first", _("Please choose the first day."))
        elif last is None:
            self.refuse("last", _("Please choose the last day."))
        elif first > last:
            self.refuse("last", _("The last day is before the first. Please choose a later one."))
        elif (last - first).days >= MAX_DAYS:
            self.refuse("first", _("Please choose at most ten years."))
        return not self.errors

    @property
    def span(self) -> DateRange:
        return DateRange(self["first"].data, self["last"].data)
