"""What is done with a message: it is saved, keepers are told, and one of them closes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.accounts.models import Person, Role
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.contact.models import Message
from gallery.db.connection import in_transaction, locked
from gallery.mail.outbox import Notification, notify
from gallery.web.languages import lazy_gettext as _l


class MessageClosed(Exception):
    """Another keeper has closed the message."""

    sentence: Any = _l("This message has already been closed.")


async def create_message(values: Mapping[str, Any], language: str) -> Message:
    """Save a visitor's message and notify keepers. The same message sent twice is saved once."""
    async with in_transaction():
        same = await Message.filter(
            told=values["told"], email=values["email"], closed_at__isnull=True
        ).first()
        if same is not None:
            return same
        made = await Message.create(language=language, **values)
        await record(Verb.MESSAGE_MADE, made.id)
        keepers = await Person.filter(role=Role.KEEPER, is_active=True)
        # The mail has only the link: what was written stays here and can be deleted.
        await notify(
            keepers, Notification("message_waiting", f"/desk/messages/{made.id}", is_for_digest=False)
        )
        return made


async def close_message(message: Message, note: str, by: Person) -> None:
    """Close the message with a note on what was done. Raises MessageClosed."""
    async with in_transaction():
        current = await locked(Message.filter(id=message.id)).get()
        if current.closed_at is not None:
            raise MessageClosed
        current.update_from_dict({"closed_at": now(), "closed_by": by, "note": note})
        await current.save()
        await record(Verb.MESSAGE_CLOSED, current.id, by=by)
