"""What a keeper does with people: another role, an end of their sessions, or of their account for as long as it takes."""

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
    """Somebody is still needed; `sentence` says for what."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def change_role(person: Person, role: Role, by: Person) -> None:
    """Let somebody be a member, curator or keeper from now on. Raises ChangeRefused."""
    async with in_transaction():
        held = await _locked_person(person, by)
        if held.is_keeper and role != Role.KEEPER:
            await _check_other_keeper(held)
        if role != held.role:
            await Person.filter(id=held.id).update(role=role)
            if role != Role.MEMBER:
                await suspend_unconfirmed_memberships(held)
            await record(Verb.ACCOUNT_ROLE_GIVEN, held.id, by=by)


async def suspend(person: Person, by: Person) -> None:
    """Keep somebody out: their sessions, links and mails that wait end now; what they did stays. Raises ChangeRefused."""
    async with in_transaction():
        held = await _locked_person(person, by)
        if held.is_keeper:
            await _check_other_keeper(held)
        await Session.filter(person_id=held.id).delete()
        await MailLink.filter(person_id=held.id).delete()
        await AddressChange.filter(person_id=held.id).delete()
        await Mail.filter(person_id=held.id, state=MailState.UNSENT).delete()
        # Nobody loses a second factor in days in which they cannot sign in and stop that.
        await Person.filter(id=held.id).update(second_factor_reset_at=None)
        if await Person.filter(id=held.id, is_active=True).update(is_active=False):
            await record(Verb.ACCOUNT_STOPPED, held.id, by=by)


async def sign_out_everywhere(person: Person, by: Person) -> None:
    """End somebody's sessions on every device; they may sign in again. Raises ChangeRefused."""
    async with in_transaction():
        held = await _locked_person(person, by)
        if await Session.filter(person_id=held.id).delete():
            await record(Verb.ACCOUNT_SIGNED_OUT_EVERYWHERE, held.id, by=by)


async def restore_access(person: Person, by: Person) -> None:
    """Let somebody sign in again who was kept out. Raises ChangeRefused for an account that was closed for good."""
    async with in_transaction():
        held = await _locked_person(person, by)
        if not held.password_hash:
            raise AccountChangeRefused(
                _l("This account was closed by its owner. Please invite the person anew.")
            )
        if await Person.filter(id=held.id, is_active=False).update(is_active=True):
            await record(Verb.ACCOUNT_LET_IN_AGAIN, held.id, by=by)


async def request_second_factor_reset(person: Person, reason: str, by: Person) -> None:
    """Let somebody's second factor be removed after some days, unless they still have it and sign in with it.

    They are told at once, with the reason. Raises ChangeRefused.
    """
    async with in_transaction():
        held = await _locked_person(person, by)
        if not held.is_active or held.second_factor_at is None:
            raise AccountChangeRefused(_l("This account has no second factor."))
        if not 0 < len(reason) <= MAX_REASON_LENGTH:
            raise AccountChangeRefused(
                _l("Please write a reason, of at most 300 characters. The person reads it.")
            )
        if held.second_factor_reset_at is not None:
            return
        at = now() + RESET_DELAY
        await Person.filter(id=held.id).update(second_factor_reset_at=at)
        await record(Verb.ACCOUNT_RESET_ASKED, held.id, by=by)
        facts = {"keeper": by.name, "reason": reason, "at": at.isoformat()}
        await notify(
            [held], Notification("second_factor_reset_asked", "/desk/sign-in", facts, is_for_digest=False)
        )


async def _locked_person(person: Person, by: Person) -> Person:
    # All keepers are held, in one order: two who take each other's role at once must not both succeed.
    await locked(Person.filter(role=Role.KEEPER).order_by("id"))
    if person.id == by.id:
        raise AccountChangeRefused(_l("Another keeper has to do this for you."))
    held: Person = await locked(Person.filter(id=person.id)).get()
    return held


async def _check_other_keeper(person: Person) -> None:
    others = Person.filter(role=Role.KEEPER, is_active=True).exclude(id=person.id)
    if not await others.exists():
        raise AccountChangeRefused(_l("A site needs a keeper. Please make somebody else one first."))
