"""What the worker does for organisations: check links, invite owners who were asked for, forget old applications."""

from __future__ import annotations

from datetime import timedelta

from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.erasure import erase_soon
from gallery.organisations.links import check_next
from gallery.organisations.models import Application, ApplicationState
from gallery.organisations.owner_requests import take_effect
from gallery.worker import Chore, Workshop

FORGOTTEN_AFTER = timedelta(days=180)


async def check_link(workshop: Workshop) -> bool:
    """Look at one link that is due; False when none is."""
    if not workshop.settings.check_links:
        return False
    return await check_next(private_too=workshop.settings.check_private_links)


async def forget_declined(workshop: Workshop) -> bool:
    """Delete applications that were declined half a year ago, with the contact's name and address."""
    old = now() - FORGOTTEN_AFTER
    async with in_transaction():
        if await Application.filter(state=ApplicationState.DECLINED, decided_at__lt=old).delete():
            await erase_soon()
    return False


CHORES = [
    Chore("invite owners who were asked for", take_effect, every=60),
    Chore("check links", check_link, every=5, aside=True),
    Chore("forget declined applications", forget_declined, every=3600),
]
