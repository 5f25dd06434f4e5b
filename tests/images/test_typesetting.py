"""Text that Typst sets in the child: what is left out, how it fits into its column, and how it is cut."""

from __future__ import annotations

from typing import Any

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from gallery.images.sandbox.share_images import EDGE, TextColumn, TextItem, Typography
from gallery.images.sandbox.typesetting import drawable, has_glyph, visible_text
from gallery.images.script_fonts import TRADITIONAL, missing_characters, needed_fonts
from gallery.images.share_image import Fonts
from gallery.public.share_images import SANS, SERIF
from gallery.web.languages import template_folder

FONTS = Fonts(str(SERIF), str(SANS))
TEMPLATE = template_folder() / "sharing" / "share_image.typ"


def column(text: str, width: int, sizes: tuple[int, ...], language: str = "zh", **values: Any) -> TextColumn:
    column = TextColumn(width)
    column.add(TextItem(text, "sans", sizes, "#000000", **{"max_lines": 9, "leading": 1.5, **values}))
    Typography(TEMPLATE, FONTS, language).set_columns(column)
    return column


def box(column: TextColumn) -> tuple[int, int, int, int]:
    """What is drawn, in px of the column."""
    assert column.image is not None
    found = column.image.getchannel("A").getbbox()
    assert found is not None
    return found[0] - EDGE, found[1] - EDGE, found[2] - EDGE, found[3] - EDGE


def test_a_text_takes_the_first_size_in_which_it_fits() -> None:
    assert column("团圆", 100, (40, 20)).height == 60
    assert column("团圆团", 100, (40, 20), max_lines=1).height == 30
    assert column("团圆" * 4, 100, (40, 20), room=70).height == 60  # two lines of the smaller size


def test_what_does_not_fit_is_cut() -> None:
    long = column("团圆" * 40, 100, (40, 20), max_lines=2)
    assert long.height == 60
    assert box(long)[2] <= 104
    assert column(" ".join(["reunion"] * 40), 300, (40, 20), "en", max_lines=3).height == 90


def test_lines_are_about_equally_long() -> None:
    assert box(column("一二三四五六七", 120, (20,)))[2] <= 84  # four and three letters, not six and one


@pytest.mark.parametrize("text", ["W" * 60, "a " + "Supercalifragilistic" * 4, "www.example.org/" * 9])
@pytest.mark.parametrize("width", [120, 400])
def test_a_long_word_is_first_set_smaller_and_then_broken(text: str, width: int) -> None:
    assert box(column(text, width, (40, 20), "en"))[2] <= width + 4
    assert column("Supercalifragilistic", 400, (60, 20), "en").height == 30


@given(st.text(max_size=80), st.sampled_from(["zh", "en"]), st.integers(1, 3))
def test_any_text_stays_in_its_column(text: str, language: str, max_lines: int) -> None:
    text = drawable(text, (FONTS.serif, FONTS.sans))
    if not text:
        return
    found = column(text, 240, (40, 30, 20), language, max_lines=max_lines)
    assert found.height <= max_lines * 60
    assert found.image is not None
    assert found.image.width <= 240 + 2 * EDGE


def test_marks_of_two_widths_follow_their_neighbours() -> None:
    """In English text, and between Latin letters in Chinese text, a quotation mark is as narrow as a letter."""
    full, narrow = box(column("I’m", 400, (100,), "zh"))[2], box(column("I’m", 400, (100,), "en"))[2]
    assert full == narrow < 160
    assert box(column("我“画", 600, (100,), "zh"))[2] > 280
    # Chinese marks next to each other share their empty halves.
    assert box(column("画，《画", 600, (100,), "zh"))[2] < 370


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
def test_visible_text_is_one_line_and_stays_so(text: str) -> None:
    once = visible_text(text)
    assert visible_text(once) == once
    assert once == once.strip()
    assert "\n" not in once


def test_what_no_font_has_is_left_out() -> None:
    paths = (FONTS.serif, FONTS.sans)
    assert drawable("汤圆😀 🎨 yuan", paths) == "汤圆 yuan"
    assert drawable("\u202e饺子\u200d皮", paths) == "饺子皮"
    assert not has_glyph(FONTS.serif, "😀")
    assert has_glyph(FONTS.serif, "饺")


# Scripts


SCRIPTS = {
    "bo": "ཉི་མ་དང་ཟླ་བ་རྒྱལ་སྐྱོང་།",
    "ug": "قۇياش، ئاي ۋە باھار",
    "mn-Mong": "ᠨᠠᠷᠠ ᠮᠣᠩᠭᠣᠯ\u202fᠤᠨ᠃",
    "ii": "ꆈꌠꉙ",
    "hi": "सूरज और चाँद, हिन्दी",
    "bn": "সূর্য ও চাঁদ",
    "ta": "சூரியன்",
    "th": "พระอาทิตย์และน้ำ",
    "lo": "ຕາເວັນ",
    "km": "ព្រះអាទិត្យ",
    "my": "နေမင်း",
    "he": "שמש וירח",
    "ko": "한국의 해바라기",
    "mn": "Нар, хүүхэд өдөр, Ёлка",
    "kk": "Күн, қазақ әні",
    "pl": "Łódź, źródło",
    "vi": "Mặt trời và trường học",
    "es": "¡Español, corazón!",
    "zh": "冬至吃饺子",
    "zh-Hant": "冬至吃餃子，骨直與麵",
    "yue": "佢哋嘅太陽",
}


@pytest.mark.parametrize(("language", "text"), SCRIPTS.items())
def test_every_character_of_a_script_has_a_letter_in_its_fonts(language: str, text: str) -> None:
    assert drawable(text, (FONTS.serif, FONTS.sans)) == text
    assert missing_characters(text) == ""
    others = needed_fonts(text, has_traditional=language in {"zh-Hant", "yue"})
    assert (TRADITIONAL in others) == (language in {"zh-Hant", "yue"})
    for main, face in ((FONTS.serif, "serif"), (FONTS.sans, "sans")):
        found = [
            set(TTFont(path).getBestCmap()) for path in (main, *(getattr(font, face) for font in others))
        ]
        lacking = [each for each in text if not any(ord(each) in letters for letters in found)]
        assert lacking == [], face
    left, top, right, bottom = box(column(text, 600, (40,), language))
    assert 0 < right - left < 600
    assert bottom - top > 20


@pytest.mark.parametrize("text", ["རྒྱལ་སྐྱོང་", "ၝြွှူ့", "ព្រះអាទិត្យ", "ᠮᠣᠩᠭᠣᠯ", "ﷺ پچ"])
def test_letters_that_stack_are_not_cut_off(text: str) -> None:
    drawn = column(text, 900, (84,), "bo").image
    assert drawn is not None
    edges = [(0, 0, drawn.width, 1), (0, drawn.height - 1, drawn.width, drawn.height)]
    assert all(drawn.getchannel("A").crop(edge).getbbox() is None for edge in edges)


def ink_at_its_ends(column: TextColumn) -> tuple[int, int]:
    """How many dark pixels the first and the last 40 px of a line have."""
    assert column.image is not None
    left, _, right, _ = box(column)
    ink = column.image.getchannel("A")
    ends = [(EDGE + left, EDGE + left + 40), (EDGE + right - 40, EDGE + right)]
    first, last = (sum(ink.crop((start, 0, end, ink.height)).histogram()[128:]) for start, end in ends)
    return first, last


def test_arabic_letters_join_and_run_from_right_to_left() -> None:
    alone, joined = box(column("ب", 900, (60,), "zh")), box(column("بببب", 900, (60,), "zh"))
    assert joined[2] - joined[0] < 3 * (alone[2] - alone[0])
    first, last = ink_at_its_ends(column("ا WWW", 900, (60,), "zh", is_own=True))
    assert first > 1.5 * last, "the first letter, a thin one, stands on the right"


def test_a_line_of_several_texts_runs_as_the_page_does() -> None:
    first, last = ink_at_its_ends(column("ا WWW", 900, (60,), "zh"))
    assert last > 1.5 * first


def test_traditional_chinese_has_its_own_forms() -> None:
    simplified, traditional = (column("骨直與", 300, (60,), tag).image for tag in ("zh", "zh-Hant"))
    assert simplified is not None
    assert traditional is not None
    assert simplified.tobytes() != traditional.tobytes()


def test_what_shapes_letters_is_kept_between_them_only() -> None:
    assert visible_text("ᠮᠣᠩᠭᠣᠯ\u202fᠤᠨ\u180b می\u200cروم") == "ᠮᠣᠩᠭᠣᠯ\u202fᠤᠨ\u180b می\u200cروم"
    assert visible_text("a\u202fb\u200dc\u180b") == "a bc"


def test_characters_that_no_font_has_are_named() -> None:
    assert missing_characters("ᏣᎳᎩ 太阳 😀😀") == "ᏣᎳᎩ😀"


def test_a_font_that_fills_a_gap_still_sets_its_own_script() -> None:
    gap = "ź"
    assert not (has_glyph(FONTS.serif, gap) and has_glyph(FONTS.sans, gap))
    alone, together = (column(text, 600, (40,), "en") for text in ("Жизнь", f"Жизнь {gap}"))
    assert alone.image is not None
    assert together.image is not None
    end = EDGE + box(alone)[2]
    letters = [each.crop((0, 0, end, each.height)) for each in (alone.image, together.image)]
    assert letters[0].tobytes() == letters[1].tobytes()
