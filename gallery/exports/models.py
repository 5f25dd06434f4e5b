"""Exports of organisations. A row in state `waiting` is a job for the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

from tortoise import fields
from tortoise.models import Model

from gallery.clock import now
from gallery.images.models import new_token
from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l

if TYPE_CHECKING:
    from datetime import datetime

    from gallery.accounts.models import Person
    from gallery.organisations.models import Organisation


class ExportState(LabelledEnum):
    WAITING = "waiting", _l("being made")
    READY = "ready", _l("ready to download")
    DROPPED = "dropped", _l("deleted, because a consent was withdrawn")
    EXPIRED = "expired", _l("deleted, because its time is over")
    FAILED = "failed", _l("could not be made")


class ExportFile(TypedDict):
    """One ZIP of an export."""

    name: str  # records.zip, works-1.zip
    size: int  # bytes


EXPORT_FOLDER = "exports"  # a folder of the private store


def export_key(token: str, attempt: int | None = None, name: str = "") -> str:
    """The key of a ZIP in the private store. Without a name: the folder of the attempt, or of all attempts."""
    parts = [EXPORT_FOLDER, token, *([str(attempt)] if attempt is not None else []), name]
    return "/".join(filter(None, parts))


class Export(Model):
    """All of an organisation's own data at one moment, as ZIP files that expire."""

    id = fields.IntField(primary_key=True)
    token = fields.CharField(max_length=32, unique=True, default=new_token)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="exports", on_delete=fields.CASCADE
    )
    organisation_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="exports", null=True, on_delete=fields.SET_NULL
    )
    by_id: int | None
    state = fields.CharEnumField(ExportState, max_length=10, default=ExportState.WAITING)
    files: list[ExportFile] = fields.JSONField(default=list)
    work_count = fields.IntField(default=0)  # number of works, counted at the start
    done_works = fields.IntField(default=0)
    # How often workers claimed the row. A new claim ends the earlier lease. The number is part of the files'
    # keys.
    attempts = fields.IntField(default=0)
    losses = fields.IntField(default=0)  # attempts whose worker was killed
    lease_until = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    expires_at: datetime | None = fields.DatetimeField(null=True)  # null until the export is ready
    files_cleared_at = fields.DatetimeField(null=True)  # when the files of an ended export were deleted

    class Meta:
        table = "export"
        indexes = [("organisation_id",), ("state",)]

    @property
    def is_ready(self) -> bool:
        """Whether its files may be downloaded now."""
        return self.state == ExportState.READY and self.expires_at is not None and now() < self.expires_at


async def needed_export_keys(keys: set[str]) -> set[str]:
    """The keys among `keys` that are files of exports that are ready or being made."""
    paths = {
        key: key.split("/") for key in keys if key.startswith(f"{EXPORT_FOLDER}/") and key.count("/") == 3
    }
    exports: dict[str, Any] = {
        each.token: each
        for each in await Export.filter(
            token__in={path[1] for path in paths.values()},
            state__in=[ExportState.WAITING, ExportState.READY],
        )
    }
    return {
        key
        for key, (_folder, token, attempt, name) in paths.items()
        if (export := exports.get(token)) is not None
        and attempt == str(export.attempts)
        and (export.state == ExportState.WAITING or any(file["name"] == name for file in export.files))
    }
