"""Exhibitions, their editions, rooms and hangings, as they are kept.

An edition owns its rooms and hangings. Each exhibition has one draft edition, which curators change; publishing copies
it into a frozen one, which visitors see.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.clock import now

if TYPE_CHECKING:
    from gallery.accounts.models import Person
    from gallery.artworks.models import Artwork
    from gallery.themes.models import Theme


class Exhibition(Model):
    id = fields.IntField(primary_key=True)
    slug = fields.CharField(max_length=60, unique=True)
    theme: fields.ForeignKeyNullableRelation[Theme] = fields.ForeignKeyField(
        "gallery.Theme", related_name="exhibitions", null=True, on_delete=fields.SET_NULL
    )
    theme_id: int | None
    created_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="exhibitions", null=True, on_delete=fields.SET_NULL
    )
    created_at = fields.DatetimeField(auto_now_add=True)

    editions: fields.ReverseRelation[Edition]

    class Meta:
        table = "exhibition"


class Edition(Model):
    id = fields.IntField(primary_key=True)
    exhibition: fields.ForeignKeyRelation[Exhibition] = fields.ForeignKeyField(
        "gallery.Exhibition", related_name="editions", on_delete=fields.CASCADE
    )
    exhibition_id: int
    number = fields.IntField(null=True)  # null: the draft
    is_current = fields.BooleanField(default=False, db_index=True)  # the one that visitors see
    title_zh = fields.CharField(max_length=120, default="")
    title_en = fields.CharField(max_length=120, default="")
    introduction_zh = fields.TextField(default="")  # Markdown
    introduction_en = fields.TextField(default="")
    opens_at = fields.DatetimeField(null=True)  # an edition without it cannot be published
    closes_at = fields.DatetimeField(null=True)
    published_at = fields.DatetimeField(null=True)
    published_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="editions", null=True, on_delete=fields.SET_NULL
    )

    rooms: fields.ReverseRelation[Room]

    class Meta:
        table = "edition"
        unique_together = [("exhibition", "number")]

    @property
    def is_draft(self) -> bool:
        return self.number is None

    def has_opened(self, moment: datetime | None = None) -> bool:
        return self.opens_at is not None and self.opens_at <= (moment or now())

    def has_closed(self, moment: datetime | None = None) -> bool:
        return self.closes_at is not None and self.closes_at <= (moment or now())


class Room(Model):
    id = fields.IntField(primary_key=True)
    edition: fields.ForeignKeyRelation[Edition] = fields.ForeignKeyField(
        "gallery.Edition", related_name="rooms", on_delete=fields.CASCADE
    )
    edition_id: int
    position = fields.IntField()
    title_zh = fields.CharField(max_length=120, default="")
    title_en = fields.CharField(max_length=120, default="")
    text_zh = fields.TextField(default="")  # Markdown
    text_en = fields.TextField(default="")

    hangings: fields.ReverseRelation[Hanging]

    class Meta:
        table = "room"
        indexes = [("edition_id",)]
        ordering = ["position", "id"]


class Hanging(Model):
    """A work on the wall of a room."""

    id = fields.IntField(primary_key=True)
    room: fields.ForeignKeyRelation[Room] = fields.ForeignKeyField(
        "gallery.Room", related_name="hangings", on_delete=fields.CASCADE
    )
    room_id: int
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="hangings", on_delete=fields.CASCADE
    )
    artwork_id: int
    position = fields.IntField()

    class Meta:
        table = "hanging"
        indexes = [("artwork_id",)]
        ordering = ["position", "id"]
        unique_together = [("room", "artwork")]
