"""Turned and cropped pictures of every format, compared with the same picture cut in the test."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gallery.images.framing import FRAME_UNITS, NO_FRAMING, TURNS, Framing
from gallery.images.iiif_requests import all_tiles, parse_image_request, tile_at
from gallery.images.sandbox.decoding import TRANSPOSITIONS as TRANSPOSITIONS
from gallery.images.sandbox.parent import ImageRefused, develop, inspect, make_tiles, render_region
from tests.images.files import scene, stored
from tests.images.tiles import SIZE, expected, files_by_kind, mean_difference

pytestmark = pytest.mark.usefixtures("kept_in_quick")

BY_HAND = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
BOXES = {
    0: (1000, 500, 9000, 9500),
    90: (0, 1500, 7000, 10_000),
    180: (2500, 0, 9900, 9000),
    270: (0, 0, FRAME_UNITS, 5600),
}


def framed(picture: Image.Image, framing: Framing) -> Image.Image:
    turned = picture.transpose(BY_HAND[framing.turn]) if framing.turn else picture
    return turned.crop(framing.box(turned.size))


CASES = [("jpeg", turn) for turn in TURNS] + [
    (kind, TURNS[place % 4]) for place, kind in enumerate(files_by_kind()) if kind != "jpeg"
]


@pytest.mark.parametrize(("kind", "turn"), CASES)
async def test_everything_that_is_made_of_it_shows_what_was_cut_out(
    kind: str, turn: int, tmp_path: Path
) -> None:
    framing = Framing(turn, *BOXES[turn])
    source = stored(tmp_path, files_by_kind()[kind])
    wanted = framed(expected(kind), framing)
    out = tmp_path / "out"
    out.mkdir()
    allowed = 60 if kind == "cmyk jpeg" else 4  # CMYK colours differ

    found = await inspect(source, preview=tmp_path / "preview.jpg", framing=framing)
    assert (found.width, found.height) == wanted.size
    with Image.open(tmp_path / "preview.jpg") as preview:
        assert mean_difference(preview, wanted.resize(preview.size)) < allowed + 1

    developed = await develop(source, out, framing=framing)
    assert (developed.width, developed.height) == wanted.size
    with Image.open(out / f"{wanted.width}.jpg") as largest:
        assert mean_difference(largest, wanted) < allowed
    with Image.open(out / "320.webp") as small:
        assert mean_difference(small, wanted.resize(small.size)) < allowed + 1

    await make_tiles(source, wanted.size, out, framing=framing)
    whole = Image.new("RGB", wanted.size)
    for tile in all_tiles(wanted.size):
        with Image.open(out / tile.name) as image:
            if tile == tile_at(tile.region[0], tile.region[1], 1, wanted.size):
                whole.paste(image, tile.region[:2])
    assert mean_difference(whole, wanted) < allowed

    cut = parse_image_request("100,50,200,300", "100,", "0", "default.png", wanted.size)
    piece = await render_region(source, wanted.size, cut, out, framing=framing)
    with Image.open(piece) as image:
        assert mean_difference(image, wanted.crop((100, 50, 300, 350)).resize((100, 150))) < allowed + 1


async def test_the_hash_is_that_of_what_is_shown(tmp_path: Path) -> None:
    framing = Framing(90, 0, 2000, FRAME_UNITS, FRAME_UNITS)
    wanted = framed(scene(*SIZE), framing)
    by_hand, by_word = tmp_path / "by_hand", tmp_path / "by_word"
    for folder in (by_hand, by_word):
        folder.mkdir()
    wanted.save(by_hand / "source.png")
    one = await develop(by_hand / "source.png", by_hand)
    other = await develop(stored(tmp_path, files_by_kind()["png"]), by_word, framing=framing)
    assert one.perceptual_hash == other.perceptual_hash
    assert one.mean_colour == other.mean_colour


@pytest.mark.parametrize(
    "box", [(0, 0, 800, FRAME_UNITS), (0, 0, FRAME_UNITS, 400), (4999, 4999, 5000, 5000)]
)
async def test_too_little_left_is_refused_by_name(box: tuple[int, int, int, int], tmp_path: Path) -> None:
    source = stored(tmp_path, files_by_kind()["jpeg"])
    framing = Framing(90, *box)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(ImageRefused) as refusal:
        await inspect(source, framing=framing)
    assert refusal.value.code == "too_little_left"
    with pytest.raises(ImageRefused):
        await develop(source, out, framing=framing)
    assert list(out.iterdir()) == []


def test_a_turn_after_each_of_the_eight_orientations_is_one_of_the_eight() -> None:
    picture = scene(30, 20)
    for orientation in range(1, 9):
        upright = picture.transpose(TRANSPOSITIONS[orientation]) if orientation > 1 else picture
        for turn in TURNS:
            both = Framing(turn).orientation_after(orientation)
            at_once = picture.transpose(TRANSPOSITIONS[both]) if both > 1 else picture
            in_two = upright.transpose(BY_HAND[turn]) if turn else upright
            assert at_once.tobytes() == in_two.tobytes()
            assert at_once.size == in_two.size


parts = st.integers(0, FRAME_UNITS)


@given(
    st.sampled_from(TURNS),
    parts,
    parts,
    parts,
    parts,
    st.tuples(st.integers(1, 40_000), st.integers(1, 40_000)),
)
def test_a_box_lies_within_the_picture_and_is_never_empty(
    turn: int, left: int, top: int, right: int, bottom: int, size: tuple[int, int]
) -> None:
    framing = Framing(turn, left, top, right, bottom)
    if not framing.is_valid():
        assert right <= left or bottom <= top
        return
    width, height = framing.turned(size)
    x, y, to_x, to_y = framing.box((width, height))
    assert 0 <= x < to_x <= width
    assert 0 <= y < to_y <= height
    half = ((to_x - x) // 2, (to_y - y) // 2)
    needed = framing.turned(framing.upright_for(half, size))
    for asked, side, shown in zip(needed, (width, height), (to_x - x, to_y - y), strict=True):
        assert 1 <= asked <= max(1, side // 2)
        assert asked >= side / 2 - side / shown - 1


def test_as_it_came_changes_nothing() -> None:
    assert NO_FRAMING.is_whole
    assert NO_FRAMING.box(SIZE) == (0, 0, *SIZE)
    assert NO_FRAMING.upright_for((640, 345), SIZE) == (640, 345)
    assert not Framing(45).is_valid()
