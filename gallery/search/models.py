"""The index, as it is kept: what a search finds, and how far it is true."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.artworks.models import Artwork


class EntryKind(IntEnum):
    """What an entry is of. Among equal hits the higher number comes first."""

    WORK = 1
    PROJECT = 2
    ORGANISATION = 3
    THEME = 4
    EXHIBITION = 5


IDS_PER_KIND = 1 << 32  # of each kind: more than it can have rows


def entry_id(kind: int, id: int) -> int:
    """The id of the entry of row `id` of a kind: falling ids are the order of the answers."""
    return kind * IDS_PER_KIND + id


class SearchEntry(Model):
    """The tokens of one thing that was on view when they were written.

    Each database keeps what it searches by beside them, by triggers that the migration makes: a row that goes takes
    all of it along.
    """

    id = fields.BigIntField(primary_key=True, generated=False)
    artwork: fields.OneToOneNullableRelation[Artwork] = fields.OneToOneField(
        "gallery.Artwork", related_name="search_entry", null=True, on_delete=fields.CASCADE
    )
    artwork_id: int | None  # of works alone: what withdraws a work finds its entry by it
    stamp = fields.CharField(max_length=32)  # of all that the tokens were made from
    title_tokens = fields.TextField()
    text_tokens = fields.TextField()  # the title's among them

    class Meta:
        table = "search_entry"


class IndexPass(Model):
    """How far the index was compared with what is on view, in one row."""

    id = fields.IntField(primary_key=True)
    content_version = fields.BigIntField(default=-1)  # for which the pass began
    words_version = fields.IntField(default=0)  # of the tokens
    holds_until = fields.DatetimeField(null=True)  # when the clock changes what is on view
    before = fields.BigIntField(default=0)  # entries from this id on are done; 0: the pass is over

    class Meta:
        table = "index_pass"
