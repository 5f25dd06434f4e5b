"""Drawings for tests that compare pictures."""

from __future__ import annotations

import io
import random

import PIL.Image as Picture
from PIL import ImageDraw


def drawn(seed: int) -> Picture.Image:
    """A drawing of some large shapes."""
    chance = random.Random(seed)
    sheet = Picture.new("RGB", (1600, 1200), "white")
    for _ in range(12):
        x, y, size = chance.randrange(1600), chance.randrange(1200), chance.randrange(80, 360)
        colour = (chance.randrange(200), chance.randrange(200), chance.randrange(200))
        ImageDraw.Draw(sheet).ellipse((x - size, y - size, x + size, y + size), fill=colour)
    return sheet


def as_file(picture: Picture.Image, format: str = "JPEG", **options: int) -> bytes:
    encoded = io.BytesIO()
    picture.save(encoded, format, **options)
    return encoded.getvalue()
