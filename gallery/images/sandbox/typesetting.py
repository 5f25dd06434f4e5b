"""Text set by Typst: the texts of cards and posters as pictures, and wall labels as PDF. Runs in the child
process.

Typst breaks and spaces Chinese and English lines. It draws an empty box for a character that no font has, so
such characters are removed first. The texts come as data, so Typst never reads them as its own language.
"""

from __future__ import annotations

import functools
import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import typst
from PIL import ImageFont

from gallery.images.share_image import Fonts

UNASSIGNED = "\U0010ffff"  # a character in no font: its bitmap is the missing-glyph box
EMPTY_BITMAP: tuple[tuple[int, int], bytes] = ((0, 0), b"")


def typeset(
    template: Path, data: Mapping[str, Any], fonts: Fonts, format: Literal["png", "pdf"]
) -> list[bytes]:
    """One PNG for each page, with 1 pt as 1 px; or one PDF.

    The template reads `data` as JSON from `sys.inputs.data`, with the two fonts' names and weights added.
    """
    paths = (fonts.serif, fonts.sans)
    folders: list[Any] = [str(Path(path).parent) for path in paths]
    installed = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)
    by_path = {info.path: info for info in installed.fonts()}
    serif, sans = (by_path[path] for path in paths)
    inputs = {
        **data,
        "serif": serif.family,
        "serif_weight": serif.weight,
        "sans": sans.family,
        "sans_weight": sans.weight,
    }
    pages = typst.compile(
        template.read_bytes(),
        font_paths=installed,
        sys_inputs={"data": json.dumps(inputs)},
        format=format,
        ppi=72,
    )
    return pages if isinstance(pages, list) else [pages]


def write_pdf(template: Path, data: Mapping[str, Any], fonts: Fonts, out: Path) -> None:
    """Typeset `data` as a PDF in the file `out`, without the characters that neither font has."""
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
    """The visible characters of `text` that at least one of the fonts has, on one line: no emoji, for
    instance."""
    kept = (each for each in visible_text(text) if any(has_glyph(path, each) for path in paths))
    return " ".join("".join(kept).split())


def visible_text(text: str) -> str:
    """`text` on one line, without direction marks, joiners, control characters and emoji selectors.

    The letters of an HTML tag are kept and drawn as they are.
    """
    kept = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    visible = "".join(each for each in kept if not 0xFE00 <= ord(each) <= 0xFE0F)
    return " ".join(visible.split())


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
