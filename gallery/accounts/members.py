"""The people of an organisation: who counts as its owner, who confirms whom, and who takes whom out of it."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from gallery.accounts.models import FormerOwner, JoinedAs, MemberRole, Membership, Person, Role
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.mail.models import Mail, MailState
from gallery.mail.outbox import Notification, in_all_languages, notify
from gallery.numbers import whole_numbers
from gallery.web.languages import lazy_gettext as _l

CURATOR_ROLES = (Role.CURATOR, Role.KEEPER)
WORK_PATH_PREFIX = "/desk/works/"  # and its id


class LastOwner(Exception):
    """Somebody must be able to invite the others; `sentence` says what to do first."""

    sentence: Any = _l("An organisation needs an owner. Please make somebody else an owner first.")


async def members_of(organisation_id: int) -> list[Person]:
    """Everybody of an organisation who has an account that is open."""
    members = Person.filter(
        memberships__organisation_id=organisation_id, memberships__awaits_confirmation=False, is_active=True
    )
    return await members.order_by("id")


async def owners_of(organisation_id: int) -> list[Person]:
    """The owners of an organisation who can sign in."""
    # One filter: it is the same membership that is of this organisation and an owner's.
    owners = Person.filter(
        memberships__organisation_id=organisation_id,
        memberships__role=MemberRole.OWNER,
        memberships__awaits_confirmation=False,
        is_active=True,
    )
    return await owners.order_by("id")


async def has_had_owner(organisation_id: int) -> bool:
    """Whether an organisation has an owner or ever had one: then nobody can become its first."""
    return (
        await Membership.exists(organisation_id=organisation_id, role=MemberRole.OWNER)
        or await FormerOwner.filter(organisation_id=organisation_id).exists()
    )


class ConflictOfInterest(StrEnum):
    """Whether a curator or keeper belongs to the organisation on which they would decide."""

    NONE = "none"
    OTHERS = "others"  # they do, and somebody who does not can decide
    ALONE = "alone"  # they do, and the site has nobody else

    def __bool__(self) -> bool:
        return self != ConflictOfInterest.NONE


async def conflict_of_interest(
    person_id: int,
    organisation_id: int,
    *,
    roles: Collection[Role] = CURATOR_ROLES,
    but: Collection[int] = (),
) -> ConflictOfInterest:
    """The interest of a curator in an organisation. `but`: the ids of those who cannot decide in their place."""
    members = Membership.filter(organisation_id=organisation_id)
    ids = [int(str(id)) for id in await members.values_list("person_id", flat=True)]
    if person_id not in ids:
        return ConflictOfInterest.NONE
    others = Person.filter(role__in=list(roles), is_active=True).exclude(id__in=[*ids, *but])
    return ConflictOfInterest.OTHERS if await others.exists() else ConflictOfInterest.ALONE


async def organisations_with_conflict(person_id: int) -> list[int]:
    """The organisations of a curator on whose works another curator decides."""
    own = await Membership.filter(person_id=person_id).values_list("organisation_id", flat=True)
    ids = [int(str(id)) for id in own]
    return [id for id in ids if await conflict_of_interest(person_id, id) == ConflictOfInterest.OTHERS]


async def set_role(membership: Membership, role: MemberRole) -> None:
    """Make a member an owner, or an editor. Raises LastOwner."""
    async with in_transaction():
        if role != MemberRole.OWNER:
            await _check_other_owner(membership)
            await record_former_owners(Membership.filter(id=membership.id))
        await Membership.filter(id=membership.id).update(role=role)
        verb = Verb.MEMBER_MADE_OWNER if role == MemberRole.OWNER else Verb.MEMBER_MADE_EDITOR
        await record(verb, membership.person_id, organisation_id=membership.organisation_id)


async def remove(membership: Membership) -> None:
    """Take somebody out of an organisation: its works and people are out of their reach from this moment on.

    Raises LastOwner.
    """
    async with in_transaction():
        await _check_other_owner(membership)
        await record_former_owners(Membership.filter(id=membership.id))
        await _delete_waiting_mails(membership)
        await Membership.filter(id=membership.id).delete()
        await record(Verb.MEMBER_REMOVED, membership.person_id, organisation_id=membership.organisation_id)


async def _delete_waiting_mails(membership: Membership) -> None:
    """Within a transaction: delete what still waits to be mailed to a member about the organisation's works."""
    waiting = Mail.filter(
        person_id=membership.person_id, state=MailState.UNSENT, path__startswith=WORK_PATH_PREFIX
    )
    paths = [str(path) for path in await waiting.values_list("path", flat=True)]
    ids = whole_numbers(path.removeprefix(WORK_PATH_PREFIX) for path in paths)
    await membership.fetch_related("organisation")
    works = await membership.organisation.artworks.filter(id__in=ids or [0])
    await waiting.filter(path__in=[f"{WORK_PATH_PREFIX}{work.id}" for work in works] or [""]).delete()


async def record_former_owners(memberships: QuerySet[Membership]) -> None:
    """Within a transaction: keep that these owners were owners, as their memberships end or change."""
    for each in await memberships.filter(role=MemberRole.OWNER):
        await FormerOwner.create(organisation_id=each.organisation_id, person_id=each.person_id)


async def confirm(membership: Membership, by: Person) -> None:
    """An owner answers for a member whom no owner invited. Nobody confirms themselves."""
    async with in_transaction():
        unconfirmed = Membership.filter(id=membership.id, joined_as=JoinedAs.UNKNOWN)
        if await unconfirmed.exclude(person_id=by.id).update(
            joined_as=JoinedAs.CONFIRMED, invited_by_id=by.id, awaits_confirmation=False
        ):
            await record(
                Verb.MEMBER_CONFIRMED,
                membership.person_id,
                organisation_id=membership.organisation_id,
                by=by,
            )


async def suspend_unconfirmed_memberships(person: Person) -> None:
    """Within the transaction in which a member becomes a curator or keeper: tell the owners of their organisations.

    A membership of which it is not known that an owner invited them gives no right until an owner confirms it.
    """
    for each in await Membership.filter(person_id=person.id).prefetch_related("organisation"):
        if each.joined_as == JoinedAs.UNKNOWN and not each.awaits_confirmation:
            await Membership.filter(id=each.id).update(awaits_confirmation=True)
            await record(Verb.MEMBER_HELD, person.id, organisation_id=each.organisation_id)
        await notify_owners(each, "member_is_curator", person)


async def notify_owners(membership: Membership, kind: str, person: Person) -> None:
    """Write a mail about a member, as they are kept now, to every other owner."""
    now_kept = await Membership.get(id=membership.id).prefetch_related("organisation", "person", "invited_by")
    facts = {
        "organisation": in_all_languages(now_kept.organisation, "name"),
        "member": person.name,
        "is_owner": now_kept.role == MemberRole.OWNER,
        "inviter": now_kept.invited_by.name if now_kept.invited_by else "",
        "joined_as": now_kept.joined_as,
        "role": now_kept.person.role,
        "awaits_confirmation": now_kept.awaits_confirmation,
    }
    others = [each for each in await owners_of(now_kept.organisation_id) if each.id != person.id]
    path = f"/desk/organisations/{now_kept.organisation_id}/edit"
    await notify(others, Notification(kind, path, facts, is_for_digest=False))


async def revoke_tokens(organisation_id: int) -> None:
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
    if any(each.id == membership.id and each.is_owner for each in held):
        others = await owners_of(membership.organisation_id)
        if not any(each.id != membership.person_id for each in others):
            raise LastOwner
