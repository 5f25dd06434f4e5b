"""Organisations and projects, as they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.accounts.models import Membership
    from gallery.artworks.models import Artwork


class Organisation(Model):
    id = fields.IntField(primary_key=True)
    slug = fields.CharField(max_length=60, unique=True)
    name_zh = fields.CharField(max_length=120, default="")
    name_en = fields.CharField(max_length=120, default="")
    about_zh = fields.TextField(default="")  # Markdown
    about_en = fields.TextField(default="")
    registration_number = fields.CharField(max_length=40, default="")
    website = fields.CharField(max_length=500, default="")
    is_active = fields.BooleanField(default=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    memberships: fields.ReverseRelation[Membership]
    projects: fields.ReverseRelation[Project]
    artworks: fields.ReverseRelation[Artwork]

    class Meta:
        table = "organisation"


class Project(Model):
    """The charity project behind works: what it does, whom it helps, and where to support it."""

    id = fields.IntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="projects", on_delete=fields.CASCADE
    )
    organisation_id: int
    slug = fields.CharField(max_length=60, unique=True)
    title_zh = fields.CharField(max_length=120, default="")
    title_en = fields.CharField(max_length=120, default="")
    summary_zh = fields.TextField(default="")
    summary_en = fields.TextField(default="")
    link = fields.CharField(max_length=500)  # http(s), where to support it
    created_at = fields.DatetimeField(auto_now_add=True)

    artworks: fields.ReverseRelation[Artwork]

    class Meta:
        table = "project"
