"""Messages that visitors send to the keepers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.web.languages import LabelledEnum
from gallery.web.languages import lazy_gettext as _l
from gallery.web.texts import MAX_TAG_LENGTH

if TYPE_CHECKING:
    from gallery.accounts.models import Person

MAX_PAGE_LENGTH = 300


class Subject(LabelledEnum):
    BARRIER = "barrier", _l("Something on these pages is hard or impossible for me to use")
    GALLERY = "gallery", _l("A question about the gallery or a work")
    FAULT = "fault", _l("Something is wrong or does not work")
    OTHER = "other", _l("Something else")


class Message(Model):
    id = fields.IntField(primary_key=True)
    subject = fields.CharEnumField(Subject, max_length=12)
    told = fields.TextField()
    page = fields.CharField(
        max_length=MAX_PAGE_LENGTH, default=""
    )  # as the visitor wrote it; no checked address
    email = fields.CharField(max_length=254, default="")  # empty if the visitor wants no answer
    language = fields.CharField(max_length=MAX_TAG_LENGTH)
    created_at = fields.DatetimeField(auto_now_add=True, db_index=True)
    closed_at = fields.DatetimeField(null=True, db_index=True)
    closed_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="messages_closed", null=True, on_delete=fields.SET_NULL
    )
    note = fields.TextField(default="")  # what was answered or done; only keepers read this

    class Meta:
        table = "message"
