"""The worker cuts tiles of pictures on view, for IIIF viewers."""

from __future__ import annotations

from gallery.interop.iiif.tiles import cut_next
from gallery.worker import Chore

CHORES = [Chore("cut tiles", cut_next, every=1, concurrent=True)]
