"""Invitations: the only way to an account."""

from __future__ import annotations

import secrets
from datetime import timedelta

from tortoise.exceptions import IntegrityError

from gallery.accounts.models import Invitation, MemberRole, Membership, Person, Role
from gallery.accounts.passwords import hash_password
from gallery.accounts.sessions import token_hash
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.database import in_transaction, locked
from gallery.mail.outbox import in_both, write_to


class InvitationSpent(Exception):
    """It was accepted already, or its days are over."""


async def invite(
    email: str,
    role: Role,
    *,
    days: int,
    organisation_id: int | None = None,
    member_role: MemberRole | None = None,
    language: str = "zh",
    by: Person | None = None,
    mail: str = "invitation",
) -> str:
    """Invite somebody for `days`, and write them the mail `mail`; returns the token of the link.

    Members need an organisation; without `member_role` the first of them is its owner.
    """
    assert (role == Role.MEMBER) == (organisation_id is not None)
    token = secrets.token_urlsafe(24)
    email = email.strip().lower()
    expires_at = now() + timedelta(days=days)
    async with in_transaction():
        invitation = await Invitation.create(
            token_hash=token_hash(token),
            email=email,
            role=role,
            organisation_id=organisation_id,
            member_role=member_role or await _role_of_next(organisation_id),
            language=language,
            invited_by=by,
            expires_at=expires_at,
        )
        await record(Verb.INVITATION_MADE, invitation.id, organisation_id=organisation_id, by=by)
        await invitation.fetch_related("organisation")
        facts = {
            "organisation": in_both(invitation.organisation, "name") if invitation.organisation else "",
            "inviter": by.name if by else "",
            "until": expires_at.isoformat(),
        }
        await write_to(
            email,
            language,
            mail,
            "/desk/invitations/",
            facts=facts,
            secret=token,
            useless_after=expires_at,
        )
    return token


async def _role_of_next(organisation_id: int | None) -> MemberRole:
    """An organisation's first member is its owner: somebody must be able to invite the others."""
    owned = await Membership.exists(organisation_id=organisation_id, role=MemberRole.OWNER)
    return MemberRole.EDITOR if organisation_id is None or owned else MemberRole.OWNER


async def open_invitation(token: str) -> Invitation | None:
    """The invitation of a link with its organisation; None where there never was one. Raises InvitationSpent."""
    invitation = (
        await Invitation.filter(token_hash=token_hash(token)).first().prefetch_related("organisation")
    )
    if invitation is not None and (invitation.accepted_at is not None or invitation.expires_at <= now()):
        raise InvitationSpent
    return invitation


async def accept(invitation: Invitation, name: str, password: str) -> Person:
    """Make the account, or add the membership to the one that the address has. Raises InvitationSpent.

    Somebody who has an account shows that it is theirs by signing in; see the view.
    """
    password_hash = await hash_password(password)
    try:
        async with in_transaction():
            held = await locked(Invitation.filter(id=invitation.id, accepted_at=None)).first()
            if held is None or await Person.exists(email=held.email):
                raise InvitationSpent
            person = await Person.create(
                email=held.email,
                name=name,
                password_hash=password_hash,
                role=held.role,
                language=held.language,
            )
            await record(Verb.ACCOUNT_MADE, person.id, by=person)
            await _join(held, person)
            return person
    except IntegrityError as error:  # another invitation of this address was accepted in this moment
        raise InvitationSpent from error


async def accept_as(invitation: Invitation, person: Person) -> None:
    """Add what the invitation gives to an account that exists. Raises InvitationSpent."""
    async with in_transaction():
        held = await locked(Invitation.filter(id=invitation.id, accepted_at=None)).first()
        if held is None or held.email != person.email:
            raise InvitationSpent
        if held.role != Role.MEMBER and person.role != Role.KEEPER:
            await Person.filter(id=person.id).update(role=held.role)
        await _join(held, person)


async def _join(invitation: Invitation, person: Person) -> None:
    if invitation.organisation_id is not None:
        membership, _ = await Membership.get_or_create(
            organisation_id=invitation.organisation_id,
            person=person,
            defaults={"role": invitation.member_role},
        )
        if invitation.member_role == MemberRole.OWNER and membership.role != MemberRole.OWNER:
            await Membership.filter(id=membership.id).update(role=MemberRole.OWNER)
    invitation.accepted_at = now()
    await invitation.save(update_fields=["accepted_at"])
    await record(
        Verb.INVITATION_ACCEPTED, invitation.id, organisation_id=invitation.organisation_id, by=person
    )
