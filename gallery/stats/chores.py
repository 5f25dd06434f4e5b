"""Chores of the statistics: delete appreciations that were taken back."""

from __future__ import annotations

import time

from gallery.stats.models import Appreciation
from gallery.worker import Chore, ChoreContext

DELETED_AFTER = 86_400  # seconds; long enough for every process to have written older changes


async def delete_taken_back(context: ChoreContext) -> bool:
    """Delete appreciations that were taken back more than a day ago."""
    old = time.time_ns() - DELETED_AFTER * 1_000_000_000
    await Appreciation.filter(is_there=False, changed_at__lt=old).delete()
    return False


CHORES = [Chore("forget appreciations that were taken back", delete_taken_back, every=3600)]
