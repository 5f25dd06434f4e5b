"""Texts in any number of languages in a form: a field such as `title[bo]` for each text and language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from babel.support import LazyProxy
from wtforms import SelectField
from wtforms.fields import Field
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField
from wtforms.validators import Optional

from gallery.web.forms import Form, LineField
from gallery.web.languages import bcp47, site_languages
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import (
    LIKELY_LANGUAGES,
    MAX_LANGUAGES,
    NO_TEXTS,
    NoSuchLanguage,
    Texts,
    by_field,
    field_name,
    find_language,
    label_in_language,
    language_label,
    language_name,
    normalised_tag,
    own_language_name,
    split_field_name,
)

UNKNOWN_LANGUAGE = _l(
    "No language has this name or tag. Please write its name, or a tag such as fr or pt-BR."
)


class LanguageBlock(NamedTuple):
    """The fields of the texts in one language."""

    language: str
    own_name: str
    fields: list[Field]


class TextsForm(Form):
    """A form with texts in any number of languages.

    A field in `texts`, such as `title = LineField(_l("Title"), 120)`, becomes the fields `title[zh]`,
    `title[en]` and so on: for the site's languages, those of the record and of the posted form, and a
    language added with the button `adds_language`. After that button, the form is not valid, although it has
    no errors: it is shown again.

    If the form got the record (`obj`), words in a language that the posted form does not have are kept.
    """

    # text → the error message if it is empty in all languages; "" if it may be empty
    texts: ClassVar[Mapping[str, Any]] = {}
    # The message after a language was added. A form with autosave may say that it was saved.
    added_sentence: ClassVar[Any] = _l("There are fields for %(language)s now. Nothing is saved yet.")

    add_language = SelectField(_l("Another language"), [Optional()], validate_choice=False)
    add_language_other = LineField(_l("Its name or tag"), 60, render_kw={"autocomplete": "off"})

    def __init__(
        self,
        posted: Any = None,
        *,
        obj: Any = None,
        data: Any = None,
        prefix: str = "",
        languages: Iterable[str] = (),
        **options: Any,
    ) -> None:
        """`languages`: more languages for which the form has fields."""
        start = f"{prefix}-" if prefix and not prefix.endswith("-") else prefix
        given = data or {}
        stored = {name: getattr(obj, name, given.get(name)) or NO_TEXTS for name in self.texts}
        sent = {name.removeprefix(start) for name in posted or () if name.startswith(start)}
        self.adding = f"{start}adds_language"  # the name of the button in the form
        self.adds_language, self.added = False, ""
        if "adds_language" in sent:
            typed = [posted.get(f"{start}add_language{more}") or "" for more in ("_other", "")]
            self.adds_language = any(typed)
            self.added = find_language(typed[0] or typed[1]) or ""
        self.languages = self._languages_of([languages, *stored.values()], sent)
        self._unbound_fields = list(self._fields_in_languages(start))
        words = {
            field: text for name, texts in stored.items() for field, text in by_field(name, texts).items()
        }
        super().__init__(posted, obj=obj, data={**given, **words}, prefix=prefix, **options)
        self["add_language"].choices = choices_to_add(self.languages)
        if self.added:
            self["add_language"].data = self["add_language_other"].data = ""
            first = self[field_name(next(iter(self.texts)), self.added)]
            first.render_kw = {**first.render_kw, "autofocus": True}

    def _languages_of(self, stored: Iterable[Iterable[str]], sent: Iterable[str]) -> list[str]:
        """The languages of the form's fields as typed; the site's languages come first."""
        languages = dict.fromkeys(site_languages())
        for each in stored:
            languages.update(dict.fromkeys(each))
        for field in sorted(sent):
            name, language = split_field_name(field)
            if name in self.texts and language:
                languages.setdefault(language)
        if self.added:
            languages.setdefault(self.added)
        return list(languages)

    def _fields_in_languages(self, prefix: str) -> Iterator[tuple[str, UnboundField[Any]]]:
        for name, field in vars(type(self))["_unbound_fields"]:
            if name not in self.texts:
                yield name, field
                continue
            for language in self.languages:
                options = {} if language == self.languages[0] else {"description": ""}
                in_language = field_in_language(field, f"{prefix}{name}", language, **options)
                yield field_name(name, language), in_language

    def text_of(self, name: str) -> Texts:
        """The typed words of a text, without those in an invalid language."""
        words: dict[str, str] = {}
        for language in self.languages:
            text = self[field_name(name, language)].data
            tag = _tag_or_none(language)
            if text and tag:
                words.setdefault(tag, text)
        return Texts(words)

    def values(self, *names: str) -> Mapping[str, Any]:
        """The data of the named fields; Texts for the fields in `texts`."""
        return {name: self.text_of(name) if name in self.texts else self[name].data for name in names}

    def validate(self, extra_validators: Any = None) -> bool:
        """Check each text: its languages are valid and differ, and it is not empty if it is required."""
        if self.adds_language:
            if self.added:
                self.form_errors = [str(self.added_sentence) % {"language": language_name(self.added)}]
            else:
                self["add_language_other"].errors = [str(UNKNOWN_LANGUAGE)]
            return False
        super().validate(extra_validators)
        for name, needed in self.texts.items():
            self._check_languages(name)
            if needed and not any(self[field_name(name, each)].data for each in self.languages):
                self.refuse(name, str(needed))
        return not self.errors

    def _check_languages(self, name: str) -> None:
        found: set[str] = set()
        for language in self.languages:
            field = self[field_name(name, language)]
            tag = _tag_or_none(language)
            if not field.data:
                continue
            if tag is None:
                self.refuse(field.short_name, str(UNKNOWN_LANGUAGE))
            elif tag in found or len({*(field.raw_data or ())}) > 1:
                sentence = _("There are words in %(language)s twice.")
                self.refuse(field.short_name, sentence % {"language": language_name(tag)})
            elif len(found) == MAX_LANGUAGES:
                sentence = _("Please keep it to %(most)s languages.")
                self.refuse(field.short_name, sentence % {"most": MAX_LANGUAGES})
            found.add(tag or language)

    def refuse(self, field: str, sentence: str) -> None:
        """Add an error to `field`, or to a text's first field. No errors are added while a language is added."""
        if not self.adds_language:
            super().refuse(field_name(field, self.languages[0]) if field in self.texts else field, sentence)

    def blocks(self, names: Iterable[str] = ()) -> list[LanguageBlock]:
        """The fields of the texts `names` (default: all) by language; fields that the form lacks are left out."""
        return [
            LanguageBlock(
                each,
                own_language_name(each),
                [
                    self[field_name(name, each)]
                    for name in list(names) or self.texts
                    if field_name(name, each) in self
                ],
            )
            for each in self.languages
        ]


def field_in_language(
    field: UnboundField[Any], name: str, language: str, **options: Any
) -> UnboundField[Any]:
    """The field of a text in one language. Its label contains the language: “Title (Tibetan)”."""
    label, *arguments = field.args
    options = {"id": f"{name}-{language}", **field.kwargs, **options}
    options["render_kw"] = text_attributes(options.get("render_kw"), language)
    of_language = LazyProxy(label_in_language, label, language, enable_cache=False)
    return UnboundField(field.field_class, of_language, *arguments, **options)


def text_attributes(attributes: Mapping[str, Any] | None, language: str | None) -> dict[str, Any]:
    """HTML attributes of a text field: its language, and `dir="auto"`, so that the browser derives the
    direction from the text.
    """
    return {**(attributes or {}), **({"lang": bcp47(language)} if language else {}), "dir": "auto"}


def language_choices(more: Iterable[str | None] = ()) -> list[SelectChoice]:
    """The choices for a language: LIKELY_LANGUAGES, and `more` if they are languages."""
    languages = dict.fromkeys(LIKELY_LANGUAGES)
    for language in more:
        if language and find_language(language) == language:
            languages.setdefault(language)
    return [SelectChoice(each, language_label(each)) for each in languages]


def choices_to_add(shown: Iterable[str | None]) -> list[SelectChoice]:
    """The languages that can be added to `shown`."""
    have = set(shown)
    others = (each for each in language_choices() if each.value not in have)
    return [SelectChoice("", _("Choose a language")), *others]


def _tag_or_none(language: str) -> str | None:
    try:
        return normalised_tag(language)
    except NoSuchLanguage:
        return None
