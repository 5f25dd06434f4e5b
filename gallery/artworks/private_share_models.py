"""An organisation's permission for curators to read an artist's private details, for one review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.accounts.models import Person
    from gallery.artworks.models import Submission


class PrivateShare(Model):
    """A permission that is in force until its submission is decided or taken back."""

    id = fields.IntField(primary_key=True)
    submission: fields.OneToOneRelation[Submission] = fields.OneToOneField(
        "gallery.Submission", related_name="private_share", on_delete=fields.CASCADE
    )
    submission_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="private_shares", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()

    class Meta:
        table = "private_share"
