"""Opens HEIC with pillow-heif, which the extra `heic` installs. Uses one private attribute of it.

Runs in the child process.
"""

from typing import Any

import pillow_heif

from gallery.images.sandbox.raw_pixels import RawPixels


def register(threads: int) -> None:
    """Have Pillow open HEIC, without thumbnails, depth images and auxiliary images."""
    pillow_heif.register_heif_opener(
        thumbnails=False, depth_images=False, aux_images=False, decode_threads=threads
    )


def heif_pixels(image: Any) -> RawPixels:
    """The pixels of a HEIC in the library's own memory: Pillow's load would make a second copy."""
    frame = image._heif_file[image.tell()]
    return RawPixels(frame.data, frame.mode, frame.size, frame.stride)
