"""Was nearly the same picture sent before, by any organisation?

Pictures are compared by their perceptual hashes (images/image_similarity.py).

To find similar hashes without comparing all of them, each hash is stored as four bands of 16 bits. If two
hashes differ in at most 11 bits, they have a band in which they differ in at most 2 bits. So looking up the
137 values within 2 bits of each band finds every similar hash.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gallery.reviews.checks.findings import CheckFinding

BANDS, BAND_BITS = 4, 16


@dataclass(frozen=True)
class NearDuplicate:
    """Another work with nearly the same picture."""

    artwork_id: int
    image_id: int
    distance: int  # number of bits in which the hashes differ
    is_mirrored: bool
    is_other_artist: bool


def check(
    near: Sequence[NearDuplicate], image_id: int, picture_id: int | None = None
) -> Iterator[CheckFinding]:
    """`image_id`: the picture that was compared; `picture_id`: the id of its row, if it is a further one."""
    for each in sorted(near, key=lambda found: (found.distance, found.artwork_id)):
        yield duplicate_finding(each, image_id, picture_id)


def duplicate_finding(near: NearDuplicate, image_id: int, picture_id: int | None = None) -> CheckFinding:
    rule = ("other_artist" if near.is_other_artist else "same_artist") + (
        "_mirrored" if near.is_mirrored else ""
    )
    facts = {
        "artwork": str(near.artwork_id),
        "image": str(near.image_id),
        "own_image": str(image_id),
        "distance": str(near.distance),
        "rule": rule,
    }
    field = "picture" if picture_id is None else f"picture_{picture_id}"
    return CheckFinding("duplicates", field, f"{rule}_{near.artwork_id}", facts=facts)


def hash_bands(hash: str) -> list[int]:
    """A code for each of the four 16-bit bands of a hash: band number × 65,536 + its 16 bits."""
    number = int(hash, 16)
    return [band << BAND_BITS | (number >> BAND_BITS * band) & 0xFFFF for band in range(BANDS)]


def neighbouring_codes(hash: str) -> set[int]:
    """The codes of all band values within 2 bits of a band of `hash`: 4 bands × 137 = 548 codes."""
    return {
        code ^ flip
        for code in hash_bands(hash)
        for number in range(3)
        for bits in itertools.combinations(range(BAND_BITS), number)
        for flip in [sum(1 << bit for bit in bits)]
    }
