"""Series: themes that return every year, and the proposed days of their calls."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import today
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.themes.date_rules import next_days, parse_rule
from gallery.themes.models import Theme
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import Texts

CALL_DURATION = timedelta(
    weeks=8
)  # before the occasion: four weeks for a class to work, four for its partner to submit
REVIEW_DURATION = timedelta(weeks=1)  # from the end of the call to the occasion

COPIED_FIELDS = ("text", "accent", "accent_night", "date_rule")


class SeriesRefused(Exception):
    """The theme cannot be repeated; `sentence` tells the curator why."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence

    def __str__(self) -> str:
        return str(self.sentence)


def proposed_call(day: date) -> tuple[date, date]:
    """The proposed first and last day of the call for an occasion on `day`."""
    return day - CALL_DURATION, day - REVIEW_DURATION


def next_occurrence(theme: Theme) -> date | None:
    """The next day of the occasion after this theme's own day; None without a rule."""
    if not theme.date_rule:
        return None
    after = theme.occurs_on + timedelta(days=1) if theme.occurs_on else today()
    return next(iter(next_days(parse_rule(theme.date_rule), after, 1)), None)


def other_years(theme: Theme) -> Q:
    """The condition for the other themes of the series."""
    first = theme.first_of_series
    return Q(Q(series_id=first) | Q(id=first)) & ~Q(id=theme.id)


async def repeat_theme(theme: Theme) -> Theme:
    """Create the next theme of the series, with the same texts and colours. Raises SeriesRefused.

    The date rule gives the new day. The new call has the same distance to that day as the call of `theme` to
    its day. Without a rule, the days stay empty.
    """
    async with in_transaction():
        current: Theme = await locked(Theme.filter(id=theme.id)).get()
        day = next_occurrence(current)
        year = day.year if day else (current.occurs_on or today()).year + 1
        later = Theme.filter(other_years(current))
        if current.occurs_on and await later.filter(occurs_on__gt=current.occurs_on).exists():
            raise SeriesRefused(_l("This theme already has a later year."))
        slug = _with_year(current.slug, current, year) or f"{current.slug[:55]}-{year}"
        values: dict[str, Any] = {name: getattr(current, name) for name in COPIED_FIELDS} | _next_call(
            current, day
        )
        values["title"] = Texts(
            {language: _with_year(words, current, year) or words for language, words in current.title.items()}
        )
        try:
            made = await Theme.create(slug=slug, series_id=current.first_of_series, occurs_on=day, **values)
        except IntegrityError as error:
            raise SeriesRefused(
                _l("Its name in the address is already in use. Please create the theme by hand.")
            ) from error
        await record(Verb.THEME_REPEATED, made.id, with_id=current.id)
        await content_version.bump(rows=[f"{content_version.THEME}{made.id}"])
    return made


async def open_call(theme: Theme) -> bool:
    """Set the proposed days of the call, if the theme has a day but no call; returns whether it did."""
    async with in_transaction():
        current: Theme = await locked(Theme.filter(id=theme.id)).get()
        if current.occurs_on is None or current.call_opens_on is not None:
            return False
        current.call_opens_on, last = proposed_call(current.occurs_on)
        current.call_closes_on = current.call_closes_on or last
        await current.save(update_fields=["call_opens_on", "call_closes_on"])
        await record(Verb.THEME_CALL_OPENED, current.id)
        await content_version.bump(rows=())
    return True


def _next_call(theme: Theme, day: date | None) -> dict[str, date | None]:
    """The columns for the call of the next occasion, on `day`: its first and last day.

    They are as many days before the occasion as those of `theme`. Days that `theme` lacks are proposed.
    """
    if day is None:
        return {}
    opens, closes = proposed_call(day)
    if theme.occurs_on and theme.call_opens_on:
        opens = day + (theme.call_opens_on - theme.occurs_on)
    if theme.occurs_on and theme.call_closes_on:
        closes = day + (theme.call_closes_on - theme.occurs_on)
    return {"call_opens_on": opens, "call_closes_on": max(opens, closes)}


def _with_year(text: str, theme: Theme, year: int) -> str:
    """`text` with the theme's year replaced; empty if `text` does not contain the year."""
    own = str((theme.occurs_on or today()).year)
    return text.replace(own, str(year)) if own in text else ""
