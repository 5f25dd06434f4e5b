"""Whether the picture is large enough to be looked at closely, and whether it is sharp.

Sharpness is measured when the picture is developed (images/sandbox/pixels.py), so nothing is opened here. False
alarms: a stamp or a seal is small; fog, snow and a wash that ran on wet paper are soft. How often stands in
docs/decisions.md. Whether a face is on a photograph is not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator

from gallery.reviews.checks.findings import CheckFinding

SMALL = 1200  # px on the longer side: less than a wall label beside it on a wide screen
TINY = 640
BLURRED = 450  # of 1000; tests/bench/blur.py counts hits and false alarms


def check(width: int, height: int, softness: int | None) -> Iterator[CheckFinding]:
    """`width`, `height`: px, upright. `softness`: 0 to 1000, or None where it was not measured."""
    longer = max(width, height)
    if longer < SMALL:
        facts = {"width": str(width), "height": str(height)}
        yield CheckFinding("picture", "picture", "tiny" if longer < TINY else "small", facts=facts)
    if softness is not None and softness >= BLURRED:
        yield CheckFinding("picture", "picture", "blurred", facts={"softness": str(softness)})
