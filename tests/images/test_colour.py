"""Colour spaces given as numbers are converted as a browser does, and samples of any depth keep their
brightness.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms

from gallery.images.iiif_requests import ImageRequest
from gallery.images.sandbox import bounds, colour, conversion, decoding, tiles
from gallery.images.sandbox.containers import Cicp
from gallery.images.sandbox.parent import develop
from tests.images import files

BOUNDS = bounds.ImageBounds(max_pixels=120_000_000, min_long_side=600, memory_bytes=608 << 20)
TOLERANCE = 8  # levels, because lossy encoders change colours a little

RED, GREEN, BLUE, YELLOW = COLOURS = ((220, 30, 30), (30, 200, 30), (40, 90, 160), (250, 220, 60))
AS_THEY_ARE = COLOURS
DISPLAY_P3 = ((241, 0, 0), (0, 205, 0), (6, 91, 164), (255, 219, 0))

# By primaries and transfer function: what Chromium draws of COLOURS into an sRGB canvas.
BY_CODE_POINTS: dict[tuple[int, int], tuple[tuple[int, int, int], ...]] = {
    (1, 13): AS_THEY_ARE,
    (1, 1): AS_THEY_ARE,
    (2, 2): AS_THEY_ARE,
    (12, 13): DISPLAY_P3,
    (12, 2): DISPLAY_P3,
    (9, 14): ((255, 0, 0), (0, 212, 0), (0, 93, 165), (255, 217, 0)),
    (9, 1): ((255, 0, 0), (0, 212, 0), (0, 93, 165), (255, 217, 0)),
    (9, 16): ((255, 0, 0), (0, 255, 0), (0, 57, 222), (255, 138, 0)),
    (9, 18): ((255, 0, 0), (0, 210, 0), (0, 68, 123), (255, 179, 0)),
    (12, 16): ((255, 0, 0), (0, 255, 0), (0, 58, 221), (255, 164, 0)),
    (12, 18): ((246, 0, 0), (0, 204, 0), (1, 67, 124), (255, 193, 0)),
    (1, 16): ((255, 1, 1), (1, 255, 1), (8, 59, 216), (255, 179, 2)),
    (1, 18): ((227, 21, 21), (22, 201, 22), (26, 66, 119), (255, 200, 40)),
    (1, 4): ((222, 24, 24), (23, 202, 23), (34, 90, 160), (250, 221, 56)),
    (1, 5): ((214, 8, 8), (7, 190, 7), (16, 66, 141), (249, 212, 35)),
    (1, 7): ((225, 48, 48), (47, 207, 47), (57, 106, 169), (251, 224, 77)),
    (1, 8): ((239, 96, 96), (95, 230, 95), (109, 160, 207), (253, 239, 132)),
    (4, 13): ((255, 0, 0), (0, 197, 0), (0, 98, 163), (255, 213, 0)),
    (5, 13): ((225, 30, 30), (0, 201, 38), (35, 90, 158), (251, 220, 64)),
    (6, 13): ((215, 44, 28), (57, 198, 25), (46, 91, 159), (247, 219, 56)),
    (11, 13): ((235, 0, 1), (0, 205, 0), (19, 91, 164), (254, 219, 0)),
    (22, 13): ((223, 45, 28), (0, 196, 28), (37, 93, 159), (251, 218, 57)),
    (3, 99): AS_THEY_ARE,  # unknown code points
}
P3 = (0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
SRGB = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
D50 = (0.3457, 0.3585, *SRGB[2:])
LINEAR = ((239, 96, 96), (96, 229, 96), (110, 160, 208), (253, 239, 133))

# The same for the chunks of a PNG.
BY_CHUNKS: dict[str, tuple[list[tuple[bytes, bytes]], tuple[tuple[int, int, int], ...]]] = {
    "nothing": ([], AS_THEY_ARE),
    "the gamma of sRGB": ([files.gamma_chunk(0.45455)], AS_THEY_ARE),
    "linear light": ([files.gamma_chunk(1)], LINEAR),
    "another gamma": (
        [files.gamma_chunk(0.55)],
        ((227, 39, 39), (39, 210, 39), (52, 108, 175), (251, 227, 76)),
    ),
    "chromaticities alone": ([files.chromaticities_chunk(*P3)], AS_THEY_ARE),
    "both": (
        [files.gamma_chunk(0.45455), files.chromaticities_chunk(*P3)],
        ((241, 0, 0), (0, 205, 0), (0, 91, 167), (255, 220, 0)),
    ),
    "another white": (
        [files.gamma_chunk(0.45455), files.chromaticities_chunk(*D50)],
        ((231, 30, 34), (0, 201, 44), (15, 89, 159), (254, 222, 75)),
    ),
    "sRGB goes before gamma": ([(b"sRGB", b"\0"), files.gamma_chunk(1)], AS_THEY_ARE),
    "cICP goes before all": (
        [files.cicp_chunk(12, 13), (b"sRGB", b"\0"), files.gamma_chunk(1)],
        DISPLAY_P3,
    ),
    "cICP that says nothing": ([files.cicp_chunk(2, 2), files.gamma_chunk(1)], LINEAR),
    "cICP of television's range": ([files.cicp_chunk(12, 13, b"\0\0")], AS_THEY_ARE),
    "no gamma": ([files.gamma_chunk(0)], AS_THEY_ARE),
    "impossible chromaticities": (
        [files.gamma_chunk(1), files.chromaticities_chunk(*[0.0] * 8)],
        AS_THEY_ARE,
    ),
}


def picture() -> Image.Image:
    """A field for each of COLOURS."""
    image = Image.new("RGB", (640, 480))
    for number, each in enumerate(COLOURS):
        image.paste(each, (160 * number, 0, 160 * number + 160, 480))
    return image


def drawn(data: bytes, kind: str, folder: Path) -> list[tuple[int, int, int]]:
    """The four fields as they are shown, before any encoder rounds them."""
    sheet = decoding.decode(files.stored(folder, data), kind, BOUNDS, lambda size: size)
    shown = conversion.srgb_image(sheet, (640, 480))
    return [shown.getpixel((160 * number + 80, 240)) for number in range(4)]  # type: ignore[misc]


def assert_like(found: Any, right: Any) -> None:
    for one, other in zip(found, right, strict=True):
        assert files.near(one, other, TOLERANCE), (found, right)


@pytest.mark.parametrize("code_points", BY_CODE_POINTS, ids=str)
@pytest.mark.parametrize("kind", ["avif", "heic", "png"])
def test_code_points_are_drawn_as_a_browser_does(
    kind: str, code_points: tuple[int, int], tmp_path: Path
) -> None:
    if kind == "heic" and code_points == (3, 99):
        pytest.skip("libheif opens no picture that says this")
    data = {
        "avif": lambda: files.boxes_stating(
            picture(), "AVIF", *code_points, quality=95, subsampling="4:4:4", speed=9
        ),
        "heic": lambda: files.boxes_stating(picture(), "HEIF", *code_points, quality=95, chroma=444),
        "png": lambda: files.png_stating(picture(), files.cicp_chunk(*code_points)),
    }[kind]()
    assert_like(drawn(data, kind, tmp_path), BY_CODE_POINTS[code_points])


@pytest.mark.parametrize("name", BY_CHUNKS)
def test_chunks_are_drawn_as_a_browser_does(name: str, tmp_path: Path) -> None:
    chunks, right = BY_CHUNKS[name]
    assert_like(drawn(files.png_stating(picture(), *chunks), "png", tmp_path), right)


async def test_the_renditions_have_these_colours(tmp_path: Path) -> None:
    data = files.boxes_stating(picture(), "AVIF", 12, 13, quality=95, subsampling="4:4:4", speed=9)
    await develop(files.stored(tmp_path, data), tmp_path)
    with Image.open(tmp_path / "640.webp") as image:
        fields = [image.convert("RGB").getpixel((160 * number + 80, 240)) for number in range(4)]
    assert_like(fields, DISPLAY_P3)


@pytest.mark.parametrize("code_points", [(12, 13), (9, 16)], ids=str)
def test_pieces_have_these_colours(code_points: tuple[int, int], tmp_path: Path) -> None:
    data = files.png_stating(picture(), files.cicp_chunk(*code_points))
    cut = ImageRequest((480, 0, 160, 480), (160, 480), False, 0, "color", "png")
    target = tmp_path / "piece.png"
    tiles.write_region(files.stored(tmp_path, data), "png", (640, 480), cut, target, BOUNDS)
    with Image.open(target) as image:
        assert_like([image.convert("RGB").getpixel((80, 240))], [BY_CODE_POINTS[code_points][3]])


@pytest.mark.parametrize("format", ["AVIF", "HEIF", "PNG"])
def test_a_profile_goes_before_what_boxes_say(format: str, tmp_path: Path) -> None:
    """In a PNG the order is reversed, by its standard."""
    image, profile = Image.new("RGB", (640, 480), (150, 190, 90)), files.wide_gamut_profile()
    if format == "PNG":
        data = files.encoded(image, "PNG", icc_profile=profile)
        data = data[:33] + files.png_chunk(*files.cicp_chunk(1, 13)) + data[33:]
        right: tuple[int, ...] = (150, 190, 90)
    else:
        data = files.encoded(image, format, icc_profile=profile, quality=95)
        right = files.wide_gamut_in_srgb((150, 190, 90))
    kind = {"HEIF": "heic"}.get(format, format.lower())
    assert_like(drawn(data, kind, tmp_path), [right] * 4)


def test_greys_have_a_gamma_too(tmp_path: Path) -> None:
    data = files.png_stating(Image.new("L", (640, 480), 30), files.gamma_chunk(1))
    assert_like(drawn(data, "png", tmp_path), [(96, 96, 96)] * 4)


def ramp_of(levels: Iterable[int]) -> Image.Image:
    row = Image.frombytes("L", (256, 1), bytes(levels))
    return Image.merge("RGB", (row, row, row))


@pytest.mark.parametrize("primaries", [1, 9, 12])
@pytest.mark.parametrize("transfer", [colour.PQ, colour.HLG])
def test_hdr_greys_follow_the_formula_without_bands(transfer: int, primaries: int) -> None:
    """Rounding would be visible as bands in a sky or on a wall."""
    ramp = ramp_of(range(256))
    mapped = colour.tone_mapped(ramp, Cicp(primaries, transfer))
    shown = list(mapped.getchannel("G").tobytes())
    assert all(high - low <= 1 for low, high in ImageChops.difference(mapped, ramp_of(shown)).getextrema())
    decode = colour.pq_light if transfer == colour.PQ else colour.hlg_light
    for level, found in enumerate(shown):
        light = decode(level / 255)
        if transfer == colour.HLG:
            light *= light**0.2 * colour.MAX_BRIGHTNESS
        right = 255 * colour.srgb_encoded(light * colour.tone_scale(light))
        assert abs(found - right) <= 1, level
    assert all(one <= other for one, other in pairwise(shown))
    assert (shown[0], shown[-1]) == (0, 255)


def test_made_profiles_are_read_by_others() -> None:
    profile = colour.profile_for(Cicp(12, 13))
    assert isinstance(profile, bytes)
    read = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile
    assert read.xcolor_space == "RGB "
    for found, right in zip(read.red_colorant[1][:2], (0.6854, 0.3210), strict=True):  # x and y next to D50
        assert abs(found - right) < 0.01


def greys(data: bytes, kind: str, folder: Path) -> list[int]:
    sheet = decoding.decode(files.stored(folder, data), kind, BOUNDS, lambda size: size)
    grey = conversion.srgb_image(sheet, (1024, 64)).getchannel("G")
    return [value for x in range(1024) if isinstance(value := grey.getpixel((x, 32)), int)]


def test_twelve_bit_greys_are_as_light_as_they_are(tmp_path: Path) -> None:
    values = greys(files.twelve_bit_tiff(), "tiff", tmp_path)
    assert (values[0], values[-1]) == (0, 255)
    assert {b - a for a, b in pairwise(values)} == {0, 1}


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_are_as_light_as_they_are(bits: int, tmp_path: Path) -> None:
    row = bytes([0] * (512 * bits // 8) + [255] * (512 * bits // 8))
    for data, kind in (
        (files.tiff((1024, 64), 1, 1, bits, row * 64), "tiff"),
        (files.png(1024, 64, bits, 0, zlib.compress((b"\0" + row) * 64)), "png"),
    ):
        values = greys(data, kind, tmp_path)
        assert (values[100], values[900]) == (0, 255)


@pytest.mark.parametrize(
    ("colour_type", "samples", "transparent"), [(0, (21331,), 1), (2, (2570, 21331, 60000), 3)]
)
def test_transparency_of_sixteen_bits_is_white_paper(
    colour_type: int, samples: tuple[int, ...], transparent: int, tmp_path: Path
) -> None:
    other = tuple(sample + 512 for sample in samples)
    row = (
        b"\0"
        + struct.pack(f">{transparent}H", *samples) * 512
        + struct.pack(f">{transparent}H", *other) * 512
    )
    data = files.png(1024, 64, 16, colour_type, zlib.compress(row * 64))
    mark = files.png_chunk(b"tRNS", struct.pack(f">{transparent}H", *samples))
    values = greys(data[:33] + mark + data[33:], "png", tmp_path)
    assert values[100] == 255
    assert abs(values[900] - other[len(other) // 2] // 257) <= 1


def test_a_grey_that_is_nearly_the_transparent_one_stays(tmp_path: Path) -> None:
    row = b"\0" + struct.pack(">H", 21331) * 512 + struct.pack(">H", 21332) * 512
    data = files.png(1024, 64, 16, 0, zlib.compress(row * 64))
    data = data[:33] + files.png_chunk(b"tRNS", struct.pack(">H", 21331)) + data[33:]
    values = greys(data, "png", tmp_path)
    assert (values[100], values[900]) == (255, 83)
