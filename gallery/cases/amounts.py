"""Amounts in words: of money in a currency, or of what else is counted."""

from __future__ import annotations

from babel.numbers import format_currency

from gallery.cases.models import CaseVersion, Currency
from gallery.web.languages import LocalizedText, babel_locale, localized
from gallery.web.languages import gettext as _
from gallery.web.rendering import shown_number


def amount_words(amount: int, version: CaseVersion) -> str:
    """An amount of a case in the page's language: “20,000 yuan”, “300 US dollars”, “120 winter coats”."""
    if version.currency == Currency.CNY:
        return _("%(amount)s yuan") % {"amount": shown_number(amount)}
    if version.currency == Currency.THINGS:
        return _("%(number)s %(unit)s") % {"number": shown_number(amount), "unit": unit_of(version).text}
    return format_currency(
        amount, version.currency.value, format="#,##0 ¤¤¤", locale=babel_locale(), currency_digits=False
    )


def unit_of(version: CaseVersion) -> LocalizedText:
    """The unit of a case that counts no money, in the page's language."""
    return localized(version, "unit")
