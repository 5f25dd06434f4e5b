"""IIIF Image API 3.0 without pixels: parsed requests, the tiles that viewers request, and info.json.

Pure functions of text and numbers. Section numbers refer to https://iiif.io/api/image/3.0/.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

CONTEXT = "http://iiif.io/api/image/3/context.json"
PROFILE = "http://iiif.io/api/image/3/level2.json"

TILE_SIZE = 512  # px; docs/decisions.md says how it was chosen
MAX_SIDE = 8192  # px: the greatest width or height of one answer
MAX_AREA = 2560 * 2560  # pixels of one answer: the same as the widest rendition of a square picture

FORMATS = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}
QUALITIES = ("default", "color", "gray", "bitonal")

INTEGER = re.compile(r"[0-9]{1,9}")
DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?|\.[0-9]{1,9}")

Size = tuple[int, int]
Box = tuple[int, int, int, int]  # x, y, width, height


class ImageRequestError(Exception):
    """A request that cannot be answered with an image: HTTP status 400 if it is invalid, 501 if not
    implemented."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


@dataclass(frozen=True)
class ImageRequest:
    """A parsed request, in px of the whole picture. Requests for the same image are equal, even if their paths differ."""

    region: Box
    size: Size  # px of the image, before the rotation
    mirrored: bool = False
    degrees: int = 0  # clockwise: 0, 90, 180, 270
    quality: str = "default"
    format: str = "jpg"

    @property
    def name(self) -> str:
        """The image's file name, such as "0-512-512-88_512-88_0_default.jpg"."""
        region, size = "-".join(map(str, self.region)), "-".join(map(str, self.size))
        turn = f"m{self.degrees}" if self.mirrored else str(self.degrees)
        return f"{region}_{size}_{turn}_{self.quality}.{self.format}"

    def canonical(self, whole: Size) -> str:
        """The request's canonical path (section 4.8)."""
        region = "full" if self.region == (0, 0, *whole) else ",".join(map(str, self.region))
        size = "max" if self.size == max_size(self.region[2:]) else ",".join(map(str, self.size))
        turn = f"!{self.degrees}" if self.mirrored else str(self.degrees)
        return f"{region}/{size}/{turn}/{self.quality}.{self.format}"


def parse_image_request(region: str, size: str, rotation: str, last: str, whole: Size) -> ImageRequest:
    """The request in a path, for a picture of `whole` px. Raises ImageRequestError."""
    box = parse_region(region, whole)
    mirrored, degrees = parse_rotation(rotation)
    quality, _, format = last.rpartition(".")
    if format not in FORMATS:
        raise ImageRequestError(f"The format is one of {', '.join(FORMATS)}.")
    if quality not in QUALITIES:
        raise ImageRequestError(f"The quality is one of {', '.join(QUALITIES)}.")
    if quality == "color":  # the default: every picture here is served in colour
        quality = "default"
    return ImageRequest(box, parse_image_size(size, box[2:]), mirrored, degrees, quality, format)


def parse_region(text: str, whole: Size) -> Box:
    """The region (section 4.1), clipped to the picture."""
    width, height = whole
    if text == "full":
        return 0, 0, width, height
    if text == "square":
        side = min(whole)
        return (width - side) // 2, (height - side) // 2, side, side
    if text.startswith("pct:"):
        x, y, w, h = parse_numbers(text.removeprefix("pct:"), 4, DECIMAL, "region")
        left, right = round(width * x / 100), round(width * (x + w) / 100)
        top, bottom = round(height * y / 100), round(height * (y + h) / 100)
    else:
        left, top, w, h = map(int, parse_numbers(text, 4, INTEGER, "region"))
        right, bottom = left + w, top + h
    right, bottom = min(right, width), min(bottom, height)
    if right <= left or bottom <= top:
        raise ImageRequestError("There is nothing of the picture in this region.")
    return left, top, right - left, bottom - top


def parse_image_size(text: str, region: Size) -> Size:
    """The size (section 4.2) in px, for a region in px. Upscaling is not implemented."""
    width, height = region
    may_grow = text.startswith("^")
    form = text.removeprefix("^")
    if form == "max":
        if may_grow and max_scale(region) > 1:
            raise ImageRequestError("Pictures are not shown larger than they are.", 501)
        return max_size(region)
    if form.startswith("pct:"):
        (percent,) = parse_numbers(form.removeprefix("pct:"), 1, DECIMAL, "size")
        size = round(width * percent / 100), round(height * percent / 100)
    elif form.startswith("!"):
        w, h = map(int, parse_numbers(form.removeprefix("!"), 2, INTEGER, "size"))
        size = size_within(region, (w, h), may_grow=may_grow)
    elif form.endswith(","):
        (w,) = map(int, parse_numbers(form.removesuffix(","), 1, INTEGER, "size"))
        size = w, round(height * w / width)
    elif form.startswith(","):
        (h,) = map(int, parse_numbers(form.removeprefix(","), 1, INTEGER, "size"))
        size = round(width * h / height), h
    else:
        w, h = map(int, parse_numbers(form, 2, INTEGER, "size"))
        size = w, h
    if size[0] > width or size[1] > height:
        if may_grow:
            raise ImageRequestError("Pictures are not shown larger than they are.", 501)
        raise ImageRequestError("This size is larger than the region; the largest is called max.")
    if min(size) < 1:
        raise ImageRequestError("Nothing is left of the picture in this size.")
    if max(size) > MAX_SIDE or size[0] * size[1] > MAX_AREA:
        raise ImageRequestError("This size is above maxWidth or maxArea; the largest is called max.")
    return size


def size_within(region: Size, box: Size, *, may_grow: bool) -> Size:
    """The largest size with the region's aspect ratio that exceeds neither `box` (px) nor the limits."""
    width, height = region
    scale = min(box[0] / width, box[1] / height)
    if may_grow or scale <= 1:
        scale = min(scale, max_scale(region))
    # A box that is wider or higher than the region is refused as upscaling, as the IIIF validator expects.
    return min(box[0], round(width * scale)), min(box[1], round(height * scale))


def max_scale(region: Size) -> float:
    """The scale factor at which the region just reaches the limits; below 1 if the region exceeds them."""
    width, height = region
    return min(MAX_SIDE / max(region), math.sqrt(MAX_AREA / (width * height)))


def max_size(region: tuple[int, ...]) -> Size:
    """The region's size, reduced to the limits if it exceeds them; the aspect ratio stays the same."""
    width, height = region
    scale = max_scale((width, height))
    if scale >= 1:
        return width, height
    return max(1, math.floor(width * scale)), max(1, math.floor(height * scale))


def parse_rotation(text: str) -> tuple[bool, int]:
    """Whether the picture is mirrored, and by how many degrees it is then turned clockwise (section 4.3)."""
    mirrored = text.startswith("!")
    (degrees,) = parse_numbers(text.removeprefix("!"), 1, DECIMAL, "rotation")
    if degrees not in (0, 90, 180, 270, 360):
        raise ImageRequestError("Pictures are turned by 0, 90, 180 or 270 degrees.")
    return mirrored, int(degrees) % 360


def parse_numbers(text: str, count: int, form: re.Pattern[str], what: str) -> list[float]:
    parts = text.split(",")
    if len(parts) != count or not all(form.fullmatch(part) for part in parts):
        raise ImageRequestError(f"This {what} cannot be read.")
    return [float(part) for part in parts]


# Tiles


def scale_factors(whole: Size) -> list[int]:
    """1, 2, 4 … up to the first factor at which the whole picture fits into one tile."""
    factors = [1]
    while max(level_size(whole, factors[-1])) > TILE_SIZE:
        factors.append(factors[-1] * 2)
    return factors


def level_size(whole: Size, factor: int) -> Size:
    return -(-whole[0] // factor), -(-whole[1] // factor)


def all_tiles(whole: Size) -> list[ImageRequest]:
    """Every tile that OpenSeadragon and similar viewers request. A tile that two levels share is listed
    once."""
    tiles: dict[ImageRequest, None] = {}
    for factor in scale_factors(whole):
        side = TILE_SIZE * factor
        for y in range(0, whole[1], side):
            for x in range(0, whole[0], side):
                tiles[tile_at(x, y, factor, whole)] = None
    return list(tiles)


def tile_at(x: int, y: int, factor: int, whole: Size) -> ImageRequest:
    """The tile whose top left corner is (x, y), in px of the whole picture. x and y are
    multiples of TILE_SIZE × factor."""
    side = TILE_SIZE * factor
    width, height = min(side, whole[0] - x), min(side, whole[1] - y)
    return ImageRequest((x, y, width, height), level_size((width, height), factor))


def is_tile(cut: ImageRequest, whole: Size) -> bool:
    """Whether the request is for one of `all_tiles(whole)`."""
    x, y = cut.region[:2]
    return any(
        x % (TILE_SIZE * factor) == 0
        and y % (TILE_SIZE * factor) == 0
        and cut == tile_at(x, y, factor, whole)
        for factor in scale_factors(whole)
    )


def info_json(id: str, whole: Size) -> dict[str, Any]:
    """info.json (section 5); `id` is the picture's address without a trailing slash."""
    factors = scale_factors(whole)
    sizes = [level_size(whole, factor) for factor in reversed(factors)]
    return {
        "@context": CONTEXT,
        "id": id,
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level2",
        "width": whole[0],
        "height": whole[1],
        "maxWidth": MAX_SIDE,
        "maxHeight": MAX_SIDE,
        "maxArea": MAX_AREA,
        "sizes": [
            {"width": width, "height": height}
            for width, height in sizes
            if max(width, height) <= MAX_SIDE and width * height <= MAX_AREA
        ],
        "tiles": [{"width": TILE_SIZE, "height": TILE_SIZE, "scaleFactors": factors}],
        "extraFormats": ["webp"],
        "extraQualities": ["color", "gray", "bitonal"],
        "extraFeatures": ["canonicalLinkHeader", "mirroring", "profileLinkHeader"],
    }
