"""The worker's chore for archives."""

from __future__ import annotations

from gallery.archives import writer
from gallery.worker import Chore, ChoreContext


async def update_archives(context: ChoreContext) -> bool:
    """Remove from archives what may no longer be shown, and bring them up to date."""
    return bool(await writer.update_archives(context.settings, context.storage))


CHORES = [Chore("keep archives", update_archives, every=1, concurrent=True)]
