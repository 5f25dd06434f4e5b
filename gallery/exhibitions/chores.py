"""What the worker does with exhibitions: links and logos of credits, files without a row, mails about openings."""

from __future__ import annotations

from gallery.exhibitions.announcements import tell_of_opening
from gallery.exhibitions.credit_logos import delete_unused
from gallery.exhibitions.credits import links_of_credits
from gallery.exhibitions.stored_files import delete_orphans
from gallery.organisations.links import note_links
from gallery.worker import Chore, Workshop


async def announce_opening(workshop: Workshop) -> bool:
    """Tell organisations that an exhibition with their works has opened."""
    return await tell_of_opening()


async def note_every_link(workshop: Workshop) -> bool:
    """Take up new links of projects and of credits, and drop those that nothing has any more."""
    await note_links(await links_of_credits())
    return False


async def tidy_logos(workshop: Workshop) -> bool:
    """Delete logos of credits that stand in no edition any more."""
    await delete_unused(workshop.storage)
    return False


CHORES = [
    Chore("note links", note_every_link, every=20),
    Chore("tidy logos", tidy_logos, every=3600),
    Chore("delete orphaned files", delete_orphans, every=24 * 3600, aside=True),
    Chore("announce openings", announce_opening, every=30),
]
