"""Chores of artists: remind organisations of consents that end."""

from __future__ import annotations

from gallery.artists.reminders import remind_of_next_ending
from gallery.worker import Chore, ChoreContext


async def remind_of_ending_consent(context: ChoreContext) -> bool:
    """Remind an organisation of one consent that ends soon."""
    return await remind_of_next_ending()


CHORES = [Chore("remind of consents that end", remind_of_ending_consent, every=600)]
