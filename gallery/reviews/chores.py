"""What the worker does for reviews: it looks at what was sent, so that hints stand there before a curator comes."""

from __future__ import annotations

from gallery.reviews.hints import check_next
from gallery.worker import Chore

CHORES = [Chore("check submissions", check_next, every=2)]
