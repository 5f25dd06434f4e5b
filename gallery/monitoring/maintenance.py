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
    """Record since when runs are recorded, unless that is known. Earlier backups are unknown."""
    await MaintenanceRun.get_or_create({"ended_at": now(), "facts": {}}, kind=MaintenanceKind.SETUP)


async def forget_runs_before_restore(copied_at: datetime) -> None:
    """Clean up a restored database: its rows are about another time, and maybe about another machine.

    The last backup is then the restored copy, which contains no record of itself.
    """
    await MaintenanceRun.all().delete()
    await begin_recording()
    await record_run(MaintenanceKind.BACKUP, at=copied_at, damaged=0)
