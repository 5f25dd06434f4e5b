"""Rate limits that hold for all processes and machines of a site together, because attempts are counted in
the database.

Each attempt is a row until its time window is over. Use these limits for rare requests such as sign-ins, not
for pages; web/security.py has a limit within one process.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta

from gallery.accounts.models import SignInAttempt
from gallery.clock import now
from gallery.settings import Settings

ATTEMPT_WINDOW = timedelta(minutes=15)  # for wrong passwords and codes, and for mails with a link
FORM_WINDOW = timedelta(hours=1)  # for forms that can be sent without an account


class TooManyAttempts(Exception):
    """Too many attempts, such as failed sign-ins, from one network or for one person."""


async def count_attempts(
    limits: Mapping[str, int], settings: Settings, window: timedelta = ATTEMPT_WINDOW
) -> list[SignInAttempt]:
    """Count one attempt for each key of `limits`: key → number allowed within `window`.

    Returns the attempts. If a limit is exceeded, nothing is counted and the list is empty. The database has
    only a keyed hash of each key, which may contain an address.
    """
    keys = {_hash(text, settings): most for text, most in limits.items()}
    attempts = [await SignInAttempt.create(key=key, at=now(), expires_at=now() + window) for key in keys]
    since = now() - window
    for key, most in keys.items():
        if await SignInAttempt.filter(key=key, at__gt=since).count() > most:
            await SignInAttempt.filter(id__in=[attempt.id for attempt in attempts]).delete()
            return []
    return attempts


def _hash(key: str, settings: Settings) -> str:
    return hmac.new(settings.secret_key.encode(), key.encode(), hashlib.sha256).hexdigest()
