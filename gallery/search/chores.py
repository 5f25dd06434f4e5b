"""The worker's chore that keeps the search index up to date with what is on view."""

from __future__ import annotations

from gallery.search.indexing import continue_pass
from gallery.worker import Chore, ChoreContext


async def update_index(context: ChoreContext) -> bool:
    """Update the next batch of the index."""
    return await continue_pass()


CHORES = [Chore("keep the search index", update_index, every=1)]
