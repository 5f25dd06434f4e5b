"""Model: when the site was last backed up and checked, and when its certificate was last read."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model


class MaintenanceKind(StrEnum):
    SETUP = "setup"  # since when runs are recorded here
    BACKUP = "backup"  # facts: "damaged", the number of files that were not copied
    CHECK = "check"  # facts: "problems", the number that was found and not mended
    CERTIFICATE = "certificate"  # facts: "begins_at" and "ends_at", in ISO 8601


class MaintenanceRun(Model):
    """The last run of one kind that ended. A failed run leaves the row of the one before."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharEnumField(MaintenanceKind, max_length=20, unique=True)
    ended_at = fields.DatetimeField()
    facts: Any = fields.JSONField(default=dict)

    class Meta:
        table = "maintenance_run"
