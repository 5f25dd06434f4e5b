"""Models of the site itself: the content version, running workers, and erasure jobs."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class ContentVersion(Model):
    id = fields.IntField(primary_key=True)
    number = fields.BigIntField(default=0)

    class Meta:
        table = "content_version"


class ContentChange(Model):
    """One change of the content version, with the keys of the affected pages, see `web/page_keys.py`."""

    number = fields.BigIntField(primary_key=True, generated=False)  # the content version from this change on
    keys: list[str] | None = fields.JSONField(null=True)  # null: any page may have changed
    # If `keys` is null because any page may show the change: the keys of the changed rows; null: unknown.
    rows: list[str] | None = fields.JSONField(null=True)

    class Meta:
        table = "content_change"


class WorkerBeat(Model):
    """The heartbeat of a worker: where the worker runs, what it is doing, and when it was last alive."""

    id = fields.IntField(primary_key=True)
    host = fields.CharField(max_length=60)
    process = fields.IntField()  # process id on that host
    started_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    doing = fields.CharField(max_length=200, default="")  # names of the running chores
    failures = fields.IntField(default=0, db_default=0)  # number of failed steps of chores, since it started
    failed_at = fields.DatetimeField(null=True)  # time of the last of them

    class Meta:
        table = "worker_beat"
        unique_together = (("host", "process"),)


class Erasure(Model):
    """A job for the worker: erase the bytes of private text that was deleted."""

    id = fields.IntField(primary_key=True)
    at = fields.DatetimeField()

    class Meta:
        table = "erasure"
