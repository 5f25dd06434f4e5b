"""The states of an export: asked for, claimed by a worker, ready for two days, dropped by a withdrawal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from tortoise.expressions import F

from gallery.accounts.members import owners_of
from gallery.accounts.models import Person
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.db.leases import LeaseLost, claim_first
from gallery.exports.models import Export, ExportFile, ExportState, export_key
from gallery.mail.outbox import Notification, cancel_notification, in_all_languages, notify
from gallery.organisations.models import Organisation
from gallery.storage import Storage

LIFETIME = timedelta(hours=48)
LEASE = timedelta(seconds=90)


async def ask_for_export(organisation: Organisation, by: Person) -> Export:
    """Have the worker make an export. A waiting export is returned; a ready one ends."""
    async with in_transaction():
        await locked(Organisation.filter(id=organisation.id)).get()
        waiting = await Export.get_or_none(organisation_id=organisation.id, state=ExportState.WAITING)
        if waiting is not None:
            return waiting
        await _end_ready(organisation.id, ExportState.EXPIRED)
        made = await Export.create(organisation=organisation, by=by)
        await record(Verb.EXPORT_MADE, made.id, organisation_id=organisation.id, by=by)
        return made


async def claim_export() -> Export | None:
    """Lease the oldest waiting export; exports whose worker was killed come last."""
    return await claim_first(Export.filter(state=ExportState.WAITING).order_by("losses", "id"), LEASE)


def leased(job: Export) -> QuerySet[Export]:
    """The row of an export that this worker is making; empty once the worker has lost the lease."""
    return Export.filter(id=job.id, attempts=job.attempts, state=ExportState.WAITING)


async def keep_lease(job: Export, **values: int) -> None:
    """Save `values` and extend the lease. Raises LeaseLost."""
    if not await leased(job).update(lease_until=now() + LEASE, **values):
        raise LeaseLost


async def finish_export(job: Export, files: Sequence[ExportFile], *, by_mail: bool) -> None:
    """Offer the files to the owners, who with `by_mail` get a mail. Raises LeaseLost."""
    expires_at = now() + LIFETIME
    ready = {"state": ExportState.READY, "files": list(files), "expires_at": expires_at}
    async with in_transaction():
        if not await leased(job).update(lease_until=None, **ready):
            raise LeaseLost
        if by_mail:
            organisation = await Organisation.get(id=job.organisation_id)
            news = Notification(
                "export_ready",
                f"/desk/organisations/{organisation.id}/export",
                {"organisation": in_all_languages(organisation, "name"), "until": expires_at.isoformat()},
                key=_mail_key(job),
                is_for_digest=False,
            )
            await notify(await owners_of(organisation.id), news)


def _mail_key(export: Export) -> str:
    return f"export_ready:{export.id}"


async def drop_exports(organisation_id: int) -> None:
    """End ready exports, and restart those that are being made.

    Call it in the transaction of a withdrawal. The order of both updates matters: an export that a worker
    finishes in between loses its lease by the first, or is found by the second.
    """
    of_organisation = Export.filter(organisation_id=organisation_id)
    await of_organisation.filter(state=ExportState.WAITING).update(
        attempts=F("attempts") + 1, lease_until=None
    )
    await _end_ready(organisation_id, ExportState.DROPPED)


async def _end_ready(organisation_id: int, state: ExportState) -> None:
    """End the exports that are ready, and cancel the mails about them that were not sent."""
    ready = Export.filter(organisation_id=organisation_id, state=ExportState.READY)
    for export in await ready:
        await cancel_notification(_mail_key(export))
    await ready.update(state=state)


async def delete_dropped_files(organisation_id: int, storage: Storage) -> None:
    """Delete the files of all exports of an organisation that are not ready. Raises StoreUnavailable."""
    exports = Export.filter(organisation_id=organisation_id, files_cleared_at=None)
    for export in await exports.exclude(state=ExportState.READY):
        await storage.private.delete_folder(export_key(export.token))
