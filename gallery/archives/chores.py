"""The worker's chore for archives."""

from __future__ import annotations

from gallery.archives import writer
from gallery.worker import Chore, ChoreContext


async def update_archives(context: ChoreContext) -> bool:
    """Bring archives up to date: above all, remove works that may no longer be shown."""
    return bool(await writer.update_archives(context.settings, context.storage))


CHORES = [Chore("keep archives", update_archives, every=1, concurrent=True)]
