"""What the worker does for programs: forget answers and tokens whose time is over."""

from __future__ import annotations

from gallery.api.idempotency import delete_old_answers
from gallery.api.models import Token
from gallery.api.tokens import EXPIRED_RETENTION
from gallery.clock import now
from gallery.worker import Chore, ChoreContext


async def delete_expired(context: ChoreContext) -> bool:
    """Delete answers that need not be given again, and tokens that have long run out."""
    await delete_old_answers()
    await Token.filter(expires_at__lte=now() - EXPIRED_RETENTION).delete()
    return False


CHORES = [Chore("forget answers to programs", delete_expired, every=600)]
