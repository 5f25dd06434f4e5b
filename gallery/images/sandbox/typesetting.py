"""Text set by Typst: the texts of cards and posters as pictures, and wall labels as PDF. Runs in the child
process.

Typst breaks and spaces Chinese and English lines. It draws an empty box for a character that no font has, so
such characters are removed first. The texts come as data, so Typst never reads them as its own language.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import typst
from PIL import ImageFont

from gallery.images.script_fonts import (
    JOINED,
    SHAPING,
    TALL,
    TRADITIONAL,
    ScriptFont,
    fonts_of_character,
    needed_fonts,
)
from gallery.images.share_image import Fonts

INVISIBLE = frozenset(["Cc", "Cf", "Cs", "Co", "Cn"])  # Unicode categories
SPACES = re.compile(r"[^\S\u202f]+")  # all spaces except the one used within Mongolian words
UNASSIGNED = "\U0010ffff"  # a character in no font: its bitmap is the missing-glyph box
EMPTY_BITMAP: tuple[tuple[int, int], bytes] = ((0, 0), b"")


def typeset(
    template: Path, data: Mapping[str, Any], fonts: Fonts, format: Literal["png", "pdf"]
) -> list[bytes]:
    """Typeset a template: one PNG for each page, with 1 pt as 1 px; or one PDF.

    The template reads `data` as JSON from `sys.inputs.data`, with the weights of the two main fonts, the
    pattern `tall`, and `stacks`: the fonts for serif and sans, each for Traditional Chinese and for all other
    text.
    """
    texts = json.dumps(data, ensure_ascii=False)
    others = needed_fonts(texts, "Hant" in scripts_in(data))
    paths = {fonts.serif, fonts.sans, *(path for font in others for path in (font.serif, font.sans))}
    folders: list[Any] = sorted({str(Path(path).parent) for path in paths})
    installed = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    by_path = {str(info.path): info for info in installed.fonts()}
    inputs = {
        **data,
        "stacks": {
            f"{face}{script}": stack(face, fonts, others, by_path, texts, is_traditional=bool(script))
            for face in ("serif", "sans")
            for script in ("", "-hant")
        },
        "tall": TALL.pattern,
        "serif_weight": by_path[fonts.serif].weight,
        "sans_weight": by_path[fonts.sans].weight,
    }
    pages = typst.compile(
        template.read_bytes(),
        font_paths=installed,
        sys_inputs={"data": json.dumps(inputs)},
        format=format,
        ppi=72,
    )
    return pages if isinstance(pages, list) else [pages]


def scripts_in(data: Any) -> set[str]:
    """The values of `script` anywhere in JSON data."""
    match data:
        case list() | tuple():
            return set().union(*map(scripts_in, data))
        case dict():
            return set().union({str(data.get("script", ""))}, *map(scripts_in, data.values()))
    return set()


def stack(
    face: Literal["serif", "sans"],
    fonts: Fonts,
    others: Sequence[ScriptFont],
    by_path: Mapping[str, Any],
    texts: str,
    *,
    is_traditional: bool,
) -> list[dict[str, str]]:
    """The fonts for a text in order: each with its family, and a pattern of the characters that it may set.

    The first font that has a character sets it. The pattern "" means all characters.
    """
    main = (fonts.serif, fonts.sans) if face == "serif" else (fonts.sans, fonts.serif)
    covers = [
        (getattr(font, face), gaps(font, fonts, texts) if font.fills_gaps else f"[{font.characters}]")
        for font in others
        if font != TRADITIONAL or is_traditional
    ]
    entries = [each for each in covers if each[1]] + [(path, "") for path in main]
    return [{"name": by_path[path].family, "covers": pattern} for path, pattern in entries]


def gaps(font: ScriptFont, fonts: Fonts, texts: str) -> str:
    """A pattern for the characters in the texts that belong to `font` and that a main font lacks; "" if there are none.

    Otherwise Typst would combine such a letter from parts in the main font, at wrong positions: ź from z and
    ´.
    """
    lacking = "".join(
        character
        for character in sorted(set(re.findall(f"[{font.characters}]", texts)))
        if not (has_glyph(fonts.serif, character) and has_glyph(fonts.sans, character))
    )
    return f"[{lacking}]" if lacking else ""


def write_pdf(template: Path, data: Mapping[str, Any], fonts: Fonts, out: Path) -> None:
    """Typeset `data` as a PDF in the file `out`, without the characters that no font has."""
    (pdf,) = typeset(template, drawable_data(data, (fonts.serif, fonts.sans)), fonts, "pdf")
    out.write_bytes(pdf)


def drawable_data(data: Any, paths: tuple[str, ...]) -> Any:
    """JSON data with only drawable characters in its strings."""
    match data:
        case str():
            return drawable(data, paths)
        case list() | tuple():
            return [drawable_data(each, paths) for each in data]
        case dict():
            return {key: drawable_data(each, paths) for key, each in data.items()}
    return data


def drawable(text: str, paths: tuple[str, ...]) -> str:
    """The visible characters of `text`, on one line, that a main font or the font of their script has.

    This removes emoji, for example.
    """

    def is_drawn(character: str) -> bool:
        others = (font.sans for font in fonts_of_character(character))
        return bool(SHAPING.match(character)) or any(has_glyph(path, character) for path in (*paths, *others))

    return one_line("".join(filter(is_drawn, visible_text(text))))


def visible_text(text: str) -> str:
    """`text` on one line, without direction marks, control characters and emoji selectors.

    Joiners and selectors are kept only after a letter that they shape. HTML tags are kept and drawn as text.
    """
    kept: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        shapes = SHAPING.match(character)
        if shapes and kept and JOINED.match(kept[-1]):
            kept.append(character)
        elif character.isspace():
            kept.append(" ")
        elif not (
            shapes or unicodedata.category(character) in INVISIBLE or 0xFE00 <= ord(character) <= 0xFE0F
        ):
            kept.append(character)
    return one_line("".join(kept))


def one_line(text: str) -> str:
    return SPACES.sub(" ", text).strip()


@functools.lru_cache(maxsize=8192)
def has_glyph(path: str, character: str) -> bool:
    return character == " " or glyph_bitmap(path, character) not in {
        glyph_bitmap(path, UNASSIGNED),
        EMPTY_BITMAP,
    }


@functools.lru_cache(maxsize=8192)
def glyph_bitmap(path: str, character: str) -> tuple[tuple[int, int], bytes]:
    """The size (px) and pixels of a character drawn at 24 px, to compare with the missing-glyph box."""
    mask = load_font(path).getmask(character)
    return (mask.size, bytes(mask)) if 0 not in mask.size else EMPTY_BITMAP


@functools.cache
def load_font(path: str) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, 24, layout_engine=ImageFont.Layout.BASIC)
