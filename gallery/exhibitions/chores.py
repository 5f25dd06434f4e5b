"""What the worker does with exhibitions: links and logos of credits, files without a row, mails about openings."""

from __future__ import annotations

from gallery.exhibitions.announcements import notify_of_opening
from gallery.exhibitions.credit_logos import delete_unused_logos
from gallery.exhibitions.credits import links_of_credits
from gallery.exhibitions.stored_files import delete_orphans
from gallery.organisations.links import register_links
from gallery.worker import Chore, ChoreContext


async def announce_opening(context: ChoreContext) -> bool:
    """Tell organisations that an exhibition with their works has opened."""
    return await notify_of_opening()


async def update_link_list(context: ChoreContext) -> bool:
    """Take up new links of projects and of credits, and drop those that nothing has any more."""
    await register_links(await links_of_credits())
    return False


async def clean_up_logos(context: ChoreContext) -> bool:
    """Delete logos of credits that stand in no edition any more."""
    await delete_unused_logos(context.storage)
    return False


CHORES = [
    Chore("note links", update_link_list, every=20),
    Chore("tidy logos", clean_up_logos, every=3600),
    Chore("delete orphaned files", delete_orphans, every=24 * 3600, concurrent=True),
    Chore("announce openings", announce_opening, every=30),
]
