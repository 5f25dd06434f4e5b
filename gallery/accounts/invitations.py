"""Invitations: the only way to get an account or a membership.

A curator invites the first owner of an organisation; its owners invite everybody else. If an organisation has
lost its owners, a keeper can request a new owner (organisations/owner_requests.py). The rules are checked
again when an invitation is accepted.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from tortoise.exceptions import IntegrityError

from gallery.accounts.members import (
    CURATOR_ROLES,
    has_had_owner,
    notify_owners,
    owners_of,
    suspend_unconfirmed_memberships,
)
from gallery.accounts.models import Invitation, JoinedAs, MemberRole, Membership, Person, Role
from gallery.accounts.passwords import hash_password
from gallery.accounts.sessions import token_hash
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.mail.outbox import in_all_languages, queue_mail
from gallery.web.languages import lazy_gettext as _l


class InvalidInvitation(Exception):
    """The invitation was accepted already or has expired."""


class InviterNotAllowed(InvalidInvitation):
    """The inviter may no longer invite: they were suspended, have left, or have another role."""


class InvitationRefused(Exception):
    """The person may not invite; `sentence` says who may."""

    sentence: Any = _l(
        "This organisation has, or had, an owner: only its owners invite its members. "
        "If it lost them all, a keeper can ask for a new one."
    )


async def invite(
    email: str,
    role: Role,
    *,
    days: int,
    organisation_id: int | None = None,
    member_role: MemberRole | None = None,
    language: str = "zh",
    by: Person | None = None,
    by_request: bool = False,
    mail: str = "invitation",
) -> str:
    """Create an invitation, valid for `days`, and mail it with the template `mail`; returns the link's token.

    The role MEMBER needs `organisation_id`. If the organisation has never had an owner, the person is invited
    as its owner, even if `member_role` is another role. Raises InvitationRefused.
    """
    assert (role == Role.MEMBER) == (organisation_id is not None)
    token = secrets.token_urlsafe(24)
    email = email.strip().lower()
    expires_at = now() + timedelta(days=days)
    async with in_transaction():
        if organisation_id is not None and not by_request:
            if not await has_had_owner(organisation_id):
                member_role = MemberRole.OWNER
            elif by is None or by not in await owners_of(organisation_id):
                raise InvitationRefused
        invitation = await Invitation.create(
            token_hash=token_hash(token),
            email=email,
            role=role,
            organisation_id=organisation_id,
            member_role=member_role or MemberRole.EDITOR,
            language=language,
            invited_by=by,
            by_request=by_request,
            expires_at=expires_at,
        )
        await record(Verb.INVITATION_MADE, invitation.id, organisation_id=organisation_id, by=by)
        await invitation.fetch_related("organisation")
        facts = {
            "organisation": in_all_languages(invitation.organisation, "name")
            if invitation.organisation
            else "",
            "inviter": by.name if by else "",
            "until": expires_at.isoformat(),
        }
        await queue_mail(
            email,
            language,
            mail,
            "/desk/invitations/",
            facts=facts,
            secret=token,
            useless_after=expires_at,
        )
    return token


async def renew_invitation(invitation: Invitation, by: Person, days: int) -> str:
    """Replace a waiting invitation by a new one, and return the new token. The old link stops working."""
    async with in_transaction():
        await Invitation.filter(id=invitation.id).delete()
        await record(
            Verb.INVITATION_TAKEN_BACK, invitation.id, organisation_id=invitation.organisation_id, by=by
        )
        return await invite(
            invitation.email,
            invitation.role,
            days=days,
            organisation_id=invitation.organisation_id,
            member_role=invitation.member_role,
            language=invitation.language,
            by=by,
        )


async def open_invitation(token: str) -> Invitation | None:
    """The invitation of a link, with its organisation; None for an unknown token.

    Raises InvalidInvitation.
    """
    invitation = (
        await Invitation.filter(token_hash=token_hash(token)).first().prefetch_related("organisation")
    )
    if invitation is not None and (invitation.accepted_at is not None or invitation.expires_at <= now()):
        raise InvalidInvitation
    if invitation is not None:
        await _joined_as(invitation)
    return invitation


async def accept(invitation: Invitation, name: str, password: str) -> Person:
    """Create the account and its membership. Raises InvalidInvitation, also if the address has an account.

    A person with an account must sign in first, and then uses `accept_with_account`.
    """
    password_hash = await hash_password(password)
    try:
        async with in_transaction():
            invitation = await _lock_invitation(invitation)
            if await Person.exists(email=invitation.email):
                raise InvalidInvitation
            person = await Person.create(
                email=invitation.email,
                name=name,
                password_hash=password_hash,
                role=invitation.role,
                language=invitation.language,
            )
            await record(Verb.ACCOUNT_MADE, person.id, by=person)
            await _add_membership(invitation, person)
            return person
    except IntegrityError as error:  # another invitation to this address was accepted at the same time
        raise InvalidInvitation from error


async def accept_with_account(invitation: Invitation, person: Person) -> None:
    """Give the invitation's role and membership to an existing account. Raises InvalidInvitation."""
    async with in_transaction():
        invitation = await _lock_invitation(invitation)
        if invitation.email != person.email:
            raise InvalidInvitation
        if invitation.role != Role.MEMBER and person.role not in {invitation.role, Role.KEEPER}:
            await Person.filter(id=person.id).update(role=invitation.role)
            await suspend_unconfirmed_memberships(person)
        await _add_membership(invitation, person)


async def _lock_invitation(invitation: Invitation) -> Invitation:
    """Lock and return the invitation; also lock the memberships and open invitations of its organisation.

    So two invitations that are accepted at the same time cannot both create a first owner. Raises
    InvalidInvitation.
    """
    waiting = Invitation.filter(accepted_at=None)
    if invitation.organisation_id is None:
        waiting = waiting.filter(id=invitation.id)
    else:
        waiting = waiting.filter(organisation_id=invitation.organisation_id)
    invitations: list[Invitation] = await locked(waiting.order_by("id"))
    current = next((each for each in invitations if each.id == invitation.id), None)
    if current is None:
        raise InvalidInvitation
    if current.organisation_id is not None:
        await locked(Membership.filter(organisation_id=current.organisation_id).order_by("id"))
    return current


async def _joined_as(invitation: Invitation) -> JoinedAs:
    """The value of `Membership.joined_as` if this invitation is accepted. Raises InviterNotAllowed."""
    if invitation.organisation_id is None or invitation.by_request:
        await _check_inviter(invitation, [Role.KEEPER])
        return JoinedAs.REQUESTED if invitation.by_request else JoinedAs.UNKNOWN
    if not await has_had_owner(invitation.organisation_id):
        await _check_inviter(invitation, CURATOR_ROLES)
        return JoinedAs.FIRST_OWNER
    if invitation.invited_by_id in {each.id for each in await owners_of(invitation.organisation_id)}:
        return JoinedAs.INVITED
    raise InviterNotAllowed


async def _check_inviter(invitation: Invitation, roles: Collection[Role]) -> None:
    """Raises InviterNotAllowed if the inviter no longer has one of `roles`.

    An invitation that a command on the server made has no inviter, and is allowed.
    """
    if invitation.invited_by_id is None:
        return
    if not await Person.exists(id=invitation.invited_by_id, role__in=list(roles), is_active=True):
        raise InviterNotAllowed


async def _add_membership(invitation: Invitation, person: Person) -> None:
    joined_as = await _joined_as(invitation)
    if invitation.organisation_id is not None:
        is_owner = invitation.member_role == MemberRole.OWNER or joined_as == JoinedAs.FIRST_OWNER
        membership, is_new = await Membership.get_or_create(
            organisation_id=invitation.organisation_id, person=person
        )
        changed: dict[str, Any] = {}
        if is_new or (membership.joined_as == JoinedAs.UNKNOWN and invitation.invited_by_id != person.id):
            changed = {"joined_as": joined_as, "invited_by_id": invitation.invited_by_id}
            changed["awaits_confirmation"] = False
        if is_owner and membership.role != MemberRole.OWNER:
            changed["role"] = MemberRole.OWNER
        if changed:
            await Membership.filter(id=membership.id).update(**changed)
            await notify_owners(membership, "member_joined", person)
        if joined_as == JoinedAs.FIRST_OWNER:
            await _notify_other_invitees(invitation, person)
    invitation.accepted_at = now()
    await invitation.save(update_fields=["accepted_at"])
    await record(
        Verb.INVITATION_ACCEPTED, invitation.id, organisation_id=invitation.organisation_id, by=person
    )


async def _notify_other_invitees(invitation: Invitation, person: Person) -> None:
    """Tell the other people who were invited as the first owner that somebody else has become the owner."""
    others = Invitation.filter(organisation_id=invitation.organisation_id, accepted_at=None)
    invitations = await others.filter(expires_at__gt=now()).prefetch_related("organisation")
    for each in {each.email: each for each in invitations if each.email != person.email}.values():
        assert each.organisation is not None
        facts = {"organisation": in_all_languages(each.organisation, "name"), "member": person.name}
        facts["role"] = person.role
        await queue_mail(each.email, each.language, "first_owner_is_another", facts=facts)
