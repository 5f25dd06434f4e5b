"""What happens to a picture's pixels: opened by its known type, turned, brought to sRGB, scaled and written.

Everything here runs in the child process and trusts nothing about the file.
"""

import base64
import io
import math
import mmap
import struct
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from PIL import AvifImagePlugin, Image, ImageChops, ImageCms, ImageFilter, ImageOps, ImageStat

from gallery.images import fingerprints
from gallery.images.framing import NO_FRAMING, Framing, is_too_small
from gallery.images.renditions import FORMATS, PREVIEW_WIDTH, WIDTHS, Format, file_name, widths_for
from gallery.images.sandbox import pillow_internals, webp
from gallery.images.sandbox.bounds import ImageBounds, UnusableImage
from gallery.images.sandbox.colour import profile_for, profile_for_gamma, tone_mapped
from gallery.images.sandbox.containers import (
    BITS,
    SAMPLE_FORMAT,
    START_OF_SCAN,
    Cicp,
    RedirectedTiff,
    Tiff,
    box_colour,
    is_complete,
    jpeg_segments,
    length_of_file,
    png_head,
)
from gallery.images.sandbox.raw_pixels import RawPixels

Size = tuple[int, int]
SizeNeeded = Callable[[Size], Size]  # from a picture's size to the one in which it is needed (px, upright)

ORIENTATION = 0x0112
PHOTOMETRIC = 0x0106

# The tallest rendition (px). A scroll taller than that is developed smaller, so that no width takes minutes.
MAX_RENDITION_HEIGHT = 5120

# Ordinary progressive JPEGs have about ten scans; each one costs a pass over the whole picture.
MAX_JPEG_SCANS = 100

# Up to this width (px) the eye sees the colour edges that 4:2:0 softens, and full colour costs few bytes.
FULL_COLOUR_WIDTH = 320

PLACEHOLDER_LENGTH = 200

# The longer side (px) at which sharpness is measured: about what a visitor's screen shows.
SHARPNESS_SIDE = 1024

# Peak bytes for each pixel, beside the file, while a foreign library decodes a whole picture (measured): without and
# with alpha.
BYTES_PER_PIXEL: Mapping[str, tuple[float, float]] = {
    "webp": (12.5, 12.5),
    "avif": (10.5, 13.0),
    "heic": (5.8, 8.0),
}

# How much larger each way than it is needed a WebP is decoded: shrinking well is left to Lanczos.
OVERSAMPLING = 1.5

# Address space that Python, the libraries, the bands and then the encoders take (bytes, measured).
RESERVED_BYTES = 200 << 20

TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Paper and the seven overprints of cyan, magenta and yellow on coated stock as sRGB; cyan changes fastest,
# then magenta, then yellow. Between them ink mixes in proportion to the covered area (Neugebauer).
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

# Of decoders and encoders that have their own: more would take address space for each processor of the machine.
THREADS = 2
AvifImagePlugin.DEFAULT_MAX_THREADS = THREADS

SIGNED_SAMPLES = 2  # SAMPLE_FORMAT


@dataclass(frozen=True)
class DecodedImage:
    """A picture's decoded pixels as the file holds them, and what is needed to read them right."""

    image: Image.Image | RawPixels
    size: tuple[int, int]  # px, as stored: before orientation, and before any shrinking while loading
    orientation: int  # EXIF's 1 to 8; 1 where the decoder turned it already
    profile: bytes | Cicp | None  # code points only where they say that it is HDR
    inverted: bool
    animated: bool
    white: int = 65535  # the largest number of a sample, where it has sixteen bits in memory
    framing: Framing = NO_FRAMING  # its turn is in `orientation` already

    @property
    def turned_size(self) -> Size:
        """The whole picture's size (px), upright and turned."""
        width, height = self.size
        return (height, width) if self.orientation >= 5 else (width, height)

    @property
    def shown_size(self) -> Size:
        """The size (px) of what is shown of it."""
        left, top, right, bottom = self.framing.box(self.turned_size)
        return right - left, bottom - top

    @property
    def shown_box(self) -> tuple[float, float, float, float]:
        """Where what is shown lies in `image`: left, top, right, bottom (px, as stored)."""
        left, top, right, bottom = stored_box(self.framing.box(self.turned_size), self.size, self.orientation)
        across, down = self.image.width / self.size[0], self.image.height / self.size[1]
        return left * across, top * down, right * across, bottom * down


def inspect(
    source: Path, kind: str, preview: Path | None, bounds: ImageBounds, framing: Framing = NO_FRAMING
) -> dict[str, Any]:
    """Read the whole picture once, as cheaply as its kind allows, and say what is shown of it. Raises Unfit.

    With `preview` it is written there as a JPEG, at most PREVIEW_WIDTH px wide.
    """

    def need(shown: Size) -> Size:
        return size_at_width(rendition_source_size(shown), PREVIEW_WIDTH)

    sheet = decode(source, kind, bounds, need, framing=framing)
    width, height = sheet.shown_size
    if preview is not None:
        size = size_at_width(rendition_source_size(sheet.shown_size), PREVIEW_WIDTH)
        (jpeg,) = (format for format in FORMATS if format.name == "jpg")
        write_image(srgb_image(sheet, size), jpeg, preview)
    return {"width": width, "height": height, "animated": sheet.animated}


def develop(
    source: Path, kind: str, out: Path, bounds: ImageBounds, framing: Framing = NO_FRAMING
) -> dict[str, Any]:
    """Write every rendition of the picture, framed, into the folder `out` and say what was made.

    Raises Unfit for the picture's faults, OSError when the folder cannot be written.
    """
    sheet = decode(
        source, kind, bounds, lambda shown: size_at_width(rendition_source_size(shown)), framing=framing
    )
    size = rendition_source_size(sheet.shown_size)
    largest = srgb_image(sheet, size_at_width(size))
    animated = sheet.animated
    del sheet  # the encoders need its room
    prints = scale_to_widths(largest, size[0])
    smallest = prints[-1]
    return {
        "width": size[0],
        "height": size[1],
        "animated": animated,
        "placeholder": placeholder(smallest),
        "mean_colour": mean_colour(smallest),
        "perceptual_hash": perceptual_hash(smallest),
        "softness": softness(prints),
        "files": write_renditions(prints, out),
    }


def fingerprint(source: Path, kind: str, bounds: ImageBounds) -> dict[str, Any]:
    """The fingerprint of a picture. Raises Unfit."""
    sheet = decode(source, kind, bounds, lambda _shown: (4 * fingerprints.SIDE, 4 * fingerprints.SIDE))
    return {
        "fingerprint": compute_fingerprint(
            srgb_image(sheet, size_at_width(sheet.shown_size, PREVIEW_WIDTH))
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


def decode(
    source: Path,
    kind: str,
    bounds: ImageBounds,
    need: SizeNeeded,
    mode: str | None = None,
    framing: Framing = NO_FRAMING,
) -> DecodedImage:
    """Decode the picture's first frame. Raises Unfit, also where too little of it is left by `framing`.

    A JPEG is shrunk while loading, to what is needed or more; with `mode` "L" only its brightness is read. `need` speaks
    of what is shown of the picture.
    """

    def need_whole(upright: Size) -> Size:
        return framing.upright_for(need(framing.size_in(upright)), upright)

    try:
        with source.open("rb") as file:
            sheet = DECODERS.get(kind, decode_plain)(file, kind, bounds, need_whole, mode)
        sheet = replace(sheet, orientation=framing.orientation_after(sheet.orientation), framing=framing)
        if not framing.is_whole and is_too_small(sheet.shown_size, bounds.min_long_side):
            raise UnusableImage("too_little_left")
        return sheet
    except (UnusableImage, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise UnusableImage("too_many_pixels") from None
    except Exception as fault:  # decoders raise anything at all on bad files
        if "memory" in str(fault).lower():
            raise UnusableImage("too_much_memory") from fault
        with source.open("rb") as file:
            whole = "truncated" not in str(fault) and is_complete(file, kind, bounds.min_long_side)
        raise UnusableImage("unsupported_variant" if whole else "damaged") from fault


def decode_tiff(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode the page of a TIFF that is the picture and no preview of it."""
    tiff = Tiff(file)
    if tiff.is_raw:
        raise UnusableImage("raw_file")
    page = tiff.shown_page(bounds.min_long_side)
    if SIGNED_SAMPLES in page.tags.get(SAMPLE_FORMAT, ()):
        raise UnusableImage("unsupported_variant")
    sheet = decode_plain(RedirectedTiff(file, tiff, page), kind, bounds, need, mode)
    return replace(sheet, white=(1 << page.first(BITS, 16)) - 1)


def decode_png(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode a PNG; what its chunks say of colours comes in the order of its standard."""
    head = png_head(file)
    sheet = decode_plain(file, kind, bounds, need, mode)
    assert isinstance(sheet.image, Image.Image)
    transparent = sheet.image.info.get("transparency")
    if head.depth == 16 and isinstance(transparent, tuple):  # Pillow keeps the upper halves of colours alone
        sheet.image.info["transparency"] = tuple(value >> 8 for value in transparent)
    profile: bytes | Cicp | None
    if head.cicp is not None:
        profile = profile_for(head.cicp)
    elif sheet.profile is not None or head.is_srgb:
        profile = sheet.profile
    else:
        profile = profile_for_gamma(head.gamma, head.chromaticities)
    return replace(sheet, profile=profile)


def decode_plain(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode a kind whose decoder delivers the whole picture at full size."""
    image = open_as(file, kind)
    check_size(image.size, bounds)
    if image.mode in ("I", "F"):  # 32 bits: measurements rather than a picture
        raise UnusableImage("unsupported_variant")
    animated = is_animated(image)
    per_pixel = bytes_per_pixel(image.mode)
    if kind == "tiff" and orientation_of(image) != 1:
        per_pixel *= 2  # Pillow turns a TIFF itself while loading, into a second copy
    begins_late = animated and bool(image.info.get("default_image"))
    if begins_late:
        per_pixel *= 3  # the picture beside the animation, the first frame, and both together
    copies = {"png": 0}.get(kind, 1)  # of the whole file, read or mapped
    check_memory(image.width * image.height * per_pixel + copies * length_of_file(file), bounds)
    image.load()
    if begins_late:
        seek_first_frame(image)
    # Pillow sees to it that zero is black, except in sixteen bits.
    inverted = kind == "tiff" and image.mode.startswith("I;16") and tag_of(image, PHOTOMETRIC) == 0
    orientation = 1 if kind == "tiff" else orientation_of(image)
    return DecodedImage(image, image.size, orientation, profile_of(image), inverted, animated)


def decode_avif_or_heic(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode AVIF or HEIC, and leave the pixels where their library puts them."""
    check_box_lengths(file)
    image: Any = open_as(file, kind)
    check_size(image.size, bounds)
    with_alpha = image.mode not in ("L", "RGB")
    copies = {"heic": 2}.get(kind, 1)  # of the whole file
    check_memory(
        image.width * image.height * BYTES_PER_PIXEL[kind][with_alpha] + copies * length_of_file(file), bounds
    )
    size, orientation, animated = image.size, orientation_of(image), is_animated(image)
    profile: bytes | Cicp | None = profile_of(image)
    if profile is None and (stated := box_colour(file)) is not None:
        profile = profile_for(stated)
    if kind == "avif":
        data = pillow_internals.avif_pixels(image)
        rows = RawPixels(data, image.mode, size, len(data) // size[1])
    else:
        from gallery.images.sandbox.heif import heif_pixels

        rows = heif_pixels(image)
    if rows.size != size or rows.stride < size[0] or len(rows.data) < rows.stride * size[1]:
        raise UnusableImage("damaged")
    return DecodedImage(rows, size, orientation, profile, inverted=False, animated=animated)


def decode_jpeg(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode a JPEG, shrinking it while it loads; count its scans first, since each costs a whole pass."""
    coefficients = buffered_coefficients(file)
    image = open_as(file, kind)
    check_size(image.size, bounds)
    size = image.size
    orientation = orientation_of(image)
    shown = (size[1], size[0]) if orientation >= 5 else size
    width, height = need(shown)
    image.draft(mode or image.mode, (height, width) if orientation >= 5 else (width, height))
    check_memory(coefficients + image.width * image.height * bytes_per_pixel(image.mode), bounds)
    image.load()
    return DecodedImage(image, size, orientation, profile_of(image), inverted=False, animated=False)


def decode_webp(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode a WebP, shrinking it while it is decoded; of an animation the first frame, whole."""
    size = webp_size(file.read(30))
    check_size(size, bounds)
    check_memory(length_of_file(file), bounds)
    file.seek(0)
    data = file.read()
    features = webp.features_of(data)
    if features is None:
        return decode_webp_whole(file, size, bounds)
    if (features.width, features.height) != size:
        raise UnusableImage("damaged")
    # What is taken in must be cut into tiles one day, at full size.
    check_memory(webp.memory_needed(features, size) + len(data), bounds)
    about = Image.new("L", (1, 1))  # so that Pillow reads of it what it reads of all others
    about.info.update(webp.read_metadata(data))
    orientation = orientation_of(about)
    upright = (size[1], size[0]) if orientation >= 5 else size
    enough = decoding_size(upright, need(upright))
    shrunk_size = (enough[1], enough[0]) if orientation >= 5 else enough
    rows = webp.decode_still(data, features, shrunk_size)
    return DecodedImage(rows, size, orientation, profile_of(about), inverted=False, animated=False)


def decode_webp_whole(file: BinaryIO, size: Size, bounds: ImageBounds) -> DecodedImage:
    """Decode a WebP's first frame without the second copy of it that an ordinary load makes."""
    check_memory(size[0] * size[1] * BYTES_PER_PIXEL["webp"][True] + length_of_file(file), bounds)
    image: Any = open_as(file, "webp")
    if image.size != size:
        raise UnusableImage("damaged")
    orientation, profile, animated = orientation_of(image), profile_of(image), image.n_frames > 1
    frame, raw = pillow_internals.webp_frame(image)
    del image  # with it goes the decoder's own pair of canvases
    pixels = Image.frombuffer(raw, size, frame, "raw", raw, 0, 1)
    return DecodedImage(pixels, size, orientation, profile, inverted=False, animated=animated)


def decoding_size(size: Size, needed: Size) -> Size:
    """The size (px) divided by a whole number, so that SPARE times what is needed is left, or nearly."""
    by = math.floor(min(size[0] / needed[0], size[1] / needed[1]) / OVERSAMPLING)
    return (math.ceil(size[0] / by), math.ceil(size[1] / by)) if by > 1 else size


DECODERS = {
    "jpeg": decode_jpeg,
    "webp": decode_webp,
    "avif": decode_avif_or_heic,
    "heic": decode_avif_or_heic,
    "tiff": decode_tiff,
    "png": decode_png,
}


def open_as(file: BinaryIO, kind: str) -> Image.Image:
    """Open the file with the decoder of its kind and no other."""
    if kind == "heic":
        try:
            from gallery.images.sandbox import heif
        except ImportError:  # without the extra "heic"
            raise UnusableImage("heic_not_supported") from None
        heif.register(THREADS)
    elif kind == "tiff":
        from PIL import TiffImagePlugin  # noqa: F401
    elif kind == "webp":
        from PIL import WebPImagePlugin  # noqa: F401
    file.seek(0)
    formats = {"jpeg": ["JPEG", "MPO"], "heic": ["HEIF"]}.get(kind, [kind.upper()])
    return Image.open(file, formats=formats)


def check_size(size: tuple[int, int], bounds: ImageBounds) -> None:
    """Raise Unfit if the picture has too many pixels or too few."""
    if size[0] * size[1] > bounds.max_pixels:
        raise UnusableImage("too_many_pixels")
    if is_too_small(size, bounds.min_long_side):
        raise UnusableImage("too_small")


def check_memory(needed: float, bounds: ImageBounds) -> None:
    """Raise Unfit if `needed` bytes for the picture leave too little for the rest of the work."""
    if needed > bounds.memory_bytes - RESERVED_BYTES:
        raise UnusableImage("too_much_memory")


def bytes_per_pixel(mode: str) -> int:
    """Bytes that Pillow holds for each pixel: four as soon as there is more than one channel."""
    if mode.startswith("I;16"):
        return 2
    return 1 if mode in ("1", "L", "P") else 4


def check_box_lengths(file: BinaryIO) -> None:
    """Raise Unfit if a file of boxes ends within one: its decoder would paint the missing tiles grey."""
    end = length_of_file(file)
    at = 0
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8 or kind not in (b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid"):
            return  # it reaches to the end, or is something hung on behind
        at += length
        if at > end:
            raise UnusableImage("damaged")


def is_animated(image: Image.Image) -> bool:
    """Whether there is a second frame; pages of a TIFF and pictures beside a photograph are none."""
    if image.format not in ("GIF", "PNG", "AVIF"):
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # the first frame is all we need, whatever follows it
        return True


def seek_first_frame(image: Image.Image) -> None:
    """Leave the picture that an APNG has for programs that show no animation, as browsers do."""
    try:
        image.seek(1)
        image.load()
    except MemoryError:
        raise
    except Exception:  # a broken animation beside a good picture
        image.seek(0)
        image.load()


def orientation_of(image: Image.Image) -> int:
    found = tag_of(image, ORIENTATION)
    return found if isinstance(found, int) and found in TRANSPOSITIONS else 1


def tag_of(image: Image.Image, tag: int) -> object:
    try:
        return image.getexif().get(tag)
    except (MemoryError, UnusableImage):
        raise
    except Exception:  # garbage beside a good picture
        return None


def profile_of(image: Image.Image) -> bytes | None:
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and profile else None


def buffered_coefficients(file: BinaryIO) -> float:
    """Bytes of coefficients that the JPEG decoder must keep, which is none for a picture of one scan.

    Raises Unfit for a picture with so many scans that it would keep the processor busy for minutes.
    """
    samples = 0.0
    progressive = False
    scans = 0
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for marker, start, end in jpeg_segments(data):
            if marker in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA):
                samples = samples_in_frame(data[start + 2 : end])
                progressive = marker in (0xC2, 0xCA)
            elif marker == START_OF_SCAN:
                scans += 1
                if scans > MAX_JPEG_SCANS:
                    raise UnusableImage("too_slow")
    return 2 * samples if progressive or scans > 1 else 0.0


def samples_in_frame(header: bytes) -> float:
    """Samples of all components that a JPEG frame header (without its length) declares."""
    _precision, height, width, components = struct.unpack_from(">BHHB", header)
    factors = [(header[7 + 3 * n] >> 4, header[7 + 3 * n] & 15) for n in range(components)]
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    return float(sum(width * height * h * v / (across * down) for h, v in factors))


def webp_size(head: bytes) -> tuple[int, int]:
    """The canvas (px) by the first 30 bytes: the decoder allocates it before one could ask. Raises Unfit."""
    chunk = head[12:16]
    if len(head) == 30 and chunk == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if len(head) == 30 and chunk == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if len(head) == 30 and chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise UnusableImage("damaged")


def rendition_source_size(shown: tuple[int, int]) -> tuple[int, int]:
    """The size (px) that renditions are made from: as shown, except for scrolls taller than renditions go."""
    width, height = shown
    if size_at_width(shown)[1] <= MAX_RENDITION_HEIGHT:
        return shown
    return max(1, width * MAX_RENDITION_HEIGHT // height), MAX_RENDITION_HEIGHT


def size_at_width(size: tuple[int, int], width: int = WIDTHS[-1]) -> tuple[int, int]:
    """The picture's size (px) when it is at most `width` px wide."""
    if size[0] <= width:
        return size
    return width, max(1, round(size[1] * width / size[0]))


def size_at_long_side(size: Size, long_side: int) -> Size:
    """The picture's size (px) when its longer side is `long_side` px."""
    scale = long_side / max(size)
    return max(1, math.floor(size[0] * scale)), max(1, math.floor(size[1] * scale))


def stored_box(box: tuple[int, int, int, int], size: Size, orientation: int) -> tuple[int, int, int, int]:
    """Where an upright box (left, top, right, bottom) lies in a picture that is stored turned, of `size` px."""
    left, top, right, bottom = box
    if orientation >= 5:  # rows are stored as columns
        left, top, right, bottom = top, left, bottom, right
    width, height = size
    if orientation in (2, 3, 7, 8):
        left, right = width - right, width - left
    if orientation in (3, 4, 6, 7):
        top, bottom = height - bottom, height - top
    return left, top, right, bottom


def srgb_image(sheet: DecodedImage, size: Size) -> Image.Image:
    """The picture's pixels in `size` (px, upright): RGB in sRGB, with nothing of the file's but its colours."""
    width, height = size
    stored = (height, width) if sheet.orientation >= 5 else (width, height)
    try:
        image = to_srgb(scaled_image(sheet, stored), sheet.profile)
    except (UnusableImage, MemoryError):
        raise
    except Exception as fault:
        raise UnusableImage("unsupported_variant") from fault
    if sheet.orientation in TRANSPOSITIONS:
        image = image.transpose(TRANSPOSITIONS[sheet.orientation])
    bare = Image.new("RGB", image.size)
    bare.paste(image)
    return bare


def scaled_image(sheet: DecodedImage, size: tuple[int, int]) -> Image.Image:
    """What is shown of the sheet, in 8 bits without alpha, scaled to `size` (as stored) a band at a time: there is no
    second full copy."""
    source = sheet.image
    left, above, right, below = sheet.shown_box
    from_x, to_x = math.floor(left), min(source.width, math.ceil(right))
    scale = (below - above) / size[1]
    margin = 4  # rows of the result; Lanczos looks at three on either side
    rows = max(16, round(2_000_000 / (to_x - from_x) / scale))
    result: Image.Image | None = None
    for top in range(0, size[1], rows):
        bottom = min(size[1], top + rows)
        first, last = max(0, top - margin), min(size[1], bottom + margin)
        begin, end = above + first * scale, above + last * scale
        upper, lower = math.floor(begin), min(source.height, math.ceil(end))
        band = opaque_band(
            source.crop((from_x, upper, to_x, lower)), inverted=sheet.inverted, white=sheet.white
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
    """The band as 8-bit L, RGB, CMYK or LAB, laid on white paper. `white`: see Sheet."""
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
    """Where a band of sixteen bits has just this number: 255, elsewhere 0."""
    data, halves = band.tobytes(), []
    order = {"I;16B": ("L;16B", "L;16")}.get(
        band.mode, ("L;16", "L;16B")
    )  # of the upper half, then of the lower
    for half, rawmode in zip(divmod(sample, 256), order, strict=True):
        found = Image.frombytes("L", band.size, data, "raw", rawmode)
        halves.append(found.point([255 * (value == half) for value in range(256)]))
    return ImageChops.darker(*halves)


def to_srgb(image: Image.Image, profile: bytes | Cicp | None) -> Image.Image:
    """The picture in sRGB: by its profile if that can be read, otherwise by what its mode usually means."""
    if isinstance(profile, Cicp):
        return tone_mapped(image, profile)
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        return ImageCms.buildTransform(lab, srgb, "LAB", "RGB").apply(image)
    return convert_by_profile(image, profile) or convert_by_mode(image)


def convert_by_profile(image: Image.Image, profile: bytes | None) -> Image.Image | None:
    """Relative colorimetric with black-point compensation, or None where the profile is garbage."""
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
    except Exception:  # a bad profile beside a good picture
        return None


def colour_space_of(profile: bytes) -> str:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip()


@lru_cache(maxsize=1)  # a picture that is worked on in bands needs the same one for each
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
    """Colours without a profile: sRGB is meant, and for inks the usual coated paper."""
    if image.mode != "CMYK":
        return image if image.mode == "RGB" else image.convert("RGB")
    cyan, magenta, yellow, black = image.split()
    # Two points on each side: Pillow's interpolation between them is just the mixing by covered area.
    table = [channel / 255 for overprint in OVERPRINTS for channel in overprint]
    inks = Image.merge("RGB", (cyan, magenta, yellow)).filter(ImageFilter.Color3DLUT(2, table))
    veil = black.point([255 - round(ink * (255 - BLACK_INK) / 255) for ink in range(256)])
    return ImageChops.multiply(inks, Image.merge("RGB", (veil, veil, veil)))


def scale_to_widths(largest: Image.Image, width: int) -> list[Image.Image]:
    """The picture in each width of the table, largest first, each made from the next larger one."""
    prints = [largest]
    for step in reversed(widths_for(width)[:-1]):
        size = (step, max(1, round(largest.height * step / largest.width)))
        prints.append(prints[-1].resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0))
    return prints


def write_renditions(prints: list[Image.Image], out: Path, formats: Sequence[Format] = FORMATS) -> list[str]:
    """Encode every print in every format; the names written, in the order of `formats`.

    Two go on at once, but never two AVIFs: their encoder takes the most memory and uses both processors. The largest
    AVIF comes last and alone, for it takes more than all the rest together.
    """
    slow, *quick = formats

    def write_all(formats: list[Format], images: list[Image.Image]) -> None:
        for format in formats:
            for image in images:
                write_image(image, format, out / file_name(image.width, format.name))

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write_all, [slow], prints[1:]), pool.submit(write_all, quick, prints)]:
            done.result()
    write_all([slow], prints[:1])
    return [file_name(image.width, format.name) for format in formats for image in reversed(prints)]


def write_image(image: Image.Image, format: Format, target: Path) -> None:
    options: dict[str, Any] = {**format.options, "quality": format.quality}
    if format.name == "jpg" and image.width <= FULL_COLOUR_WIDTH:
        options["subsampling"] = "4:4:4"
    encoded = io.BytesIO()
    image.save(encoded, {"jpg": "JPEG"}.get(format.name, format.name.upper()), **options)
    target.write_bytes(encoded.getbuffer())


def placeholder(image: Image.Image) -> str:
    """The picture some 12 px wide, as a data address that fits into a page's HTML."""
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
    """64 bits, as 16 hex digits, of which similar pictures share nearly all.

    Each bit says whether one of the 8 × 8 slowest waves of the 32 × 32 px picture (its cosine transform) is
    stronger than the median of them.
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


def softness(prints: Sequence[Image.Image]) -> int:
    """How much of the steps from pixel to pixel stays when the picture is blurred once more: 0 to 1000.

    What is sharp loses most of them, what is blurred has few to lose (after Crété and others, "The blur effect",
    2007). Flat areas have no steps and do not count. `prints`: the picture in several sizes, largest first; measured is
    what has SHARP_SIDE px on its longer side, or less. Of across and down the softer one counts, for hands that shake.
    """
    enough = [each for each in prints if max(each.size) >= SHARPNESS_SIDE]
    image = (enough[-1] if enough else prints[0]).convert("L")
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
