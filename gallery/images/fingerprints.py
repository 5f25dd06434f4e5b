"""Fingerprints: whether one picture contains another, whole or cropped, mirrored, turned by a multiple of 90°
or recompressed.

A fingerprint describes 441 windows of a picture, each between 60 and 100 % of its width and of its height:
the signs of 104 low-frequency DCT coefficients of the window's brightness, and the window's mean colour.
A picture is a crop of another if the signs of the whole picture and of one window of the other nearly agree.
Mirroring flips the signs of the coefficients of odd order in that direction, and a quarter turn also
transposes them. So all eight orientations can be compared without the pixels.

A fingerprint is a digest: the picture cannot be reconstructed from it. tests/bench/likeness.py counts hits
and false alarms.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache, lru_cache
from operator import mul

SIDE = 50  # px: fingerprints are computed from a picture of SIDE × SIDE
SIDES = (50, 46, 42, 38, 34, 30)  # px: the heights and widths of the windows
STEP = 4  # px between the starts of neighbouring windows
SPANS = [(start, start + side) for side in SIDES for start in range(0, SIDE - side + 1, STEP)]
WINDOWS = [(down, across) for down in SPANS for across in SPANS]  # the first window is the whole picture

ORDER = 14  # the vertical and horizontal order of a used DCT coefficient add up to less than this
WAVES = [(down, across) for down in range(ORDER) for across in range(ORDER - down) if down or across]
SIGN_BYTES = len(WAVES) // 8
SHAPE_HEADER = struct.Struct(">f")  # width ÷ height of the picture
WINDOW_BYTES = SIGN_BYTES + 2  # the signs, then the mean blue and red difference (Cb, Cr)
LENGTH = SHAPE_HEADER.size + WINDOW_BYTES * len(WINDOWS)

# These thresholds were chosen with tests/bench/likeness.py.
MAX_DISTANCE = 26  # how many of the 104 signs may differ if the mean colours are similar
MAX_DISTANCE_ANY_COLOUR = 18  # how many may differ otherwise, as in a grey copy or under another light
MAX_COLOUR_DIFFERENCE = 16  # similar mean colours differ by at most this (of 255) in Cb and in Cr
MAX_SHAPE_DIFFERENCE = 0.15  # of log(width ÷ height): similar shapes differ by about 15 % at most

# The shape, log(width ÷ height), and the index of each window of a square picture, sorted by shape. Most
# windows can be ruled out by their shape alone.
_SHAPES = sorted(
    (math.log((right - left) / (bottom - top)), place)
    for place, ((top, bottom), (left, right)) in enumerate(WINDOWS)
)
_TURNED = [WAVES.index((across, down)) for down, across in WAVES]
_ODD_DOWN = sum(1 << place for place, (down, _across) in enumerate(WAVES) if down % 2)
_ODD_ACROSS = sum(1 << place for place, (_down, across) in enumerate(WAVES) if across % 2)

ChannelRows = Sequence[Sequence[int]]


@cache
def _wave(order: int, length: int) -> list[float]:
    return [math.cos(math.pi * order * (2 * at + 1) / (2 * length)) for at in range(length)]


def encode(brightness: ChannelRows, blue: ChannelRows, red: ChannelRows, shape: float) -> bytes:
    """The fingerprint of a picture. Each channel is SIDE rows of SIDE levels; `shape` is the picture's
    width ÷ height."""
    waves = {
        (across, order): [_dot(row[across[0] : across[1]], order) for row in brightness]
        for across in SPANS
        for order in range(ORDER)
    }
    sums = [
        {across: [sum(row[across[0] : across[1]]) for row in channel] for across in SPANS}
        for channel in (blue, red)
    ]
    parts = [SHAPE_HEADER.pack(shape)]
    for (top, bottom), across in WINDOWS:
        columns = [waves[across, order][top:bottom] for order in range(ORDER)]
        signs = sum(
            1 << place
            for place, (down, order) in enumerate(WAVES)
            if sum(map(mul, columns[order], _wave(down, bottom - top))) > 0
        )
        area = (bottom - top) * (across[1] - across[0])
        parts.append(signs.to_bytes(SIGN_BYTES, "big"))
        parts.append(bytes(round(sum(channel[across][top:bottom]) / area) for channel in sums))
    return b"".join(parts)


def _dot(levels: Sequence[int], order: int) -> float:
    return math.fsum(map(mul, levels, _wave(order, len(levels))))


def is_similar(one: bytes, other: bytes) -> bool:
    """Whether one of two pictures contains the other, whole or cropped. An empty fingerprint is similar to
    none."""
    return bool(one and other) and (_contains(one, other) or _contains(other, one))


def _contains(large: bytes, small: bytes) -> bool:
    """Whether a window of `large` is similar to the whole of `small`."""
    shape = math.log(SHAPE_HEADER.unpack_from(large)[0])
    blue, red = small[SHAPE_HEADER.size + SIGN_BYTES : SHAPE_HEADER.size + WINDOW_BYTES]
    for wanted, orientations in _orientations(small[: SHAPE_HEADER.size + SIGN_BYTES]):
        first = bisect_left(_SHAPES, (wanted - shape - MAX_SHAPE_DIFFERENCE, 0))
        last = bisect_left(_SHAPES, (wanted - shape + MAX_SHAPE_DIFFERENCE, 0))
        for _shape, place in _SHAPES[first:last]:
            at = SHAPE_HEADER.size + WINDOW_BYTES * place
            end = at + SIGN_BYTES
            signs = int.from_bytes(large[at:end], "big")
            distance = min([(signs ^ each).bit_count() for each in orientations])
            if distance <= MAX_DISTANCE_ANY_COLOUR or (
                distance <= MAX_DISTANCE
                and abs(large[end] - blue) <= MAX_COLOUR_DIFFERENCE
                and abs(large[end + 1] - red) <= MAX_COLOUR_DIFFERENCE
            ):
                return True
    return False


@lru_cache(maxsize=4096)
def _orientations(head: bytes) -> list[tuple[float, list[int]]]:
    """The shape and DCT signs of a picture as it is, and of the same picture after a quarter turn.

    The shape is log(width ÷ height). Each list has the signs of the four mirrored forms.
    """
    shape, signs = (
        math.log(SHAPE_HEADER.unpack_from(head)[0]),
        int.from_bytes(head[SHAPE_HEADER.size :], "big"),
    )
    turned = sum(1 << place for place, other in enumerate(_TURNED) if signs >> other & 1)
    mirrored = (0, _ODD_DOWN, _ODD_ACROSS, _ODD_DOWN ^ _ODD_ACROSS)
    return [(shape, [signs ^ mask for mask in mirrored]), (-shape, [turned ^ mask for mask in mirrored])]
