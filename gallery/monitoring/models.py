"""Model: when the site was last backed up and checked, and when its certificate was last read."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields
from tortoise.models import Model


class MaintenanceKind(StrEnum):
    SETUP = "setup"  # the time since which runs are recorded
    BACKUP = "backup"  # facts: "damaged", the number of files that were not copied
    CHECK = "check"  # facts: "problems", the number of problems that were found and not mended
    CERTIFICATE = "certificate"  # facts: "begins_at" and "ends_at", in ISO 8601


class MaintenanceRun(Model):
    """The latest finished run of one kind. A failed run does not change the row."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharEnumField(MaintenanceKind, max_length=20, unique=True)
    ended_at = fields.DatetimeField()
    facts: Any = fields.JSONField(default=dict)

    class Meta:
        table = "maintenance_run"
