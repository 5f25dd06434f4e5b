"""Is the picture large enough to look closely at it, and is it sharp?

Sharpness is measured when the renditions are made (images/sandbox/developing.py), so no file is opened here.
False alarms: a stamp or a seal is small; fog, snow and a wash on wet paper are soft. docs/decisions.md
has the rates of false alarms. The check does not look for faces.
"""

from __future__ import annotations

from collections.abc import Iterator

from gallery.reviews.checks.findings import CheckFinding

SMALL = 1200  # px on the longer side; a work's page on a wide screen shows pictures larger
TINY = 640
BLURRED = 450  # softness, 0 (sharp) to 1000; tests/bench/blur.py counts hits and false alarms


def check(width: int, height: int, softness: int | None, field: str = "picture") -> Iterator[CheckFinding]:
    """`width`, `height`: px, after EXIF orientation. `softness`: 0 (sharp) to 1000; None if not measured.

    `field`: `picture_17` for the further picture with this id.
    """
    longer = max(width, height)
    if longer < SMALL:
        facts = {"width": str(width), "height": str(height)}
        yield CheckFinding("picture", field, "tiny" if longer < TINY else "small", facts=facts)
    if softness is not None and softness >= BLURRED:
        yield CheckFinding("picture", field, "blurred", facts={"softness": str(softness)})
