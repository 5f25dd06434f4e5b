"""The catalogues: every string of the interface is there in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from gallery.web import catalogues
from gallery.web.catalogues import (
    BY_HAND,
    CONVERTED,
    converted_words,
    converter,
    extract_messages,
    shipped_languages,
    update_catalogues,
)
from gallery.web.languages import read_catalogue

PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z%]|\{\w*\}")


@pytest.fixture(scope="module")
def template() -> Catalog:
    return extract_messages()


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def texts(value: object) -> list[str]:
    return [str(part) for part in value] if isinstance(value, (list, tuple)) else [str(value or "")]


def test_there_are_messages(template: Catalog) -> None:
    assert len(messages(template)) > 100


@pytest.mark.parametrize("language", shipped_languages())
def test_every_message_is_there_and_translated(template: Catalog, language: str) -> None:
    catalogue = read_catalogue(language)
    missing = []
    for message in messages(template):
        held = catalogue.get(message.id, message.context)
        if held is None or not all(text.strip() for text in texts(held.string)):
            missing.append(message.id)
    assert missing == []


def test_what_is_new_is_not_taken_for_translated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    template = Catalog()
    template.add("zzqx")
    monkeypatch.setattr(catalogues, "extract_messages", lambda: template)
    words = (catalogues.LOCALE_FOLDER / "zh-Hant/words.tsv").read_text()
    monkeypatch.setattr(catalogues, "LOCALE_FOLDER", tmp_path)
    for language in ("en", "zh", "zh-Hant"):
        (tmp_path / language).mkdir()
        (tmp_path / language / "messages.po").write_text("")
    (tmp_path / "zh-Hant/words.tsv").write_text(words)
    assert update_catalogues() == {"en": 0, "zh": 1, "zh-Hant": 1}


@pytest.mark.parametrize("language", shipped_languages())
def test_nothing_is_fuzzy_or_obsolete(template: Catalog, language: str) -> None:
    catalogue = read_catalogue(language)
    assert [message.id for message in messages(catalogue) if message.fuzzy] == []
    assert list(catalogue.obsolete) == []
    assert [
        message.id for message in messages(catalogue) if template.get(message.id, message.context) is None
    ] == []


@pytest.mark.parametrize("language", shipped_languages())
def test_placeholders_are_those_of_the_message(language: str) -> None:
    wrong = []
    for message in messages(read_catalogue(language)):
        wanted = set(PLACEHOLDER.findall(texts(message.id)[-1]))
        for text in filter(None, texts(message.string)):
            found = set(PLACEHOLDER.findall(text))
            # A plural form may leave the number out ("one work"), and may not contain another.
            if found != wanted and not (message.pluralizable and found < wanted):
                wrong.append((message.id, text))
    assert wrong == []


@pytest.mark.parametrize("language", CONVERTED)
def test_a_converted_catalogue_follows_its_source(language: str) -> None:
    source, configuration = CONVERTED[language]
    convert, found = converter(language, configuration), read_catalogue(language)
    stale = []
    for message in messages(read_catalogue(source)):
        held = found.get(message.id, message.context)
        assert held is not None
        if BY_HAND not in held.user_comments and held.string != converted_words(message, convert):
            stale.append(message.id)
    assert stale == [], "make messages"
