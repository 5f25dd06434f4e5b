"""The members of an organisation: owners, confirming and removing members, and conflicts of interest."""

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
WORK_PATH_PREFIX = "/desk/works/"  # the URL path of a work's page, without the id


class LastOwner(Exception):
    """The change would leave the organisation without an owner; `sentence` says what to do first."""

    sentence: Any = _l("An organisation needs an owner. Please make somebody else an owner first.")


async def members_of(organisation_id: int) -> list[Person]:
    """The members of an organisation who can sign in."""
    return (await members_by_organisation([organisation_id])).get(organisation_id, [])


async def members_by_organisation(organisation_ids: Collection[int]) -> dict[int, list[Person]]:
    """Organisation id → its members who can sign in; organisations without such members are left out; one query."""
    memberships = Membership.filter(
        organisation_id__in=list(organisation_ids), awaits_confirmation=False, person__is_active=True
    )
    members: dict[int, list[Person]] = {}
    for membership in await memberships.order_by("person_id").select_related("person"):
        members.setdefault(membership.organisation_id, []).append(membership.person)
    return members


async def owners_of(organisation_id: int) -> list[Person]:
    """The owners of an organisation who can sign in."""
    # One filter() call, so that all conditions apply to the same membership.
    owners = Person.filter(
        memberships__organisation_id=organisation_id,
        memberships__role=MemberRole.OWNER,
        memberships__awaits_confirmation=False,
        is_active=True,
    )
    return await owners.order_by("id")


async def has_had_owner(organisation_id: int) -> bool:
    """Whether an organisation has or ever had an owner; if so, nobody can be invited as its first owner."""
    return (
        await Membership.exists(organisation_id=organisation_id, role=MemberRole.OWNER)
        or await FormerOwner.filter(organisation_id=organisation_id).exists()
    )


class ConflictOfInterest(StrEnum):
    """Whether a curator or keeper is a member of the organisation that they would decide about."""

    NONE = "none"
    OTHERS = "others"  # the person is a member; another curator or keeper can decide
    ALONE = "alone"  # the person is a member; no other curator or keeper can decide

    def __bool__(self) -> bool:
        return self != ConflictOfInterest.NONE


async def conflict_of_interest(
    person_id: int,
    organisation_id: int,
    *,
    roles: Collection[Role] = CURATOR_ROLES,
    but: Collection[int] = (),
) -> ConflictOfInterest:
    """Whether the person is a member of the organisation, and if so, whether somebody else can decide.

    Somebody else is an active person with one of `roles` who is not a member and whose id is not in `but`.
    """
    members = Membership.filter(organisation_id=organisation_id)
    ids = [int(str(id)) for id in await members.values_list("person_id", flat=True)]
    if person_id not in ids:
        return ConflictOfInterest.NONE
    others = Person.filter(role__in=list(roles), is_active=True).exclude(id__in=[*ids, *but])
    return ConflictOfInterest.OTHERS if await others.exists() else ConflictOfInterest.ALONE


async def organisations_with_conflict(person_id: int) -> list[int]:
    """The ids of the curator's own organisations about which another curator can decide."""
    own = await Membership.filter(person_id=person_id).values_list("organisation_id", flat=True)
    ids = [int(str(id)) for id in own]
    return [id for id in ids if await conflict_of_interest(person_id, id) == ConflictOfInterest.OTHERS]


async def set_role(membership: Membership, role: MemberRole) -> None:
    """Make a member an owner or an editor. Raises LastOwner."""
    async with in_transaction():
        if role != MemberRole.OWNER:
            await _check_other_owner(membership)
            await record_former_owners(Membership.filter(id=membership.id))
        await Membership.filter(id=membership.id).update(role=role)
        verb = Verb.MEMBER_MADE_OWNER if role == MemberRole.OWNER else Verb.MEMBER_MADE_EDITOR
        await record(verb, membership.person_id, organisation_id=membership.organisation_id)


async def remove(membership: Membership) -> None:
    """Remove a member; they lose access to the organisation's works and people at once. Raises LastOwner."""
    async with in_transaction():
        await _check_other_owner(membership)
        await record_former_owners(Membership.filter(id=membership.id))
        await _delete_waiting_mails(membership)
        await Membership.filter(id=membership.id).delete()
        await record(Verb.MEMBER_REMOVED, membership.person_id, organisation_id=membership.organisation_id)


async def _delete_waiting_mails(membership: Membership) -> None:
    """Delete a member's unsent mails about the organisation's works. Call it in a transaction."""
    waiting = Mail.filter(
        person_id=membership.person_id, state=MailState.UNSENT, path__startswith=WORK_PATH_PREFIX
    )
    paths = [str(path) for path in await waiting.values_list("path", flat=True)]
    ids = whole_numbers(path.removeprefix(WORK_PATH_PREFIX) for path in paths)
    await membership.fetch_related("organisation")
    works = await membership.organisation.artworks.filter(id__in=ids or [0])
    await waiting.filter(path__in=[f"{WORK_PATH_PREFIX}{work.id}" for work in works] or [""]).delete()


async def record_former_owners(memberships: QuerySet[Membership]) -> None:
    """Record the owners among `memberships` as former owners, before the memberships end or change.

    Call it in a transaction.
    """
    for each in await memberships.filter(role=MemberRole.OWNER):
        await FormerOwner.create(organisation_id=each.organisation_id, person_id=each.person_id)


async def confirm(membership: Membership, by: Person) -> None:
    """An owner confirms a member whose inviter is unknown or not an owner. Nobody can confirm themselves."""
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
    """Suspend memberships of a new curator or keeper, and notify the owners.

    Call it in the transaction of the change.

    A membership is suspended if it is not known to come from an owner's invitation. A suspended membership
    gives no rights until an owner confirms it.
    """
    for each in await Membership.filter(person_id=person.id).prefetch_related("organisation"):
        if each.joined_as == JoinedAs.UNKNOWN and not each.awaits_confirmation:
            await Membership.filter(id=each.id).update(awaits_confirmation=True)
            await record(Verb.MEMBER_HELD, person.id, organisation_id=each.organisation_id)
        await notify_owners(each, "member_is_curator", person)


async def notify_owners(membership: Membership, kind: str, person: Person) -> None:
    """Mail the organisation's owners, except `person`, about the current state of a membership."""
    current = await Membership.get(id=membership.id).prefetch_related("organisation", "person", "invited_by")
    facts = {
        "organisation": in_all_languages(current.organisation, "name"),
        "member": person.name,
        "is_owner": current.role == MemberRole.OWNER,
        "inviter": current.invited_by.name if current.invited_by else "",
        "joined_as": current.joined_as,
        "role": current.person.role,
        "awaits_confirmation": current.awaits_confirmation,
    }
    others = [each for each in await owners_of(current.organisation_id) if each.id != person.id]
    path = f"/desk/organisations/{current.organisation_id}/edit"
    await notify(others, Notification(kind, path, facts, is_for_digest=False))


async def revoke_tokens(organisation_id: int) -> None:
    for membership in await Membership.filter(organisation_id=organisation_id):
        await membership.tokens.all().delete()


async def rename(membership: Membership, name: str) -> None:
    """Correct the name of a member. Curators and keepers change their own names themselves."""
    async with in_transaction():
        if await Person.filter(id=membership.person_id, role=Role.MEMBER, is_active=True).update(name=name):
            await record(
                Verb.MEMBER_RENAMED, membership.person_id, organisation_id=membership.organisation_id
            )


async def _check_other_owner(membership: Membership) -> None:
    # Lock all memberships in the same order, so that two owners cannot remove each other at the same time.
    memberships = await locked(Membership.filter(organisation_id=membership.organisation_id).order_by("id"))
    if any(each.id == membership.id and each.is_owner for each in memberships):
        others = await owners_of(membership.organisation_id)
        if not any(each.id != membership.person_id for each in others):
            raise LastOwner
