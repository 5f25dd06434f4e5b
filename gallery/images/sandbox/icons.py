"""The site's icon in its sizes, from an SVG or from a picture. Runs in the child process."""

from __future__ import annotations

import io
from pathlib import Path

import typst
from PIL import Image

from gallery.images.icons import FAVICON, FAVICON_SIZES, ICON_SIZES
from gallery.images.sandbox.bounds import ImageBounds, errors_as
from gallery.images.sandbox.share_images import LANCZOS, PAPER, decoded_picture

SVG_PAGE = b"""
#set page(width: 512pt, height: 512pt, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", width: 512pt, height: 512pt, fit: "contain")
"""


def write_icons(source: Path, kind: str, out: Path, bounds: ImageBounds) -> None:
    """Write each file of ICON_FILES into the folder `out`. `kind`: the picture's format; "" for an SVG.

    Raises UnusableImage.
    """
    picture = decoded_picture(source, kind, bounds) if kind else drawn(source)
    side = max(picture.size)
    square = Image.new("RGB", (side, side), PAPER)
    place = (side - picture.width) // 2, (side - picture.height) // 2
    square.paste(picture, place, picture if picture.mode == "RGBA" else None)
    for name, size in ICON_SIZES.items():
        square.resize((size, size), LANCZOS).save(out / name, optimize=True)
    square.save(out / FAVICON, sizes=[(size, size) for size in FAVICON_SIZES])


def drawn(source: Path) -> Image.Image:
    """An SVG as pixels. It is drawn without fonts and other files."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[])
    with errors_as("damaged"):
        svg = source.read_text("utf-8")
        page = typst.compile(SVG_PAGE, font_paths=fonts, sys_inputs={"svg": svg}, format="png", ppi=72)
        assert isinstance(page, bytes)
        return Image.open(io.BytesIO(page)).convert("RGBA")
