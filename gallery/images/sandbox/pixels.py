"""A picture's pixels: decoded by its known format, turned, converted to sRGB, scaled and encoded.

Runs in the child process. Nothing in the file is trusted.
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
from gallery.images.sandbox.bounds import ImageBounds, UnusableImage, errors_as
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
SizeNeeded = Callable[[Size], Size]  # from the full size of a picture to the size needed (px, upright)

ORIENTATION = 0x0112
PHOTOMETRIC = 0x0106

# px; a taller scroll is developed smaller, so that none of its widths takes minutes.
MAX_RENDITION_HEIGHT = 5120

# Ordinary progressive JPEGs have about ten scans. Each scan costs a pass over the whole picture.
MAX_JPEG_SCANS = 100

# JPEG renditions up to this width (px) have no chroma subsampling: 4:2:0 would visibly soften the edges of
# colours, and 4:4:4 costs few more bytes.
FULL_COLOUR_WIDTH = 320

PLACEHOLDER_LENGTH = 200

# The longer side (px) at which sharpness is measured: about that of a picture on a visitor's screen.
SHARPNESS_SIDE = 1024

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
