"""The worker's chore for IIIF: cutting tiles of pictures on view."""

from __future__ import annotations

from gallery.interop.iiif.tiles import cut_next
from gallery.worker import Chore

CHORES = [Chore("cut tiles", cut_next, every=1, concurrent=True)]
