"""The chore that deletes old messages, with the e-mail addresses of their senders."""

from __future__ import annotations

from datetime import timedelta

from tortoise.expressions import Q

from gallery.clock import now
from gallery.contact.models import Message
from gallery.db.connection import in_transaction
from gallery.erasure import request_erasure
from gallery.worker import Chore, ChoreContext

CLOSED_RETENTION = timedelta(days=180)
OPEN_RETENTION = timedelta(days=365)


async def delete_old_messages(context: ChoreContext) -> bool:
    """Delete messages that were closed over half a year ago, or that nobody closed within a year."""
    old = Q(closed_at__lt=now() - CLOSED_RETENTION) | Q(created_at__lt=now() - OPEN_RETENTION)
    async with in_transaction():
        if await Message.filter(old).delete():
            await request_erasure()
    return False


CHORES = [Chore("forget old messages", delete_old_messages, every=3600)]
