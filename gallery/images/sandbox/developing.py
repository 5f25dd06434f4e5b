"""Inspecting and developing a picture: its renditions, and what is measured from them.

Runs in the child process.
"""

import base64
import io
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image, ImageChops, ImageFilter, ImageStat

from gallery.images import fingerprints
from gallery.images.framing import NO_FRAMING, Framing
from gallery.images.renditions import FORMATS, PREVIEW_WIDTH, WIDTHS, Format, file_name, widths_for
from gallery.images.sandbox.bounds import ImageBounds
from gallery.images.sandbox.conversion import (
    srgb_image,
)
from gallery.images.sandbox.decoding import (
    Size,
    decode,
)

# px; a taller scroll is developed smaller, so that none of its widths takes minutes.
MAX_RENDITION_HEIGHT = 5120

# JPEG renditions up to this width (px) have no chroma subsampling: 4:2:0 would visibly soften the edges of
# colours, and 4:4:4 costs few more bytes.
FULL_COLOUR_WIDTH = 320

PLACEHOLDER_LENGTH = 200

# The longer side (px) at which sharpness is measured: about that of a picture on a visitor's screen.
SHARPNESS_SIDE = 1024


def inspect(
    source: Path, kind: str, preview: Path | None, bounds: ImageBounds, framing: Framing = NO_FRAMING
) -> dict[str, Any]:
    """Decode the whole picture, as cheaply as its format allows, and return its properties. Raises
    UnusableImage.

    If `preview` is a path, the framed picture is written to it as a JPEG, at most PREVIEW_WIDTH px wide.
    """

    def need(framed: Size) -> Size:
        return size_at_width(rendition_source_size(framed), PREVIEW_WIDTH)

    decoded = decode(source, kind, bounds, need, framing=framing)
    width, height = decoded.framed_size
    if preview is not None:
        size = size_at_width(rendition_source_size(decoded.framed_size), PREVIEW_WIDTH)
        (jpeg,) = (format for format in FORMATS if format.name == "jpg")
        write_image(srgb_image(decoded, size), jpeg, preview)
    return {"width": width, "height": height, "animated": decoded.animated}


def develop(
    source: Path, kind: str, out: Path, bounds: ImageBounds, framing: Framing = NO_FRAMING
) -> dict[str, Any]:
    """Write every rendition of the framed picture into the folder `out`, and return its properties.

    Raises UnusableImage, or OSError if the folder cannot be written.
    """
    decoded = decode(
        source, kind, bounds, lambda framed: size_at_width(rendition_source_size(framed)), framing=framing
    )
    size = rendition_source_size(decoded.framed_size)
    largest = srgb_image(decoded, size_at_width(size))
    animated = decoded.animated
    del decoded  # free its memory for the encoders
    images = scale_to_widths(largest, size[0])
    smallest = images[-1]
    return {
        "width": size[0],
        "height": size[1],
        "animated": animated,
        "placeholder": placeholder(smallest),
        "mean_colour": mean_colour(smallest),
        "perceptual_hash": perceptual_hash(smallest),
        "softness": softness(images),
        "files": write_renditions(images, out),
    }


def fingerprint(source: Path, kind: str, bounds: ImageBounds) -> dict[str, Any]:
    """The fingerprint of a picture. Raises UnusableImage."""
    decoded = decode(source, kind, bounds, lambda _shown: (4 * fingerprints.SIDE, 4 * fingerprints.SIDE))
    return {
        "fingerprint": compute_fingerprint(
            srgb_image(decoded, size_at_width(decoded.framed_size, PREVIEW_WIDTH))
        ).hex()
    }


def compute_fingerprint(image: Image.Image) -> bytes:
    side = fingerprints.SIDE
    small = image.convert("RGB").resize((side, side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    channels = [band.tobytes() for band in small.convert("YCbCr").split()]
    brightness, blue, red = (
        [band[at : at + side] for at in range(0, side * side, side)] for band in channels
    )
    return fingerprints.encode(brightness, blue, red, image.width / image.height)


def rendition_source_size(framed: tuple[int, int]) -> tuple[int, int]:
    """The size (px) from which renditions are made: the framed size, but smaller for very tall scrolls."""
    width, height = framed
    if size_at_width(framed)[1] <= MAX_RENDITION_HEIGHT:
        return framed
    return max(1, width * MAX_RENDITION_HEIGHT // height), MAX_RENDITION_HEIGHT


def size_at_width(size: tuple[int, int], width: int = WIDTHS[-1]) -> tuple[int, int]:
    """The picture's size (px), reduced to at most `width` px in width."""
    if size[0] <= width:
        return size
    return width, max(1, round(size[1] * width / size[0]))


def size_at_long_side(size: Size, long_side: int) -> Size:
    """The picture's size (px), scaled so that the longer side is `long_side` px."""
    scale = long_side / max(size)
    return max(1, math.floor(size[0] * scale)), max(1, math.floor(size[1] * scale))


def scale_to_widths(largest: Image.Image, width: int) -> list[Image.Image]:
    """The picture at each of `widths_for(width)`, largest first, each scaled from the next larger one."""
    images = [largest]
    for step in reversed(widths_for(width)[:-1]):
        size = (step, max(1, round(largest.height * step / largest.width)))
        images.append(images[-1].resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
    return images


def write_renditions(images: list[Image.Image], out: Path, formats: Sequence[Format] = FORMATS) -> list[str]:
    """Encode every image in every format; returns the file names, in the order of `formats`.

    Two encoders run at once, but never two for AVIF, which takes the most memory and uses both processors.
    The largest AVIF is encoded last and alone, because it takes more memory than all others together.
    """
    slow, *quick = formats

    def write_all(formats: list[Format], images: list[Image.Image]) -> None:
        for format in formats:
            for image in images:
                write_image(image, format, out / file_name(image.width, format.name))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write_all, [slow], images[1:]), pool.submit(write_all, quick, images)]:
            done.result()
    write_all([slow], images[:1])
    return [file_name(image.width, format.name) for format in formats for image in reversed(images)]


def write_image(image: Image.Image, format: Format, target: Path) -> None:
    options: dict[str, Any] = {**format.options, "quality": format.quality}
    if format.name == "jpg" and image.width <= FULL_COLOUR_WIDTH:
        options["subsampling"] = "4:4:4"
    encoded = io.BytesIO()
    image.save(encoded, {"jpg": "JPEG"}.get(format.name, format.name.upper()), **options)
    target.write_bytes(encoded.getbuffer())


def placeholder(image: Image.Image) -> str:
    """The picture about 12 px wide, as a data: URI for a page's HTML."""
    address = ""
    for long_side, quality in ((12, 60), (12, 35), (12, 10), (10, 10), (8, 10), (6, 5), (4, 0)):
        tiny = image.resize(size_at_long_side(image.size, long_side), Image.Resampling.BOX)
        encoded = io.BytesIO()
        tiny.save(encoded, "WEBP", quality=quality, method=6)
        address = "data:image/webp;base64," + base64.b64encode(encoded.getvalue()).decode("ascii")
        if len(address) <= PLACEHOLDER_LENGTH:
            break
    return address


def mean_colour(image: Image.Image) -> str:
    """The picture's average colour, as "#rrggbb"."""
    colour = image.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(colour, tuple)
    return "#{:02x}{:02x}{:02x}".format(*colour[:3])


def perceptual_hash(image: Image.Image) -> str:
    """64 bits, as 16 hex digits; similar pictures differ in few bits.

    The picture is scaled to 32 × 32 px. Each bit says whether one of its 8 × 8 lowest-frequency DCT
    coefficients is larger than their median.
    """
    side, waves = 32, 8
    small = image.convert("L").resize((side, side), Image.Resampling.LANCZOS)
    values = small.tobytes()
    cosines = [[math.cos(math.pi * k * (2 * n + 1) / (2 * side)) for n in range(side)] for k in range(waves)]
    rows = [
        [sum(values[y * side + x] * wave[x] for x in range(side)) for wave in cosines] for y in range(side)
    ]
    strengths = [
        round(sum(rows[y][k] * wave[y] for y in range(side)), 3) for wave in cosines for k in range(waves)
    ]
    median = sorted(strengths[1:])[len(strengths) // 2 - 1]
    bits = "".join("1" if strength > median else "0" for strength in strengths)
    return f"{int(bits, 2):016x}"


def softness(images: Sequence[Image.Image]) -> int:
    """How blurred a picture is: 0 (sharp) to 1000, by the metric of Crété and others ("The blur effect").

    The picture is blurred once more; the result is the share of the differences between neighbouring pixels
    that remains. A sharp picture loses most of them, a blurred one few. Flat areas do not count. Of the
    horizontal and the vertical value the higher is returned, because camera shake blurs in one direction.

    `images`: the picture in several sizes, largest first. It is measured at SHARPNESS_SIDE px on the longer
    side, or at its largest size if that is smaller.
    """
    enough = [each for each in images if max(each.size) >= SHARPNESS_SIDE]
    image = (enough[-1] if enough else images[0]).convert("L")
    if max(image.size) > SHARPNESS_SIDE:
        image = image.resize(
            size_at_long_side(image.size, SHARPNESS_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0
        )
    width, height = image.size
    softest = 0.0
    for across, down in ((1, 0), (0, 1)):
        blurred = image.filter(ImageFilter.BoxBlur((4 * across, 4 * down)))
        sharp_steps, soft_steps = (
            ImageChops.difference(
                each.crop((across, down, width, height)), each.crop((0, 0, width - across, height - down))
            )
            for each in (image, blurred)
        )
        there = ImageStat.Stat(sharp_steps).sum[0]
        lost = ImageStat.Stat(ImageChops.subtract(sharp_steps, soft_steps)).sum[0]
        softest = max(softest, (there - lost) / there if there else 0.0)
    return round(softest * 1000)
