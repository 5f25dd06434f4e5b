"""The entries of the audit log, as they are kept: ids and verbs, never a name or a text."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class Entry(Model):
    """One thing that was done or read. Written with the change itself, chained a moment later, never changed then.

    The ids are plain numbers: what they name may be deleted, and the entry stays as it was.
    """

    id = fields.IntField(primary_key=True)
    at = fields.DatetimeField(db_index=True)
    person_id = fields.IntField(null=True)  # null: nobody signed in did it, such as whoever holds a slip
    verb = fields.CharField(max_length=40)  # one of verbs.Verb, as it was named then
    kind = fields.CharField(max_length=20)  # of thing: the first part of the verb
    thing_id = fields.IntField()
    with_id = fields.IntField(null=True)  # the other thing, such as the work that was hung
    organisation_id = fields.IntField(null=True)
    position = fields.IntField(null=True, unique=True)  # in the chain, from 1, null until it is chained
    previous = fields.CharField(max_length=64, null=True)  # the digest of the entry before

    class Meta:
        table = "audit_entry"
        indexes = [("kind", "thing_id"), ("person_id",), ("verb",)]


class ChainHead(Model):
    """The end of the chain. Whoever chains entries holds its only row, so one does at a time."""

    id = fields.IntField(primary_key=True)
    position = fields.IntField(default=0)
    digest = fields.CharField(max_length=64, default="")

    class Meta:
        table = "audit_chain_head"
