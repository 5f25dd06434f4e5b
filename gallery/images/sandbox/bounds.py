"""The limits for a picture, and the error for one that exceeds them or cannot be decoded. Runs in the
child process."""

from dataclasses import dataclass


class UnusableImage(Exception):
    """The picture is refused; `code` is a key of parent.REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class ImageBounds:
    """Limits for one picture."""

    max_pixels: int
    min_long_side: int  # px
    memory_bytes: int  # limit of the address space
