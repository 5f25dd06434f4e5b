"""What keepers do with accounts: change a role, end sessions, suspend, restore, reset the second factor."""

from __future__ import annotations

from typing import Any

from gallery.accounts.members import suspend_unconfirmed_memberships
from gallery.accounts.models import AddressChange, MailLink, Person, Role, Session
from gallery.accounts.second_factors import RESET_DELAY
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.mail.models import Mail, MailState
from gallery.mail.outbox import Notification, notify
from gallery.web.languages import lazy_gettext as _l

MAX_REASON_LENGTH = 300  # characters


class AccountChangeRefused(Exception):
    """The change is not allowed; `sentence` says why."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def change_role(person: Person, role: Role, by: Person) -> None:
    """Give a person another role. Raises AccountChangeRefused."""
    async with in_transaction():
        person = await _locked_person(person, by)
        if person.is_keeper and role != Role.KEEPER:
            await _check_other_keeper(person)
        if role != person.role:
            await Person.filter(id=person.id).update(role=role)
            if role != Role.MEMBER:
                await suspend_unconfirmed_memberships(person)
            await record(Verb.ACCOUNT_ROLE_GIVEN, person.id, by=by)


async def suspend(person: Person, by: Person) -> None:
    """Suspend an account: delete its sessions, links and unsent mails. Raises AccountChangeRefused."""
    async with in_transaction():
        person = await _locked_person(person, by)
        if person.is_keeper:
            await _check_other_keeper(person)
        await Session.filter(person_id=person.id).delete()
        await MailLink.filter(person_id=person.id).delete()
        await AddressChange.filter(person_id=person.id).delete()
        await Mail.filter(person_id=person.id, state=MailState.UNSENT).delete()
        # A suspended person cannot sign in to stop a reset of their second factor, so the reset is cancelled.
        await Person.filter(id=person.id).update(second_factor_reset_at=None)
        if await Person.filter(id=person.id, is_active=True).update(is_active=False):
            await record(Verb.ACCOUNT_STOPPED, person.id, by=by)


async def sign_out_everywhere(person: Person, by: Person) -> None:
    """End a person's sessions on all devices; they may sign in again. Raises AccountChangeRefused."""
    async with in_transaction():
        person = await _locked_person(person, by)
        if await Session.filter(person_id=person.id).delete():
            await record(Verb.ACCOUNT_SIGNED_OUT_EVERYWHERE, person.id, by=by)


async def restore_access(person: Person, by: Person) -> None:
    """End a suspension. Raises AccountChangeRefused if the person closed the account."""
    async with in_transaction():
        person = await _locked_person(person, by)
        if not person.password_hash:
            raise AccountChangeRefused(
                _l("This account was closed by its owner. Please invite the person again.")
            )
        if await Person.filter(id=person.id, is_active=False).update(is_active=True):
            await record(Verb.ACCOUNT_LET_IN_AGAIN, person.id, by=by)


async def request_second_factor_reset(person: Person, reason: str, by: Person) -> None:
    """Schedule a reset of a person's second factor. Signing in with the second factor cancels the reset.

    The person is notified at once, with the reason. Raises AccountChangeRefused.
    """
    async with in_transaction():
        person = await _locked_person(person, by)
        if not person.is_active or person.second_factor_at is None:
            raise AccountChangeRefused(_l("This account has no second factor."))
        if not 0 < len(reason) <= MAX_REASON_LENGTH:
            raise AccountChangeRefused(
                _l("Please write a reason, of at most 300 characters. The person reads it.")
            )
        if person.second_factor_reset_at is not None:
            return
        at = now() + RESET_DELAY
        await Person.filter(id=person.id).update(second_factor_reset_at=at)
        await record(Verb.ACCOUNT_RESET_ASKED, person.id, by=by)
        facts = {"keeper": by.name, "reason": reason, "at": at.isoformat()}
        await notify(
            [person], Notification("second_factor_reset_asked", "/desk/sign-in", facts, is_for_digest=False)
        )


async def _locked_person(person: Person, by: Person) -> Person:
    # Lock all keepers in the same order, so that two keepers cannot demote each other at the same time.
    await locked(Person.filter(role=Role.KEEPER).order_by("id"))
    if person.id == by.id:
        raise AccountChangeRefused(_l("Another keeper has to do this for you."))
    current: Person = await locked(Person.filter(id=person.id)).get()
    return current


async def _check_other_keeper(person: Person) -> None:
    others = Person.filter(role=Role.KEEPER, is_active=True).exclude(id=person.id)
    if not await others.exists():
        raise AccountChangeRefused(_l("A site needs a keeper. Please make someone else a keeper first."))
