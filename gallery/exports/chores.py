"""The worker's chores for exports: making them, and deleting the files of ended ones."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from gallery.clock import now
from gallery.db.leases import LeaseLost, lease_renewal
from gallery.exports.exports import LEASE, claim_export, finish_export, leased
from gallery.exports.models import Export, ExportState, export_key
from gallery.exports.writer import write_export
from gallery.storage import StoreUnavailable
from gallery.worker import Chore, ChoreContext

MAX_LOSSES = 5
ROWS_KEPT_FOR = timedelta(days=30)


async def make_next(context: ChoreContext) -> bool:
    """Make the oldest waiting export. False if none waits."""
    job = await claim_export()
    if job is None:
        return False
    if job.losses >= MAX_LOSSES:
        await leased(job).update(state=ExportState.FAILED, lease_until=None)
        return True
    store = context.storage.private
    try:
        await store.delete_folder(export_key(job.token))  # files of earlier attempts
        async with lease_renewal(lambda: leased(job), LEASE.total_seconds()):
            files = await write_export(job, context.settings, context.storage)
        await finish_export(job, files, by_mail=context.settings.mail_server is not None)
    except LeaseLost:
        await store.delete_folder(export_key(job.token, job.attempts))
    except (StoreUnavailable, OSError, asyncio.CancelledError):
        await leased(job).update(lease_until=None)  # the export is not to blame: it will be tried again
        raise
    return True


async def clear_next(context: ChoreContext) -> bool:
    """Delete the files of one export that has ended. False if there is none."""
    ready = Export.filter(state=ExportState.READY)
    await ready.filter(expires_at__lt=now()).update(state=ExportState.EXPIRED)
    await Export.filter(files_cleared_at__lt=now() - ROWS_KEPT_FOR).delete()
    ended = [ExportState.DROPPED, ExportState.EXPIRED, ExportState.FAILED]
    export = await Export.filter(state__in=ended, files_cleared_at=None).order_by("id").first()
    if export is None:
        return False
    await context.storage.private.delete_folder(export_key(export.token))
    await Export.filter(id=export.id).update(files_cleared_at=now())
    return True


CHORES = [
    Chore("make exports", make_next, concurrent=True),
    Chore("clear exports", clear_next, every=30),
]
