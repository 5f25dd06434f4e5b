"""The languages of the interface: the language of the current request, and its strings through gettext.

The catalogues are `locale/<language>/messages.po`, in the package or in the site's home. The site reads them
directly, without .mo files. Strings that a catalogue lacks are shown in English. `python -m
gallery.web.catalogues` updates the package's catalogues from the code and the templates.
"""

from __future__ import annotations

import functools
import gettext as gnu_gettext
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Self

import langcodes
from babel.core import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import LazyProxy
from langcodes.language_distance import _DISTANCE_CACHE

from gallery.settings import LOCALE_FOLDER

PACKAGE = Path(__file__).parents[1]
FALLBACK_LANGUAGE = "en"  # the language of the messages in the code
MAX_DISTANCE = 75  # up to this CLDR distance (by langcodes), readers of one language can use the other
MAX_ACCEPTED = 20  # languages read from an Accept-Language header
MAX_CACHED_TAGS = 4096

_site_languages: tuple[str, ...] = ("zh", "en")
_catalogue_folders = [LOCALE_FOLDER]
_language: ContextVar[str] = ContextVar("language")


class LocalizedText(NamedTuple):
    """A text with its own language, which may differ from the page's."""

    text: str
    language: str  # a language of the site, or any other BCP 47 tag


def site_languages() -> tuple[str, ...]:
    """The languages of the site, the default first. `zh` is Simplified Chinese, whose standard tag is zh-Hans."""
    return _site_languages


def default_language() -> str:
    return _site_languages[0]


def page_prefixes() -> tuple[str, ...]:
    """The first parts of the paths of visitors' pages: /zh/, /en/."""
    return tuple(f"/{language}/" for language in _site_languages)


def set_site_languages(languages: Sequence[str], own_catalogues: Path | None = None) -> None:
    """Set the languages of GALLERY_LANGUAGES. Catalogues in `own_catalogues` come before the package's."""
    global _site_languages
    _site_languages = tuple(languages)
    own_folders = [own_catalogues] if own_catalogues and own_catalogues.is_dir() else []
    if [*own_folders, LOCALE_FOLDER] != _catalogue_folders:
        _catalogue_folders[:] = [*own_folders, LOCALE_FOLDER]
        translations.cache_clear()


def current_language() -> str:
    return _language.get(_site_languages[0])


def set_language(language: str) -> None:
    """Use `language` for the rest of this request, or the site's language that is nearest to it."""
    _language.set(offered_language(language))


@contextmanager
def use_language(language: str) -> Iterator[None]:
    token = _language.set(language)
    try:
        yield
    finally:
        _language.reset(token)


def offered_language(language: str) -> str:
    """`language` if the site offers it, else the site's nearest language. Stored languages may no longer be offered."""
    return language if language in _site_languages else accepted_language(language)


def other_languages(language: str) -> list[str]:
    """The site's languages without this one."""
    return [each for each in _site_languages if each != language]


def translation_language(language: str) -> str:
    """The language of a field such as `credit_name_translation`, which does not name it: a translation from `language`.

    It is the site's first other language. Another script of the same language is no translation, such as a
    name in Traditional characters.
    """
    others = (each for each in _site_languages if _family(each) != _family(language))
    return next(others, "en" if is_chinese(language) else "zh")


def _family(language: str) -> str:
    return "zh" if is_chinese(language) else language.partition("-")[0]


def accepted_language(accept_language: str) -> str:
    """The site's language that an Accept-Language header prefers; the default if none of its languages is near."""
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(accept_language.split(",")[:MAX_ACCEPTED]):
        tag, _, parameters = part.strip().partition(";")
        try:
            weight = float(parameters.strip().removeprefix("q=")) if parameters.strip() else 1.0
        except ValueError:
            weight = 0.0
        if tag and weight > 0:
            weighted.append((-weight, position, tag.strip()))
    for _weight, _position, tag in sorted(weighted):
        nearest = min(_site_languages, key=functools.partial(_distance, tag))
        if _distance(tag, nearest) <= MAX_DISTANCE:
            return nearest
    return default_language()


def _distance(wanted: str, offered: str) -> int:
    """The distance of two languages: 0 for the same language; see MAX_DISTANCE."""
    bound_tag_caches()
    try:
        return langcodes.tag_distance(wanted, bcp47(offered))
    except ValueError:
        return MAX_DISTANCE + 1


def bound_tag_caches() -> None:
    """Empty the caches of langcodes when they are large: they never drop a tag, and anybody can send new tags."""
    caches: tuple[dict[Any, Any], ...] = (
        langcodes.Language._PARSE_CACHE,
        langcodes.Language._INSTANCES,
        _DISTANCE_CACHE,
    )
    for cache in caches:
        if len(cache) > MAX_CACHED_TAGS:
            cache.clear()


def bcp47(language: str) -> str:
    """The tag used in pages and documents: zh → zh-Hans."""
    return "zh-Hans" if language == "zh" else language


def is_chinese(language: str | None = None) -> bool:
    """Whether a language, by default the page's, is Chinese in any script."""
    return (language or current_language()).partition("-")[0] in {"zh", "yue"}


def localized(record: Any, field: str, language: str | None = None) -> LocalizedText:
    """A text of a record in `language` (default: the page's) or else another, by the rule of `Texts.localized`."""
    text: LocalizedText = getattr(record, field).localized(language)
    return text


# These mark an English string on a page in another language, until `mark_fallbacks` replaces them by
# elements. Unicode reserves both for a program's own use. If a text contains one, it only opens or closes a
# <span>.
FALLBACK_BEGINS, FALLBACK_ENDS = "\ufdd0", "\ufdd1"
_marks_fallbacks: ContextVar[bool] = ContextVar("marks_fallbacks", default=False)
# Parts of a page where no element is possible: comments, elements that contain plain text, and tags.
_WITHOUT_ELEMENTS = re.compile(
    r"<!--.*?-->|<(script|style|title|textarea|option)\b.*?</\1>|<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>",
    re.DOTALL,
)


class _EnglishMessages(gnu_gettext.NullTranslations):
    """The fallback for strings that a catalogue lacks: the English messages in the code."""

    def gettext(self, message: str) -> str:
        return f"{FALLBACK_BEGINS}{message}{FALLBACK_ENDS}" if _marks_fallbacks.get() else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@contextmanager
def marked_fallbacks() -> Iterator[None]:
    """Inside the `with` block, strings that the page's language lacks are marked, for `mark_fallbacks`."""
    token = _marks_fallbacks.set(True)
    try:
        yield
    finally:
        _marks_fallbacks.reset(token)


def mark_fallbacks(html: str, attributes: str) -> str:
    """A page with its fallback strings in elements with `attributes`; as plain text where no element is possible."""
    if FALLBACK_BEGINS not in html:
        return html
    begin = f"<span{attributes}>"

    def marked(text: str) -> str:
        return text.replace(FALLBACK_BEGINS, begin).replace(FALLBACK_ENDS, "</span>")

    parts, end = [], 0
    for match in _WITHOUT_ELEMENTS.finditer(html):
        plain = match[0].replace(FALLBACK_BEGINS, "").replace(FALLBACK_ENDS, "")
        parts += [marked(html[end : match.start()]), plain]
        end = match.end()
    return "".join([*parts, marked(html[end:])])


@functools.cache
def translations(language: str) -> gnu_gettext.GNUTranslations:
    catalogue = read_catalogue(language)
    for message in list(catalogue):
        if message.id and not (is_translated(message) and _fits(message)):
            catalogue.delete(message.id, message.context)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    found = gnu_gettext.GNUTranslations(compiled)
    found.add_fallback(_EnglishMessages())
    return found


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
    """The rules for dates, numbers and plurals in a language, by default the page's."""
    return _babel_locale(language or current_language())


@functools.lru_cache(maxsize=4096)
def _babel_locale(language: str) -> Locale:
    if known := {"zh": "zh_Hans_CN", "zh-Hant": "zh_Hant_TW", "en": "en_GB"}.get(language):
        return Locale.parse(known)
    parts = language.split("-")
    for length in range(len(parts), 0, -1):
        try:
            return Locale.parse("_".join(parts[:length]))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en_GB")


def catalogue_path(language: str) -> Path:
    """The catalogue of a language: in the site's home, or in the package."""
    paths = [folder / language / "messages.po" for folder in _catalogue_folders]
    return next((path for path in paths if path.is_file()), paths[-1])


def read_catalogue(language: str) -> Catalog:
    with catalogue_path(language).open("rb") as file:
        return read_po(file, locale=babel_locale(language))


def is_translated(message: Message) -> bool:
    """Whether a message of a catalogue is translated, in all its plural forms."""
    string = message.string
    return all(string) if isinstance(string, (tuple, list)) else bool(string)


def _fits(message: Message) -> bool:
    """Whether a translation has the same placeholders as its message: a keeper's catalogue may contain mistakes."""
    originals = message.id if isinstance(message.id, (tuple, list)) else [message.id]
    words = message.string if isinstance(message.string, (tuple, list)) else [message.string or ""]
    values = dict.fromkeys(re.findall(r"%\((\w+)\)", " ".join(originals)), 0)
    takes_values = all(_is_format(text, values) for text in originals)
    return not takes_values or all(_is_format(text, values) for text in words)


def _is_format(text: str, values: dict[str, int]) -> bool:
    try:
        text % values
    except (KeyError, ValueError, TypeError):
        return False
    return True


def template_folder() -> Path:
    """The folder of the templates: inside the installed package, or next to it in a checkout."""
    installed = PACKAGE / "templates"
    return installed if installed.is_dir() else PACKAGE.parent / "templates"
