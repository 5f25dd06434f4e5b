"""Changing one's e-mail address: the new address gets a link, the old one a notification."""

from __future__ import annotations

import secrets

from tortoise.exceptions import IntegrityError

from gallery.accounts.links import MAIL_LINK_LIFETIME, InvalidLink
from gallery.accounts.models import AddressChange, MailLink, Person
from gallery.accounts.sessions import token_hash
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.mail.outbox import Notification, notify, queue_mail


async def request_address_change(person: Person, email: str) -> None:
    """Notify the old address and mail a link to the new address.

    If the new address already has an account, no link is sent, and the response does not reveal that.
    """
    email = email.strip().lower()
    async with in_transaction():
        await locked(Person.filter(id=person.id)).get()
        await AddressChange.filter(person_id=person.id).delete()
        await record(Verb.ACCOUNT_ADDRESS_ASKED, person.id, by=person)
        await notify(
            [person], Notification("address_asked", "/desk/password", {"email": email}, is_for_digest=False)
        )
        if await Person.exists(email=email):
            return
        token = secrets.token_urlsafe(24)
        expires_at = now() + MAIL_LINK_LIFETIME
        await AddressChange.create(
            token_hash=token_hash(token), person=person, email=email, expires_at=expires_at
        )
        await queue_mail(
            email,
            person.language,
            "address_confirm",
            "/desk/address/",
            person=person,
            facts={"minutes": int(MAIL_LINK_LIFETIME.total_seconds() // 60)},
            secret=token,
            useless_after=expires_at,
        )


async def find_address_change(token: str) -> AddressChange:
    """The address change with this link token, and its person. The link stays valid. Raises InvalidLink."""
    change = await AddressChange.get_or_none(
        token_hash=token_hash(token), expires_at__gt=now(), person__is_active=True
    ).prefetch_related("person")
    if change is None:
        raise InvalidLink
    return change


async def change_address(token: str) -> Person:
    """Use up a link: change the person's address to the new one, and notify the old address.

    Raises InvalidLink.
    """
    try:
        async with in_transaction():
            change = await find_address_change(token)
            if not await AddressChange.filter(
                id=change.id
            ).delete():  # another request used the link at the same time
                raise InvalidLink
            person = change.person
            notification = Notification(
                "address_changed", "/desk/sign-in", {"email": change.email}, is_for_digest=False
            )
            await notify([person], notification)
            await MailLink.filter(person_id=person.id).delete()
            await Person.filter(id=person.id).update(email=change.email)
            await record(Verb.ACCOUNT_ADDRESS_CHANGED, person.id, by=person)
    except IntegrityError as error:  # in the meantime another account took this address
        raise InvalidLink from error
    return await Person.get(id=person.id)
