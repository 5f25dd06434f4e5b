"""The one table of renditions: every width, format and quality in which a picture is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Literal

WIDTHS = (320, 640, 960, 1600, 2560)

# What the partner sees until the renditions are made: written at upload, in one format that every browser shows.
PREVIEW_NAME = "preview.jpg"
PREVIEW_WIDTH = 640

# Beside the renditions of a picture that is turned or cropped: the whole of it, to frame it differently.
UNFRAMED_NAME = "whole.jpg"


@dataclass(frozen=True)
class Format:
    """One way of writing a rendition; `options` are the encoder's own, given to it as they stand."""

    name: Literal["avif", "webp", "jpg"]
    media_type: str
    quality: int
    options: Mapping[str, Any] = field(default_factory=dict)


# Best first, as <picture> wants its sources. How the figures were chosen stands in docs/decisions.md.
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


# Names this table, so that a browser asks anew for what was made by another one.
RENDITIONS_VERSION = sha256(repr((WIDTHS, FORMATS)).encode()).hexdigest()[:8]


@lru_cache(maxsize=WIDTHS[-1])
def widths_for(width: int) -> tuple[int, ...]:
    """The widths (px, smallest first) for a picture `width` px wide: never upscaled.

    The largest is the picture's own width, at most the table's largest.
    """
    largest = min(width, WIDTHS[-1])
    return (*(step for step in WIDTHS if step < largest), largest)


def file_name(width: int, format: str) -> str:
    """The name of one rendition in its picture's folder, such as "640.avif"."""
    return f"{width}.{format}"
