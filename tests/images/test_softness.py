"""How sharp a picture is: blur and camera shake differ from sharp drawings, even flat ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from gallery.images.sandbox.developing import softness
from gallery.images.sandbox.parent import develop
from gallery.reviews.checks.picture import BLURRED
from tests.images.files import encoded, scene, stored

SHAKEN = ImageFilter.BoxBlur((16, 0))


def lines_on_white() -> Image.Image:
    """A drawing that is nearly empty: thin lines, and paper."""
    image = Image.new("RGB", (1600, 1200), "#fbfaf6")
    pen = ImageDraw.Draw(image)
    for step in range(8):
        pen.arc((200 + step * 60, 300, 900 + step * 40, 900), 10 * step, 200, fill="#30343a", width=4)
    return image


def two_colours() -> Image.Image:
    """A sheet of coloured paper on another one."""
    image = Image.new("RGB", (1600, 1200), "#c23b22")
    ImageDraw.Draw(image).ellipse((400, 200, 1200, 1000), fill="#f0d8a8")
    return image


@pytest.mark.parametrize("draw", [lines_on_white, two_colours, lambda: scene(1600, 1200)])
def test_blur_is_told_from_flat_and_from_empty(draw: object) -> None:
    sharp = draw()  # type: ignore[operator]
    assert softness([sharp]) < BLURRED - 100
    assert softness([sharp.filter(ImageFilter.GaussianBlur(6))]) > BLURRED
    assert softness([sharp.filter(SHAKEN)]) > BLURRED
    assert softness([sharp.filter(SHAKEN).transpose(Image.Transpose.ROTATE_90)]) > BLURRED


def test_one_colour_is_not_blurred() -> None:
    assert softness([Image.new("RGB", (800, 600), "#336699")]) == 0


async def test_it_is_told_with_everything_else_that_is_made(tmp_path: Path) -> None:
    for name, image in {"sharp": scene(1600, 1200), "soft": scene(1600, 1200).filter(SHAKEN)}.items():
        folder = tmp_path / name
        folder.mkdir()
        developed = await develop(stored(folder, encoded(image, "JPEG", quality=90)), folder)
        assert (developed.softness >= BLURRED) == (name == "soft")
