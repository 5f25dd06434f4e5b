"""Metadata is read within limits, whatever it claims; and the choice of a TIFF's page."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gallery.images.sandbox.containers import (
    COMPLETENESS_CHECKS,
    MAX_PAGES,
    Cicp,
    PngHead,
    Tiff,
    box_colour,
    is_complete,
    png_head,
)
from gallery.images.sandbox.parent import REFUSALS, ImageRefused, develop, inspect
from gallery.web.languages import use_language
from tests.images import files

pytestmark = pytest.mark.usefixtures("kept_in_quick")

PICTURE, PREVIEW = files.scene(1200, 800), Image.new("RGB", (900, 600), "magenta")
THUMBNAIL = PREVIEW.resize((160, 120))
REDUCED, FULL = {254: 1}, {254: 0}

PAGES: dict[str, bytes] = {
    "a thumbnail first": files.tiff_of((THUMBNAIL, REDUCED), (PICTURE, FULL)),
    "a large preview first": files.tiff_of((PREVIEW, REDUCED), (PICTURE, {})),
    "a preview marked as of old": files.tiff_of((PREVIEW, {255: 2}), (PICTURE, {255: 1})),
    "a thumbnail that is not marked": files.tiff_of((THUMBNAIL, {}), (PICTURE, {})),
    "several previews": files.tiff_of((THUMBNAIL, REDUCED), (PREVIEW, REDUCED), (PICTURE, FULL)),
    "the picture within the preview": files.tiff_of((THUMBNAIL, {254: 1, 330: 0}), (PICTURE, FULL)),
    "a mask behind a preview": files.tiff_of(
        (THUMBNAIL, REDUCED), (Image.new("RGB", (1300, 900), "magenta"), {254: 4}), (PICTURE, FULL)
    ),
    "the picture first": files.tiff_of((PICTURE, FULL), (PREVIEW, REDUCED)),
    "a document of two pages": files.tiff_of(
        (PICTURE, {254: 2}), (Image.new("RGB", (1300, 900), "magenta"), {254: 2})
    ),
    "all reduced": files.tiff_of((THUMBNAIL, REDUCED), (PICTURE, REDUCED)),
    "big": files.tiff_of((THUMBNAIL, REDUCED), (PICTURE, FULL), big=True),
    "the other order of bytes": files.tiff_of((PREVIEW, REDUCED), (PICTURE, FULL), order=">"),
    "the other order, within": files.tiff_of((PREVIEW, {254: 1, 330: 0}), (PICTURE, FULL), order=">"),
    "garbage behind it": files.tiff_of((PICTURE, FULL), (PREVIEW, REDUCED))[:-40] + b"\xff" * 40,
}


@pytest.mark.parametrize("name", PAGES)
async def test_the_page_that_is_the_picture_is_shown(name: str, tmp_path: Path) -> None:
    source = files.stored(tmp_path, PAGES[name])
    inspected = await inspect(source)
    assert (inspected.width, inspected.height) == (1200, 800)
    await develop(source, tmp_path)
    with Image.open(tmp_path / "1200.jpg") as image:
        for found, true in zip(files.fields_of(image), files.CORNERS, strict=True):
            assert files.near(found, true)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"])
async def test_a_compressed_page_behind_a_preview_is_shown(compression: str, tmp_path: Path) -> None:
    preview = PREVIEW.copy()
    preview.encoderinfo = {"tiffinfo": {254: 1}}  # type: ignore[attr-defined]
    data = files.encoded(
        preview, "TIFF", tiffinfo={254: 1}, save_all=True, append_images=[PICTURE], compression=compression
    )
    await develop(files.stored(tmp_path, data), tmp_path)
    with Image.open(tmp_path / "1200.jpg") as image:
        for found, true in zip(files.fields_of(image), files.CORNERS, strict=True):
            assert files.near(found, true)


RAW: dict[str, bytes] = {
    "DNG": files.tiff_of((THUMBNAIL, {254: 1, 50706: 1}), (PICTURE, FULL)),
    "DNG with a large preview": files.tiff_of((PREVIEW, {254: 1, 50706: 1})),
    "a sensor within, as NEF, ARW and PEF have it": files.tiff_of(
        (THUMBNAIL, {254: 1, 330: 0}), (PICTURE, {262: 32803})
    ),
    "CR2": b"II*\0\x10\0\0\0CR\2\0" + bytes(4) + files.tiff_of((THUMBNAIL, REDUCED))[16:],
    "CR3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(100),
    "RAF": b"FUJIFILMCCD-RAW 0201FF383501" + bytes(100),
    "ORF": b"IIRO\x08\0\0\0" + bytes(100),
    "RW2": b"IIU\0\x08\0\0\0" + bytes(100),
}


@pytest.mark.parametrize("name", RAW)
async def test_a_raw_file_is_called_one(name: str, tmp_path: Path) -> None:
    data = RAW[name]
    if name == "CR2":  # its only directory is where the header points
        body = files.tiff_of((THUMBNAIL, REDUCED))
        start = struct.unpack_from("<I", body, 4)[0]
        data = b"II*\0" + struct.pack("<I", start) + b"CR\2\0" + body[12:]
    with pytest.raises(ImageRefused) as refused:
        await inspect(files.stored(tmp_path, data))
    assert refused.value.code == "raw_file"
    assert "JPEG" in str(REFUSALS["raw_file"])


def lab_of_sixteen_bits() -> bytes:
    return files.tiff((640, 480), 8, 3, 16, bytes(640 * 480 * 6))


ODD: dict[str, tuple[str, bytes]] = {
    "tiff, inks with alpha": ("tiff", files.tiff((640, 480), 5, 5, 8, bytes(640 * 480 * 5), (338, 2))),
    "tiff, grey of 16 bits with alpha": (
        "tiff",
        files.tiff((640, 480), 1, 2, 16, bytes(640 * 480 * 4), (338, 2)),
    ),
    "tiff, lab of 16 bits": ("tiff", lab_of_sixteen_bits()),
    "tiff, signed": ("tiff", files.tiff((640, 480), 1, 1, 16, bytes(640 * 480 * 2), (339, 2))),
    "tiff, signed of 8 bits": ("tiff", files.tiff((640, 480), 1, 1, 8, bytes(640 * 480), (339, 2))),
    "tiff, 10 bits": ("tiff", files.tiff((640, 480), 1, 1, 10, bytes(640 * 480 * 5 // 4))),
    "tiff, numbers with a point": ("tiff", files.encoded(Image.new("F", (640, 480), 0.5), "TIFF")),
    "jpeg, arithmetic": (
        "jpeg",
        files.encoded(files.scene(), "JPEG").replace(b"\xff\xc0", b"\xff\xcb", 1),
    ),
}


@pytest.mark.parametrize("name", ODD)
async def test_a_whole_file_that_cannot_be_opened_is_not_called_damaged(name: str, tmp_path: Path) -> None:
    """The message does not suggest the file's own format either."""
    kind, data = ODD[name]
    with pytest.raises(ImageRefused) as refused:
        await inspect(files.stored(tmp_path, data))
    assert refused.value.code == ("unsupported_jpeg" if kind == "jpeg" else "unsupported_variant")
    with use_language("en"):
        offered = str(REFUSALS[refused.value.code]).partition("save it as")[2]
    assert ("PNG" if kind == "jpeg" else "JPEG") in offered
    assert kind.upper() not in offered
    if name != "tiff, numbers with a point":  # its header is enough
        with pytest.raises(ImageRefused, match="damaged"):
            await inspect(files.stored(tmp_path, data[: len(data) // 2]))


@pytest.mark.parametrize("name", files.WHOLE)
def test_whole_files_are_told_from_truncated_ones(name: str, tmp_path: Path) -> None:
    kind, make = files.WHOLE[name]
    data = make()
    for share, expected in ((1.0, True), (0.6, False)):
        with files.stored(tmp_path, data[: int(len(data) * share)]).open("rb") as file:
            assert is_complete(file, kind, 600) == expected


def test_directories_that_lead_in_circles_end(tmp_path: Path) -> None:
    data = files.tiff_of((THUMBNAIL, {330: 0}))
    at = data.index(struct.pack("<HHI", 330, 4, 1)) + 8
    with files.stored(tmp_path, data[:at] + data[4:8] + data[at + 4 :]).open("rb") as file:
        assert len(Tiff(file).pages) == 1
    many = files.tiff_of(*[(Image.new("RGB", (1, 1)), FULL)] * (MAX_PAGES + 50))
    with files.stored(tmp_path, many).open("rb") as file:
        assert len(Tiff(file).pages) == MAX_PAGES


SEEDS = [
    files.png_stating(Image.new("L", (4, 4)), files.cicp_chunk(12, 13), files.gamma_chunk(0.5)),
    files.boxes_stating(Image.new("RGB", (64, 64)), "AVIF", 12, 13, speed=10),
    files.boxes_stating(Image.new("RGB", (64, 64)), "HEIF", 9, 16),
    files.tiff_of((Image.new("RGB", (2, 2)), {254: 1, 330: 0}), (Image.new("RGB", (3, 3)), FULL)),
    files.tiff_of((Image.new("RGB", (2, 2)), {254: 1}), big=True),
    files.encoded(Image.new("RGB", (8, 8)), "JPEG", progressive=True),
    files.encoded(Image.new("RGB", (8, 8)), "WEBP"),
    files.encoded(Image.new("L", (8, 8)), "GIF"),
]


def read_all(data: bytes, folder: Path) -> None:
    with files.stored(folder, data or b"\0").open("rb") as file:
        assert isinstance(png_head(file), PngHead)
        assert isinstance(box_colour(file), Cicp | None)
        for kind in COMPLETENESS_CHECKS:
            assert is_complete(file, kind, 600) in (True, False)
        try:
            tiff = Tiff(file)
        except ValueError:
            return
        assert 0 < len(tiff.pages) <= MAX_PAGES
        assert tiff.shown_page(600) in tiff.pages
        assert tiff.is_raw in (True, False)


@given(data=st.binary(max_size=400))
def test_noise_is_read_within_bounds(data: bytes, tmp_path: Path) -> None:
    read_all(data, tmp_path)
    for head in (b"II*\0\x08\0\0\0", b"MM\0+\0\x08\0\0", b"\x89PNG\r\n\x1a\n", b"\0\0\x01\0meta\0\0\0\0"):
        read_all(head + data, tmp_path)


@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), min_size=1, max_size=8),
    keep=st.floats(0.1, 1),
)
def test_broken_files_are_read_within_bounds(
    seed: bytes, changes: list[tuple[float, bytes]], keep: float, tmp_path: Path
) -> None:
    data = bytearray(seed)
    for place, piece in changes:
        at = int(place * (len(data) - len(piece)))
        data[at : at + len(piece)] = piece
    read_all(bytes(data[: int(len(data) * keep)]), tmp_path)


def test_what_is_said_is_read(tmp_path: Path) -> None:
    for seed, expected in ((SEEDS[1], Cicp(12, 13)), (SEEDS[2], Cicp(9, 16))):
        with files.stored(tmp_path, seed).open("rb") as file:
            assert box_colour(file) == expected
    with files.stored(tmp_path, SEEDS[0]).open("rb") as file:
        assert png_head(file) == PngHead(8, Cicp(12, 13), False, 0.5, None)
