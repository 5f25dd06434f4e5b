"""The models of the audit log. Entries hold ids and verbs, never a name or a text."""

from __future__ import annotations

from tortoise import fields
from tortoise.models import Model


class Entry(Model):
    """One action, or one access to private data.

    An entry is inserted in the transaction of the change, and the worker chains it soon afterwards. A chained
    entry never changes. The ids are plain numbers without foreign keys, so that an entry outlives the rows
    that it names.
    """

    id = fields.IntField(primary_key=True)
    at = fields.DatetimeField(db_index=True)
    person_id = fields.IntField(
        null=True
    )  # null: nobody was signed in, for example when the link on a consent slip was used
    verb = fields.CharField(max_length=40)  # a value of verbs.Verb when the entry was written
    kind = fields.CharField(max_length=20)  # "work" if the verb is "work.submitted"
    thing_id = fields.IntField()
    with_id = fields.IntField(null=True)  # the second thing of the action, such as the work that was hung
    organisation_id = fields.IntField(null=True)
    position = fields.IntField(null=True, unique=True)  # in the chain, from 1; null: not chained yet
    previous = fields.CharField(max_length=64, null=True)  # the digest of the previous entry

    class Meta:
        table = "audit_entry"
        indexes = [("kind", "thing_id"), ("person_id",), ("verb",)]


class ChainHead(Model):
    """The position and digest of the last chained entry: one row, locked while entries are chained."""

    id = fields.IntField(primary_key=True)
    position = fields.IntField(default=0)
    digest = fields.CharField(max_length=64, default="")

    class Meta:
        table = "audit_chain_head"
