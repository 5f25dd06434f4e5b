"""Fingerprints: a crop matches in any orientation, and a different picture does not."""

from __future__ import annotations

import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from gallery.images import fingerprints
from gallery.images.fingerprints import LENGTH, encode, is_similar
from gallery.images.sandbox.decoding import TRANSPOSITIONS
from gallery.images.sandbox.developing import compute_fingerprint


def drawn(seed: int) -> Image.Image:
    chance = random.Random(seed)
    sheet = Image.new("RGB", (600, 450), "white")
    for _ in range(12):
        x, y, size = chance.randrange(600), chance.randrange(450), chance.randrange(30, 140)
        colour = (chance.randrange(200), chance.randrange(200), chance.randrange(200))
        ImageDraw.Draw(sheet).ellipse((x - size, y - size, x + size, y + size), fill=colour)
    return sheet


@pytest.mark.parametrize("orientation", [1, *TRANSPOSITIONS])
@pytest.mark.parametrize(
    "box", [(0, 0, 600, 450), (120, 90, 480, 360), (0, 120, 600, 450), (230, 0, 600, 300)]
)
def test_a_crop_is_found_in_every_orientation(orientation: int, box: tuple[int, int, int, int]) -> None:
    copy = drawn(1).crop(box)
    copy = copy.transpose(TRANSPOSITIONS[orientation]) if orientation != 1 else copy
    encoded = io.BytesIO()
    copy.save(encoded, "JPEG", quality=45)
    code = compute_fingerprint(Image.open(encoded))
    assert len(code) == LENGTH
    assert is_similar(compute_fingerprint(drawn(1)), code)
    assert is_similar(code, compute_fingerprint(drawn(1)))
    assert not is_similar(compute_fingerprint(drawn(2)), code)


def test_a_picture_on_a_page_is_found() -> None:
    page = Image.new("RGB", (800, 600), "#7a5c3e")
    page.paste(drawn(1), (120, 56))
    assert is_similar(compute_fingerprint(page), compute_fingerprint(drawn(1)))
    assert not is_similar(compute_fingerprint(page), compute_fingerprint(drawn(2)))


def test_what_could_not_be_opened_is_like_nothing() -> None:
    code = compute_fingerprint(drawn(1))
    assert not is_similar(b"", code)
    assert not is_similar(code, b"")
    assert not is_similar(b"", b"")


@given(st.integers(0, 10_000), st.floats(0.001, 1000))
def test_every_picture_has_a_fingerprint_and_is_like_itself(seed: int, shape: float) -> None:
    side, chance = fingerprints.SIDE, random.Random(seed)
    levels = [[chance.randrange(256) for _ in range(side)] for _ in range(side)]
    code = encode(levels, levels, levels, shape)
    assert len(code) == LENGTH
    assert is_similar(code, code)
