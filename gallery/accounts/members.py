"""The people of an organisation, and who takes whom out of it."""

from __future__ import annotations

from typing import Any

from gallery.accounts.models import MemberRole, Membership, Person, Role
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.database import in_transaction, locked
from gallery.languages import lazy_gettext as _l


class LastOwner(Exception):
    """Somebody must be able to invite the others; `sentence` says what to do first."""

    sentence: Any = _l("An organisation needs an owner. Please make somebody else an owner first.")


async def members_of(organisation_id: int) -> list[Person]:
    """Everybody of an organisation who has an account that is open."""
    return await Person.filter(memberships__organisation_id=organisation_id, is_active=True).order_by("id")


async def set_role(membership: Membership, role: MemberRole) -> None:
    """Make a member an owner, or an editor. Raises LastOwner."""
    async with in_transaction():
        if role != MemberRole.OWNER:
            await _check_other_owner(membership)
        await Membership.filter(id=membership.id).update(role=role)
        verb = Verb.MEMBER_MADE_OWNER if role == MemberRole.OWNER else Verb.MEMBER_MADE_EDITOR
        await record(verb, membership.person_id, organisation_id=membership.organisation_id)


async def remove(membership: Membership) -> None:
    """Take somebody out of an organisation: its works and people are out of their reach from this moment on.

    Raises LastOwner.
    """
    async with in_transaction():
        await _check_other_owner(membership)
        await Membership.filter(id=membership.id).delete()
        await record(Verb.MEMBER_REMOVED, membership.person_id, organisation_id=membership.organisation_id)


async def end_tokens(organisation_id: int) -> None:
    """End every token with which a program acts for an organisation."""
    for membership in await Membership.filter(organisation_id=organisation_id):
        await membership.tokens.all().delete()


async def rename(membership: Membership, name: str) -> None:
    """Correct the name under which colleagues and curators know a member. Curators' names are their own affair."""
    async with in_transaction():
        if await Person.filter(id=membership.person_id, role=Role.MEMBER, is_active=True).update(name=name):
            await record(
                Verb.MEMBER_RENAMED, membership.person_id, organisation_id=membership.organisation_id
            )


async def _check_other_owner(membership: Membership) -> None:
    # All of them are held, in one order: two owners who remove each other at once must not both succeed.
    held = await locked(Membership.filter(organisation_id=membership.organisation_id).order_by("id"))
    owners = {each.id for each in held if each.role == MemberRole.OWNER}
    if owners == {membership.id}:
        raise LastOwner
