"""Transcripts: plain words, lines with times, WebVTT as programs write it, and what each becomes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.sounds.transcripts import Cue, are_times_in_order, cues_of, seems_to_be, webvtt, words_of
from gallery.sounds.waveform import BARS, waveform

TIMED = "0:00 下雪了。\n0:05 奶奶说：\n来吃汤圆吧。\n\n[1:02.5] 完"
WEBVTT = """WEBVTT - made by a program

NOTE nobody reads this

1
00:00.000 --> 00:02.500 line:90%
<v Nai Nai>It is <i>winter</i>.

00:00:03.000 --> 00:00:05.000
Come and eat & drink.
"""


def test_plain_words_have_no_times() -> None:
    assert cues_of("下雪了。\n0:05 later") == []
    assert words_of("下雪了。") == "下雪了。"
    assert cues_of("") == []
    assert webvtt("下雪了。", 2500) == "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n下雪了。\n"


def test_lines_that_begin_with_their_time() -> None:
    assert cues_of(TIMED) == [
        Cue(0, None, "下雪了。"),
        Cue(5000, None, "奶奶说：\n来吃汤圆吧。"),
        Cue(62_500, None, "完"),
    ]
    assert [cue.clock for cue in cues_of(TIMED)] == ["0:00", "0:05", "1:02"]
    assert "0:05" not in words_of(TIMED)
    assert webvtt(TIMED, 70_000).endswith("00:01:02.500 --> 00:01:10.000\n完\n")


def test_webvtt_is_read_and_its_markup_left_out() -> None:
    assert cues_of(WEBVTT) == [Cue(0, 2500, "It is winter."), Cue(3000, 5000, "Come and eat & drink.")]
    assert "eat &amp; drink" in webvtt(WEBVTT, 9000)


def test_times_must_rise_and_lie_within_the_sound() -> None:
    assert are_times_in_order(TIMED, 70_000)
    assert are_times_in_order(TIMED, 0)  # its length is not known yet
    assert not are_times_in_order(TIMED, 60_000)
    assert not are_times_in_order("0:09 a\n0:05 b", 60_000)
    assert not are_times_in_order("0:05 a\n0:05 b", 60_000)
    assert are_times_in_order("no times", 60_000)


@pytest.mark.parametrize(
    ("text", "language", "fits"),
    [
        ("下雪了，一家人围着锅。", "zh", True),
        ("It snowed, and the family sat around the pot.", "zh", False),
        ("It snowed, and the family sat around the pot.", "en", True),
        ("下雪了，一家人围着锅。", "en", False),
        ("他说 hello，然后 everybody 笑了。", "zh", True),
        ("My name is 派派, and I am twenty-two.", "en", True),
        ("啦啦啦", "en", True),  # too short to say
        ("0:01 It snowed, and they sat.", "zh", False),
        ("ཁ་བ་བབས། མི་ཚང་ཚང་མ་ཟངས་བུའི་མཐར།", "zh", True),  # a script of neither: not judged
    ],
)
def test_a_transcript_in_another_language_is_noticed(text: str, language: str, fits: bool) -> None:
    assert seems_to_be(text, language) is fits


@given(st.text(max_size=200), st.integers(1, 300_000))
def test_no_text_breaks_them(text: str, milliseconds: int) -> None:
    made = webvtt(text, milliseconds)
    assert made.startswith("WEBVTT\n")
    assert made.count("-->") == max(1, len(cues_of(text)))
    are_times_in_order(text, milliseconds)


@given(st.lists(st.integers(0, 100), max_size=1000))
def test_a_waveform_has_the_same_number_of_bars_for_every_sound(peaks: list[int]) -> None:
    assert str(waveform(peaks)).count("M") == BARS
