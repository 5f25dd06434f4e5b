"""What the worker does for the search: it keeps the index as what is on view is."""

from __future__ import annotations

from gallery.search.indexing import continue_pass
from gallery.worker import Chore, ChoreContext


async def update_index(context: ChoreContext) -> bool:
    """Compare the next piece of the index with what is on view."""
    return await continue_pass()


CHORES = [Chore("keep the search index", update_index, every=1)]
