"""A text in any number of languages: one value that maps BCP 47 tags to words.

https://www.rfc-editor.org/info/bcp47. Simplified Chinese has the short tag `zh` everywhere; pages declare it
as `zh-Hans`.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import langcodes
from babel.core import Locale, UnknownLocaleError
from langcodes.tag_parser import LanguageTagError
from tortoise.expressions import Q
from tortoise.fields.base import Field

from gallery.web.languages import (
    LocalizedText,
    babel_locale,
    bcp47,
    bound_tag_caches,
    current_language,
    site_languages,
)
from gallery.web.languages import gettext as _

MAX_TAG_LENGTH = 35  # characters; RFC 5646, section 4.4.1
MAX_LANGUAGES = 20  # the most languages of one text or record

# The languages that people most often need, each by its own name. Every other language can be entered by its tag.
LIKELY_LANGUAGES: Mapping[str, str] = {
    "zh": "中文",
    "en": "English",
    "bo": "བོད་སྐད",
    "ug": "ئۇيغۇرچە",
    "mn-Mong": "ᠮᠣᠩᠭᠣᠯ",
    "ii": "ꆈꌠꉙ",
    "yue": "粵語",
    "zh-Hant": "繁體中文",
    "kk-Arab": "قازاقشا",
    "za": "Vahcuengh",
    "ko": "한국어",
    "es": "Español",
}

# "No language", "several", "undetermined" and the codes for private use are not languages.
_NO_LANGUAGES = re.compile(r"(?:und|mul|mis|zxx|q[a-t][a-z]|x)(?:-|$)")
_RIGHT_TO_LEFT_SCRIPTS = frozenset(
    ["Adlm", "Arab", "Aran", "Hebr", "Mand", "Mend", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi"]
)


class NoSuchLanguage(ValueError):
    """The tag is not that of a language."""


@functools.lru_cache(maxsize=4096)
def normalised_tag(tag: str) -> str:
    """A BCP 47 tag in its standard form: `zh_hant` → `zh-Hant`, `zh-Hans` → `zh`. Raises NoSuchLanguage."""
    bound_tag_caches()
    try:
        standard = langcodes.standardize_tag(tag.strip())
        is_valid = langcodes.tag_is_valid(standard)
    except (LanguageTagError, ValueError) as error:
        raise NoSuchLanguage(tag) from error
    if not is_valid or len(standard) > MAX_TAG_LENGTH or _NO_LANGUAGES.match(standard):
        raise NoSuchLanguage(tag)
    return "zh" if standard == bcp47("zh") else standard


class Texts(Mapping[str, str]):
    """The words of a text in each language: an immutable mapping from normalised tags to words.

    It contains no empty words: a language without words is not in it.
    """

    __slots__ = ("_words",)

    def __init__(self, words: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        """Raises NoSuchLanguage, and ValueError if two tags mean the same language."""
        normalised: dict[str, str] = {}
        for tag, text in dict(words).items():
            if not text:
                continue
            language = normalised_tag(tag)
            if language in normalised:
                raise ValueError(f"{language} occurs twice")
            normalised[language] = text
        self._words = dict(sorted(normalised.items()))

    @classmethod
    def stored(cls, words: dict[str, str]) -> Texts:
        """Texts from words that this class has stored, so they need no checking."""
        texts = cls.__new__(cls)
        texts._words = words
        return texts

    def __getitem__(self, language: str) -> str:
        return self._words[language]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def __hash__(self) -> int:
        return hash(tuple(self._words.items()))

    def __repr__(self) -> str:
        return f"Texts({self._words!r})"

    def localized(self, wanted: str | None = None, own: str = "") -> LocalizedText:
        """The text for a reader of the language `wanted` (default: the page's language).

        The site's fallback rule: the language itself, else a related one (another script or region of the
        same language), else the record's `own` language, else the site's languages in their order, else any
        language.
        """
        wanted = wanted or current_language()
        words = self._words.get(wanted)
        if words is not None:
            return LocalizedText(words, wanted)
        if not self._words:
            return LocalizedText("", own or wanted)
        found = _in_order(tuple(self._words), wanted, own, site_languages())[0]
        return LocalizedText(self._words[found], found)

    def readable(self) -> LocalizedText:
        """The text in the page's language or a related one; empty if there is none."""
        found = self.localized()
        is_readable = is_same_language(found.language, current_language())
        return found if is_readable else LocalizedText("", current_language())

    def others(self, shown: str, own: str = "") -> list[LocalizedText]:
        """The text in all languages except `shown`: the record's own first, then the site's, then all others."""
        order = _in_order(tuple(self._words), own or site_languages()[0], own, site_languages())
        return [LocalizedText(self._words[language], language) for language in order if language != shown]

    def to_json(self) -> str:
        """JSON that is the same for equal values, with unescaped characters, so that databases can search in it."""
        return json.dumps(self._words, ensure_ascii=False, separators=(",", ":"))


NO_TEXTS = Texts()


@functools.lru_cache(maxsize=4096)
def _in_order(languages: tuple[str, ...], wanted: str, own: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    """`languages` in the order of the fallback rule; `offered` are the site's languages."""

    def rank(language: str) -> tuple[int, int, str]:
        if language == wanted:
            return 0, 0, language
        if _base(language) == _base(wanted):
            return 1, int(script_of(language) != script_of(wanted)), language
        if language == own:
            return 2, 0, language
        for place, site_language in enumerate(offered):
            if language == site_language:
                return 3, place, language
            if _base(language) == _base(site_language):
                return 4, place, language
        return 5, 0, language

    return tuple(sorted(languages, key=rank))


def _base(language: str) -> str:
    return language.partition("-")[0]


def is_same_language(one: str, other: str) -> bool:
    """Whether two tags mean the same language, perhaps in another script or region."""
    return _base(one) == _base(other)


@functools.lru_cache(maxsize=4096)
def script_of(language: str) -> str:
    """The script of a language (ISO 15924), from its tag or else the usual one."""
    return langcodes.Language.get(bcp47(language)).maximize().script or "Latn"


def is_right_to_left(language: str) -> bool:
    return script_of(language) in _RIGHT_TO_LEFT_SCRIPTS


def language_name(language: str) -> str:
    """The name of a language in the page's language: 藏语, Tibetan; its tag if that name is unknown."""
    return _language_name(language, current_language())


@functools.lru_cache(maxsize=4096)
def _language_name(language: str, shown_in: str) -> str:
    locale = babel_locale(shown_in)
    parts = language.split("-")
    names, scripts, territories = locale.languages, locale.scripts, locale.territories
    for length in range(len(parts), 0, -1):
        if name := names.get("_".join(parts[:length])):
            known = {**scripts, **territories}
            more = [known.get(part, part) for part in parts[length:]]
            return f"{name} ({', '.join(more)})" if more else str(name)
    return language


@functools.lru_cache(maxsize=4096)
def own_language_name(language: str) -> str:
    """A language's name in the language itself: བོད་སྐད; its tag if that name is unknown."""
    if language in LIKELY_LANGUAGES:
        return LIKELY_LANGUAGES[language]
    try:
        return str(Locale.parse(language, sep="-").get_display_name() or language)
    except (UnknownLocaleError, ValueError):
        return language


def site_language_name(language: str) -> str:
    """A site language's name in the language itself; 中文 includes its script if the site offers both scripts."""
    is_one_of_several = sum(each.partition("-")[0] == "zh" for each in site_languages()) > 1
    return "简体中文" if language == "zh" and is_one_of_several else own_language_name(language)


def label_in_language(label: Any, language: str) -> str:
    """The label of a text in one language: “Title (Tibetan)”."""
    return _("%(field)s (%(language)s)") % {"field": label, "language": language_name(language)}


def language_label(language: str) -> str:
    """Both names of a language: “བོད་སྐད · Tibetan”."""
    return " · ".join(dict.fromkeys([own_language_name(language), language_name(language)]))


def find_language(text: str) -> str | None:
    """The language that a person typed: its name in one of the site's languages or in itself, or its tag."""
    if language := _known_names(site_languages()).get(_plain_name(text)):
        return language
    try:
        return normalised_tag(text)
    except NoSuchLanguage:
        return None


@functools.cache
def _known_names(offered: tuple[str, ...]) -> Mapping[str, str]:
    """Name of a language → language, in the site's languages. Some have several names, such as 藏文 and 藏语."""
    names: dict[str, str] = {}
    for shown_in in offered:
        for key, name in babel_locale(shown_in).languages.items():
            try:
                names.setdefault(_plain_name(name), normalised_tag(key))
            except NoSuchLanguage:  # such as "unknown language"
                continue
    names["彝语"] = "ii"  # which Babel calls Sichuan Yi only
    for language, name in LIKELY_LANGUAGES.items():
        names[_plain_name(name)] = language
        for shown_in in offered:
            names[_plain_name(_language_name(language, shown_in))] = language
    return names


def _plain_name(text: str) -> str:
    plain = comparable_name(text).replace("་", "")
    return plain[:-1] + "语" if plain.endswith(("文", "話", "话", "語")) and len(plain) > 1 else plain


FIELD_NAME = re.compile(r"(\w+)\[([A-Za-z0-9-]{1,35})\]")


def comparable_name(text: str) -> str:
    """A name in the form used for comparison: case, full-width forms and spaces are ignored."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def field_name(name: str, language: str) -> str:
    """The name of the field that holds a translation of `name`: title[bo]."""
    return f"{name}[{language}]"


def by_field(name: str, texts: Texts) -> dict[str, str]:
    """The words of a text by form field: `title[bo]` → words."""
    return {field_name(name, language): words for language, words in texts.items()}


def split_field_name(field: str) -> tuple[str, str]:
    """(`title`, `bo`) of `title[bo]`; (`title`, ``) of `title`."""
    match = FIELD_NAME.fullmatch(field)
    return (match[1], match[2]) if match else (field, "")


def by_language(values: Mapping[str, Any], languages: Iterable[str] = ()) -> dict[str, Any]:
    """`values` with a separate value for each language of a text: title → title[zh], title[bo].

    The languages in `languages` are included even if the text is empty in them.
    """
    fields: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Texts):
            for language in dict.fromkeys([*languages, *value]):
                fields[field_name(name, language)] = value.get(language, "")
        else:
            fields[name] = value
    return fields


def with_words(values: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """The changed values if `fields` such as title[bo] are set; texts are whole, with their other languages."""
    changed: dict[str, Any] = {}
    for field, value in fields.items():
        name, language = split_field_name(field)
        if language:
            changed[name] = Texts({**changed.get(name, values[name]), language: value})
        else:
            changed[name] = value
    return changed


class TextsField(Field[Texts]):
    """A column with Texts: JSON as text on both engines, so that `contains` searches work the same on both.

    A text has a language if the column contains `holds_language(tag)`; quotation marks within words are
    escaped. Equal values are equal in the database.
    """

    SQL_TYPE = "TEXT"
    field_type = Texts
    indexable = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"default": NO_TEXTS, "db_default": "{}", **options})

    def to_db_value(self, value: Any, instance: Any) -> str:
        if value == "{}":  # the column's default in the database
            return "{}"
        if not isinstance(value, Texts):
            raise TypeError(f"{type(value).__name__} instead of Texts")
        return value.to_json()

    def to_python_value(self, value: Any) -> Texts:
        if isinstance(value, Texts):
            return value
        if isinstance(value, str):
            return Texts.stored(json.loads(value)) if value != "{}" else NO_TEXTS
        return Texts(value or {})  # None: from an outer join


def contains_words(field: str, words: str) -> Q:
    """The filter for rows whose text contains `words` in any language, ignoring case."""
    return Q(**{f"{field}__icontains": json.dumps(words, ensure_ascii=False)[1:-1]})


def holds_language(language: str) -> str:
    """The part that a stored text contains if it has words in this language."""
    return f"{json.dumps(language)}:"
