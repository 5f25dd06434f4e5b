"""A visitor's message is saved, and the keepers are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.accounts.models import Person, Role
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.contact.models import Message
from gallery.db.connection import in_transaction
from gallery.mail.outbox import Notification, notify


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
