"""Stored sounds: an original and the files made from it. A row in state `received` is a job for the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from gallery.images.models import new_token
from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l

if TYPE_CHECKING:
    from datetime import datetime

    from gallery.artworks.models import Artwork
    from gallery.organisations.models import Organisation


class SoundState(LabelledEnum):
    RECEIVED = "received", _l("The recording has arrived and is being prepared.")
    READY = "ready", ""
    REFUSED = "refused", _l("This recording could not be prepared. Please choose another.")
    # No file is left, for instance because its work was withdrawn.
    ERASED = "erased", _l("This recording could not be prepared. Please choose another.")


class Sound(Model):
    """One recording. Its transcript is a text of the work."""

    id = fields.IntField(primary_key=True)
    token = fields.CharField(max_length=32, unique=True, default=new_token)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="sounds", on_delete=fields.CASCADE
    )
    organisation_id: int
    state = fields.CharEnumField(SoundState, max_length=10, default=SoundState.RECEIVED, db_index=True)
    refusal = fields.CharField(max_length=30, default="")  # a key of SOUND_REFUSALS
    source_bytes = fields.BigIntField()
    source_sha256 = fields.CharField(max_length=64)  # SHA-256 of the original, in hex
    milliseconds = fields.IntField(default=0)  # 0 until the sound is first opened
    peaks: list[int] = fields.JSONField(default=list)  # PEAKS numbers from 0 to 100, once the sound is ready
    file_bytes: dict[str, int] = fields.JSONField(default=dict)  # name of a file → its size
    is_public = fields.BooleanField(default=False)  # whether files may be in public storage
    attempts = fields.IntField(default=0)  # number of claims; also identifies the current claim
    failures = fields.IntField(default=0)  # attempts for which this machine had too little time or memory
    attempt_after: datetime | None = fields.DatetimeField(null=True)  # earliest moment of the next claim
    lease_until: datetime | None = fields.DatetimeField(null=True)  # end of the lease of the claiming worker
    created_at = fields.DatetimeField(auto_now_add=True)

    artwork: fields.BackwardOneToOneRelation[Artwork]

    class Meta:
        table = "sound"
        indexes = [("organisation_id",)]

    @property
    def seconds(self) -> int:
        """The length in whole seconds; 0 until it is known."""
        return round(self.milliseconds / 1000)


def voice_may_be_heard() -> Q:
    """The condition for works whose voice may be heard wherever the work is shown."""
    heard: dict[str, Any] = {"sound__state": SoundState.READY, "consent__for_voice": True}
    return Q(**heard)
