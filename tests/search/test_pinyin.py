"""Pinyin: readings of titles, and words of a query divided into syllables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypinyin import lazy_pinyin

from gallery.search.pinyin import divisions, letters_of, sounds_of, tokens_of
from gallery.search.tokenizer import is_token, terms_of
from gallery.web.folding import fold
from gallery.web.pinyin import readings, syllables_of


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("冬至吃汤圆啦", "dongzhichitangyuanla"),
        ("餃子", "jiaozi"),  # traditional
        ("音乐", "yinyue"),  # by its phrase
        ("快乐", "kuaile"),
        ("重庆", "chongqing"),
        ("绿色的女儿", "lusedenuer"),
        ("2024 年，Snow!", "2024niansnow"),
        ("lanterns", ""),
        ("", ""),
    ],
)
def test_texts_are_read(text: str, letters: str) -> None:
    assert letters_of(text) == letters


@pytest.mark.parametrize(
    ("word", "ways"),
    [
        ("jiaozi", ["jiao zi", "ji ao zi"]),
        ("xian", ["xian", "xi an"]),
        ("xi'an", ["xi an"]),
        ("nver", ["nu er"]),
        ("lyuse", ["lu se"]),
        ("dong1zhi4", ["dong zhi"]),
        ("xue", ["xue"]),
        ("lantern", []),
        ("fifa2022", []),
        ("饺子", []),
    ],
)
def test_words_are_divided_into_syllables(word: str, ways: list[str]) -> None:
    assert [" ".join(way) for way in divisions(word)] == ways


def test_every_syllable_of_the_dictionary_can_be_typed() -> None:
    """Except interjections without a vowel."""
    known, phrases, _ = readings()
    read = set(known.values()) | {each for phrase in phrases.values() for each in phrase.split(" ")}
    assert {each for each in read if (each,) not in divisions(each)} <= {"hm", "m", "n", "ng", "hng", "yo"}


@given(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=12))
def test_each_character_has_its_syllable(run: str) -> None:
    folded = fold(run)
    assert len(syllables_of(folded)) == len(folded)
    assert all(is_token(token) for token in tokens_of(run))


def test_phrases_are_read_as_the_library_reads_them() -> None:
    for phrase in ("长大", "长城", "银行", "行走", "音乐会", "重新", "重要", "还书", "都市", "首都"):
        library = [each.replace("v", "u") for each in lazy_pinyin(phrase)]
        assert syllables_of(phrase) == library, phrase


@given(st.text(st.sampled_from("aeiouvdngzhjxlüǎ'1 4饺"), max_size=80))
def test_any_query_is_read(query: str) -> None:
    terms = terms_of(query)
    sounds = sounds_of(terms) if terms else None
    if sounds:
        assert all(is_token(token) for choice in sounds.choices for term in choice for token in term.tokens)
        assert sum(len(choice) for choice in sounds.choices) <= 5 * len(terms)
