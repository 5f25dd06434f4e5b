"""Writing the audit log: the function that every change calls in its own transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from gallery.audit.current_user import current_user_id
from gallery.audit.models import Entry
from gallery.audit.verbs import Verb, kind_of
from gallery.clock import now

if TYPE_CHECKING:
    from gallery.accounts.models import Person

AUTOSAVE_WINDOW = timedelta(minutes=10)  # autosave adds at most one entry within this time


async def record(
    verb: Verb,
    thing_id: int,
    *,
    organisation_id: int | None = None,
    with_id: int | None = None,
    by: Person | None = None,
    once_in: timedelta | None = None,
) -> None:
    """Add an entry for an action of `by` (default: the current user) in the transaction of the change.

    `once_in`: add no entry if the log has the same verb, thing and person within this time.
    """
    person_id = by.id if by is not None else current_user_id()
    same: dict[str, Any] = {"kind": kind_of(verb), "thing_id": thing_id, "verb": verb, "person_id": person_id}
    if once_in is not None and await Entry.exists(**same, at__gt=now() - once_in):
        return
    await Entry.create(**same, at=now(), with_id=with_id, organisation_id=organisation_id)
