"""The limits for a picture, and the error for one that exceeds them or cannot be decoded. Runs in the
child process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


class UnusableImage(Exception):
    """The picture is refused; `code` is a key of parent.REFUSALS."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def errors_as(code: str) -> Iterator[None]:
    """Raise UnusableImage(`code`) for any error inside the block that the picture's bytes can cause."""
    try:
        yield
    except (UnusableImage, MemoryError):
        raise
    except Exception as fault:
        raise UnusableImage(code) from fault


@dataclass(frozen=True)
class ImageBounds:
    """Limits for one picture."""

    max_pixels: int
    min_long_side: int  # px
    memory_bytes: int  # the limit of the address space, in bytes
