"""Tokens of texts, terms of queries, and the marks in results."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gallery.search.tokenizer import (
    MAX_REPEATS,
    MAX_TOKENS,
    Term,
    highlighted,
    is_cjk,
    is_token,
    snippet,
    spans,
    terms_of,
    token_stream,
    tokens,
)

CHINESE = st.text(st.sampled_from("冬至吃饺子汤圆啦的一二三画"), min_size=1, max_size=12)
TEXTS = st.text(max_size=120) | st.text(
    st.sampled_from("冬至饺子Aa é 'ａ２ﬁ\u0301\u202e，。\n\t-_\"*()&|!:<>\\\0😀한カ"), max_size=80
)


def test_chinese_is_cut_into_pairs_and_the_last_character() -> None:
    assert tokens("冬至吃汤圆，好") == ["冬至", "至吃", "吃汤", "汤圆", "圆", "好"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lanterns", "Lantern"),
        ("painted", "paint"),
        ("painting", "paints"),
        ("families", "family"),
        ("artist’s", "artists"),
        ("ＦＩＦＡ２０２２", "fifa2022"),
        ("Café", "cafe"),
        ("ﬁreworks", "firework"),
    ],
)
def test_forms_of_a_word_are_one_token(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)


def test_scripts_part_in_the_middle_of_a_word() -> None:
    assert tokens("2022FIFA世界杯") == ["2022fifa", "世界", "界杯", "杯"]


@pytest.mark.parametrize("question", ["", " ", "!!!", "😀👍", "“”", "' OR 1=1 --"[:1], "\u202e", "＿＿"])
def test_signs_ask_for_nothing(question: str) -> None:
    assert terms_of(question) == []


def test_a_question_asks_for_phrases_words_and_beginnings() -> None:
    assert [(term.tokens, term.is_prefix) for term in terms_of('画 "饺子皮" AND the Lanterns')] == [
        (("画",), True),
        (("饺子", "子皮"), False),
        (("lantern",), False),
    ]


def test_small_words_count_where_nothing_else_is_asked() -> None:
    assert [term.tokens for term in terms_of("the")] == [("the",)]


@given(TEXTS)
@example("İstanbul")
@example("\U0002ebe1")
def test_tokens_are_the_words_and_can_stand_in_a_statement(text: str) -> None:
    assert all(is_token(token) for token in tokens(text))
    assert all(is_token(token) for token in token_stream([text], ["_0a"]).split(" "))
    assert not any(token.startswith("_") for token in tokens(text)), "only facets do"


@given(TEXTS)
@example("it's ﬁ́re，Ａnd 饺子é")
def test_each_token_of_a_text_is_found_in_it(text: str) -> None:
    for token in filter(None, tokens(text)):
        found = spans(text, [Term((token,), is_prefix=len(token) == 1)])
        assert found
        assert all(0 <= start < end <= len(text) for start, end in found)
        assert all(end < start for (_, end), (start, _) in pairwise(found))
        for start, end in found:
            assert token in tokens(text[start:end]) or is_cjk(token)


def holds(text: str, question: str) -> bool:
    """A simple model: whether the run is part of one run of the text."""
    return any(question in run for run in re.findall(r"[\u4e00-\u9fff]+", text))


@given(st.lists(CHINESE, min_size=1, max_size=4).map("，".join), CHINESE)
def test_a_chinese_question_is_found_where_it_stands_and_only_there(text: str, question: str) -> None:
    (term,) = terms_of(question)
    assert bool(spans(text, [term])) == holds(text, question)
    for start, end in spans(text, [term]):
        assert set(text[start:end]) <= set(question)


@given(TEXTS, st.text(max_size=20) | CHINESE)
def test_marks_change_no_letter(text: str, question: str) -> None:
    html = str(highlighted(text, terms_of(question)))
    assert unescape(re.sub("</?mark>", "", html)) == text
    assert not re.search(r"<(?!/?mark>)", html)


@pytest.mark.parametrize(
    ("text", "question", "html"),
    [
        ("冬至吃汤圆啦", "汤圆", "冬至吃<mark>汤圆</mark>啦"),
        ("冬至吃汤圆啦", "冬至吃汤", "<mark>冬至吃汤</mark>圆啦"),
        ("画画的人", "画", "<mark>画画</mark>的人"),
        ("She painted lanterns.", "paint lantern", "She <mark>painted</mark> <mark>lanterns</mark>."),
        ("ＦＩＦＡ世界杯", "fifa", "<mark>ＦＩＦＡ</mark>世界杯"),
        ("<b>bold</b>", "bold", "&lt;b&gt;<mark>bold</mark>&lt;/b&gt;"),
        ("冬天，至今", "冬至", "冬天，至今"),
    ],
)
def test_what_a_question_finds_is_marked(text: str, question: str, html: str) -> None:
    assert highlighted(text, terms_of(question)) == html


def test_a_passage_begins_near_what_was_found() -> None:
    text = "第一句话很长很长很长很长很长很长。" * 9 + "奶奶把灯笼挂在窗前。" + "后来的事情还有很多很多。" * 9
    piece = snippet(text, terms_of("灯笼"), 60)
    assert piece.startswith("…奶奶把灯笼")
    assert piece.endswith("…")
    assert snippet(text, terms_of("麦田"), 60) == ""


@given(TEXTS, st.text(max_size=10) | CHINESE, st.integers(10, 60))
def test_a_passage_is_a_piece_that_holds_what_was_found(text: str, question: str, columns: int) -> None:
    terms = terms_of(question)
    piece = snippet(text, terms, columns)
    assert bool(piece) == bool(spans(text, terms))
    assert piece.strip("…") in text


def test_an_endless_text_stays_within_what_both_databases_keep() -> None:
    kept = token_stream(["哈" * 20_000, "后面"], ["_f"]).split(" ")
    assert len(kept) == MAX_TOKENS
    assert kept.count("哈哈") == MAX_REPEATS
    assert kept[0] == "_f"
    assert token_stream(["哈" * (MAX_REPEATS + 50), "后面"]).split(" ")[MAX_REPEATS + 50 :] == ["后面", "面"]


def test_a_term_knows_how_it_was_typed() -> None:
    assert [term.typed for term in terms_of("Lanterns 饺子皮")] == ["Lanterns", "饺子皮"]
    assert terms_of("饺子 饺子") == [Term(("饺子",), typed="饺子")]
