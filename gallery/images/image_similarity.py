"""Compares two pictures by their perceptual hashes of 64 bits (16 hex digits), to find nearly the same picture.

The hash of a mirrored picture can be computed from the picture's hash: mirroring flips the bits of the DCT
coefficients with an odd horizontal order.

False alarms: nearly empty sheets, and works of a school class after the same model, have similar hashes.
"""

from __future__ import annotations

MAX_HASH_DISTANCE = (
    10  # of 64 bits: the hashes of a scaled, recompressed or slightly cropped copy differ by at most this
)
ODD_ACROSS = int("01010101" * 8, 2)  # the DCT coefficients with an odd horizontal order


def mirrored_hash(hash: str) -> str:
    """The perceptual hash of the picture mirrored left to right."""
    return f"{int(hash, 16) ^ ODD_ACROSS:016x}"


def hash_distance(one: str, other: str) -> int:
    """How many of the 64 bits differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()
