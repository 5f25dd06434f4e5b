"""The chores of organisations: checking links, inviting requested owners, deleting old applications."""

from __future__ import annotations

from datetime import timedelta

from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.erasure import request_erasure
from gallery.organisations.links import check_next_link
from gallery.organisations.models import Application, ApplicationState
from gallery.organisations.owner_requests import invite_due_owner
from gallery.worker import Chore, ChoreContext

DECLINED_KEPT_FOR = timedelta(days=180)


async def check_link(context: ChoreContext) -> bool:
    """Check one link that is due; False if no link is due."""
    if not context.settings.check_links:
        return False
    return await check_next_link(private_too=context.settings.check_private_links)


async def delete_declined(context: ChoreContext) -> bool:
    """Delete applications that were declined half a year ago: they hold the contact's name and address."""
    old = now() - DECLINED_KEPT_FOR
    async with in_transaction():
        if await Application.filter(state=ApplicationState.DECLINED, decided_at__lt=old).delete():
            await request_erasure()
    return False


CHORES = [
    Chore("invite requested owners", invite_due_owner, every=60),
    Chore("check links", check_link, every=5, concurrent=True),
    Chore("delete declined applications", delete_declined, every=3600),
]
