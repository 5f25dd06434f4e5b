"""The table of renditions: every width, format and quality in which a picture is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Literal

WIDTHS = (320, 640, 960, 1600, 2560)

# The preview: written at upload and shown to the partner until the renditions are made. Every browser shows
# its format.
PREVIEW_NAME = "preview.jpg"
PREVIEW_WIDTH = 640

# The whole picture, before its turn and crop. It is stored for each turned or cropped image, so that the
# partner can change the framing.
UNFRAMED_NAME = "whole.jpg"


@dataclass(frozen=True)
class Format:
    """An encoding of renditions; `options` are passed to the encoder unchanged."""

    name: Literal["avif", "webp", "jpg"]
    media_type: str
    quality: int
    options: Mapping[str, Any] = field(default_factory=dict)


# The best format comes first: browsers use the first <source> of a <picture> that they support.
# docs/decisions.md says how the numbers were chosen.
FORMATS: tuple[Format, ...] = (
    Format("avif", "image/avif", 62, MappingProxyType({"speed": 8, "subsampling": "4:2:0"})),
    Format("webp", "image/webp", 78, MappingProxyType({"method": 4})),
    Format(
        "jpg",
        "image/jpeg",
        80,
        MappingProxyType({"progressive": True, "optimize": True, "subsampling": "4:2:0"}),
    ),
)


# A digest of this table, so that browsers reload renditions that were made with an earlier table.
RENDITIONS_VERSION = sha256(repr((WIDTHS, FORMATS)).encode()).hexdigest()[:8]


@lru_cache(maxsize=WIDTHS[-1])
def widths_for(width: int) -> tuple[int, ...]:
    """The widths (px, smallest first) for a picture `width` px wide.

    The largest is the picture's own width or the table's largest, whichever is smaller: pictures are not
    upscaled.
    """
    largest = min(width, WIDTHS[-1])
    return (*(step for step in WIDTHS if step < largest), largest)


def width_at_least(width: int, image_width: int) -> int:
    """The narrowest width of a rendition that is at least `width` px, or the widest."""
    widths = widths_for(image_width)
    return next((each for each in widths if each >= width), widths[-1])


def file_name(width: int, format: str) -> str:
    """A rendition's name in its picture's folder, such as "640.avif"."""
    return f"{width}.{format}"
