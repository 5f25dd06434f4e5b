"""A decoded picture turned, on a white background, scaled and converted to sRGB, band by band.

Runs in the child process.
"""

import io
import math
from functools import lru_cache

from PIL import Image, ImageChops, ImageCms, ImageFilter, ImageOps

from gallery.images.sandbox.bounds import errors_as
from gallery.images.sandbox.colour import tone_mapped
from gallery.images.sandbox.containers import (
    Cicp,
)
from gallery.images.sandbox.decoding import TRANSPOSITIONS, DecodedImage, Size

# Paper and the seven overprints of cyan, magenta and yellow on coated paper, as sRGB; cyan changes fastest,
# then magenta, then yellow. Other mixtures are interpolated by the covered area (Neugebauer).
OVERPRINTS = (
    (255, 255, 255),
    (0, 158, 224),
    (229, 0, 125),
    (49, 39, 130),
    (255, 236, 0),
    (0, 150, 64),
    (227, 6, 19),
    (60, 50, 48),
)

BLACK_INK = 29


def srgb_image(decoded: DecodedImage, size: Size) -> Image.Image:
    """The framed part, scaled to `size` (px, upright), as sRGB, without the file's metadata."""
    width, height = size
    stored = (height, width) if decoded.orientation >= 5 else (width, height)
    with errors_as("unsupported_variant"):
        image = to_srgb(scaled_image(decoded, stored), decoded.profile)
    if decoded.orientation in TRANSPOSITIONS:
        image = image.transpose(TRANSPOSITIONS[decoded.orientation])
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    return bare


def scaled_image(decoded: DecodedImage, size: tuple[int, int]) -> Image.Image:
    """The framed part, in 8 bits without alpha, scaled to `size` (as stored) band by band, without a
    second full copy."""
    source = decoded.image
    left, above, right, below = decoded.framed_box
    from_x, to_x = math.floor(left), min(source.width, math.ceil(right))
    scale = (below - above) / size[1]
    margin = 4  # rows of the result added above and below a band; Lanczos needs three
    rows = max(16, round(2_000_000 / (to_x - from_x) / scale))
    result: Image.Image | None = None
    for top in range(0, size[1], rows):
        bottom = min(size[1], top + rows)
        first, last = max(0, top - margin), min(size[1], bottom + margin)
        begin, end = above + first * scale, above + last * scale
        upper, lower = math.floor(begin), min(source.height, math.ceil(end))
        band = opaque_band(
            source.crop((from_x, upper, to_x, lower)), inverted=decoded.inverted, white=decoded.white
        )
        box = (
            left - from_x,
            begin - upper,
            min(right - from_x, float(band.width)),
            min(end - upper, float(band.height)),
        )
        band = band.resize((size[0], last - first), Image.Resampling.LANCZOS, box, reducing_gap=3.0)
        if result is None:
            result = Image.new(band.mode, size)
        result.paste(band.crop((0, top - first, size[0], bottom - first)), (0, top))
    assert result is not None
    return result


def opaque_band(band: Image.Image, *, inverted: bool, white: int) -> Image.Image:
    """The band as 8-bit L, RGB, CMYK or LAB, on a white background. `white`: see DecodedImage."""
    mode = band.mode
    if mode.startswith("I;16"):
        wide = band if mode == "I;16" else band.convert("I")
        grey = wide.point(lambda value: value * (255 / white) + 0.5).convert("L")
        transparent = band.info.get("transparency")
        if isinstance(transparent, int):
            grey.paste(255, mask=samples_equal(band, transparent))
        return ImageOps.invert(grey) if inverted else grey
    if mode in ("LA", "La"):
        band = band.convert("LA")
        paper = Image.new("L", band.size, 255)
        paper.paste(band.getchannel("L"), mask=band.getchannel("A"))
        return paper
    if mode in ("RGBA", "RGBa", "PA") or band.has_transparency_data:
        band = band.convert("RGBA")
        paper = Image.new("RGB", band.size, "white")
        paper.paste(band, mask=band.getchannel("A"))
        return paper
    if mode == "1":
        return band.convert("L")
    return band if mode in ("L", "RGB", "CMYK", "LAB") else band.convert("RGB")


def samples_equal(band: Image.Image, sample: int) -> Image.Image:
    """A mask of a 16-bit band: 255 where its value is exactly `sample`, 0 elsewhere."""
    data, halves = band.tobytes(), []
    order = {"I;16B": ("L;16B", "L;16")}.get(
        band.mode, ("L;16", "L;16B")
    )  # raw modes of the upper byte, then of the lower
    for half, rawmode in zip(divmod(sample, 256), order, strict=True):
        half_band = Image.frombytes("L", band.size, data, "raw", rawmode)
        halves.append(half_band.point([255 * (value == half) for value in range(256)]))
    return ImageChops.darker(*halves)


def to_srgb(image: Image.Image, profile: bytes | Cicp | None) -> Image.Image:
    """The picture in sRGB: by its profile if that is usable, otherwise by the usual meaning of its mode."""
    if isinstance(profile, Cicp):
        return tone_mapped(image, profile)
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(lab, srgb, "LAB", "RGB").apply(image)
    return convert_by_profile(image, profile) or convert_by_mode(image)


def convert_by_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Convert to sRGB by the relative colorimetric intent with black-point compensation; None if the profile
    is not usable."""
    if profile is None:
        return None
    try:
        if colour_space_of(profile) == "RGB" and image.mode == "L":
            image = image.convert("RGB")
        if {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(colour_space_of(profile)) != image.mode:
            return None
        return transform_by(profile, image.mode).apply(image)
    except MemoryError:
        raise
    except Exception:  # a bad profile in a good picture
        return None


def colour_space_of(profile: bytes) -> str:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip()


@lru_cache(maxsize=1)  # every band of a picture uses the same transform
def transform_by(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def convert_by_mode(image: Image.Image) -> Image.Image:
    """Convert colours without a profile: CMYK as inks on coated paper, all other modes as sRGB."""
    if image.mode != "CMYK":
        return image if image.mode == "RGB" else image.convert("RGB")
    cyan, magenta, yellow, black = image.split()
    # A table with two points on each axis: Pillow's interpolation between them is the mixing by covered area.
    table = [channel / 255 for overprint in OVERPRINTS for channel in overprint]
    inks = Image.merge("RGB", (cyan, magenta, yellow)).filter(ImageFilter.Color3DLUT(2, table))
    veil = black.point([255 - round(ink * (255 - BLACK_INK) / 255) for ink in range(256)])
    return ImageChops.multiply(inks, Image.merge("RGB", (veil, veil, veil)))
