"""Whether two pictures are nearly the same, told by their perceptual hashes of 64 bits (16 hex digits).

A hash of a mirrored picture needs no second look at the pixels: mirroring turns the sign of the waves that are odd across
and of no others, so their bits turn.

False alarms: sheets that are nearly empty, and works of one class after the same model, are near without being the same.
"""

from __future__ import annotations

MAX_HASH_DISTANCE = (
    10  # of 64 bits: as far as two hashes of one picture may differ, scaled, recompressed or a little cropped
)
ODD_ACROSS = int("01010101" * 8, 2)  # the waves with an odd number of half turns from left to right


def mirrored_hash(hash: str) -> str:
    """The hash of the same picture, left and right exchanged."""
    return f"{int(hash, 16) ^ ODD_ACROSS:016x}"


def hash_distance(one: str, other: str) -> int:
    """How many of 64 bits differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
