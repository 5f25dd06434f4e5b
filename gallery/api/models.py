"""Tokens of programs, and saved responses to requests with an Idempotency-Key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.accounts.models import Membership


class Token(Model):
    """A token lets a program act for an organisation in the name of the member who made it.

    The token is deleted together with the membership.
    """

    id = fields.IntField(primary_key=True)
    membership: fields.ForeignKeyRelation[Membership] = fields.ForeignKeyField(
        "gallery.Membership", related_name="tokens", on_delete=fields.CASCADE
    )
    membership_id: int
    name = fields.CharField(max_length=80)  # what the token is for, in the owner's words
    token_hash = fields.CharField(max_length=64, unique=True)
    beginning = fields.CharField(max_length=20)  # first characters of the token, shown in the list
    scopes = fields.CharField(max_length=100)  # keys of tokens.SCOPE_WORDS, separated by spaces
    created_at = fields.DatetimeField(auto_now_add=True)
    used_at = fields.DatetimeField(null=True)  # accurate to tokens.USED_AT_INTERVAL
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "token"
        indexes = [("membership_id",)]

    def covers(self, scope: str) -> bool:
        return scope in self.scopes.split()


class KeptAnswer(Model):
    """A request with an Idempotency-Key, and its response. While it is in progress, `status` is null."""

    id = fields.IntField(primary_key=True)
    token: fields.ForeignKeyRelation[Token] = fields.ForeignKeyField(
        "gallery.Token", related_name="kept_answers", on_delete=fields.CASCADE
    )
    token_id: int
    key = fields.CharField(max_length=200)
    fingerprint = fields.CharField(max_length=64)  # hash of the request for which the key was first used
    attempt = fields.IntField(default=1)  # only the process with the latest attempt saves the response
    lease_until = fields.DatetimeField()  # until then no other process retries the request
    status: int | None = fields.IntField(null=True)
    headers: dict[str, str] = fields.JSONField(default=dict, db_default={})
    body = fields.TextField(default="", db_default="")
    created_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "kept_answer"
        unique_together = [("token", "key")]
