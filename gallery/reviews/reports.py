"""Reports: a visitor says that a work should not be shown, and a curator decides what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.accounts.members import organisations_with_conflict
from gallery.accounts.models import Person, Role
from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction
from gallery.mail.outbox import Notification, notify
from gallery.reviews.models import Report


async def create_report(artwork: Artwork, values: Mapping[str, Any], language: str) -> Report:
    """Save a visitor's report and notify curators. The same report sent twice is saved once."""
    async with in_transaction():
        same = await Report.filter(artwork=artwork, told=values["told"], closed_at__isnull=True).first()
        if same is not None:
            return same
        made = await Report.create(artwork=artwork, language=language, **values)
        await record(Verb.REPORT_MADE, made.id, with_id=artwork.id)
        curators = await Person.filter(role__in=[Role.CURATOR, Role.KEEPER], is_active=True)
        recipients = [
            each
            for each in curators
            if artwork.organisation_id not in await organisations_with_conflict(each.id)
        ]
        await notify(
            recipients, Notification("report_waiting", f"/desk/reports/{made.id}", is_for_digest=False)
        )
        return made
