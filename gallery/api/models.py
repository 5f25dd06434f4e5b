"""Tokens of programs, and answers kept for requests that are sent twice, as they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.accounts.models import Membership


class Token(Model):
    """What lets a program act for an organisation, in the name of the member who made it. It ends with the membership."""

    id = fields.IntField(primary_key=True)
    membership: fields.ForeignKeyRelation[Membership] = fields.ForeignKeyField(
        "gallery.Membership", related_name="tokens", on_delete=fields.CASCADE
    )
    membership_id: int
    name = fields.CharField(max_length=80)  # what it is for, in its maker's words
    token_hash = fields.CharField(max_length=64, unique=True)
    beginning = fields.CharField(max_length=20)  # its first letters, to recognise it by
    scopes = fields.CharField(max_length=100)  # of tokens.SCOPE_WORDS, with blanks between
    created_at = fields.DatetimeField(auto_now_add=True)
    used_at = fields.DatetimeField(null=True)  # to within tokens.USED_EVERY
    expires_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "token"
        indexes = [("membership_id",)]

    def covers(self, scope: str) -> bool:
        return scope in self.scopes.split()


class KeptAnswer(Model):
    """A request with an Idempotency-Key. While it has no status it is under way."""

    id = fields.IntField(primary_key=True)
    token: fields.ForeignKeyRelation[Token] = fields.ForeignKeyField(
        "gallery.Token", related_name="kept_answers", on_delete=fields.CASCADE
    )
    token_id: int
    key = fields.CharField(max_length=200)
    fingerprint = fields.CharField(max_length=64)  # of the request: another one must not have the key
    attempt = fields.IntField(default=1)  # tells apart who answers it now
    lease_until = fields.DatetimeField()  # whoever answers it must be done by then
    status: int | None = fields.IntField(null=True)
    headers: dict[str, str] = fields.JSONField(default=dict, db_default={})
    body = fields.TextField(default="", db_default="")
    created_at = fields.DatetimeField(db_index=True)

    class Meta:
        table = "kept_answer"
        unique_together = [("token", "key")]
