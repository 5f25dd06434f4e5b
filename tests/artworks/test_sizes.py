"""The size of a work: read as people write it, shown with the height first."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.artworks.sizes import A_SIZES, MAX_SIDE, Size, read_size, size_as_shown
from gallery.artworks.unreadable import Unreadable
from gallery.reviews.checks import personal_data
from gallery.web.languages import use_language

SIDES = st.integers(1, MAX_SIDE)
UNITS = {"mm": 1, "毫米": 1, "cm": 10, "厘米": 10, "CM": 10, "㎝": 10, "m": 1000, "米": 1000}
SIGNS = ("×", "x", "X", "*", " × ", "＊", " by ", "乘")


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ("38×26 cm", (380, 260)),
        ("38 x 26", (380, 260)),
        ("３８×２６厘米", (380, 260)),
        ("38,5 × 26.5 cm", (385, 265)),
        ("1,200 × 800 mm", (1200, 800)),
        ("0.38m × 26cm", (380, 260)),
        ("15 × 10 inches", (381, 254)),
        ('8.5" x 11"', (216, 279)),
        ("38×26×4厘米", (380, 260, 40)),
        ("宽26cm 高38cm", (380, 260)),
        ("高38宽26", (380, 260)),
        ("38cm(H) × 26cm(W)", (380, 260)),
        ("長38釐米，寬26釐米", (380, 260)),
        ("8开（38×26cm）", (380, 260)),
        ("A3", (420, 297)),
        ("a3 横", (297, 420)),
        ("A4 paper, landscape", (210, 297)),
        ("B5", (250, 176)),
        ("Letter", (279, 216)),
        ("8开", (390, 270)),
        ("八開", (390, 270)),
        ("16K", (270, 190)),
        ("对开", (780, 540)),
        ("大度16开", (290, 220)),
        ("四尺整张", (1380, 690)),
        ("4尺三开", (690, 460)),
        ("四尺斗方", (690, 690)),
        ("四尺对开", (1380, 340)),
        ("六尺横批", (970, 1800)),
    ],
)
def test_people_write_a_size_in_many_ways(typed: str, size: tuple[int, ...]) -> None:
    assert tuple(read_size(typed).sides.values()) == size


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0 × 26 cm", "larger than 0"),
        ("−3 × 4", "larger than 0"),
        ("-3", "larger than 0"),
        ("4 km", "“km” is no unit"),
        ("4km × 3km", "“km” is no unit"),
        ("38 cm", "both height and width"),
        ("200 m × 3 m", "larger than 100 m"),
        ("0.04 × 0.04 cm", "smaller than 1 mm"),
        ("large", "Please write height × width"),
        ("9" * 40 + " × 1", "Please write height × width"),
        ("999999999 × 1 cm", "larger than 100 m"),
        ("9 × 9 cm" * 20, "Please write height × width"),
        ("5开", "Please write height × width"),
        ("1 × 2 × 3 × 4 cm", "Please write height × width"),
        ("高38 高26", "Please write height × width"),
        ("38 × 26 cm or so", "Please write height × width"),
        ("×", "Please write height × width"),
    ],
)
def test_each_mistake_has_its_sentence(typed: str, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_size(typed)
    with use_language("en"):
        assert sentence in refused.value.sentence


@given(height=SIDES, width=SIDES, depth=st.none() | SIDES, language=st.sampled_from(["zh", "en"]))
def test_what_is_shown_can_be_typed_again(height: int, width: int, depth: int | None, language: str) -> None:
    size = Size(height, width, depth)
    with use_language(language):
        assert read_size(size.words) == size


@given(st.lists(SIDES, min_size=2, max_size=3), st.sampled_from(sorted(UNITS)), st.sampled_from(SIGNS))
def test_every_unit_and_sign_says_the_same(sides: list[int], unit: str, sign: str) -> None:
    typed = sign.join(f"{side / UNITS[unit]:.3f}" for side in sides) + unit
    assert list(read_size(typed).sides.values()) == sides


@given(st.text(st.sampled_from("0123456789.,×x* cmk开尺四对A高宽-()（）\"'")) | st.text())
def test_any_text_is_a_size_or_has_a_sentence(typed: str) -> None:
    try:
        size, sentence = read_size(typed), ""
    except Unreadable as refused:
        size, sentence = None, refused.sentence
    assert sentence or size
    if size is not None:
        assert all(1 <= side <= MAX_SIDE for side in size.sides.values())
        assert not list(personal_data.check({"size": typed}))


def test_a_named_sheet_lies_as_its_picture() -> None:
    wide, high = SimpleNamespace(width=4, height=3), SimpleNamespace(width=3, height=4)
    assert size_as_shown("8开", wide) == Size(270, 390)
    assert size_as_shown("8开", high) == read_size("8开") == size_as_shown("8开", None)
    assert size_as_shown("38 × 26", wide) == Size(380, 260), "numbers stay as they were written"
    assert size_as_shown("8开竖", wide) == Size(390, 270)
    assert size_as_shown("", wide) is None
    assert size_as_shown("what a later release reads", wide) is None


@pytest.mark.parametrize(
    ("typed", "like"),
    [
        ("38×26 cm", "about as large as an A3 sheet"),
        ("26 × 38 cm", "about as large as an A3 sheet"),
        ("8开", "about as large as an A3 sheet"),
        ("15 × 10.5 cm", "about as large as an A6 sheet"),
        ("38 × 26 × 1 cm", "about as large as an A3 sheet"),
        ("38 × 26 × 10 cm", ""),
        ("30 × 30 cm", ""),
        ("3 × 2 m", ""),
        ("2 × 1 cm", ""),
    ],
)
def test_a_size_is_compared_with_a_sheet_that_is_near(typed: str, like: str) -> None:
    with use_language("en"):
        assert read_size(typed).comparison == like
    with use_language("zh"):
        assert read_size("A4").comparison == "约一张A4纸大小"
        assert all(read_size(name).comparison for name in A_SIZES)
