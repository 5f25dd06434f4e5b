"""Exhibitions with their editions, rooms and hangings.

An edition owns its rooms and hangings. Each exhibition has one draft edition, which curators change.
Publishing copies it into a frozen edition, which visitors see.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from tortoise import fields
from tortoise.models import Model

from gallery.clock import now
from gallery.web.texts import TextsField

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
    # Published, and neither replaced nor taken off the site. An exhibition has at most two current editions:
    # the edition that visitors see, and a planned edition that will replace it.
    is_current = fields.BooleanField(default=False, db_index=True)
    # When the next edition opens, or when this edition was replaced or taken off the site; null: no end yet.
    shown_until = fields.DatetimeField(null=True)
    title = TextsField()
    introduction = TextsField()  # Markdown
    opening = fields.CharField(
        max_length=10, default="", db_default=""
    )  # an Opening; "": by the cover's shape
    closing = TextsField()  # Markdown: the words at the end; may be empty
    opens_at = fields.DatetimeField(null=True)  # required for publishing
    closes_at = fields.DatetimeField(null=True)
    published_at = fields.DatetimeField(null=True)
    published_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="editions", null=True, on_delete=fields.SET_NULL
    )

    leaves_when_closed = fields.BooleanField(
        default=False, db_default=False
    )  # whether the exhibition leaves the site at its closing, instead of staying among the past ones
    credits: Any = fields.JSONField(null=True)  # list of entries, see credits.py; null: no credits
    talks: Any = fields.JSONField(null=True)  # list of entries, see talks.py; null: no talks
    blocks: Any = fields.JSONField(null=True)  # list of entries, see blocks.py; null: no blocks
    version = fields.IntField(default=0, db_default=0)  # how often the draft was changed
    changed_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="drafts_changed", null=True, on_delete=fields.SET_NULL
    )
    changed_by_id: int | None

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

    def is_replaced(self, moment: datetime | None = None) -> bool:
        return self.shown_until is not None and self.shown_until <= (moment or now())

    @property
    def first_shown_at(self) -> datetime | None:
        """When visitors first saw this edition, or will; None for a draft and if it ended before it opened."""
        if self.is_draft or self.opens_at is None:
            return None
        at = max(self.published_at or self.opens_at, self.opens_at)
        return None if self.is_replaced(at) else at

    def is_shown(self, moment: datetime | None = None) -> bool:
        """Whether visitors see this edition; `edition_is_open` is the same rule in SQL."""
        at = moment or now()
        has_left = self.leaves_when_closed and self.has_closed(at)
        return self.is_current and self.has_opened(at) and not self.is_replaced(at) and not has_left

    def is_planned(self, moment: datetime | None = None) -> bool:
        """Whether the edition is published and opens later."""
        return self.is_current and not self.has_opened(moment)


class PublishedEditions(NamedTuple):
    """The edition of an exhibition that visitors see now, and the one that opens later."""

    shown: Edition | None
    planned: Edition | None

    @classmethod
    def of(cls, editions: Iterable[Edition]) -> PublishedEditions:
        """Find the two among `editions` of one exhibition, which must include all its current editions."""
        moment, current = now(), [edition for edition in editions if edition.is_current]
        return cls(
            shown=next((edition for edition in current if edition.is_shown(moment)), None),
            planned=next((edition for edition in current if edition.is_planned(moment)), None),
        )


class Opening(StrEnum):
    """How an exhibition begins."""

    BESIDE = "beside"  # the cover, with the title next to it
    FULL = "full"  # the cover over the whole width, with the title below
    DETAIL = "detail"  # a detail of the cover over the whole width, then title and cover


class Layout(StrEnum):
    """How the works of a room are shown."""

    WALL = "wall"  # all works at once, as on a wall
    STORIES = "stories"  # one work at a time, with its story
    TIMELINE = "timeline"  # works by year, the earliest first


class Room(Model):
    id = fields.IntField(primary_key=True)
    edition: fields.ForeignKeyRelation[Edition] = fields.ForeignKeyField(
        "gallery.Edition", related_name="rooms", on_delete=fields.CASCADE
    )
    edition_id: int
    position = fields.IntField()
    title = TextsField()
    text = TextsField()  # Markdown
    layout = fields.CharEnumField(Layout, max_length=10, default=Layout.WALL, db_default="wall")
    rule: Any = fields.JSONField(null=True)  # see room_rules.py; null: works are hung by hand
    without: Any = fields.JSONField(null=True)  # ids of works that the rule must not hang

    hangings: fields.ReverseRelation[Hanging]

    class Meta:
        table = "room"
        indexes = [("edition_id",)]
        ordering = ["position", "id"]


class Hanging(Model):
    """A work in a room."""

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
    caption = TextsField()  # shown in this room only
    sentence = (
        TextsField()
    )  # language of the story → its sentence that a curator chose, see artworks/sentences.py

    class Meta:
        table = "hanging"
        indexes = [("artwork_id",)]
        ordering = ["position", "id"]
        unique_together = [("room", "artwork")]


class PreviewLink(Model):
    """A link that shows a draft to people without an account, until it expires or is revoked."""

    id = fields.IntField(primary_key=True)
    exhibition: fields.ForeignKeyRelation[Exhibition] = fields.ForeignKeyField(
        "gallery.Exhibition", related_name="preview_links", on_delete=fields.CASCADE
    )
    exhibition_id: int
    whom = fields.CharField(max_length=80, default="", db_default="")  # the recipient's name, for curators
    made_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="preview_links", null=True, on_delete=fields.SET_NULL
    )
    made_at = fields.DatetimeField(auto_now_add=True)
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "preview_link"
        indexes = [("exhibition_id",)]
