"""Private parts of Pillow: decoded frames without the further copies that an ordinary load makes. Runs in the
child process.

tests/test_private_parts.py fails when one of them is gone.
"""

from typing import Any


def avif_pixels(image: Any) -> bytes:
    """The first frame of an AVIF, in the image's mode."""
    data, *_times = image._decoder.get_frame(0)
    pixels: bytes = data
    return pixels


def webp_frame(image: Any) -> tuple[bytes, str]:
    """The next frame of a WebP, and its raw mode."""
    frame, _timestamp, _duration = image._get_next()
    return frame, image.rawmode


def webp_library() -> str:
    """The path of Pillow's own WebP module, which is linked with libwebp. Raises ImportError."""
    from PIL import _webp

    return _webp.__file__
