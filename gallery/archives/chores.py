"""What the worker does with archives: keep them true."""

from __future__ import annotations

from gallery.archives import writing
from gallery.worker import Chore, Workshop


async def keep_archives(workshop: Workshop) -> bool:
    """Take out of archives what may no longer be shown, and bring them up to date."""
    return bool(await writing.keep(workshop.settings, workshop.storage))


CHORES = [Chore("keep archives", keep_archives, every=1, aside=True)]
