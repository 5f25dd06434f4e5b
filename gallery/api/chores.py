"""The worker's chore for the API: delete saved responses and expired tokens."""

from __future__ import annotations

from gallery.api.idempotency import delete_old_answers
from gallery.api.models import Token
from gallery.api.tokens import EXPIRED_RETENTION
from gallery.clock import now
from gallery.worker import Chore, ChoreContext


async def delete_expired(context: ChoreContext) -> bool:
    """Delete saved responses after ANSWER_RETENTION, and tokens EXPIRED_RETENTION after they expired."""
    await delete_old_answers()
    await Token.filter(expires_at__lte=now() - EXPIRED_RETENTION).delete()
    return False


CHORES = [Chore("delete old answers to programs", delete_expired, every=600)]
