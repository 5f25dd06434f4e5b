"""One-time links by mail, for signing in without a password and for choosing a new password."""

from __future__ import annotations

import secrets
from datetime import timedelta

from gallery.accounts.limits import TooManyAttempts, count_attempts
from gallery.accounts.models import AddressChange, LinkRequest, MailLink, Person, Purpose, Session
from gallery.accounts.passwords import hash_password
from gallery.accounts.sessions import token_hash
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.mail.outbox import Notification, notify, queue_mail
from gallery.settings import Settings

MAIL_LINK_LIFETIME = timedelta(minutes=30)
LINKS_PER_PERSON = 3  # requests allowed within limits.ATTEMPT_WINDOW
LINKS_PER_NETWORK = 20

MAIL_OF_PURPOSE = {
    Purpose.SIGN_IN: ("sign_in_link", "/desk/sign-in/"),
    Purpose.PASSWORD: ("password_reset", "/desk/password/"),
}


class InvalidLink(Exception):
    """The link was used already, has expired, or never existed."""


async def request_link(email: str, purpose: Purpose, network: str, settings: Settings) -> None:
    """Queue a request for a link.

    Only the worker looks up whether the address has an account, so the response does not reveal that.
    Raises TooManyAttempts, for addresses with and without an account alike.
    """
    email = email.strip().lower()
    limits = {f"link {email}": LINKS_PER_PERSON, f"links from {network}": LINKS_PER_NETWORK}
    if not await count_attempts(limits, settings):
        raise TooManyAttempts
    await LinkRequest.create(email=email, purpose=purpose)


async def send_requested_link() -> bool:
    """Queue the mail for the oldest request, if the address has an account; False if there is no request."""
    async with in_transaction():
        request: LinkRequest | None = await locked(
            LinkRequest.all().order_by("id").limit(1), skip_locked=True
        ).first()
        if request is None:
            return False
        person = await Person.get_or_none(email=request.email, is_active=True)
        await request.delete()
        if person is None or request.created_at + MAIL_LINK_LIFETIME < now():
            return True
        token = secrets.token_urlsafe(24)
        expires_at = now() + MAIL_LINK_LIFETIME
        await MailLink.create(
            token_hash=token_hash(token), person=person, purpose=request.purpose, expires_at=expires_at
        )
        kind, path = MAIL_OF_PURPOSE[request.purpose]
        await queue_mail(
            person.email,
            person.language,
            kind,
            path,
            person=person,
            facts={"minutes": int(MAIL_LINK_LIFETIME.total_seconds() // 60)},
            secret=token,
            useless_after=expires_at,
        )
    return True


async def find_link(token: str, purpose: Purpose) -> MailLink:
    """The valid link with this token, and its person. The link stays valid. Raises InvalidLink."""
    link = await MailLink.get_or_none(
        token_hash=token_hash(token), purpose=purpose, expires_at__gt=now(), person__is_active=True
    ).prefetch_related("person")
    if link is None:
        raise InvalidLink
    return link


async def use_link(token: str) -> Person:
    """Use up a sign-in link and return its person. Raises InvalidLink."""
    async with in_transaction():
        return await _consume_link(token, Purpose.SIGN_IN)


async def reset_password(token: str, password: str) -> Person:
    """Use up a password link: set the person's password and end all their sessions. Raises InvalidLink."""
    password_hash = await hash_password(password)
    async with in_transaction():
        person = await _consume_link(token, Purpose.PASSWORD)
        await set_password(person, password_hash)
    return person


async def change_password(person: Person, password: str, here: Session) -> None:
    """Set a person's password, and end all their sessions except the session `here`."""
    password_hash = await hash_password(password)
    async with in_transaction():
        await set_password(person, password_hash, but=here)


async def set_password(person: Person, password_hash: str, but: Session | None = None) -> None:
    """Set the password, end all sessions except `but`, delete all links, and mail the person.

    Call it in a transaction.
    """
    await Person.filter(id=person.id).update(password_hash=password_hash)
    await Session.filter(person_id=person.id).exclude(id=but.id if but else 0).delete()
    await MailLink.filter(person_id=person.id).delete()
    await AddressChange.filter(person_id=person.id).delete()
    await record(Verb.ACCOUNT_PASSWORD_CHANGED, person.id, by=person)
    await notify([person], Notification("password_changed", "/desk/password", is_for_digest=False))


async def _consume_link(token: str, purpose: Purpose) -> Person:
    link = await find_link(token, purpose)
    if not await MailLink.filter(id=link.id).delete():  # another request used the link at the same time
        raise InvalidLink
    return link.person
