"""What a message to the keepers and a report of a concern share: somebody reads it, and closes it with a note."""

from __future__ import annotations

from typing import Any

from gallery.accounts.models import Person
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.contact.models import Message
from gallery.db.connection import in_transaction, locked
from gallery.reviews.models import Report


class LetterClosed(Exception):
    """Somebody else has closed it."""


async def close_letter(letter: Message | Report, note: str, by: Person, verb: Verb) -> None:
    """Close a message or report with a note on what was done. Raises LetterClosed."""
    async with in_transaction():
        rows: Any = type(letter).filter(id=letter.id)
        current = await locked(rows).get()
        if current.closed_at is not None:
            raise LetterClosed
        current.update_from_dict({"closed_at": now(), "closed_by": by, "note": note})
        await current.save()
        await record(verb, current.id, by=by)
