"""Chores of accounts: send links, report failed mails, reset second factors, delete expired rows."""

from __future__ import annotations

from datetime import timedelta

from tortoise.expressions import Q

from gallery.accounts.limits import ATTEMPT_WINDOW
from gallery.accounts.links import send_requested_link
from gallery.accounts.models import (
    AddressChange,
    MailLink,
    Person,
    Role,
    Session,
    SignInAttempt,
    SpentChallenge,
)
from gallery.accounts.passkeys import CHALLENGE_LIFETIME
from gallery.accounts.second_factors import carry_out_resets
from gallery.accounts.sessions import MAX_SESSION_LIFETIME
from gallery.clock import now, today
from gallery.mail.chores import TOO_LATE
from gallery.mail.models import Mail, MailState
from gallery.mail.outbox import Notification, notify
from gallery.worker import Chore, ChoreContext


async def answer_link_request(context: ChoreContext) -> bool:
    return await send_requested_link()


async def notify_of_failed_mails(context: ChoreContext) -> bool:
    """Notify keepers once a day about mails that could not be sent."""
    failed = Mail.filter(state=MailState.GIVEN_UP, settled_at__gt=now() - timedelta(days=1))
    count = await failed.exclude(answer=TOO_LATE).exclude(kind="mails_given_up").count()
    if count:
        notification = Notification(
            "mails_given_up",
            "/desk/outbox",
            {"count": count},
            key=f"mails-given-up:{today()}",
            is_for_digest=False,
        )
        await notify(await Person.filter(role=Role.KEEPER, is_active=True), notification)
    return False


async def reset_second_factors(context: ChoreContext) -> bool:
    await carry_out_resets()
    return False


async def delete_expired(context: ChoreContext) -> bool:
    """Delete expired sessions, links, challenges and attempts."""
    await MailLink.filter(expires_at__lte=now()).delete()
    await AddressChange.filter(expires_at__lte=now()).delete()
    await Session.filter(expires_at__lte=now()).delete()
    await Session.filter(created_at__lte=now() - MAX_SESSION_LIFETIME).delete()
    await SpentChallenge.filter(at__lt=now() - CHALLENGE_LIFETIME).delete()
    by_older_release = Q(expires_at__isnull=True, at__lt=now() - ATTEMPT_WINDOW)
    await SignInAttempt.filter(Q(expires_at__lte=now()) | by_older_release).delete()
    return False


CHORES = [
    Chore("send requested links", answer_link_request),
    Chore("notify of failed mails", notify_of_failed_mails, every=300),
    Chore("reset second factors", reset_second_factors, every=60),
    Chore("delete expired sessions", delete_expired, every=300),
]
