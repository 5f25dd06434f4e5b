"""The fonts of cards, posters and labels for scripts that the two main fonts lack.

Each font sets the characters of its scripts in all texts; the main fonts set everything else. So a text may
have several scripts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).parents[1] / "vendor"


@dataclass(frozen=True)
class ScriptFont:
    """`characters`: a character class of a regular expression, without its brackets.

    With `fills_gaps`, the font sets only those of them that a main font lacks.
    """

    characters: str
    serif: str  # the font's file, for titles
    sans: str
    fills_gaps: bool = False


def script_font(characters: str, sans: str, serif: str = "", *, fills_gaps: bool = False) -> ScriptFont:
    """A font by its file's name: noto-sans-kr/NotoSansKR_400Regular.ttf."""
    path = str(VENDOR / sans)
    return ScriptFont(characters, str(VENDOR / serif) if serif else path, path, fills_gaps)


NOTO = ("noto-sans/NotoSans_400Regular.ttf", "noto-serif/NotoSerif_600SemiBold.ttf")
TRADITIONAL = script_font(
    "\u2e80-\u303f\u3100-\u312f\u31a0-\u31ef\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "noto-sans-tc/NotoSansTC_400Regular.ttf",
    "noto-serif-tc/NotoSerifTC_600SemiBold.ttf",
)
JOINERS = "\u200c\u200d"
SCRIPT_FONTS = (
    script_font("\u0400-\u052f", *NOTO),
    script_font(
        "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff", "noto-sans-kr/NotoSansKR_400Regular.ttf"
    ),
    script_font("\u0f00-\u0fff", "noto-serif-tibetan/NotoSerifTibetan_400Regular.ttf"),
    script_font(
        f"\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc{JOINERS}",
        "noto-naskh-arabic/NotoNaskhArabic_400Regular.ttf",
    ),
    script_font("\u1800-\u18af\u202f", "noto-sans-mongolian/NotoSansMongolian_400Regular.ttf"),
    script_font("\ua000-\ua4cf", "noto-sans-yi/NotoSansYi_400Regular.ttf"),
    script_font(
        f"\u0900-\u097f\ua8e0-\ua8ff{JOINERS}", "noto-sans-devanagari/NotoSansDevanagari_400Regular.ttf"
    ),
    script_font(f"\u0980-\u09ff{JOINERS}", "noto-sans-bengali/NotoSansBengali_400Regular.ttf"),
    script_font(f"\u0b80-\u0bff{JOINERS}", "noto-sans-tamil/NotoSansTamil_400Regular.ttf"),
    script_font("\u0e00-\u0e7f", "noto-sans-thai/NotoSansThai_400Regular.ttf"),
    script_font("\u0e80-\u0eff", "noto-sans-lao/NotoSansLao_400Regular.ttf"),
    script_font("\u1780-\u17ff\u19e0-\u19ff", "noto-sans-khmer/NotoSansKhmer_400Regular.ttf"),
    script_font(
        "\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f", "noto-sans-myanmar/NotoSansMyanmar_400Regular.ttf"
    ),
    script_font("\u0590-\u05ff\ufb1d-\ufb4f", "noto-sans-hebrew/NotoSansHebrew_400Regular.ttf"),
    script_font("\u0100-\u036f\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff", *NOTO, fills_gaps=True),
)
_SETS = {font: re.compile(f"[{font.characters}]") for font in (*SCRIPT_FONTS, TRADITIONAL)}

# Scripts whose letters join or stack: no space may be added between their letters.
JOINED = re.compile(
    "[\u0590-\u109f\u1780-\u18af\ua8e0-\ua8ff\ua9e0-\ua9ff\uaa60-\uaa7f\ufb1d-\ufdff\ufe70-\ufefc]"
)
# Scripts whose letters reach far above or below the line.
TALL = re.compile("[\u0600-\u06ff\u0e00-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc]")
# Invisible characters that shape such letters: joiners, and Mongolian selectors and space.
SHAPING = re.compile(f"[{JOINERS}\u180b-\u180f\u202f]")


def needed_fonts(texts: str, has_traditional: bool = False) -> list[ScriptFont]:
    """The fonts that these texts need besides the main fonts.

    `has_traditional`: some text is Traditional Chinese, which its characters alone do not show.
    """
    found = [font for font in SCRIPT_FONTS if _SETS[font].search(texts)]
    return [*found, TRADITIONAL] if has_traditional and _SETS[TRADITIONAL].search(texts) else found


# Characters that the main fonts have, and signs that may be left out without harm.
_MAIN = re.compile(
    "[\u0000-\u02af\u0300-\u03ff\u1e00-\u2bff\u2e80-\u312f\u3190-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
    "\U00020000-\U0003ffff]"
)


def missing_characters(text: str) -> str:
    """The visible characters of `text` for which there is no font, including emoji, without duplicates."""
    return "".join(
        character
        for character in dict.fromkeys(unicodedata.normalize("NFC", text))
        if not unicodedata.category(character).startswith(("C", "Z", "M"))
        and not _MAIN.match(character)
        and not any(fonts_of_character(character))
    )


def fonts_of_character(character: str) -> Iterable[ScriptFont]:
    return (font for font in SCRIPT_FONTS if _SETS[font].match(character))


def is_right_to_left(text: str) -> bool:
    """Whether a text is read from right to left: the first letter decides, as in Unicode's algorithm."""
    directions = map(unicodedata.bidirectional, text)
    return next((each for each in directions if each in {"L", "R", "AL"}), "L") != "L"
