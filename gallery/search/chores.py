"""What the worker does for the search: it keeps the index as what is on view is."""

from __future__ import annotations

from gallery.search.entries import go_on
from gallery.worker import Chore, Workshop


async def keep_index(workshop: Workshop) -> bool:
    """Compare the next piece of the index with what is on view."""
    return await go_on()


CHORES = [Chore("keep the search index", keep_index, every=1)]
