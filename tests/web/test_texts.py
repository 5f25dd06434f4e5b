"""Texts in any number of languages: tags, the value, the fallback rule, and names of languages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.web.forms import one_line, text_block
from gallery.web.languages import LocalizedText, site_languages, use_language
from gallery.web.rendering import lang_attribute
from gallery.web.texts import (
    LIKELY_LANGUAGES,
    NO_TEXTS,
    NoSuchLanguage,
    Texts,
    TextsField,
    bcp47,
    field_name,
    find_language,
    holds_language,
    is_right_to_left,
    language_label,
    language_name,
    normalised_tag,
    own_language_name,
    split_field_name,
)

TAGS = st.sampled_from(["zh", "en", "zh-Hant", "bo", "ug", "mn-Mong", "yue", "es", "en-GB"])
WORDS = st.text(min_size=1, max_size=20)
TEXTS = st.dictionaries(TAGS, WORDS, max_size=6).map(Texts)


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("zh", "zh"),
        ("zh-Hans", "zh"),
        ("zh_hant", "zh-Hant"),
        (" BO ", "bo"),
        ("bod", "bo"),
        ("ug", "ug"),
        ("mn-mong", "mn-Mong"),
        ("EN-gb", "en-GB"),
    ],
)
def test_tags_have_one_form(typed: str, tag: str) -> None:
    assert normalised_tag(typed) == tag


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "x",
        "xx",
        "english",
        "und",
        "mul",
        "zxx",
        "mis",
        "qaa",
        "x-klingon",
        "zh--Hans",
        "中文",
        "en" * 20,
        "a b",
    ],
)
def test_what_names_no_language_is_refused(typed: str) -> None:
    with pytest.raises(NoSuchLanguage):
        normalised_tag(typed)


@given(TEXTS)
def test_a_text_comes_back_from_the_database_as_it_was(texts: Texts) -> None:
    column = TextsField()
    stored = column.to_db_value(texts, None)
    again = column.to_python_value(stored)
    assert again == texts
    assert hash(again) == hash(texts)
    assert column.to_db_value(again, None) == stored
    for language in ("zh", "en", "bo", "zh-Hant"):  # what a search in the column finds
        assert (holds_language(language) in stored) == (language in texts)


@given(st.lists(st.tuples(TAGS, WORDS), max_size=6, unique_by=lambda pair: pair[0]))
def test_the_order_of_languages_makes_no_difference(pairs: list[tuple[str, str]]) -> None:
    assert Texts(pairs).to_json() == Texts(reversed(pairs)).to_json()


@given(TEXTS, TAGS, TAGS)
def test_a_reader_always_gets_words_if_there_are_any(texts: Texts, wanted: str, own: str) -> None:
    shown = texts.localized(wanted, own)
    if not texts:
        assert shown == LocalizedText("", own)
        return
    assert texts[shown.language] == shown.text
    if wanted in texts:
        assert shown.language == wanted
    others = texts.others(shown.language, own)
    assert {shown.language, *(each.language for each in others)} == set(texts)
    if own in texts and own != shown.language:
        assert others[0].language == own


@pytest.mark.parametrize(
    ("languages", "wanted", "own", "shown"),
    [
        (["en", "bo"], "bo", "en", "bo"),
        (["en", "zh-Hant"], "zh", "en", "zh-Hant"),  # another script of the same language
        (["en", "zh"], "zh-TW", "en", "zh"),
        (["zh-Hant", "zh"], "zh-TW", "en", "zh-Hant"),  # the nearer script first
        (["en", "bo"], "zh", "bo", "bo"),  # the artist's own words before the other site language
        (["en", "es"], "zh", "bo", "en"),  # a site language before any other
        (["es", "ug"], "zh", "", "es"),
    ],
)
def test_fallback(languages: list[str], wanted: str, own: str, shown: str) -> None:
    texts = Texts(dict.fromkeys(languages, "x"))
    assert texts.localized(wanted, own).language == shown


def test_without_a_wanted_language_it_is_the_pages() -> None:
    texts = Texts({"zh": "饺子皮", "en": "Dumpling wrappers"})
    for language in site_languages():
        with use_language(language):
            assert texts.localized() == LocalizedText(texts[language], language)


def test_a_text_holds_no_empty_words_and_no_language_twice() -> None:
    assert Texts({"zh": "", "en": ""}) == NO_TEXTS == Texts()
    assert not Texts({"zh": ""})
    with pytest.raises(ValueError, match="twice"):
        Texts({"zh": "饺子皮", "zh-Hans": "饺子皮"})
    with pytest.raises(NoSuchLanguage):
        Texts({"xx": "x"})
    with pytest.raises(TypeError):
        Texts({"zh": "饺子皮"})["zh"] = "x"  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("藏文", "bo"),
        ("藏语", "bo"),
        ("Tibetan", "bo"),
        ("བོད་སྐད་", "bo"),
        ("维吾尔文", "ug"),
        ("彝文", "ii"),
        ("粤语", "yue"),
        ("粵語", "yue"),
        ("中文", "zh"),
        ("ENGLISH", "en"),
        ("español", "es"),
        ("pt-BR", "pt-BR"),
        ("", None),
        ("Martian", None),
    ],
)
def test_people_name_a_language_by_its_name_or_tag(name: str, language: str | None) -> None:
    assert find_language(name) == language


def test_every_likely_language_is_known_by_all_of_its_names() -> None:
    for language in LIKELY_LANGUAGES:
        assert normalised_tag(language) == language
        assert find_language(own_language_name(language)) == language
        for page in site_languages():
            with use_language(page):
                assert find_language(language_name(language)) == language
    with use_language("en"):
        assert language_label("bo") == "བོད་སྐད · Tibetan"
        assert language_label("en") == "English"
        assert language_name("mnc") == "Manchu"


def test_direction_and_tag_of_a_run() -> None:
    assert [tag for tag in ("zh", "en", "bo", "ug", "ar", "he", "kk-Arab") if is_right_to_left(tag)] == [
        "ug",
        "ar",
        "he",
        "kk-Arab",
    ]
    assert bcp47("zh") == "zh-Hans"
    with use_language("en"):
        assert lang_attribute(LocalizedText("x", "ug")) == ' lang="ug" dir="rtl"'
        assert lang_attribute(LocalizedText("x", "zh")) == ' lang="zh-Hans"'
        assert lang_attribute(LocalizedText("x", "en")) == lang_attribute(LocalizedText("", "ug")) == ""


@pytest.mark.parametrize(
    ("field", "parts"),
    [
        ("title", ("title", "")),
        ("title[bo]", ("title", "bo")),
        ("title[]", ("title[]", "")),
        ("[bo]", ("[bo]", "")),
    ],
)
def test_names_of_fields(field: str, parts: tuple[str, str]) -> None:
    assert split_field_name(field) == parts
    if parts[1]:
        assert field_name(*parts) == field


@pytest.mark.parametrize("read", [one_line, text_block])
def test_no_text_turns_other_words_around(read: Any) -> None:
    assert read("a\u202eb\u2066c\u2069d") in {"abcd", "a b c d"}
