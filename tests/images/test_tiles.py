"""Pieces and tiles of every format, compared with the same picture cut in the test."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gallery.images.iiif_requests import (
    ImageRequest,
    all_tiles,
    level_size,
    parse_image_request,
    scale_factors,
    tile_at,
)
from gallery.images.renditions import PREVIEW_WIDTH
from gallery.images.sandbox.decoding import TRANSPOSITIONS
from gallery.images.sandbox.parent import ImageRefused, inspect, make_tiles, render_region
from gallery.images.sandbox.tiles import stored_box
from tests.images.files import SECRET, scene, stored
from tests.images.tiles import SIZE, expected, files_by_kind, mean_difference

pytestmark = pytest.mark.usefixtures("kept_in_quick")


@pytest.mark.parametrize("kind", files_by_kind())
async def test_tiles_put_together_are_the_picture(kind: str, tmp_path: Path) -> None:
    source = stored(tmp_path, files_by_kind()[kind])
    out = tmp_path / "out"
    out.mkdir()
    names = await make_tiles(source, SIZE, out)
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    assert set(names) == {tile.name for tile in all_tiles(SIZE)}
    allowed = 30 if kind == "cmyk jpeg" else 3  # CMYK colours differ
    for factor in scale_factors(SIZE):
        level = Image.new("RGB", level_size(SIZE, factor))
        for y in range(0, SIZE[1], 512 * factor):
            for x in range(0, SIZE[0], 512 * factor):
                tile = tile_at(x, y, factor, SIZE)
                with Image.open(out / tile.name) as piece:
                    assert (piece.format, piece.size) == ("JPEG", tile.size)
                    assert not piece.info.keys() & {"exif", "icc_profile", "comment"}
                    level.paste(piece, (x // factor, y // factor))
                assert SECRET not in (out / tile.name).read_bytes()
        assert mean_difference(level, expected(kind).resize(level.size, Image.Resampling.BOX)) < allowed


@pytest.mark.parametrize("kind", files_by_kind())
@pytest.mark.parametrize(
    "asked",
    ["full/max", "full/300,", "200,100,700,500/max", "200,100,700,500/600,", "200,100,701,501/90,120"],
)
async def test_a_piece_is_what_one_would_cut_by_hand(kind: str, asked: str, tmp_path: Path) -> None:
    source = stored(tmp_path, files_by_kind()[kind])
    cut = parse_image_request(*asked.split("/"), "0", "default.png", SIZE)
    path = await render_region(source, SIZE, cut, tmp_path)
    x, y, width, height = cut.region
    by_hand = expected(kind).crop((x, y, x + width, y + height)).resize(cut.size, Image.Resampling.LANCZOS)
    with Image.open(path) as piece:
        assert (piece.format, piece.size, piece.info.keys() & {"exif", "icc_profile"}) == (
            "PNG",
            cut.size,
            set(),
        )
        assert mean_difference(piece, by_hand) < (30 if kind == "cmyk jpeg" else 3)
    assert SECRET not in path.read_bytes()


async def test_turns_qualities_and_formats(tmp_path: Path) -> None:
    source = stored(tmp_path, files_by_kind()["png"])
    upright = scene(*SIZE)
    turns = {
        (False, 90): upright.transpose(Image.Transpose.ROTATE_270),
        (False, 180): upright.transpose(Image.Transpose.ROTATE_180),
        (True, 0): upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        (True, 270): upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT).transpose(Image.Transpose.ROTATE_90),
    }
    for (mirrored, degrees), by_hand in turns.items():
        path = await render_region(
            source, SIZE, ImageRequest((0, 0, *SIZE), SIZE, mirrored, degrees, format="png"), tmp_path
        )
        with Image.open(path) as piece:
            assert mean_difference(piece, by_hand) == 0
    for quality, format, mode, name in [
        ("gray", "jpg", "L", "JPEG"),
        ("bitonal", "png", "1", "PNG"),
        ("bitonal", "jpg", "L", "JPEG"),
        ("default", "webp", "RGB", "WEBP"),
    ]:
        cut = ImageRequest((0, 0, *SIZE), (130, 70), quality=quality, format=format)
        with Image.open(await render_region(source, SIZE, cut, tmp_path)) as piece:
            assert (piece.format, piece.mode) == (name, mode)
    with Image.open(
        tmp_path / ImageRequest((0, 0, *SIZE), (130, 70), quality="bitonal", format="png").name
    ) as piece:
        assert set(piece.convert("L").tobytes()) == {0, 255}


async def test_what_is_damaged_leaves_nothing(tmp_path: Path) -> None:
    source = stored(tmp_path, files_by_kind()["jpeg"][:20_000])
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(ImageRefused):
        await make_tiles(source, SIZE, out)
    with pytest.raises(ImageRefused):
        await render_region(source, SIZE, ImageRequest((0, 0, *SIZE), SIZE), out)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("kind", ["jpeg", "turned jpeg", "png", "cmyk jpeg"])
async def test_a_preview_is_written_while_looking(kind: str, tmp_path: Path) -> None:
    found = await inspect(stored(tmp_path, files_by_kind()[kind]), preview=tmp_path / "preview.jpg")
    assert (found.width, found.height) == SIZE
    assert found.preview is not None
    body = found.preview.read_bytes()
    assert SECRET not in body
    with Image.open(io.BytesIO(body)) as preview:
        assert preview.size == (PREVIEW_WIDTH, round(SIZE[1] * PREVIEW_WIDTH / SIZE[0]))
        assert mean_difference(preview, expected(kind).resize(preview.size)) < (
            30 if kind == "cmyk jpeg" else 4
        )


@given(st.sampled_from([1, *TRANSPOSITIONS]), st.data())
def test_a_box_is_found_where_it_is_stored(orientation: int, data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    as_it_is = Image.frombytes("L", (width, height), bytes(range(width * height)))
    upright = as_it_is.transpose(TRANSPOSITIONS[orientation]) if orientation in TRANSPOSITIONS else as_it_is
    left = data.draw(st.integers(0, upright.width - 1))
    top = data.draw(st.integers(0, upright.height - 1))
    right = data.draw(st.integers(left + 1, upright.width))
    bottom = data.draw(st.integers(top + 1, upright.height))
    piece = as_it_is.crop(stored_box((left, top, right, bottom), as_it_is.size, orientation))
    piece = piece.transpose(TRANSPOSITIONS[orientation]) if orientation in TRANSPOSITIONS else piece
    assert piece.tobytes() == upright.crop((left, top, right, bottom)).tobytes()
