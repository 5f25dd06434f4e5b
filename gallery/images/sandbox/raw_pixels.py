"""Decoded pixels in another library's memory; Pillow gets copies of a few rows at a time.

A Pillow image of the whole picture would be a second full copy, with four bytes for each pixel.
"""

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class RawPixels:
    """The part of Pillow's Image interface that cropping needs."""

    data: bytes | bytearray | memoryview
    mode: str  # "L", "RGB" or "RGBA", a byte for each channel
    size: tuple[int, int]  # px
    stride: int  # bytes from one row to the next

    @property
    def width(self) -> int:
        return self.size[0]

    @property
    def height(self) -> int:
        return self.size[1]

    def crop(self, box: tuple[int, int, int, int]) -> Image.Image:
        """The pixels in `box`: left, top, right, bottom (px, within the picture)."""
        left, top, right, bottom = box
        rows = memoryview(self.data)[top * self.stride : bottom * self.stride]
        band = Image.frombytes(self.mode, (self.width, bottom - top), rows, "raw", self.mode, self.stride)
        return band.crop((left, 0, right, bottom - top))
