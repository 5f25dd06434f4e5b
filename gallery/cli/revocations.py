"""What a restore must not bring back: everything that ended after the copy was made.

`valid.txt` in the backup folder has a line for each thing that can end and had not ended when the list was
written. What is in the copy but not in the list has ended since, and the restore ends it again. Bearer
secrets are ended in any case.

For a new kind of thing that can end, add a RevocableKind (revocable_kinds.py). The identity of a thing must
never change while it is valid. If you change how a kind identifies its things, rename the kind, so that older
lists do not apply to it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from hashlib import sha256

from gallery.accounts.models import (
    AddressChange,
    LinkRequest,
    MailLink,
    Person,
    Session,
)
from gallery.cli.revocable_kinds import REVOCABLE_KINDS, SECRET_KINDS
from gallery.mail.models import Mail, MailState
from gallery.storage import Storage


@dataclass(frozen=True)
class RevokedThing:
    kind: str
    what: str


def identity_digest(kind: str, identity: str) -> str:
    """A line of valid.txt for one valid thing.

    It reveals nothing: an identity contains only numbers, times and random names.
    """
    return sha256(f"{kind} {identity}".encode()).hexdigest()


async def valid_digests() -> AsyncIterator[str]:
    """The lines of valid.txt: one for each kind, which says that the list covers it, and one for each valid
    thing.
    """
    for kind in REVOCABLE_KINDS:
        yield identity_digest("kind", kind.name)
        for identity in (await kind.valid()).values():
            yield identity_digest(kind.name, identity)


async def is_of_another_site(valid: Collection[str]) -> bool:
    """Whether a list contains accounts, but no account of this site."""
    accounts = REVOCABLE_KINDS[0]
    ours = {identity_digest(accounts.name, identity) for identity in (await accounts.valid()).values()}
    return identity_digest("kind", accounts.name) in valid and ours.isdisjoint(valid)


async def revoke_ended(valid: Collection[str], storage: Storage) -> AsyncIterator[RevokedThing]:
    """End everything that is not in `valid`, for the kinds that the list covers."""
    for kind in REVOCABLE_KINDS:
        if identity_digest("kind", kind.name) not in valid:
            continue
        for id, identity in (await kind.valid()).items():
            if identity_digest(kind.name, identity) not in valid:
                yield RevokedThing(kind.name, await kind.end(id, storage))


async def revoke_secrets(storage: Storage) -> AsyncIterator[RevokedThing]:
    """Revoke all bearer secrets, because some may have been revoked or stolen after the copy was made."""
    await Session.all().delete()
    await MailLink.all().delete()
    await LinkRequest.all().delete()
    await AddressChange.all().delete()
    await Person.filter(second_factor_reset_at__isnull=False).update(second_factor_reset_at=None)
    await Mail.filter(state=MailState.UNSENT, secret__not="").delete()
    for kind in SECRET_KINDS:
        for id in await kind.valid():
            yield RevokedThing(kind.name, await kind.end(id, storage))
