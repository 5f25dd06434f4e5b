"""The languages of the interface: the language of the current request, and its strings through gettext.

The catalogues are `locale/<language>/messages.po`. The site reads them directly when it starts, without .mo
files. `python -m gallery.web.languages` updates them from the code and the templates.
"""

from __future__ import annotations

import functools
import gettext as gnu_gettext
import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Self

from babel.core import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.numbers import format_decimal
from babel.support import LazyProxy

LANGUAGES = ("zh", "en")
DEFAULT_LANGUAGE = "zh"
LANGUAGE_TAGS = {"zh": "zh-Hans", "en": "en"}  # BCP 47, for lang and hreflang
LANGUAGE_NAMES = {"zh": "中文", "en": "English"}  # the name of each language in that language

PACKAGE = Path(__file__).parents[1]
LOCALE_FOLDER = PACKAGE / "locale"
CATALOGUE_DATE = datetime(2026, 11, 23, tzinfo=UTC)  # the creation date in the catalogues' headers

_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


class LocalizedText(NamedTuple):
    """A text with its own language, which may differ from the page's."""

    text: str
    language: str  # one of LANGUAGES, or any other BCP 47 tag


def current_language() -> str:
    return _language.get()


def set_language(language: str) -> None:
    """Use `language` for the rest of this request; the default language if it is unknown."""
    _language.set(language if language in LANGUAGES else DEFAULT_LANGUAGE)


@contextmanager
def use_language(language: str) -> Iterator[None]:
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def other_language(language: str) -> str:
    return "en" if language == "zh" else "zh"


def accepted_language(accept_language: str) -> str:
    """The site's language that an Accept-Language header prefers; the default if it names none."""
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language.split(",")):
        tag, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.strip().removeprefix("q=")) if parameters.strip() else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            weighted.append((-weight, position, tag.strip()))
    preferred = [tag.split("-")[0].lower() for _, _, tag in sorted(weighted)]
    return negotiate_locale(preferred, LANGUAGES) or DEFAULT_LANGUAGE


def localized(record: Any, field: str, language: str | None = None) -> LocalizedText:
    """A text of a record in `language` (default: the page's) or else another, by the rule of `Texts.localized`."""
    text: LocalizedText = getattr(record, field).localized(language)
    return text


@functools.cache
def translations(language: str) -> gnu_gettext.GNUTranslations:
    compiled = io.BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return gnu_gettext.GNUTranslations(compiled)


def gettext(message: str) -> str:
    return translations(current_language()).gettext(message)


def ngettext(singular: str, plural: str, number: int) -> str:
    return translations(current_language()).ngettext(singular, plural, number)


def lazy_gettext(message: str, **values: object) -> Any:
    """A string that is translated and filled with `values` when it is shown: for labels made at import."""
    return LazyProxy(_filled if values else gettext, message, enable_cache=False, **values)


def _filled(message: str, **values: object) -> str:
    return gettext(message) % values


class LabelledEnum(StrEnum):
    """An enum whose members have labels for pages: `READY = "ready", _l("ready")`, like Django's TextChoices.

    A member without a label cannot be defined. An empty label means that no page names this member.
    """

    label: Any

    def __new__(cls, value: str, label: Any = None) -> Self:
        if label is None:  # optional only so that type checkers accept `Status("draft")`
            raise TypeError(f"{cls.__name__} {value!r} has no label.")
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


def file_size(size: int) -> str:
    """A size in bytes in human-readable form, rounded down: 60 MB, 1.5 GB, 400 kB."""
    factor, unit = next(
        (each for each in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")) if size >= each[0]), (1, "B")
    )
    return f"{format_decimal(size * 10 // factor / 10, format='#,##0.#', locale=babel_locale())}\N{NO-BREAK SPACE}{unit}"


def babel_locale(language: str | None = None) -> Locale:
    return Locale.parse("zh_Hans_CN" if (language or current_language()) == "zh" else "en_GB")


def catalogue_path(language: str) -> Path:
    return LOCALE_FOLDER / language / "messages.po"


def read_catalogue(language: str) -> Catalog:
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=language)


def template_folder() -> Path:
    """The folder of the templates: inside the installed package, or next to it in a checkout."""
    installed = PACKAGE / "templates"
    return installed if installed.is_dir() else PACKAGE.parent / "templates"


def extract_messages() -> Catalog:
    """The messages of the code and the templates."""
    catalogue = Catalog(project="gallery", charset="utf-8")
    keywords = {
        "_": None,
        "_l": None,
        "gettext": None,
        "lazy_gettext": None,
        "ngettext": (1, 2),
        "_n": (1, 2),
    }
    sources = (
        (PACKAGE, [("**.py", "python")]),
        (template_folder(), [("**.html", "jinja2"), ("**.txt", "jinja2")]),
    )
    options = {
        "**.html": {
            "silent": "false",
            "newstyle_gettext": "true",
            "trimmed": "true",
            "extensions": "jinja2.ext.do,jinja2.ext.loopcontrols",
        },
        "**.txt": {"silent": "false", "newstyle_gettext": "true", "trimmed": "true"},
    }
    for folder, methods in sources:
        for name, line, message, comments, context in extract_from_dir(
            folder, methods, options, keywords, comment_tags=("NOTE:",)
        ):
            catalogue.add(message, locations=[(name, line)], auto_comments=comments, context=context)
    return catalogue


def update_catalogues() -> dict[str, int]:
    """Update both catalogues; returns the number of untranslated messages for each.

    The messages in the code are English, so the English catalogue is filled with them.
    """
    template = extract_messages()
    missing = {}
    for language in LANGUAGES:
        path = catalogue_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        catalogue = read_catalogue(language) if path.exists() else Catalog(locale=language, charset="utf-8")
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.creation_date = CATALOGUE_DATE  # so that the file changes only with its messages
        catalogue.obsolete.clear()
        catalogue.fuzzy = False
        if language == "en":
            for message in catalogue:
                if message.id and (not message.string or message.pluralizable):
                    message.string = message.id
        with path.open("wb") as file:
            write_po(file, catalogue, width=110, omit_header=False, no_location=True, sort_output=True)
        missing[language] = sum(
            1 for message in catalogue if message.id and not all(_strings(message.string))
        )
    return missing


def _strings(string: Any) -> tuple[str, ...]:
    return tuple(string) if isinstance(string, (tuple, list)) else (string,)


if __name__ == "__main__":
    for language, count in update_catalogues().items():
        print(f"{language}: {count} messages without translation")
