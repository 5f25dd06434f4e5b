"""Whether the picture is large enough to be looked at closely.

Sharpness is not measured: the process that decodes pictures does not tell it, and soft washes, fog and snow would look
blurred to any measure. Whether a face is on a photograph is not guessed either. False alarms: a stamp or a seal is small.
"""

from __future__ import annotations

from collections.abc import Iterator

from gallery.reviews.checks.found import Found

SMALL = 1200  # px on the longer side: less than a wall label beside it on a wide screen
TINY = 640


def look(width: int, height: int) -> Iterator[Found]:
    """`width`, `height`: px, upright."""
    longer = max(width, height)
    if longer < SMALL:
        facts = {"width": str(width), "height": str(height)}
        yield Found("picture", "picture", "tiny" if longer < TINY else "small", facts=facts)
