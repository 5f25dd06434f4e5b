"""Text in lines: line breaks, omissions, shrinking and truncation."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gallery.images.sandbox.typesetting import (
    ELLIPSIS,
    NOT_AT_END,
    NOT_AT_START,
    balance_lines,
    break_lines,
    can_break_before,
    fit_text,
    is_wide,
    overlap_in_ems,
    visible_text,
)


def columns(text: str) -> float:
    """A Chinese character is two wide, any other one."""
    return sum(2 if is_wide(each) else 1 for each in text)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("团圆，是圆的", 4, ["团", "圆，", "是圆", "的"]),
        ("团圆，是圆的", 6, ["团圆，", "是圆的"]),
        ("看《饺子皮》了", 4, ["看", "《饺", "子", "皮》", "了"]),
        ("他说：“好。”走了", 8, ["他说：", "“好。”走", "了"]),
        ("The cat knows where", 9, ["The cat", "knows", "where"]),
        ("Supercalifragilistic", 8, ["Supercal", "ifragili", "stic"]),
        ("看World Cup的人", 7, ["看World", "Cup的人"]),
        ("从2022年开始", 6, ["从2022", "年开始"]),
        ("", 5, []),
    ],
)
def test_lines(text: str, width: int, lines: list[str]) -> None:
    assert break_lines(text, width, columns) == lines


LETTERS = st.text(st.sampled_from("团圆是画，。！》《（）“”：、…ab c1-,.("), max_size=60).map(visible_text)


@given(LETTERS, st.integers(2, 30))
@example("圆，。》", 2)
def test_no_line_is_too_wide_and_none_begins_or_ends_as_it_must_not(text: str, width: int) -> None:
    lines = break_lines(text, width, columns)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(lines)
    at = 0
    for number, line in enumerate(lines):
        assert columns(line) <= width
        at = text.index(line, at)
        if number and (line[0] in NOT_AT_START or lines[number - 1][-1] in NOT_AT_END):
            # Only if the line before had no possible break.
            before = at - len(lines[number - 1])
            gap = text[:at]
            start = len(gap.rstrip(" ")) - len(lines[number - 1])
            assert not any(can_break_before(text, place) for place in range(max(start, before, 0) + 1, at))
        at += len(line)


@given(LETTERS.filter(bool), st.integers(2, 30))
def test_balanced_lines_are_as_few_and_say_the_same(text: str, width: int) -> None:
    plain, even = break_lines(text, width, columns), balance_lines(text, width, columns)
    assert len(even) == len(plain)
    assert "".join(even).replace(" ", "") == text.replace(" ", "")


@given(LETTERS.filter(bool), st.integers(20, 200), st.integers(1, 4))
def test_what_is_set_fits(text: str, width: int, most: int) -> None:
    found = fit_text(text, width, most, (20, 16, 10), lambda size: lambda part: columns(part) * size / 2)
    assert 1 <= len(found.texts) <= most
    said = "".join(found.texts).replace(" ", "")
    whole = text.replace(" ", "")
    if said != whole:
        assert found.size == 10
        assert found.texts[-1].endswith(ELLIPSIS)
        assert whole.startswith(said.removesuffix(ELLIPSIS))


def test_a_long_title_shrinks_and_is_then_cut() -> None:
    def at(size: int):  # type: ignore[no-untyped-def]
        return lambda part: columns(part) * size / 2

    assert fit_text("团圆" * 4, 100, 2, (40, 25, 20), at).size == 25
    long = fit_text(" ".join(["reunion"] * 40), 300, 3, (40, 30, 20), at)
    assert (long.size, len(long.texts)) == (20, 3)
    assert long.texts[-1].endswith("reunion…")


@pytest.mark.parametrize(
    ("typed", "drawn"),
    [
        ("饺子\u202e皮\u202c", "饺子皮"),
        ("\u200f冬至\u200b\u2066吃汤圆\u2069", "冬至吃汤圆"),
        ("一\n二\t三", "一 二 三"),
        ("<b>粗</b>", "<b>粗</b>"),
        ("❤\ufe0f", "❤"),
        ("\x00a\x07", "a"),
    ],
)
def test_what_cannot_be_seen_is_left_out(typed: str, drawn: str) -> None:
    assert visible_text(typed) == drawn


@given(st.text())
def test_bare_text_is_one_line_and_stays_so(text: str) -> None:
    once = visible_text(text)
    assert visible_text(once) == once
    assert once == once.strip()
    assert "\n" not in once


def test_marks_share_their_empty_halves_and_scripts_stand_apart() -> None:
    assert overlap_in_ems("。", "》") == overlap_in_ems("，", "《") == overlap_in_ems("（", "《") == 0.5
    assert overlap_in_ems("画", "A") == overlap_in_ems("2", "年") == -0.125
    assert overlap_in_ems("画", "画") == overlap_in_ems("a", "b") == overlap_in_ems("画", "，") == 0
