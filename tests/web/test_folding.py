"""Folding: what a search takes as the same, in Chinese and in other scripts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gallery.search.tokenizer import highlighted, spans, terms_of, tokens
from gallery.web.folding import _HAS_MARK, fold, fold_with_positions

# Letters of many scripts, marks of all kinds, and whatever else there is.
SCRIPTS = "饺餃裏裡里臺剪紙々かｶﾞ゙한ᄒ\u1161ㅏée\u0301Đđßİıئئ\u064eـིུཀ་།འིᠮᠣᠩ\u180bꆈꌠกำခွ\u200b\u200d\u202e\ufe0f' .，1"
TEXTS = st.text(max_size=60) | st.text(st.sampled_from(SCRIPTS), max_size=40)
WORDS = {
    "Español": ["Español", "Nandú", "corazón"],
    "Uyghur": ["قۇياش", "ئاي", "ياز", "ئۇيغۇرچە"],
    "Mongolian": ["ᠮᠣᠩᠭᠣᠯ", "ᠨᠠᠷᠠ"],
    "Vietnamese": ["đường", "trường", "mặt"],
    "Cyrillic": ["Ёлка", "хүүхэд", "солнце"],
    "Tibetan": ["ཉི་མ", "ཟླ་བ", "བོད་སྐད"],
    "Yi": ["ꆈꌠꉙ", "ꁱꂷ"],
    "Thai": ["ภาษาไทย", "น้ำ", "พระอาทิตย์"],
    "Lao": ["ພາສາລາວ"],
    "Khmer": ["ភាសាខ្មែរ"],
    "Burmese": ["မြန်မာဘာသာ"],
    "Japanese": ["ひまわり", "ガラス", "夏の海"],
    "Korean": ["한국어", "해바라기"],
    "Hindi": ["सूरज", "हिन्दी"],
}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("餃子", "饺子"),
        ("裏面", "里面"),
        ("裡面", "里面"),
        ("臺灣", "台湾"),
        ("看著", "看着"),
        ("什麼", "什么"),
        ("瞭解", "了解"),
        ("乾淨", "干净"),
        ("頭髮發現", "头发发现"),
        ("化粧", "化妆"),
        ("Español", "espanol"),
        ("đường", "DUONG"),
        ("Ёлка", "елка"),
        ("ﬁre", "fire"),
        ("ｶﾞﾗｽ", "ガラス"),
        ("قۇيـــاش", "قۇياش"),
        ("كِتَاب", "كتاب"),
        ("ᠮᠣᠩᠭᠣᠯ\u180b", "ᠮᠣᠩᠭᠣᠯ"),
        ("exhi\u00adbition", "exhibition"),
        ("葛\ufe00", "葛"),
    ],
)
def test_forms_of_one_word_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert fold(unicodedata.normalize("NFD", one)) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("ئاز", "ياز"), ("ཉི", "ཉ"), ("画", "划"), ("กา", "กำ")])
def test_other_letters_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_a_chinese_character_folds_to_one_character() -> None:
    blocks = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0x20000, 0x20100))
    for code in (code for block in blocks for code in block):
        folded = fold(chr(code))
        assert len(folded) == 1
        assert fold(folded) == folded


def test_only_marks_are_dropped() -> None:
    """`fold_with_positions` counts on it."""
    letters = (
        chr(code) for code in range(0x30000) if unicodedata.category(chr(code)) not in {"Cn", "Co", "Cs"}
    )
    assert [each for each in letters if not fold(each) and not _HAS_MARK.match(each)] == []


@given(TEXTS)
@example("か\u200d\u3099")
@example("ᄒ\u0301\u1161")
@example("ي\u0301\u0654")
@example("ㄱㅏ")
@example("か\u0f74\u3099")
def test_folding_twice_changes_nothing_more(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold_with_positions(text)[0] == folded


@given(TEXTS)
def test_each_folded_character_comes_from_a_piece_of_the_text(text: str) -> None:
    folded, starts, ends = fold_with_positions(text)
    assert len(folded) == len(starts) == len(ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(starts, ends, strict=True))
    assert list(starts) == sorted(starts)


@given(TEXTS)
@example("་0")
@example("日་00")
def test_every_text_can_be_asked_for_and_finds_itself(text: str) -> None:
    for term in terms_of(text):
        assert spans(text, [term])


@given(TEXTS)
@example("ཉི་མ་ ཉི་མའི་འོད་ 餃子ཉི་མ")
def test_every_word_of_a_text_is_found_in_its_index(text: str) -> None:
    """The index is searched as the databases do it: for a phrase of tokens, or the beginning of a token."""
    index = tokens(text)
    for word in text.split():
        for term in terms_of(word):
            size = len(term.tokens)
            phrases = (tuple(index[place : place + size]) for place in range(len(index)))
            if term.is_prefix:
                assert any(token.startswith(term.tokens[0]) for token in index)
            else:
                assert term.tokens in phrases


@pytest.mark.parametrize(("language", "words"), WORDS.items())
def test_a_whole_word_is_found_and_marked_as_it_is_written(language: str, words: list[str]) -> None:
    text = " ".join(words)
    for word in words:
        marked = f"<mark>{word}</mark>"
        assert marked in highlighted(text, terms_of(word)), language
        assert marked in highlighted(text, terms_of(word.upper())), language
        assert tokens(word)


def test_what_was_folded_is_marked_with_its_accents() -> None:
    assert highlighted("冬至吃餃子", terms_of("饺子")) == "冬至吃<mark>餃子</mark>"
    assert highlighted("el corazo\u0301n rojo", terms_of("corazon")) == "el <mark>corazo\u0301n</mark> rojo"
    assert highlighted("ﬁre ｶﾞﾗｽ", terms_of("fire ガラス")) == "<mark>ﬁre</mark> <mark>ｶﾞﾗｽ</mark>"


def test_syllables_of_a_tibetan_word_follow_one_another() -> None:
    (term,) = terms_of("ཉི་མ་")
    assert term.tokens == ("ཉི", "མ")
    assert spans("ང་ཚོ་ཉི་མ་ལ་དགའ", [term]) == [(5, 9)]
    assert not spans("མ་ཉི", [term])
    assert spans("ཉི་མའི་འོད", [term]), "with the ending of the genitive"
