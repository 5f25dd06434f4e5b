"""Reviews, as they are kept."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.accounts.models import Person
    from gallery.artworks.models import Artwork, Submission


class Decision(StrEnum):
    ACCEPTED = "accepted"
    RETURNED = "returned"
    DECLINED = "declined"


class Review(Model):
    """What a curator decided on one submission, when, and why."""

    id = fields.IntField(primary_key=True)
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="reviews", on_delete=fields.CASCADE
    )
    artwork_id: int
    submission: fields.OneToOneRelation[Submission] = fields.OneToOneField(
        "gallery.Submission", related_name="review", on_delete=fields.CASCADE
    )
    submission_id: int
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="reviews", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()
    decision = fields.CharEnumField(Decision, max_length=10)
    reason = fields.TextField(default="")  # to the organisation
    notes: dict[str, str] = fields.JSONField(default=dict)  # form field → what to mend there

    class Meta:
        table = "review"
        indexes = [("artwork_id",)]
