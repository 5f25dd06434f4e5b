"""How much of a picture is shown, and which way up: an instruction beside the original, which stays as it came."""

from __future__ import annotations

from dataclasses import dataclass

Size = tuple[int, int]

FRAME_UNITS = 10_000  # parts in which the sides of a turned picture are told
TURNS = (0, 90, 180, 270)  # degrees, clockwise

# A strip narrower than this (px) is not a picture: 60,000 × 20 would be shown as a line one pixel high.
MIN_SHORT_SIDE = 60


def is_too_small(size: Size, min_long_side: int) -> bool:
    return max(size) < min_long_side or min(size) < MIN_SHORT_SIDE


# EXIF's orientations, and which one a picture has after a further quarter turn clockwise.
AFTER_QUARTER_TURN = {1: 6, 6: 3, 3: 8, 8: 1, 2: 7, 7: 4, 4: 5, 5: 2}


@dataclass(frozen=True)
class Framing:
    """A turn clockwise by `turn` degrees, then a box of the turned picture, in parts of WHOLE of its sides."""

    turn: int = 0
    left: int = 0
    top: int = 0
    right: int = FRAME_UNITS
    bottom: int = FRAME_UNITS

    @property
    def is_whole(self) -> bool:
        """Whether the picture is shown as it came."""
        return self == NO_FRAMING

    def is_right(self) -> bool:
        """Whether such a turn and such a box are possible at all."""
        across = 0 <= self.left < self.right <= FRAME_UNITS
        return self.turn in TURNS and across and 0 <= self.top < self.bottom <= FRAME_UNITS

    def turned(self, size: Size) -> Size:
        """An upright picture's size (px) after the turn."""
        return (size[1], size[0]) if self.turn in (90, 270) else size

    def orientation_after(self, orientation: int) -> int:
        """EXIF's orientation of a picture that is stored in `orientation` and then turned."""
        for _ in range(self.turn // 90):
            orientation = AFTER_QUARTER_TURN[orientation]
        return orientation

    def box(self, turned: Size) -> tuple[int, int, int, int]:
        """Left, top, right and bottom (px) of what is shown of a turned picture; never empty."""
        left, right = _edges(self.left, self.right, turned[0])
        top, bottom = _edges(self.top, self.bottom, turned[1])
        return left, top, right, bottom

    def size_in(self, upright: Size) -> Size:
        """The size (px) of what is shown of an upright picture."""
        left, top, right, bottom = self.box(self.turned(upright))
        return right - left, bottom - top

    def upright_for(self, needed: Size, upright: Size) -> Size:
        """The size (px) in which an upright picture must be read so that what is shown of it has `needed`.

        Rounded down, so that to need the half of what is shown is to need the half of the picture, and no more.
        """
        turned, shown = self.turned(upright), self.size_in(upright)
        across, down = needed[0] * turned[0] // shown[0], needed[1] * turned[1] // shown[1]
        return self.turned((min(turned[0], max(1, across)), min(turned[1], max(1, down))))


def _edges(first: int, last: int, length: int) -> tuple[int, int]:
    begin = min(length - 1, round(first * length / FRAME_UNITS))
    return begin, max(begin + 1, round(last * length / FRAME_UNITS))


NO_FRAMING = Framing()
