"""The search index, and how far it is up to date."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.models import Model

from gallery.web.texts import MAX_TAG_LENGTH

if TYPE_CHECKING:
    from gallery.artworks.models import Artwork


class EntryKind(IntEnum):
    """The kind of thing that an entry is about. If hits have equal rank, the kind with the higher number comes first."""

    WORK = 1
    PROJECT = 2
    ORGANISATION = 3
    THEME = 4
    EXHIBITION = 5


IDS_PER_KIND = 1 << 32  # more than the rows of any table


def entry_id(kind: int, id: int) -> int:
    """The entry id for row `id` of a kind. Results are sorted by descending ids."""
    return kind * IDS_PER_KIND + id


class SearchEntry(Model):
    """The tokens of one thing that was on view when the entry was written.

    Each database has its own full-text index of the tokens. Triggers, made by the migration, delete an entry
    from the index when its row is deleted.
    """

    id = fields.BigIntField(primary_key=True, generated=False)
    artwork: fields.OneToOneNullableRelation[Artwork] = fields.OneToOneField(
        "gallery.Artwork", related_name="search_entry", null=True, on_delete=fields.CASCADE
    )
    artwork_id: int | None  # set for works only: a withdrawal finds the entry by this key
    stamp = fields.CharField(max_length=32)  # a hash of everything that the tokens were made from
    title_tokens = fields.TextField()
    text_tokens = fields.TextField()  # include the title's tokens

    class Meta:
        table = "search_entry"


MAX_KEY = 40  # characters
MAX_WORD = 60  # characters; a longer title is not suggested


class SearchWord(Model):
    """A title, name or word of a title that a search suggests while its entry exists.

    A Chinese title has a second row, whose key is its reading.
    """

    id = fields.BigIntField(primary_key=True)
    entry: fields.ForeignKeyRelation[SearchEntry] = fields.ForeignKeyField(
        "gallery.SearchEntry", related_name="words", on_delete=fields.CASCADE
    )
    entry_id: int
    key = fields.CharField(max_length=MAX_KEY)  # folded; sorted by code points on both databases
    # The key from its end, for words in which a query's typing mistakes are corrected; null for others.
    backwards = fields.CharField(max_length=MAX_KEY, null=True)
    text = fields.CharField(max_length=MAX_WORD)
    language = fields.CharField(max_length=MAX_TAG_LENGTH)  # "" for a credit name

    class Meta:
        table = "search_word"
        indexes = [("entry_id",), ("key", "entry_id"), ("backwards",)]


class IndexPass(Model):
    """How far the current pass over the index has come; one row."""

    id = fields.IntField(primary_key=True)
    content_version = fields.BigIntField(default=-1)  # the content version when the pass began; -1: unknown
    words_version = fields.IntField(default=0)  # tokenizer.VERSION when the pass began
    holds_until = fields.DatetimeField(null=True)  # the next change by time alone
    before = fields.BigIntField(default=0)  # entries with this id or a higher one are done; 0: all are done
    # The pass covers only these entries: {"version": content version, "entries": ids in descending order}. It
    # covers all entries if this is null, or if the version is not that of the pass.
    touched: dict[str, Any] | None = fields.JSONField(null=True)
    is_whole = fields.BooleanField(default=True, db_default=True)  # False if locked rows were left out
    is_rebuild = fields.BooleanField(default=False, db_default=False)  # the index was emptied before the pass

    class Meta:
        table = "index_pass"
