"""Closing one's own account. Records of what the person did are kept, without their name."""

from __future__ import annotations

from typing import Any

from tortoise import Tortoise
from tortoise.expressions import Q

from gallery.accounts.members import owners_of, record_former_owners
from gallery.accounts.models import (
    AddressChange,
    Invitation,
    MailLink,
    MemberRole,
    Membership,
    Person,
    Role,
    Session,
)
from gallery.accounts.second_factors import forget_factors
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction, locked
from gallery.erasure import request_erasure
from gallery.mail.models import Mail
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l


class AccountDeletionRefused(Exception):
    """The person cannot close their account yet; `sentence` says why."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def deletion_obstacle(person: Person) -> Any:
    """Why a person cannot close their account, as a lazy sentence; "" if they can."""
    if (
        person.is_keeper
        and not await Person.filter(role=Role.KEEPER, is_active=True).exclude(id=person.id).exists()
    ):
        return _l("You are the only keeper. Please invite another before you leave.")
    owned = await Membership.filter(person_id=person.id, role=MemberRole.OWNER)
    for membership in owned:
        others = Membership.filter(organisation_id=membership.organisation_id).exclude(person_id=person.id)
        owners = await owners_of(membership.organisation_id)
        if await others.exists() and not any(owner.id != person.id for owner in owners):
            return _l("You are the only owner of your organisation. Please make a colleague its owner first.")
    return ""


async def close_account(person: Person) -> None:
    """Delete name, address and password, and end every session. Raises AccountDeletionRefused.

    The account's row stays, because foreign keys of other rows refer to it.
    """
    async with in_transaction():
        # Lock all keepers, and the memberships of the person's organisations, so that the last two keepers or
        # owners cannot leave at the same time.
        await locked(Person.filter(Q(role=Role.KEEPER) | Q(id=person.id)).order_by("id"))
        owned = await Membership.filter(person_id=person.id).values_list("organisation_id", flat=True)
        await locked(Membership.filter(organisation_id__in=list(owned)))
        sentence = await deletion_obstacle(person)
        if sentence:
            raise AccountDeletionRefused(sentence)
        await forget_account(person.id)
        await request_erasure()
        await record(Verb.ACCOUNT_CLOSED, person.id, by=person)


async def forget_account(id: int) -> None:
    """Delete name, address, password and everything that gives access. Call it in a transaction."""
    email, nobody = (await Person.get(id=id)).email, f"closed-{id}@invalid"
    await Session.filter(person_id=id).delete()
    await MailLink.filter(person_id=id).delete()
    await AddressChange.filter(person_id=id).delete()
    await Mail.filter(Q(person_id=id) | Q(email=email)).delete()
    await Invitation.filter(email=email, accepted_at=None).delete()
    await Invitation.filter(email=email).update(email=nobody)
    assert Tortoise.apps is not None
    # The model OwnerRequest is looked up by name: accounts may not import organisations, a higher layer.
    requests = Tortoise.apps.get_model("gallery", "OwnerRequest").filter(email=email)
    await requests.exclude(state="waiting").update(email=nobody)
    await record_former_owners(Membership.filter(person_id=id))
    await Membership.filter(person_id=id).delete()
    await forget_factors(id)
    await Person.filter(id=id).update(
        is_active=False,
        name=_("Somebody who left"),
        email=nobody,
        password_hash="",
    )
