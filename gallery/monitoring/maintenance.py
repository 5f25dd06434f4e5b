"""Recording runs of maintenance."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gallery.clock import now
from gallery.monitoring.models import MaintenanceKind, MaintenanceRun


async def record_run(kind: MaintenanceKind, *, at: datetime | None = None, **facts: Any) -> None:
    """Record that a run has ended, by default now."""
    await MaintenanceRun.update_or_create({"ended_at": at or now(), "facts": facts}, kind=kind)


async def begin_recording() -> None:
    """Record the moment from which runs are recorded, unless there is one. Earlier backups are not known."""
    await MaintenanceRun.get_or_create({"ended_at": now(), "facts": {}}, kind=MaintenanceKind.SETUP)


async def forget_runs_before_restore(copied_at: datetime) -> None:
    """In a restored database: its rows are about another time, and maybe another machine.

    The last backup is the copy that was restored, which the database does not know.
    """
    await MaintenanceRun.all().delete()
    await begin_recording()
    await record_run(MaintenanceKind.BACKUP, at=copied_at, damaged=0)
