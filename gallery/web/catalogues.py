"""`make messages`: updates the package's catalogues from the code, the templates and each other."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from gallery.settings import LOCALE_FOLDER
from gallery.web.languages import (
    FALLBACK_LANGUAGE,
    PACKAGE,
    is_translated,
    read_catalogue,
    template_folder,
)

CATALOGUE_DATE = datetime(2026, 11, 23, tzinfo=UTC)  # the creation date in the catalogues' headers
BY_HAND = "by hand"  # the comment of a message that no conversion may overwrite
# Language → the language from whose catalogue it is converted, and OpenCC's conversion.
CONVERTED = {"zh-Hant": ("zh", "s2twp")}


def shipped_languages() -> list[str]:
    """The languages with a catalogue in the package."""
    return sorted(path.parent.name for path in LOCALE_FOLDER.glob("*/messages.po"))


def coverage(language: str) -> float:
    """The share of the interface's strings that a catalogue has, from 0 to 1."""
    messages = [message for message in read_catalogue(FALLBACK_LANGUAGE) if message.id]
    catalogue = read_catalogue(language)
    found = (catalogue.get(message.id, message.context) for message in messages)
    return sum(1 for message in found if message is not None and is_translated(message)) / len(messages)


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
    """Update all catalogues of the package; returns the number of untranslated messages for each."""
    catalogues = updated_catalogues(extract_messages())
    for language, catalogue in catalogues.items():
        with (LOCALE_FOLDER / language / "messages.po").open("wb") as file:
            write_po(file, catalogue, width=110, omit_header=False, no_location=True, sort_output=True)
    return {
        language: sum(1 for message in catalogue if message.id and not is_translated(message))
        for language, catalogue in catalogues.items()
    }


def updated_catalogues(template: Catalog) -> dict[str, Catalog]:
    """The catalogues of the package with the messages of `template`.

    The messages in the code are English, so the English catalogue is filled with them.
    """
    catalogues = {language: read_catalogue(language) for language in shipped_languages()}
    for language, catalogue in catalogues.items():
        catalogue.update(deepcopy(template), no_fuzzy_matching=True)  # update() keeps the objects
        catalogue.creation_date = CATALOGUE_DATE  # fixed, so that the file changes only with its messages
        catalogue.obsolete.clear()
        catalogue.fuzzy = False
        if language == FALLBACK_LANGUAGE:
            for message in catalogue:
                if message.id and (not message.string or message.pluralizable):
                    message.string = message.id
    for language, (source, configuration) in CONVERTED.items():
        convert_catalogue(catalogues[source], catalogues[language], converter(language, configuration))
    return catalogues


def convert_catalogue(source: Catalog, target: Catalog, convert: Callable[[str], str]) -> None:
    """Fill `target` from `source`, except messages with the comment BY_HAND."""
    for message in target:
        words = source.get(message.id, message.context) if message.id else None
        if words is not None and BY_HAND not in message.user_comments:
            message.string = converted_words(words, convert)


def converted_words(message: Message, convert: Callable[[str], str]) -> str | tuple[str, ...]:
    string = message.string
    return tuple(map(convert, string)) if isinstance(string, (tuple, list)) else convert(string or "")


def converter(language: str, configuration: str) -> Callable[[str], str]:
    """A function that converts a text with OpenCC, corrected by `words.tsv`.

    OpenCC is installed with the tests, not with a site.
    """
    from opencc import OpenCC

    lines = (LOCALE_FOLDER / language / "words.tsv").read_text().splitlines()
    words = dict(line.split("\t") for line in lines if line and not line.startswith("#"))
    found = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    opencc = OpenCC(configuration)
    return lambda text: found.sub(lambda match: words[match[0]], opencc.convert(text))


if __name__ == "__main__":
    for language, count in update_catalogues().items():
        print(f"{language}: {count} messages without translation")
