"""The chores of mails: sending mails, making daily digests, deleting old mails.

A mail is sent at least once. If a worker is killed after the mail server accepted a mail and before the row
is updated, the mail is sent again with the same Message-ID.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from email.message import EmailMessage

import aiosmtplib
from tortoise.expressions import Q, Subquery

from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.db.leases import is_free
from gallery.mail.messages import MailCompositionError, compose, message_of
from gallery.mail.models import Mail, MailState
from gallery.mail.outbox import GATHERED_FOR, GATHERED_KINDS
from gallery.settings import MailServer
from gallery.web import site_settings
from gallery.worker import Chore, ChoreContext

logger = logging.getLogger("gallery.mail")

LEASE = timedelta(minutes=2)
RETRY_DELAYS = [
    timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240)
]  # delays after failures; the last delay repeats
GIVEN_UP_AFTER = timedelta(days=4)  # RFC 5321, 4.5.4.1: at least 4 to 5 days
ANSWER_SECONDS = 20  # timeout for each response of the mail server
TOTAL_SECONDS = 60  # timeout for sending one mail
MAILS_KEPT_FOR = timedelta(days=30)
KEYS_KEPT_FOR = timedelta(days=120)  # after this long, no notification repeats a key
TOO_LATE = "too late"


async def send_next(context: ChoreContext, kind: str = "") -> bool:
    """Send the mail that has been due longest; False if none is due, or if the server cannot be reached.

    With `kind` only mails of this kind.
    """
    mail = await claim(kind)
    if mail is None:
        return False
    if mail.useless_after is not None and mail.useless_after <= now():
        await _finish(mail, MailState.GIVEN_UP, TOO_LATE)
        return True
    settings = context.settings
    server = settings.mail_server
    if server is None:
        # In development the outbox shows the link with its secret until the link expires.
        await _finish(mail, MailState.KEPT, "", mail.secret if settings.development else "")
        logger.info("Mail %s (%s) is kept in the outbox: GALLERY_SMTP_URL is not set", mail.id, mail.kind)
        return True
    try:
        gathered = await Mail.filter(digest_id=mail.id).order_by("id")
        await site_settings.reload()  # the site's name is the signature of mails
        message = message_of(mail, compose(mail, settings, gathered), settings)
        async with asyncio.timeout(TOTAL_SECONDS):
            await deliver(message, server)
    except MailCompositionError:
        await give_up(mail, "cannot be written")
    except (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError) as refusal:
        answer = f"{refusal.code} {type(refusal).__name__}"
        await (give_up(mail, answer) if refusal.code >= 500 else postpone(mail, answer))
    except aiosmtplib.SMTPRecipientsRefused as refusals:
        code = max(refusal.code for refusal in refusals.recipients)
        await (give_up(mail, f"{code}") if code >= 500 else postpone(mail, f"{code}"))
    except aiosmtplib.SMTPResponseException as refusal:
        # The mail server refuses the gallery itself, not this mail, for example because of a wrong password.
        # All mails wait until a keeper corrects the settings.
        await postpone(mail, f"{refusal.code} {type(refusal).__name__}")
        return False
    except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
        await postpone(mail, type(error).__name__)
        return False
    else:
        await _finish(mail, MailState.SENT, "")
    return True


async def claim(kind: str = "") -> Mail | None:
    """Lease the mail (of `kind`, if given) that has been due longest; None if none is due."""
    async with in_transaction():
        moment = now()
        waiting = Mail.filter(
            is_free(LEASE),
            state=MailState.UNSENT,
            for_digest=False,
            due_at__lte=moment,
            **({"kind": kind} if kind else {}),
        )
        mail: Mail | None = await locked(waiting.order_by("due_at", "id").limit(1), skip_locked=True).first()
        if mail is None:
            return None
        if mail.kind in GATHERED_KINDS and not mail.attempts:
            mail = await _gathered(mail)
        mail.attempts += 1
        mail.lease_until = moment + LEASE
        await mail.save(update_fields=["attempts", "lease_until"])
        await mail.fetch_related("person")
        if mail.person is not None:  # language or address may have changed since the mail was queued
            mail.language, mail.email = mail.person.language, mail.person.email
        return mail


async def _gathered(first: Mail) -> Mail:
    """Combine `first` with the mails that may be sent together with it; returns `first` if there are none.

    A mail is not combined after an attempt to send it, because the server may have accepted it.
    """
    kind, path = GATHERED_KINDS[first.kind]
    kinds = [each for each, gathered in GATHERED_KINDS.items() if gathered[0] == kind]
    theirs = Mail.filter(person_id=first.person_id, kind__in=kinds, state=MailState.UNSENT)
    untried = theirs.filter(for_digest=False, attempts=0, due_at__lte=now() + GATHERED_FOR)
    mails = await locked(untried.order_by("id"), skip_locked=True)
    if len(mails) < 2:
        return first
    return await _combine(mails, kind, path)


async def _combine(mails: Sequence[Mail], kind: str, path: str) -> Mail:
    """Queue one mail to the recipient of `mails`, with a line for each of them."""
    made = await Mail.create(
        kind=kind,
        person_id=mails[0].person_id,
        email=mails[0].email,
        language=mails[0].language,
        path=path,
        facts={"count": len(mails)},
        due_at=now(),
    )
    await Mail.filter(id__in=[mail.id for mail in mails]).update(state=MailState.GATHERED, digest_id=made.id)
    return made


async def deliver(message: EmailMessage, server: MailServer) -> None:
    await aiosmtplib.send(
        message,
        hostname=server.host,
        port=server.port,
        username=server.user or None,
        password=server.password or None,
        use_tls=server.use_tls,
        start_tls=server.start_tls,
        timeout=ANSWER_SECONDS,
    )


async def postpone(mail: Mail, answer: str) -> None:
    """Retry a mail after the next of RETRY_DELAYS; give the mail up if it is older than GIVEN_UP_AFTER."""
    if now() - mail.created_at > GIVEN_UP_AFTER:
        await give_up(mail, answer)
        return
    wait = RETRY_DELAYS[min(mail.attempts, len(RETRY_DELAYS)) - 1]
    await Mail.filter(id=mail.id).update(due_at=now() + wait, lease_until=None, answer=answer)


async def give_up(mail: Mail, answer: str) -> None:
    """Stop trying to send a mail. Keepers see it in the log and the outbox."""
    await _finish(mail, MailState.GIVEN_UP, answer)
    logger.warning("Mail %s (%s) was given up: %s", mail.id, mail.kind, answer)


async def _finish(mail: Mail, state: MailState, answer: str, secret: str = "") -> None:
    await Mail.filter(id=mail.id).update(
        state=state,
        answer=answer,
        settled_at=now(),
        lease_until=None,
        secret=secret,
    )


async def gather_digest(context: ChoreContext) -> bool:
    """Make one person's daily digest of their waiting mails; False if none is due."""
    async with in_transaction():
        due = Mail.filter(state=MailState.UNSENT, for_digest=True, due_at__lte=now())
        first: Mail | None = await locked(due.order_by("id").limit(1), skip_locked=True).first()
        if first is None:
            return False
        waiting = await locked(due.filter(person_id=first.person_id).order_by("id"), skip_locked=True)
        await _combine(waiting, "digest", "/desk")
    return True


async def delete_old(context: ChoreContext) -> bool:
    """Delete old mails that will not be sent any more. Erase the secrets of expired links from all mails.

    A mail is old after MAILS_KEPT_FOR; a mail with a key is old after KEYS_KEPT_FOR.
    """
    moment = now()
    await Mail.filter(useless_after__lte=moment).exclude(secret="").update(secret="")
    old = Mail.filter(
        Q(created_at__lt=moment - MAILS_KEPT_FOR, key__isnull=True) | Q(created_at__lt=moment - KEYS_KEPT_FOR)
    )
    # Deleting a digest also deletes its mails and their keys. So a digest of mails with keys is kept longer.
    keyed = Mail.filter(digest_id__isnull=False, key__isnull=False, created_at__gte=moment - KEYS_KEPT_FOR)
    await old.exclude(state=MailState.UNSENT).exclude(id__in=Subquery(keyed.values("digest_id"))).delete()
    return False


CHORES = [
    Chore("gather daily digests", gather_digest, every=60),
    Chore("send mails", send_next, every=1, concurrent=True),
    Chore("delete old mails", delete_old, every=600),
]
