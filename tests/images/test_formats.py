"""Every format is displayed correctly: upright, in the right colours, and without metadata."""

import io
import json
import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms, ImageStat

from gallery.images.renditions import FORMATS, WIDTHS, file_name, widths_for
from gallery.images.sandbox import bounds, conversion, decoding, developing, webp
from gallery.images.sandbox.parent import DevelopedImage, InspectedImage, develop, inspect, sniff
from tests.images import files

pytestmark = pytest.mark.usefixtures("kept_in_quick")

Shown = Callable[[bytes], Awaitable[tuple[DevelopedImage, Image.Image]]]

BOUNDS = bounds.ImageBounds(max_pixels=120_000_000, min_long_side=600, memory_bytes=608 << 20)
TRACES = (
    files.SECRET,
    b"Exif\0\0",
    b"http://ns.adobe.com",
    b"xmpmeta",
    b"Photoshop",
    b"ICC_PROFILE",
    b"8BIM",
)

# The only allowed parts of a rendition: the picture's data and what decoding needs.
PARTS = {
    "jpg": {"SOI", "JFIF without thumbnail", "DB", "C2", "C4", "DA"},
    "webp": {"VP8 "},
    "avif": {"ftyp", "meta", "hdlr", "pitm", "iloc", "iinf", "infe av01", "mdat"}
    | {"iprp", "ipco", "ipma", "ispe", "pixi", "av1C", "colr nclx"},
}

# The exiftool groups that describe the file itself; any other group would be metadata.
GROUPS = {"File", "System", "ExifTool", "Composite", "JFIF", "RIFF", "Meta", "QuickTime", "Main"}


def as_it_is(size: decoding.Size) -> decoding.Size:
    """The `need` of a picture at its own size."""
    return size


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    """Develops a file and opens its largest JPEG."""

    async def develop_and_open(data: bytes) -> tuple[DevelopedImage, Image.Image]:
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        developed = await develop(files.stored(tmp_path, data), out)
        width = widths_for(developed.width)[-1]
        return developed, Image.open(out / file_name(width, "jpg"))

    return develop_and_open


@pytest.mark.parametrize("name", files.WHOLE)
async def test_shows_every_accepted_kind(name: str, tmp_path: Path, shown: Shown) -> None:
    kind, make = files.WHOLE[name]
    inspected = await inspect(files.stored(tmp_path, make()))
    developed, image = await shown(make())
    assert inspected.format == developed.format == kind
    assert (inspected.width, inspected.height) == (developed.width, developed.height)
    assert image.size == (inspected.width, inspected.height)
    assert not inspected.animated
    assert not developed.animated
    if name == "png, black and white":
        return
    for found, true in zip(files.fields_of(image), files.CORNERS, strict=True):
        grey = round(0.299 * true[0] + 0.587 * true[1] + 0.114 * true[2])
        assert files.near(found, (grey,) * 3 if "grey" in name else true)


async def test_writes_each_width_in_each_format_and_never_upscales(tmp_path: Path) -> None:
    developed = await develop(
        files.stored(tmp_path, files.encoded(files.scene(1800, 1200), "JPEG")), tmp_path
    )
    expected = {
        file_name(width, f.name): (f, width) for f in FORMATS for width in (320, 640, 960, 1600, 1800)
    }
    assert set(developed.files) == set(expected)
    for name, (format, width) in expected.items():
        with Image.open(tmp_path / name) as image:
            assert image.size == (width, round(width * 2 / 3))
            assert image.get_format_mimetype() == format.media_type


async def test_describes_the_picture(shown: Shown) -> None:
    developed, _ = await shown(files.encoded(files.scene(), "JPEG"))
    assert len(developed.placeholder) <= 200
    assert developed.placeholder.startswith("data:image/webp;base64,")
    red, green, blue = (int(developed.mean_colour[at : at + 2], 16) for at in (1, 3, 5))
    true = files.scene().resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert files.near((red, green, blue), true, 4)  # type: ignore[arg-type]
    assert len(developed.perceptual_hash) == 16


async def test_similar_pictures_have_similar_hashes_and_others_do_not(shown: Shown) -> None:
    def bits_apart(one: str, other: str) -> int:
        return (int(one, 16) ^ int(other, 16)).bit_count()

    picture = files.scene()
    first, _ = await shown(files.encoded(picture, "JPEG", quality=95))
    again, _ = await shown(files.encoded(picture.resize((1000, 750)), "WEBP", quality=60))
    other, _ = await shown(files.encoded(picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), "JPEG"))
    assert bits_apart(first.perceptual_hash, again.perceptual_hash) <= 6
    assert bits_apart(first.perceptual_hash, other.perceptual_hash) >= 16


@pytest.mark.parametrize("width", [1, 319, 320, 321, 2559, 2560, 2561, 12_000])
def test_widths_end_at_the_pictures_own(width: int) -> None:
    widths = widths_for(width)
    assert widths[-1] == min(width, 2560)
    assert list(widths) == sorted(set(widths))
    assert set(widths[:-1]) == {step for step in WIDTHS if step < widths[-1]}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "TIFF", "PNG", "WEBP"])
async def test_turns_each_orientation_once(
    orientation: int, format: str, tmp_path: Path, shown: Shown
) -> None:
    turn = files.STORED_FOR[orientation]
    image = files.scene() if turn is None else files.scene().transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = files.encoded(image, format, exif=exif)
    _, upright = await shown(data)
    assert upright.size == (640, 480)
    for found, true in zip(files.fields_of(upright), files.CORNERS, strict=True):
        assert files.near(found, true)
    if format == "JPEG":
        inspected = await inspect(files.stored(tmp_path, data))
        assert (inspected.width, inspected.height) == (640, 480)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
async def test_turns_phone_formats_once(orientation: int, format: str, shown: Shown) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    turn = files.STORED_FOR[orientation]
    image = files.scene() if turn is None else files.scene().transpose(turn)
    _, upright = await shown(files.encoded(image, format, exif=exif.tobytes(), quality=90))
    assert upright.size == (640, 480)
    for found, true in zip(files.fields_of(upright), files.CORNERS, strict=True):
        assert files.near(found, true)


@pytest.mark.parametrize("name", files.telling_files())
async def test_no_rendition_tells_anything(name: str, tmp_path: Path) -> None:
    data = files.telling_files()[name]
    assert files.SECRET in data or name in ("text.png", "profile.png")  # where it is compressed
    out = tmp_path / "out"
    out.mkdir()
    developed = await develop(files.stored(tmp_path, data, name), out)
    for rendition in developed.files:
        written = (out / rendition).read_bytes()
        for trace in TRACES:
            assert trace not in written
        assert files.parts_of(written) <= PARTS[rendition.rpartition(".")[2]]
        with Image.open(io.BytesIO(written)) as image:
            assert not image.getexif()
            assert not {"exif", "xmp", "icc_profile", "comment", "photoshop"} & set(image.info)
    for tags in metadata(*(out / rendition for rendition in developed.files)):
        assert {tag.partition(":")[0] for tag in tags} - {"SourceFile"} <= GROUPS, tags
        assert not [tag for tag in tags if "Comment" in tag or "Warning" in tag or "Trailer" in tag], tags
        assert files.SECRET.decode() not in json.dumps(tags)


def metadata(*paths: Path) -> list[dict[str, str]]:
    """The metadata that exiftool finds in each file; empty if exiftool is not installed."""
    exiftool = shutil.which("exiftool")
    if exiftool is None:
        return []
    command = [exiftool, "-json", "-G1", "-a", "-u", "-U", "-ee", *map(str, paths)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: list[dict[str, str]] = json.loads(said)
    return found


def test_exiftool_sees_what_there_is_to_see(tmp_path: Path) -> None:
    tags = metadata(files.stored(tmp_path, files.telling_files()["exif.jpg"], "exif.jpg"))
    if not tags:
        assert os.environ.get("GALLERY_TEST_EXIFTOOL") != "required"
        pytest.skip("exiftool is not installed")
    assert {"IFD0", "GPS", "File"} <= {tag.partition(":")[0] for tag in tags[0]}


def test_what_hangs_on_a_rendition_would_be_found() -> None:
    """`parts_of` finds appended data."""
    image, exif = files.scene(), files.tell_tale_exif()
    assert "E1" in files.parts_of(files.encoded(image, "JPEG", exif=exif))
    assert "FE" in files.parts_of(files.encoded(image, "JPEG", comment=b"hello"))
    assert {"EXIF", "ICCP"} <= files.parts_of(
        files.encoded(image, "WEBP", exif=exif, icc_profile=files.wide_gamut_profile())
    )
    assert {"infe Exif", "infe mime"} <= files.parts_of(
        files.encoded(image, "AVIF", exif=exif, xmp=files.tell_tale_xmp(), speed=9)
    )
    for format in ("JPEG", "WEBP", "AVIF"):
        with pytest.raises((ValueError, KeyError)):
            files.parts_of(files.encoded(image, format) + files.SECRET)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
async def test_wide_gamut_colours_become_srgb(format: str, shown: Shown) -> None:
    image = Image.new("RGB", (640, 480), (150, 190, 90))
    lossless = {
        "JPEG": {"quality": 98},
        "WEBP": {"lossless": True},
        "AVIF": {"quality": 95},
        "HEIF": {"quality": 95},
    }
    data = files.encoded(image, format, icc_profile=files.wide_gamut_profile(), **lossless.get(format, {}))
    _, result = await shown(data)
    true = files.wide_gamut_in_srgb((150, 190, 90))
    assert not files.near(true, (150, 190, 90), 8)
    assert files.near(result.getpixel((300, 200)), true, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize("space", ["Adobe RGB", "Display P3"])
@pytest.mark.parametrize(
    "colour",
    [
        (128, 128, 128),
        (255, 255, 255),
        (20, 20, 20),
        (200, 90, 80),
        (60, 120, 70),
        (70, 80, 170),
        (250, 210, 160),
    ],
)
def test_profiles_are_converted_to_within_a_hair(
    space: str, colour: tuple[int, int, int], tmp_path: Path
) -> None:
    make, truth = {
        "Adobe RGB": (files.wide_gamut_profile, files.wide_gamut_in_srgb),
        "Display P3": (files.display_p3_profile, files.display_p3_in_srgb),
    }[space]
    data = files.encoded(Image.new("RGB", (640, 480), colour), "PNG", icc_profile=make())
    sheet = decoding.decode(files.stored(tmp_path, data), "png", BOUNDS, as_it_is)
    result = conversion.srgb_image(sheet, (640, 480)).getpixel((300, 200))
    assert files.near(result, truth(colour), 2)  # type: ignore[arg-type]


async def test_a_grey_profile_is_honoured(shown: Shown) -> None:
    image = Image.new("L", (640, 480), 128)
    _, result = await shown(files.encoded(image, "PNG", icc_profile=files.dark_grey_profile()))
    true = round(255 * (1.055 * ((128 / 255) ** 4) ** (1 / 2.4) - 0.055))
    assert files.near(result.getpixel((300, 200)), (true,) * 3, 4)  # type: ignore[arg-type]


async def test_a_cmyk_profile_is_honoured(shown: Shown) -> None:
    image = Image.new("CMYK", (640, 480), (255, 0, 0, 0))
    _, plain = await shown(files.encoded(image, "JPEG", quality=95))
    _, odd = await shown(files.encoded(image, "JPEG", quality=95, icc_profile=files.odd_ink_profile()))
    red, green, blue = plain.getpixel((300, 200))  # type: ignore[misc]
    assert blue > green > red
    red, green, blue = odd.getpixel((300, 200))  # type: ignore[misc]
    assert green > 1.5 * max(red, blue)


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
async def test_paper_is_white_however_yellow_it_is(format: str, shown: Shown) -> None:
    """Relative colorimetric, not absolute: colours are relative to the paper."""
    inks = Image.new("CMYK", (640, 480), (0, 0, 0, 0))
    _, image = await shown(files.encoded(inks, format, icc_profile=files.odd_ink_profile()))
    assert files.near(image.getpixel((300, 200)), (255, 255, 255), 3)  # type: ignore[arg-type]


@pytest.mark.parametrize("level", [0, 255])
async def test_the_darkest_that_a_device_can_show_is_black(level: int, shown: Shown) -> None:
    """Black-point compensation: without it the black of this profile would be a dark grey of 37."""
    image = Image.new("RGB", (640, 480), (level,) * 3)
    _, result = await shown(files.encoded(image, "PNG", icc_profile=files.grey_black_profile()))
    assert files.near(result.getpixel((300, 200)), (level,) * 3, 5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("make", "inks", "looks"),
    [
        (files.ycck_jpeg, (255, 0, 0, 0), (0, 158, 224)),
        (files.ycck_jpeg, (0, 255, 255, 0), (227, 6, 19)),
        (files.ycck_jpeg, (0, 0, 0, 255), (29, 29, 29)),
        (files.sixteen_bit_inks, (255, 0, 0, 0), (0, 158, 224)),
        (files.sixteen_bit_inks, (0, 0, 0, 128), (142, 142, 142)),
    ],
)
async def test_inks_stored_in_other_ways_look_the_same(
    make: Callable[[tuple[int, ...]], bytes],
    inks: tuple[int, ...],
    looks: tuple[int, ...],
    tmp_path: Path,
    shown: Shown,
) -> None:
    with Image.open(files.stored(tmp_path, make(inks))) as image:
        assert image.mode == "CMYK"
    _, image = await shown(make(inks))
    assert files.near(image.getpixel((300, 200)), looks, 6)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
@pytest.mark.parametrize(
    ("inks", "looks"),
    [
        ((0, 0, 0, 0), (255, 255, 255)),
        ((255, 0, 0, 0), (0, 158, 224)),
        ((0, 255, 255, 0), (227, 6, 19)),
        ((0, 0, 0, 255), (29, 29, 29)),
        ((0, 0, 0, 128), (142, 142, 142)),
    ],
)
async def test_inks_without_a_profile_look_as_printed(
    format: str, inks: tuple[int, ...], looks: tuple[int, ...], shown: Shown
) -> None:
    _, image = await shown(files.encoded(Image.new("CMYK", (640, 480), inks), format))
    assert files.near(image.getpixel((300, 200)), looks, 6)  # type: ignore[arg-type]


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bit_greys_keep_all_their_steps(format: str, tmp_path: Path) -> None:
    assert_no_banding(files.encoded(files.sixteen_bit_gradient(), format), tmp_path)


@pytest.mark.parametrize(
    "make",
    [files.sixteen_bit_rgb_png, lambda: files.sixteen_bit_tiff(3), lambda: files.sixteen_bit_tiff(4)],
    ids=["png", "tiff", "tiff, four channels"],
)
def test_sixteen_bit_colours_keep_all_their_steps(make: Callable[[], bytes], tmp_path: Path) -> None:
    assert_no_banding(make(), tmp_path)


def test_ten_bit_colours_keep_their_steps(tmp_path: Path) -> None:
    """HEIC is lossy, so a step may go back by one, but none is left out."""
    sheet = decoding.decode(files.stored(tmp_path, files.ten_bit_heic()), "heic", BOUNDS, as_it_is)
    values = greys(sheet)
    assert len(set(values)) >= 250
    assert max(b - a for a, b in pairwise(values)) <= 2


def greys(sheet: decoding.DecodedImage) -> list[int]:
    grey = conversion.srgb_image(sheet, (1024, 64)).getchannel("G")
    return [value for x in range(1024) if isinstance(value := grey.getpixel((x, 32)), int)]


async def test_a_sixteen_bit_tiff_whose_zero_is_white_is_not_shown_as_a_negative(tmp_path: Path) -> None:
    tags = {262: 0}
    data = files.encoded(Image.new("I;16", (640, 480), 60_000), "TIFF", tiffinfo=tags)
    with Image.open(io.BytesIO(data)) as image:
        assert image.tag_v2[262] == 0  # type: ignore[attr-defined]
    await develop(files.stored(tmp_path, data), tmp_path)
    with Image.open(tmp_path / "640.jpg") as image:
        assert files.near(image.getpixel((300, 200)), (22, 22, 22), 3)  # type: ignore[arg-type]


def assert_no_banding(data: bytes, folder: Path) -> None:
    """A gradient over the whole range has all of the 256 greys and no gap between them. Checked before
    encoding, because every encoder here rounds greys.
    """
    kind = sniff(data[:64])
    assert kind
    values = greys(decoding.decode(files.stored(folder, data), kind, BOUNDS, as_it_is))
    assert values[0] == 0
    assert values[-1] == 255
    assert {b - a for a, b in pairwise(values)} == {0, 1}


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
async def test_transparency_is_white_paper(format: str, shown: Shown) -> None:
    _, image = await shown(files.encoded(files.with_alpha(), format))
    assert files.near(image.getpixel((600, 100)), (255, 255, 255), 3)  # type: ignore[arg-type]
    assert files.near(image.getpixel((40, 60)), files.RED)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["P", "LA", "L"])
async def test_transparency_of_palettes_and_greys_is_white_paper(mode: str, shown: Shown) -> None:
    if mode == "LA":
        data = files.encoded(Image.new("LA", (640, 480), (0, 0)), "PNG")
    else:
        data = files.encoded(Image.new(mode, (640, 480), 0), "PNG", transparency=0)
    _, image = await shown(data)
    assert image.getpixel((300, 200)) == (255, 255, 255)


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "AVIF"])
async def test_an_animation_is_shown_by_its_first_frame_and_said_to_be_one(
    format: str, tmp_path: Path, shown: Shown
) -> None:
    inspected: InspectedImage = await inspect(files.stored(tmp_path, files.animation(format)))
    assert inspected.animated
    developed, image = await shown(files.animation(format))
    assert developed.animated
    assert files.near(image.getpixel((40, 60)), files.RED)  # type: ignore[arg-type]


async def test_an_animation_beside_a_picture_is_shown_by_its_own_first_frame(shown: Shown) -> None:
    frames = [files.scene(), Image.new("RGB", (640, 480), files.BLUE)]
    data = files.encoded(
        Image.new("RGB", (640, 480), "magenta"),
        "PNG",
        save_all=True,
        default_image=True,
        append_images=frames,
    )
    developed, image = await shown(data)
    assert developed.animated
    for found, true in zip(files.fields_of(image), files.CORNERS, strict=True):
        assert files.near(found, true)


async def test_the_smallest_picture_that_is_taken(tmp_path: Path) -> None:
    taken = await inspect(files.stored(tmp_path, files.encoded(files.scene(600, 60), "PNG")))
    assert (taken.width, taken.height, taken.small) == (600, 60, True)


async def test_120_megapixels_are_taken_even_in_four_channels(tmp_path: Path, shown: Shown) -> None:
    """At full size they would take half a gigabyte; a JPEG shrinks while it loads."""
    grey = files.encoded(Image.new("L", (12_000, 10_000), 90), "JPEG")
    inspected = await inspect(files.stored(tmp_path, grey))
    assert (inspected.width, inspected.height) == (12_000, 10_000)
    _, image = await shown(files.encoded(Image.new("CMYK", (12_000, 10_000), (0, 0, 0, 128)), "JPEG"))
    assert image.size == (2560, 2133)
    assert files.near(image.getpixel((300, 200)), (142, 142, 142), 6)  # type: ignore[arg-type]


async def test_a_webp_of_120_megapixels_shrinks_while_it_is_decoded(tmp_path: Path, shown: Shown) -> None:
    data = files.encoded(Image.new("RGB", (12_000, 10_000), files.BLUE), "WEBP", method=0)
    inspected = await inspect(files.stored(tmp_path, data))
    assert (inspected.width, inspected.height) == (12_000, 10_000)
    _, image = await shown(data)
    assert image.size == (2560, 2133)
    assert files.near(image.getpixel((300, 200)), files.BLUE, 6)  # type: ignore[arg-type]


WEBPS: dict[str, tuple[str, dict[str, Any]]] = {
    "lossy": ("RGB", {"quality": 95}),
    "lossy with alpha": ("RGBA", {"quality": 95}),
    "lossless": ("RGB", {"lossless": True}),
    "lossless with alpha": ("RGBA", {"lossless": True}),
}


@pytest.mark.parametrize("has_library", [True, False])
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("name", WEBPS)
def test_a_webp_shrunk_while_it_is_decoded_is_the_same_picture(
    name: str, orientation: int, has_library: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if Pillow's library lacks the function, and the picture is decoded whole."""
    assert webp.libwebp() is not None
    if not has_library:
        monkeypatch.setattr(webp, "libwebp", lambda: None)
    mode, options = WEBPS[name]
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = files.scene(2400, 1600)
    turn = files.STORED_FOR[orientation]
    held = (picture if turn is None else picture.transpose(turn)).convert(mode)
    source = files.stored(tmp_path, files.encoded(held, "WEBP", exif=exif, **options))
    sheet = decoding.decode(source, "webp", BOUNDS, lambda shown: developing.size_at_width(shown, 640))
    assert (max(sheet.image.size) < 2400) == has_library
    made = conversion.srgb_image(sheet, (640, 427))
    assert sheet.framed_size == (2400, 1600)
    whole = picture.resize((640, 427), Image.Resampling.LANCZOS)
    assert max(ImageStat.Stat(ImageChops.difference(made, whole)).mean) < 1.5


async def test_says_when_a_picture_is_small(tmp_path: Path) -> None:
    assert (await inspect(files.stored(tmp_path, files.encoded(files.scene(1199, 800), "JPEG")))).small
    assert not (await inspect(files.stored(tmp_path, files.encoded(files.scene(800, 1200), "JPEG")))).small


async def test_a_tall_scroll_is_developed_within_bounds(tmp_path: Path) -> None:
    source = files.stored(tmp_path, files.encoded(files.scene(700, 14_000), "JPEG", quality=50))
    inspected = await inspect(source)
    assert (inspected.width, inspected.height) == (700, 14_000)
    developed = await develop(source, tmp_path)
    assert (developed.width, developed.height) == (256, 5120)
    with Image.open(tmp_path / "256.webp") as image:
        assert image.size == (256, 5120)


def test_bands_leave_no_seams(tmp_path: Path) -> None:
    """A picture scaled in bands equals the picture scaled at once."""
    picture = Image.effect_noise((300, 450), 90).resize((3000, 4500), Image.Resampling.BICUBIC)
    source = files.stored(tmp_path, files.encoded(picture, "PNG", compress_level=1))
    made = conversion.srgb_image(decoding.decode(source, "png", BOUNDS, as_it_is), (2560, 3840)).getchannel(
        "G"
    )
    whole = picture.resize((2560, 3840), Image.Resampling.LANCZOS)
    assert made.size == whole.size
    assert ImageChops.difference(made, whole).getextrema()[1] <= 2  # type: ignore[operator]


def test_the_profiles_of_these_tests_are_real() -> None:
    for profile in (
        files.wide_gamut_profile(),
        files.display_p3_profile(),
        files.dark_grey_profile(),
        files.odd_ink_profile(),
    ):
        assert ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space
