"""What the worker does with accounts: forget what has run out."""

from __future__ import annotations

from gallery.accounts.models import Session, SignInAttempt
from gallery.accounts.sessions import ATTEMPTS_IN
from gallery.clock import now
from gallery.worker import Chore, Workshop


async def forget_expired(workshop: Workshop) -> bool:
    """Delete sessions and failed sign-ins whose time is over."""
    await Session.filter(expires_at__lte=now()).delete()
    await SignInAttempt.filter(at__lt=now() - ATTEMPTS_IN).delete()
    return False


CHORES = [Chore("forget expired sessions", forget_expired, every=300)]
