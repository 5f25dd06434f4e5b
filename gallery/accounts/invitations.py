"""Invitations: the only way to an account."""

from __future__ import annotations

import secrets
from datetime import timedelta

from tortoise.exceptions import IntegrityError

from gallery.accounts.models import Invitation, Membership, Person, Role
from gallery.accounts.passwords import hash_password
from gallery.accounts.sessions import token_hash
from gallery.clock import now
from gallery.database import in_transaction, locked


class InvitationSpent(Exception):
    """It was accepted already, or its days are over."""


async def invite(
    email: str,
    role: Role,
    *,
    days: int,
    organisation_id: int | None = None,
    language: str = "zh",
    by: Person | None = None,
) -> str:
    """Invite somebody for `days`; returns the token of the link, which is kept nowhere. Members need an organisation."""
    assert (role == Role.MEMBER) == (organisation_id is not None)
    token = secrets.token_urlsafe(24)
    await Invitation.create(
        token_hash=token_hash(token),
        email=email.strip().lower(),
        role=role,
        organisation_id=organisation_id,
        language=language,
        invited_by=by,
        expires_at=now() + timedelta(days=days),
    )
    return token


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
        await Membership.get_or_create(
            organisation_id=invitation.organisation_id,
            person=person,
        )
    invitation.accepted_at = now()
    await invitation.save(update_fields=["accepted_at"])
