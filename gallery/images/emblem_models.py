"""The pictures by which visitors know an organisation and a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.images.models import Image
    from gallery.organisations.models import Organisation, Project


class Emblem(Model):
    """The logo of an organisation, or the cover of a project, with words for those who cannot see it."""

    id = fields.IntField(primary_key=True)
    image: fields.OneToOneRelation[Image] = fields.OneToOneField(
        "gallery.Image", related_name="emblem", on_delete=fields.CASCADE
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
    alt_zh = fields.CharField(max_length=200, default="")
    alt_en = fields.CharField(max_length=200, default="")

    class Meta:
        table = "emblem"
