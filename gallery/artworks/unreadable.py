"""Reasons why a typed size or date is not understood, each as a sentence that says what to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.web.languages import lazy_gettext as _l

MAX_LENGTH = 80  # characters; a longer text is not parsed

SENTENCES: Mapping[str, Any] = {
    "size": _l(
        "Please write height × width, and depth if it has one, such as 38 × 26 cm, or the name of a sheet of "
        "paper such as A3 or Letter."
    ),
    "size_unit": _l("“%(unit)s” is no unit for the size of a work. Please write cm, mm, m or inches."),
    "size_of_nothing": _l("Height and width have to be larger than 0."),
    "size_one_side": _l("Please write both height and width, such as 38 × 26 cm."),
    "size_too_small": _l("This would be smaller than 1 mm. Please check the unit."),
    "size_too_large": _l("This would be larger than %(most)s m. Please check the unit."),
    "date": _l(
        "Please write a date such as 2022, 2022-12, 3 December 2022, spring 2024, 1980s, c. 1980 or 2019–2021, "
        "in Chinese or in English."
    ),
    "date_not_in_calendar": _l("“%(date)s” is not in the calendar."),
    "date_backwards": _l("The end of this date is before its beginning."),
    "date_out_of_range": _l("Please write a date from %(first)s to today."),
}


class Unreadable(ValueError):
    """A text that is not understood. `code` is a key of SENTENCES; `facts` are the values for its sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts

    @property
    def sentence(self) -> str:
        """The reason in the current language."""
        return str(SENTENCES[self.code]) % self.facts
