"""Reports: a visitor says that a work should not be shown, and a curator looks into it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gallery.accounts.members import organisations_with_conflict
from gallery.accounts.models import Person, Role
from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.mail.outbox import Notification, notify
from gallery.reviews.models import Report
from gallery.web.languages import lazy_gettext as _l


class ReportClosed(Exception):
    """Another curator closed it meanwhile."""

    sentence: Any = _l("This report was closed already.")


async def create_report(artwork: Artwork, values: Mapping[str, Any], language: str) -> Report:
    """Keep a visitor's report and tell curators. Sent twice, it is kept once."""
    async with in_transaction():
        known = await Report.filter(artwork=artwork, told=values["told"], closed_at__isnull=True).first()
        if known is not None:
            return known
        made = await Report.create(artwork=artwork, language=language, **values)
        await record(Verb.REPORT_MADE, made.id, with_id=artwork.id)
        curators = await Person.filter(role__in=[Role.CURATOR, Role.KEEPER], is_active=True)
        others = [
            each
            for each in curators
            if artwork.organisation_id not in await organisations_with_conflict(each.id)
        ]
        await notify(others, Notification("report_waiting", f"/desk/reports/{made.id}", is_for_digest=False))
        return made


async def close_report(report: Report, note: str, by: Person) -> None:
    """Close a case with a note on what was done. Raises ReportClosed."""
    async with in_transaction():
        held = await locked(Report.filter(id=report.id)).get()
        if held.closed_at is not None:
            raise ReportClosed
        held.update_from_dict({"closed_at": now(), "closed_by": by, "note": note})
        await held.save()
        await record(Verb.REPORT_CLOSED, held.id, by=by)
