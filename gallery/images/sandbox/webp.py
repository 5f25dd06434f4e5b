"""Decode a WebP to a smaller size directly: libwebp can do that, but Pillow does not use it.

Pillow's own decoder keeps three copies of a picture in memory. This module calls the libwebp that Pillow was
built with. Pillow's decoder is used for animations, and if the library cannot be found.
"""

import ctypes
from functools import cache

from gallery.images.sandbox.pillow_internals import webp_library
from gallery.images.sandbox.raw_pixels import RawPixels

Size = tuple[int, int]

ABI = 0x0200  # version of decode.h; only its first two hex digits must match the library's
MODE_RGB, MODE_RGBA = 0, 1
OUT_OF_MEMORY = 1
LOSSLESS = 2  # the value of Features.format for a lossless file

METADATA_CHUNKS = {b"ICCP": "icc_profile", b"EXIF": "exif", b"XMP ": "xmp"}


class Features(ctypes.Structure):
    """libwebp's struct WebPBitstreamFeatures."""

    _fields_ = (
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("has_alpha", ctypes.c_int),
        ("has_animation", ctypes.c_int),
        ("format", ctypes.c_int),
        ("pad", ctypes.c_uint32 * 5),
    )


class Channels(ctypes.Structure):
    """libwebp's struct WebPRGBABuffer."""

    _fields_ = (("data", ctypes.c_void_p), ("stride", ctypes.c_int), ("length", ctypes.c_size_t))


class Planes(ctypes.Structure):
    """libwebp's struct WebPYUVABuffer: not used here, but the larger member of a union."""

    _fields_ = (
        ("data", ctypes.c_void_p * 4),
        ("stride", ctypes.c_int * 4),
        ("length", ctypes.c_size_t * 4),
    )


class PixelBuffer(ctypes.Union):
    _fields_ = (("channels", Channels), ("planes", Planes))


class Output(ctypes.Structure):
    """libwebp's struct WebPDecBuffer."""

    _fields_ = (
        ("mode", ctypes.c_int),
        ("width", ctypes.c_int),
        ("height", ctypes.c_int),
        ("is_ours", ctypes.c_int),
        ("buffer", PixelBuffer),
        ("pad", ctypes.c_uint32 * 4),
        ("private", ctypes.c_void_p),
    )


class Options(ctypes.Structure):
    """libwebp's struct WebPDecoderOptions."""

    _fields_ = (
        ("bypass_filtering", ctypes.c_int),
        ("no_fancy_upsampling", ctypes.c_int),
        ("use_cropping", ctypes.c_int),
        ("crop", ctypes.c_int * 4),
        ("use_scaling", ctypes.c_int),
        ("scaled_width", ctypes.c_int),
        ("scaled_height", ctypes.c_int),
        ("use_threads", ctypes.c_int),
        ("dithering_strength", ctypes.c_int),
        ("flip", ctypes.c_int),
        ("alpha_dithering_strength", ctypes.c_int),
        ("pad", ctypes.c_uint32 * 5),
    )


class Config(ctypes.Structure):
    """libwebp's struct WebPDecoderConfig."""

    _fields_ = (("features", Features), ("output", Output), ("options", Options))


@cache
def libwebp() -> ctypes.CDLL | None:
    """The libwebp that Pillow's module was linked with, or None."""
    try:
        library = ctypes.CDLL(webp_library())
        library.WebPDecode.argtypes = (ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(Config))
        library.WebPGetFeaturesInternal.argtypes = (
            ctypes.c_char_p,
            ctypes.c_size_t,
            ctypes.POINTER(Features),
            ctypes.c_int,
        )
        is_known = library.WebPInitDecoderConfigInternal(ctypes.byref(Config()), ABI)
        return library if is_known else None
    except (ImportError, OSError, AttributeError):
        return None


def features_of(data: bytes) -> Features | None:
    """The header of a still WebP; None for an animation, for a damaged file, and without the library."""
    library, features = libwebp(), Features()
    if library is None or library.WebPGetFeaturesInternal(data, len(data), ctypes.byref(features), ABI):
        return None
    return None if features.has_animation else features


def read_metadata(data: bytes) -> dict[str, bytes]:
    """The file's metadata chunks, under the names that Pillow uses."""
    metadata: dict[str, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind in METADATA_CHUNKS:
            metadata.setdefault(METADATA_CHUNKS[kind], data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return metadata


def memory_needed(features: Features, size: Size) -> int:
    """The bytes for decoding to `size` px, without the file: the output, and the library's copy of the
    whole picture."""
    per_pixel = 4 if features.format == LOSSLESS else 2 if features.has_alpha else 0
    whole: int = features.width * features.height
    return whole * per_pixel + size[0] * size[1] * (4 if features.has_alpha else 3)


def decode_still(data: bytes, features: Features, size: Size) -> RawPixels:
    """The picture, decoded to `size` px, at most its full size. Raises ValueError if it is damaged."""
    library = libwebp()
    assert library is not None
    channels = 4 if features.has_alpha else 3
    pixels = bytearray(size[0] * size[1] * channels)
    config = Config()
    library.WebPInitDecoderConfigInternal(ctypes.byref(config), ABI)
    output, options = config.output, config.options
    output.mode, output.is_ours = (MODE_RGBA if features.has_alpha else MODE_RGB), 1
    buffer = (ctypes.c_ubyte * len(pixels)).from_buffer(pixels)
    output.buffer.channels = Channels(ctypes.addressof(buffer), size[0] * channels, len(pixels))
    options.use_scaling = int(size != (features.width, features.height))
    options.scaled_width, options.scaled_height = size
    status = library.WebPDecode(data, len(data), ctypes.byref(config))
    if status:
        raise MemoryError if status == OUT_OF_MEMORY else ValueError(f"WebP status {status}")
    return RawPixels(pixels, "RGBA" if channels == 4 else "RGB", size, size[0] * channels)
