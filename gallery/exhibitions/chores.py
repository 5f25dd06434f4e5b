"""The worker's chores for exhibitions: links and logos of credits, orphaned files, mails about openings."""

from __future__ import annotations

from gallery.cases.cases import links_of_cases
from gallery.exhibitions.announcements import notify_of_opening
from gallery.exhibitions.credit_logos import delete_unused_logos
from gallery.exhibitions.credits import links_of_credits
from gallery.exhibitions.first_showings import date_missed_works
from gallery.exhibitions.stored_files import delete_orphans
from gallery.organisations.links import register_links
from gallery.worker import Chore, ChoreContext


async def announce_opening(context: ChoreContext) -> bool:
    """Announce one opening to the organisations whose works are in it."""
    return await notify_of_opening()


async def update_link_list(context: ChoreContext) -> bool:
    """Add new links of projects, credits and cases to the links to be checked, and remove unused links."""
    await register_links(await links_of_credits() | await links_of_cases())
    return False


async def clean_up_logos(context: ChoreContext) -> bool:
    """Delete the logos of credits that are in no edition any more."""
    await delete_unused_logos(context.storage)
    return False


async def date_works(context: ChoreContext) -> bool:
    """Set the date of the first showing for works without one."""
    return await date_missed_works()


CHORES = [
    Chore("note links", update_link_list, every=20),
    Chore("tidy logos", clean_up_logos, every=3600),
    Chore("delete orphaned files", delete_orphans, every=24 * 3600, concurrent=True),
    Chore("date works", date_works, every=24 * 3600),
    Chore("announce openings", announce_opening, every=30),
]
