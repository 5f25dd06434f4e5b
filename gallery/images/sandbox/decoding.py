"""Decoding a picture by its known format, and no more of it than is needed.

Runs in the child process. Nothing in the file is trusted.
"""

import math
import mmap
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from PIL import AvifImagePlugin, Image

from gallery.images.framing import NO_FRAMING, Framing, is_too_small
from gallery.images.sandbox import pillow_internals, webp
from gallery.images.sandbox.bounds import ImageBounds, UnusableImage
from gallery.images.sandbox.colour import profile_for, profile_for_gamma
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

SizeNeeded = Callable[[Size], Size]  # from the full size of a picture to the size needed (px, upright)

ORIENTATION = 0x0112

PHOTOMETRIC = 0x0106

# Ordinary progressive JPEGs have about ten scans. Each scan costs a pass over the whole picture.
MAX_JPEG_SCANS = 100

# Peak bytes per pixel while another library decodes a whole picture, without and with alpha (measured). The
# file itself takes memory in addition.
BYTES_PER_PIXEL: Mapping[str, tuple[float, float]] = {
    "webp": (12.5, 12.5),
    "avif": (10.5, 13.0),
    "heic": (5.8, 8.0),
}

# A WebP is decoded this much wider and higher than needed; Lanczos scales it to the final size, because
# it is better at that than the decoder.
OVERSAMPLING = 1.5

# Bytes of address space for Python, the libraries, the bands and the encoders (measured).
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

# Threads of each decoder or encoder that starts its own; more threads would take more address space.
THREADS = 2

AvifImagePlugin.DEFAULT_MAX_THREADS = THREADS

SIGNED_SAMPLES = 2  # the value of SAMPLE_FORMAT for signed integers


@dataclass(frozen=True)
class DecodedImage:
    """A picture's decoded pixels as stored in the file, with the facts that are needed to display them
    correctly."""

    image: Image.Image | RawPixels
    size: tuple[int, int]  # px, as stored: before orientation, and before any shrinking while loading
    orientation: int  # EXIF's 1 to 8; 1 if the decoder has turned the picture already
    profile: bytes | Cicp | None  # an ICC profile; for HDR, code points
    inverted: bool
    animated: bool
    white: int = 65535  # the greatest value of a sample stored in 16 bits
    framing: Framing = NO_FRAMING  # the turn is already included in `orientation`

    @property
    def turned_size(self) -> Size:
        """The whole picture's size (px) with `orientation` applied, which includes the framing's turn."""
        width, height = self.size
        return (height, width) if self.orientation >= 5 else (width, height)

    @property
    def framed_size(self) -> Size:
        """The size (px) of the framed part."""
        left, top, right, bottom = self.framing.box(self.turned_size)
        return right - left, bottom - top

    @property
    def framed_box(self) -> tuple[float, float, float, float]:
        """The framed part of `image`: left, top, right, bottom (px, as stored)."""
        left, top, right, bottom = stored_box(self.framing.box(self.turned_size), self.size, self.orientation)
        across, down = self.image.width / self.size[0], self.image.height / self.size[1]
        return left * across, top * down, right * across, bottom * down


def decode(
    source: Path,
    kind: str,
    bounds: ImageBounds,
    need: SizeNeeded,
    mode: str | None = None,
    framing: Framing = NO_FRAMING,
) -> DecodedImage:
    """Decode the picture's first frame. Raises UnusableImage, also if `framing` leaves too little of it.

    A JPEG is shrunk while loading, but not below the needed size; with `mode` "L" only its brightness is
    decoded. `need` takes the full size (px) of the framed part and returns the size that is needed.
    """

    def need_whole(upright: Size) -> Size:
        return framing.upright_for(need(framing.size_in(upright)), upright)

    try:
        with source.open("rb") as file:
            decoded = DECODERS.get(kind, decode_plain)(file, kind, bounds, need_whole, mode)
        decoded = replace(
            decoded, orientation=framing.orientation_after(decoded.orientation), framing=framing
        )
        if not framing.is_whole and is_too_small(decoded.framed_size, bounds.min_long_side):
            raise UnusableImage("too_little_left")
        return decoded
    except (UnusableImage, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise UnusableImage("too_many_pixels") from None
    except Exception as fault:  # decoders raise all kinds of errors for bad files
        if "memory" in str(fault).lower():
            raise UnusableImage("too_much_memory") from fault
        with source.open("rb") as file:
            whole = "truncated" not in str(fault) and is_complete(file, kind, bounds.min_long_side)
        raise UnusableImage("unsupported_variant" if whole else "damaged") from fault


def decode_tiff(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode the page of a TIFF that is the picture and not a preview."""
    tiff = Tiff(file)
    if tiff.is_raw:
        raise UnusableImage("raw_file")
    page = tiff.shown_page(bounds.min_long_side)
    if SIGNED_SAMPLES in page.tags.get(SAMPLE_FORMAT, ()):
        raise UnusableImage("unsupported_variant")
    decoded = decode_plain(RedirectedTiff(file, tiff, page), kind, bounds, need, mode)
    return replace(decoded, white=(1 << page.first(BITS, 16)) - 1)


def decode_png(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode a PNG; its colour chunks have the precedence that the PNG standard defines."""
    head = png_head(file)
    decoded = decode_plain(file, kind, bounds, need, mode)
    assert isinstance(decoded.image, Image.Image)
    transparent = decoded.image.info.get("transparency")
    if head.depth == 16 and isinstance(transparent, tuple):  # Pillow keeps 8 of the 16 bits
        decoded.image.info["transparency"] = tuple(value >> 8 for value in transparent)
    profile: bytes | Cicp | None
    if head.cicp is not None:
        profile = profile_for(head.cicp)
    elif decoded.profile is not None or head.is_srgb:
        profile = decoded.profile
    else:
        profile = profile_for_gamma(head.gamma, head.chromaticities)
    return replace(decoded, profile=profile)


def decode_plain(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode a format whose decoder returns the whole picture at full size."""
    image = open_as(file, kind)
    check_size(image.size, bounds)
    if image.mode in ("I", "F"):  # 32 bits per sample: measured data, not a picture
        raise UnusableImage("unsupported_variant")
    animated = is_animated(image)
    per_pixel = bytes_per_pixel(image.mode)
    if kind == "tiff" and orientation_of(image) != 1:
        per_pixel *= 2  # Pillow turns a TIFF while loading it, which makes a second copy
    begins_late = animated and bool(image.info.get("default_image"))
    if begins_late:
        per_pixel *= 3  # memory for the default image, the first frame, and both combined
    copies = {"png": 0}.get(kind, 1)  # copies of the whole file that the decoder holds in memory
    check_memory(image.width * image.height * per_pixel + copies * length_of_file(file), bounds)
    image.load()
    if begins_late:
        seek_first_frame(image)
    # If zero means white, Pillow inverts the samples itself, but not those with 16 bits.
    inverted = kind == "tiff" and image.mode.startswith("I;16") and tag_of(image, PHOTOMETRIC) == 0
    orientation = 1 if kind == "tiff" else orientation_of(image)
    return DecodedImage(image, image.size, orientation, profile_of(image), inverted, animated)


def decode_avif_or_heic(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode AVIF or HEIC, and leave the pixels in the library's memory."""
    check_box_lengths(file)
    image: Any = open_as(file, kind)
    check_size(image.size, bounds)
    with_alpha = image.mode not in ("L", "RGB")
    copies = {"heic": 2}.get(kind, 1)  # copies of the whole file that the decoder holds in memory
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
    """Decode a JPEG and shrink it while it loads. Its scans are counted first, because each scan costs a pass
    over the whole picture."""
    coefficients = buffered_coefficients(file)
    image = open_as(file, kind)
    check_size(image.size, bounds)
    size = image.size
    orientation = orientation_of(image)
    framed = (size[1], size[0]) if orientation >= 5 else size
    width, height = need(framed)
    image.draft(mode or image.mode, (height, width) if orientation >= 5 else (width, height))
    check_memory(coefficients + image.width * image.height * bytes_per_pixel(image.mode), bounds)
    image.load()
    return DecodedImage(image, size, orientation, profile_of(image), inverted=False, animated=False)


def decode_webp(
    file: BinaryIO, kind: str, bounds: ImageBounds, need: SizeNeeded, mode: str | None
) -> DecodedImage:
    """Decode a WebP and shrink it while it is decoded; of an animation, decode the first frame at full
    size."""
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
    # An accepted picture must later be decoded at full size, for its tiles.
    check_memory(webp.memory_needed(features, size) + len(data), bounds)
    about = Image.new("L", (1, 1))  # an empty image, with which Pillow parses the metadata
    about.info.update(webp.read_metadata(data))
    orientation = orientation_of(about)
    upright = (size[1], size[0]) if orientation >= 5 else size
    enough = decoding_size(upright, need(upright))
    shrunk_size = (enough[1], enough[0]) if orientation >= 5 else enough
    rows = webp.decode_still(data, features, shrunk_size)
    return DecodedImage(rows, size, orientation, profile_of(about), inverted=False, animated=False)


def decode_webp_whole(file: BinaryIO, size: Size, bounds: ImageBounds) -> DecodedImage:
    """Decode a WebP's first frame without the second copy that an ordinary load makes."""
    check_memory(size[0] * size[1] * BYTES_PER_PIXEL["webp"][True] + length_of_file(file), bounds)
    image: Any = open_as(file, "webp")
    if image.size != size:
        raise UnusableImage("damaged")
    orientation, profile, animated = orientation_of(image), profile_of(image), image.n_frames > 1
    frame, raw = pillow_internals.webp_frame(image)
    del image  # this frees the decoder's two canvases
    pixels = Image.frombuffer(raw, size, frame, "raw", raw, 0, 1)
    return DecodedImage(pixels, size, orientation, profile, inverted=False, animated=animated)


def decoding_size(size: Size, needed: Size) -> Size:
    """The size (px) to decode to: `size` divided by an integer, but at least about OVERSAMPLING ×
    `needed`."""
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
    """Open the file with the decoder of its format and no other."""
    if kind == "heic":
        try:
            from gallery.images.sandbox import heif
        except ImportError:  # the extra "heic" is not installed
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
    """Raise UnusableImage if the picture has too many pixels or too few."""
    if size[0] * size[1] > bounds.max_pixels:
        raise UnusableImage("too_many_pixels")
    if is_too_small(size, bounds.min_long_side):
        raise UnusableImage("too_small")


def check_memory(needed: float, bounds: ImageBounds) -> None:
    """Raise UnusableImage if `needed` bytes for the picture leave too little memory for the other steps."""
    if needed > bounds.memory_bytes - RESERVED_BYTES:
        raise UnusableImage("too_much_memory")


def bytes_per_pixel(mode: str) -> int:
    """The bytes per pixel in Pillow's memory: four if there is more than one channel."""
    if mode.startswith("I;16"):
        return 2
    return 1 if mode in ("1", "L", "P") else 4


def check_box_lengths(file: BinaryIO) -> None:
    """Raise UnusableImage if a file ends within a box: the decoder would paint the missing tiles grey."""
    end = length_of_file(file)
    at = 0
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if length < 8 or kind not in (b"ftyp", b"meta", b"mdat", b"moov", b"free", b"skip", b"uuid"):
            return  # the box extends to the file's end, or foreign data follows the picture
        at += length
        if at > end:
            raise UnusableImage("damaged")


def is_animated(image: Image.Image) -> bool:
    """Whether there is a second frame. Pages of a TIFF and extra pictures in a photograph do not count."""
    if image.format not in ("GIF", "PNG", "AVIF"):
        return False
    try:
        return bool(getattr(image, "is_animated", False))
    except Exception:  # only the first frame is needed, even if the next one is broken
        return True


def seek_first_frame(image: Image.Image) -> None:
    """Skip an APNG's default image, as browsers do: it is for programs that do not show animations."""
    try:
        image.seek(1)
        image.load()
    except MemoryError:
        raise
    except Exception:  # a broken animation after a good picture
        image.seek(0)
        image.load()


def orientation_of(image: Image.Image) -> int:
    tag = tag_of(image, ORIENTATION)
    return tag if isinstance(tag, int) and tag in TRANSPOSITIONS else 1


def tag_of(image: Image.Image, tag: int) -> object:
    try:
        return image.getexif().get(tag)
    except (MemoryError, UnusableImage):
        raise
    except Exception:  # garbage in the metadata of a good picture
        return None


def profile_of(image: Image.Image) -> bytes | None:
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and profile else None


def buffered_coefficients(file: BinaryIO) -> float:
    """Bytes of DCT coefficients that the JPEG decoder must keep in memory; 0 for a picture with one scan.

    Raises UnusableImage for a picture with so many scans that it would take minutes of processor time.
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
    """The number of samples of all components in a JPEG frame header (without its length field)."""
    _precision, height, width, components = struct.unpack_from(">BHHB", header)
    factors = [(header[7 + 3 * n] >> 4, header[7 + 3 * n] & 15) for n in range(components)]
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    return float(sum(width * height * h * v / (across * down) for h, v in factors))


def webp_size(head: bytes) -> tuple[int, int]:
    """The canvas size (px), read from the first 30 bytes: the decoder would allocate the canvas on opening
    the file.

    Raises UnusableImage.
    """
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


def stored_box(box: tuple[int, int, int, int], size: Size, orientation: int) -> tuple[int, int, int, int]:
    """Convert an upright box (left, top, right, bottom) to the coordinates of the stored picture, whose size
    is `size` px.
    """
    left, top, right, bottom = box
    if orientation >= 5:  # stored turned by 90°: width and height are exchanged
        left, top, right, bottom = top, left, bottom, right
    width, height = size
    if orientation in (2, 3, 7, 8):
        left, right = width - right, width - left
    if orientation in (3, 4, 6, 7):
        top, bottom = height - bottom, height - top
    return left, top, right, bottom
