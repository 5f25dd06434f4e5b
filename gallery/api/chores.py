"""What the worker does for programs: forget answers and tokens whose time is over."""

from __future__ import annotations

from gallery.api.models import Token
from gallery.api.once import forget_kept
from gallery.api.tokens import SHOWN_AFTER_END
from gallery.clock import now
from gallery.worker import Chore, Workshop


async def forget_expired(workshop: Workshop) -> bool:
    """Delete answers that need not be given again, and tokens that have long run out."""
    await forget_kept()
    await Token.filter(expires_at__lte=now() - SHOWN_AFTER_END).delete()
    return False


CHORES = [Chore("forget answers to programs", forget_expired, every=600)]
