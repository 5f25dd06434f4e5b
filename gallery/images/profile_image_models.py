"""Pictures that are not works: logos of organisations, covers of projects, logos in an exhibition's
credits."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.web.texts import TextsField

if TYPE_CHECKING:
    from datetime import datetime

    from gallery.exhibitions.models import Exhibition
    from gallery.images.models import Image
    from gallery.organisations.models import Organisation, Project


class ProfileImageState(StrEnum):
    NEW = "new"  # not compared with works yet
    SHOWN = "shown"
    WAITING = "waiting"  # the picture is similar to a work that may not be shown: a curator decides
    KEPT = "kept"  # a curator decided that the picture may be shown


class ProfileImage(Model):
    """The logo of an organisation, or the cover of a project, with its alt text."""

    id = fields.IntField(primary_key=True)
    image: fields.OneToOneRelation[Image] = fields.OneToOneField(
        "gallery.Image", related_name="profile_image", on_delete=fields.CASCADE
    )
    image_id: int
    organisation: fields.OneToOneNullableRelation[Organisation] = fields.OneToOneField(
        "gallery.Organisation", related_name="logo", null=True, on_delete=fields.CASCADE
    )
    organisation_id: int | None
    project: fields.OneToOneNullableRelation[Project] = fields.OneToOneField(
        "gallery.Project", related_name="cover", null=True, on_delete=fields.CASCADE
    )
    project_id: int | None
    alt = TextsField()
    state = fields.CharEnumField(
        ProfileImageState, max_length=10, default=ProfileImageState.NEW, db_default=ProfileImageState.SHOWN
    )
    # The similar image, of a work that may not be shown. Not a foreign key: the number is kept when that
    # image is deleted.
    resembles_id = fields.IntField(null=True)
    seen_at: datetime | None = fields.DatetimeField(null=True)  # null: no curator saw the picture yet

    class Meta:
        table = "profile_image"


class CreditLogo(Model):
    """A logo in an exhibition's credits. It belongs to the exhibition, not to one of its editions."""

    id = fields.IntField(primary_key=True)
    exhibition: fields.ForeignKeyRelation[Exhibition] = fields.ForeignKeyField(
        "gallery.Exhibition", related_name="logos", on_delete=fields.CASCADE
    )
    exhibition_id: int
    key = fields.CharField(max_length=8)  # the key of the credit to which the logo belongs
    token = fields.CharField(max_length=32, db_index=True)  # the file's name, shared by exhibition copies
    width = fields.IntField()  # px of the upload; the file has the same aspect ratio
    height = fields.IntField()
    fingerprint = fields.BinaryField(null=True)  # null: not computed yet

    class Meta:
        table = "credit_logo"
        unique_together = [("exhibition", "key")]
