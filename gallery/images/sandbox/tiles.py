"""Regions of a picture at its full size: the pyramid of tiles, and single regions on demand.

Runs in the child process. Memory use is that of the decoder and a few bands of the picture.
"""

import math
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from gallery.images.framing import NO_FRAMING, Framing
from gallery.images.iiif_requests import TILE_SIZE, ImageRequest, level_size, scale_factors, tile_at
from gallery.images.sandbox.bounds import ImageBounds, errors_as
from gallery.images.sandbox.conversion import opaque_band, to_srgb
from gallery.images.sandbox.decoding import TRANSPOSITIONS, DecodedImage, Size, decode, stored_box
from gallery.images.sandbox.raw_pixels import RawPixels

BAND_PIXELS = 2_000_000  # px that are processed at a time
MARGIN = 4  # rows and columns of the result added on each side; Lanczos needs three

Box = tuple[float, float, float, float]  # left, top, right, bottom

# Maps IIIF's name of a format to Pillow's name and options. Optimised Huffman tables would save 5 % of a
# tile's bytes for 2.6 times the work.
OUTPUT_FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpg": ("JPEG", {"quality": 82, "subsampling": "4:2:0"}),
    "png": ("PNG", {"compress_level": 4}),
    "webp": ("WEBP", {"quality": 80, "method": 2}),
}


class PieceSource(Protocol):
    """An upright, decoded picture in sRGB, from which regions can be cut. Coordinates are px of the decoded
    picture."""

    @property
    def size(self) -> Size: ...

    @property
    def framed_box(self) -> Box:
        """The framed part, in px of the decoded picture."""

    def piece(self, left: int, top: int, right: int, bottom: int) -> Image.Image: ...


@dataclass(frozen=True)
class WholeSource:
    """A picture that was decoded as a whole."""

    decoded: DecodedImage

    @property
    def size(self) -> Size:
        width, height = self.decoded.image.size
        return (height, width) if self.decoded.orientation >= 5 else (width, height)

    @property
    def framed_box(self) -> Box:
        return framed_box_within(self.decoded, self.size)

    def piece(self, left: int, top: int, right: int, bottom: int) -> Image.Image:
        box = stored_box((left, top, right, bottom), self.decoded.image.size, self.decoded.orientation)
        band = opaque_band(
            self.decoded.image.crop(box), inverted=self.decoded.inverted, white=self.decoded.white
        )
        return orient(to_srgb(band, self.decoded.profile), self.decoded.orientation)


@dataclass(frozen=True)
class LumaSource:
    """A JPEG with 4:2:0 chroma subsampling, kept as its planes Y, Cb and Cr: half the memory of RGB."""

    decoded: DecodedImage  # `decoded.image` is the Y plane
    colours: tuple[Image.Image, Image.Image]  # Cb and Cr, each half as wide and as high

    @property
    def size(self) -> Size:
        return self.decoded.turned_size

    @property
    def framed_box(self) -> Box:
        return framed_box_within(self.decoded, self.size)

    def piece(self, left: int, top: int, right: int, bottom: int) -> Image.Image:
        full = self.decoded.image
        x, y, to_x, to_y = stored_box((left, top, right, bottom), full.size, self.decoded.orientation)
        # Crop a few px more on each side, so that colours at the edges are the same as in the whole picture.
        x0, y0 = max(0, x // 2 - MARGIN), max(0, y // 2 - MARGIN)
        x1 = min(self.colours[0].width, (to_x + 1) // 2 + MARGIN)
        y1 = min(self.colours[0].height, (to_y + 1) // 2 + MARGIN)
        within = (x / 2 - x0, y / 2 - y0, to_x / 2 - x0, to_y / 2 - y0)
        bands = [
            colour.crop((x0, y0, x1, y1)).resize((to_x - x, to_y - y), Image.Resampling.BILINEAR, within)
            for colour in self.colours
        ]
        band = Image.merge("YCbCr", (full.crop((x, y, to_x, to_y)), *bands)).convert("RGB")
        return orient(to_srgb(band, self.decoded.profile), self.decoded.orientation)


def framed_box_within(decoded: DecodedImage, size: Size) -> Box:
    """The crop box of the picture's framing, scaled to the decoded `size` (px, upright)."""
    left, top, right, bottom = decoded.framing.box(decoded.turned_size)
    across, down = size[0] / decoded.turned_size[0], size[1] / decoded.turned_size[1]
    return left * across, top * down, right * across, bottom * down


def orient(band: Image.Image, orientation: int) -> Image.Image:
    return band.transpose(TRANSPOSITIONS[orientation]) if orientation in TRANSPOSITIONS else band


def scaled_piece(source: PieceSource, box: Box, size: Size) -> Image.Image:
    """The part in `box` (px of the source) scaled to `size`, band by band."""
    left, top, right, bottom = box
    if (right - left, bottom - top) == size and all(side == int(side) for side in box):
        return source.piece(int(left), int(top), int(right), int(bottom))
    width, height = size
    scale_x, scale_y = (right - left) / width, (bottom - top) / height
    result = Image.new("RGB", size)
    rows = max(16, int(BAND_PIXELS / max(1.0, (right - left) * scale_y)))
    for first in range(0, height, rows):
        last = min(height, first + rows)
        upper, lower = top + first * scale_y, top + last * scale_y
        x0, x1 = padded_range(left, right, scale_x, source.size[0])
        y0, y1 = padded_range(upper, lower, scale_y, source.size[1])
        within = (left - x0, upper - y0, min(right - x0, x1 - x0), min(lower - y0, y1 - y0))
        band = source.piece(x0, y0, x1, y1)
        result.paste(
            band.resize((width, last - first), Image.Resampling.LANCZOS, within, reducing_gap=3.0), (0, first)
        )
    return result


def padded_range(begin: float, end: float, scale: float, most: int) -> tuple[int, int]:
    """The range of whole px that covers `begin` to `end`, with the neighbouring px that scaling needs."""
    margin = MARGIN * max(1.0, scale)
    return max(0, math.floor(begin - margin)), min(most, math.ceil(end + margin))


# One region


def write_region(
    source: Path,
    kind: str,
    whole: Size,
    request: ImageRequest,
    out: Path,
    bounds: ImageBounds,
    framing: Framing = NO_FRAMING,
) -> None:
    """Write the requested region into the file `out`. `whole` is the framed picture's size (px), to which
    `request` refers."""
    x, y, width, height = request.region
    shrinking = max(1.0, min(width / request.size[0], height / request.size[1]))
    with errors_as("damaged"):
        picture = open_source(source, kind, whole, shrinking, bounds, framing)
        left, top, right, bottom = picture.framed_box
        across, down = (right - left) / whole[0], (bottom - top) / whole[1]
        box = (
            left + x * across,
            top + y * down,
            left + (x + width) * across,
            top + (y + height) * down,
        )
        image = scaled_piece(picture, box, request.size)
        del picture
    if request.mirrored:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if request.degrees:
        image = image.transpose(CLOCKWISE[request.degrees])
    if request.quality == "gray":
        image = image.convert("L")
    elif request.quality == "bitonal":
        image = image.convert("1")
    format, options = OUTPUT_FORMATS[request.format]
    if image.mode == "1" and format != "PNG":
        image = image.convert("L")
    bare = Image.new(image.mode, image.size)  # without the file's metadata
    bare.paste(image)
    bare.save(out, format, **options)


CLOCKWISE = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def open_source(
    source: Path, kind: str, whole: Size, shrinking: float, bounds: ImageBounds, framing: Framing
) -> PieceSource:
    """The decoded picture, if possible shrunk while loading, but not smaller than `whole` divided by
    `shrinking`."""

    def need(framed: Size) -> Size:
        return max(1, int(whole[0] / shrinking)), max(1, int(whole[1] / shrinking))

    if kind != "jpeg":
        return WholeSource(decode(source, kind, bounds, need, framing=framing))
    shrunk = decode(
        source, kind, bounds, lambda framed: smaller_size(need(framed), half_size(framed)), framing=framing
    )
    left, _top, right, _bottom = WholeSource(shrunk).framed_box
    if need(shrunk.framed_size)[0] <= right - left:
        return WholeSource(shrunk)
    if isinstance(shrunk.image, RawPixels) or shrunk.image.mode != "RGB":
        return WholeSource(decode(source, kind, bounds, need, framing=framing))
    colours = chroma_of(shrunk.image)
    del shrunk
    return LumaSource(decode(source, kind, bounds, whole_size, "L", framing), colours)


def half_size(size: Size) -> Size:
    return max(1, size[0] // 2), max(1, size[1] // 2)


def whole_size(size: Size) -> Size:
    return size


def smaller_size(one: Size, other: Size) -> Size:
    return min(one[0], other[0]), min(one[1], other[1])


def chroma_of(half: Image.Image) -> tuple[Image.Image, Image.Image]:
    image = half.convert("YCbCr")
    return image.getchannel("Cb"), image.getchannel("Cr")


# All tiles


class PyramidLevel:
    """One level of the pyramid. It receives the rows from top to bottom and cuts them into tiles. Then it
    passes them to the next level at half their size."""

    def __init__(self, whole: Size, factor: int, below: "PyramidLevel | None", write: "TileWriter") -> None:
        self.whole, self.factor, self.below, self.write = whole, factor, below, write
        self.size = level_size(whole, factor)
        self.strip = Image.new("RGB", (self.size[0], min(TILE_SIZE, self.size[1])))
        self.filled = 0  # rows of the strip that have arrived
        self.done = 0  # rows of this level that were already cut into tiles

    def add(self, rows: Image.Image) -> None:
        """Receive `rows`, which are as wide as this level, and write each tile that is now complete."""
        at = 0
        while at < rows.height:
            high = min(TILE_SIZE, self.size[1] - self.done)  # rows of a full strip
            if rows.height == high and not self.filled:  # `rows` is a complete strip: no copy needed
                self.cut(rows)
                return
            taken = min(high - self.filled, rows.height - at)
            self.strip.paste(rows.crop((0, at, rows.width, at + taken)), (0, self.filled))
            self.filled += taken
            at += taken
            if self.filled == high:
                self.filled = 0
                self.cut(
                    self.strip if high == self.strip.height else self.strip.crop((0, 0, self.size[0], high))
                )

    def cut(self, strip: Image.Image) -> None:
        top = self.done * self.factor
        self.write(
            (
                tile_at(left * self.factor, top, self.factor, self.whole),
                strip.crop((left, 0, min(left + TILE_SIZE, strip.width), strip.height)),
            )
            for left in range(0, strip.width, TILE_SIZE)
        )
        self.done += strip.height
        if self.below is not None:
            self.below.add(strip.reduce(2))


class TileWriter:
    """Writes tiles into a folder with two threads, which write one strip of tiles while the next strip is
    made."""

    def __init__(self, out: Path, pool: ThreadPoolExecutor) -> None:
        self.out, self.pool = out, pool
        self.count = 0
        self.strip: list[Future[None]] = []

    def __call__(self, tiles: Iterable[tuple[ImageRequest, Image.Image]]) -> None:
        self.finish()
        self.strip = [self.pool.submit(self.write_one, tile, image) for tile, image in tiles]
        self.count += len(self.strip)

    def finish(self) -> None:
        """Wait for the tiles that are being written. Raises OSError if the folder cannot be written."""
        for writing in self.strip:
            writing.result()
        self.strip = []

    def write_one(self, tile: ImageRequest, image: Image.Image) -> None:
        format, options = OUTPUT_FORMATS[tile.format]
        image.save(self.out / tile.name, format, **options)


def write_tiles(
    source: Path, kind: str, whole: Size, out: Path, bounds: ImageBounds, framing: Framing = NO_FRAMING
) -> dict[str, Any]:
    """Write every tile of `all_tiles(whole)` into the folder `out`. Raises UnusableImage, or OSError if the
    folder cannot be written."""
    with ThreadPoolExecutor(2) as pool:
        write = TileWriter(out, pool)
        below: PyramidLevel | None = None
        for factor in reversed(scale_factors(whole)[1:]):
            below = PyramidLevel(whole, factor, below, write)
        picture: PieceSource
        half = decode(source, kind, bounds, half_size, framing=framing)
        colour = half.image if kind == "jpeg" and half.image.mode == "RGB" else None
        if isinstance(colour, Image.Image) and half.framed_size == whole:
            # The decoder's half-size picture is as good as ours. It is freed before the full-size picture is
            # decoded, so that both are never in memory at the same time.
            if below is not None:
                feed_level(WholeSource(half), below)
                below = None
            colours = chroma_of(colour)
            del half, colour
            picture = LumaSource(decode(source, kind, bounds, whole_size, "L", framing), colours)
        elif half.image.size == half.size:
            picture = WholeSource(half)
            del half, colour
        else:
            del half, colour
            picture = WholeSource(decode(source, kind, bounds, lambda _: whole, framing=framing))
        feed_level(picture, PyramidLevel(whole, 1, below, write))
        write.finish()
        return {"tiles": write.count}


def feed_level(source: PieceSource, level: PyramidLevel) -> None:
    """Pass the framed part of the source to `level`, band by band."""
    left, above, right, below = source.framed_box
    down = (below - above) / level.size[1]
    for top in range(0, level.size[1], TILE_SIZE):
        bottom = min(level.size[1], top + TILE_SIZE)
        with errors_as("damaged"):
            box = (left, above + top * down, right, above + bottom * down)
            rows = scaled_piece(source, box, (level.size[0], bottom - top))
        level.add(rows)
