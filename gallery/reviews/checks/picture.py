"""Is the picture large enough to look closely at it, and is it sharp?

Sharpness is measured when the renditions are made (images/sandbox/pixels.py), so no file is opened here.
False alarms: a stamp or a seal is small; fog, snow and a wash on wet paper are soft. docs/decisions.md says
how often. The check does not look for faces.
"""

from __future__ import annotations

from collections.abc import Iterator

from gallery.reviews.checks.findings import CheckFinding

SMALL = 1200  # px on the longer side: less than the picture takes next to its label on a wide screen
TINY = 640
BLURRED = 450  # of 1000; tests/bench/blur.py counts hits and false alarms


def check(width: int, height: int, softness: int | None) -> Iterator[CheckFinding]:
    """`width`, `height`: px, upright. `softness`: 0 to 1000, or None if it was not measured."""
    longer = max(width, height)
    if longer < SMALL:
        facts = {"width": str(width), "height": str(height)}
        yield CheckFinding("picture", "picture", "tiny" if longer < TINY else "small", facts=facts)
    if softness is not None and softness >= BLURRED:
        yield CheckFinding("picture", "picture", "blurred", facts={"softness": str(softness)})
