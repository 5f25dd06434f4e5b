"""The people of the tests: one for each role in the gallery."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from gallery.accounts import passwords
from gallery.accounts.models import Membership, Person, Role
from gallery.organisations.models import Organisation
from gallery.web.texts import Texts

PASSWORD = "correct horse battery"


@functools.cache
def password_hash() -> str:
    return passwords._hasher.hash(PASSWORD)


@dataclass
class Cast:
    """A partner and her colleague of one organisation, a partner elsewhere, a curator and a keeper."""

    organisation: Organisation
    elsewhere: Organisation
    partner: Person
    colleague: Person
    stranger: Person
    curator: Person
    keeper: Person


async def assemble() -> Cast:
    organisation = await Organisation.create(
        slug="xiaogeng", name=Texts({"zh": "晓更基金会", "en": "Xiaogeng Foundation"})
    )
    elsewhere = await Organisation.create(
        slug="bazaar", name=Texts({"zh": "芭莎公益", "en": "Bazaar Charity"})
    )

    async def person(name: str, role: Role, member_of: Organisation | None = None) -> Person:
        made = await Person.create(
            email=f"{name}@example.org", name=name, role=role, language="en", password_hash=password_hash()
        )
        if member_of is not None:
            await Membership.create(person=made, organisation=member_of)
        return made

    return Cast(
        organisation=organisation,
        elsewhere=elsewhere,
        partner=await person("partner", Role.MEMBER, organisation),
        colleague=await person("colleague", Role.MEMBER, organisation),
        stranger=await person("stranger", Role.MEMBER, elsewhere),
        curator=await person("curator", Role.CURATOR),
        keeper=await person("keeper", Role.KEEPER),
    )
