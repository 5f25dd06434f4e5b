"""Framing: turning and cropping a picture. The framing is stored next to the original, which stays unchanged."""

from __future__ import annotations

from dataclasses import dataclass

Size = tuple[int, int]

FRAME_UNITS = 10_000  # units along each side of a turned picture
TURNS = (0, 90, 180, 270)  # clockwise turns in degrees

# px; a narrower strip is refused: 60,000 × 20 px would be shown as a line one pixel high.
MIN_SHORT_SIDE = 60


def is_too_small(size: Size, min_long_side: int) -> bool:
    return max(size) < min_long_side or min(size) < MIN_SHORT_SIDE


# Maps each EXIF orientation to the orientation after a further clockwise quarter turn.
AFTER_QUARTER_TURN = {1: 6, 6: 3, 3: 8, 8: 1, 2: 7, 7: 4, 4: 5, 5: 2}


@dataclass(frozen=True)
class Framing:
    """A clockwise turn by `turn` degrees, then a crop box in the turned picture. Box coordinates run from 0
    to FRAME_UNITS along each side."""

    turn: int = 0
    left: int = 0
    top: int = 0
    right: int = FRAME_UNITS
    bottom: int = FRAME_UNITS

    @property
    def is_whole(self) -> bool:
        """Whether the picture is neither turned nor cropped."""
        return self == NO_FRAMING

    def is_valid(self) -> bool:
        across = 0 <= self.left < self.right <= FRAME_UNITS
        return self.turn in TURNS and across and 0 <= self.top < self.bottom <= FRAME_UNITS

    def turned(self, size: Size) -> Size:
        """The size (px) of an upright picture after the turn."""
        return (size[1], size[0]) if self.turn in (90, 270) else size

    def orientation_after(self, orientation: int) -> int:
        """The EXIF orientation of a picture that is stored with `orientation` and then turned."""
        for _ in range(self.turn // 90):
            orientation = AFTER_QUARTER_TURN[orientation]
        return orientation

    def box(self, turned: Size) -> tuple[int, int, int, int]:
        """The crop box (left, top, right, bottom in px) of a turned picture; never empty."""
        left, right = _edges(self.left, self.right, turned[0])
        top, bottom = _edges(self.top, self.bottom, turned[1])
        return left, top, right, bottom

    def size_in(self, upright: Size) -> Size:
        """The size (px) of an upright picture after turning and cropping."""
        left, top, right, bottom = self.box(self.turned(upright))
        return right - left, bottom - top

    def upright_for(self, needed: Size, upright: Size) -> Size:
        """The size (px) to which an upright picture must be decoded so that the framed part has the size
        `needed`.

        The result is rounded down, so that a framed part at half its size never needs the picture at more
        than half of its size.
        """
        turned, framed = self.turned(upright), self.size_in(upright)
        across, down = needed[0] * turned[0] // framed[0], needed[1] * turned[1] // framed[1]
        return self.turned((min(turned[0], max(1, across)), min(turned[1], max(1, down))))


def _edges(first: int, last: int, length: int) -> tuple[int, int]:
    begin = min(length - 1, round(first * length / FRAME_UNITS))
    return begin, max(begin + 1, round(last * length / FRAME_UNITS))


NO_FRAMING = Framing()
