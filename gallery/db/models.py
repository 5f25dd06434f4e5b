"""Models of the site itself: the content version, running workers, and jobs of erasing bytes."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class ContentVersion(Model):
    id = fields.IntField(primary_key=True)
    number = fields.BigIntField(default=0)

    class Meta:
        table = "content_version"


class WorkerBeat(Model):
    """A worker that is alive, or was until recently: where it runs and what it is doing."""

    id = fields.IntField(primary_key=True)
    host = fields.CharField(max_length=60)
    process = fields.IntField()  # process id on that host
    started_at = fields.DatetimeField()
    seen_at = fields.DatetimeField()
    doing = fields.CharField(max_length=200, default="")  # names of chores
    failures = fields.IntField(
        default=0, db_default=0
    )  # steps of chores that raised an error, since it started
    failed_at = fields.DatetimeField(null=True)  # the last of them

    class Meta:
        table = "worker_beat"
        unique_together = (("host", "process"),)


class Erasure(Model):
    """Private text was deleted and its bytes are still to be erased. The row is the job."""

    id = fields.IntField(primary_key=True)
    at = fields.DatetimeField()

    class Meta:
        table = "erasure"
