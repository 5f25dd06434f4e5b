"""The chore that deletes what was entered of those who never answered."""

from __future__ import annotations

from datetime import timedelta

from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.supporters.models import Supporter, SupporterState
from gallery.supporters.supporters import NotAnswerable, take_back
from gallery.worker import Chore, ChoreContext

UNANSWERED_RETENTION = timedelta(days=30)  # after the link has expired


async def forget_unanswered(context: ChoreContext) -> bool:
    """Erase one record whose link expired a month ago without an answer."""
    async with in_transaction():
        old = Supporter.filter(
            state=SupporterState.WAITING, expires_at__lt=now() - UNANSWERED_RETENTION
        ).order_by("id")
        supporter: Supporter | None = await locked(old.limit(1), skip_locked=True).first()
    if supporter is None:
        return False
    try:
        await take_back(supporter, context.storage)
    except NotAnswerable:
        return False
    return True


CHORES = [Chore("forget unanswered supporters", forget_unanswered, every=3600)]
