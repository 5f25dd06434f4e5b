"""Models: daily counts per page, and appreciations. No row identifies a visitor."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.artworks.models import Artwork
    from gallery.exhibitions.models import Exhibition
    from gallery.organisations.models import Organisation, Project
    from gallery.themes.models import Theme


class CountKind(StrEnum):
    SEEN = "seen"  # the page was opened
    FOLLOWED = "followed"  # a link to support the project was followed


class WorkCount(Model):
    """How often a work's page was opened on a day, or a support link on it was followed."""

    id = fields.IntField(primary_key=True)
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="counts", on_delete=fields.CASCADE
    )
    artwork_id: int
    day: date = fields.DateField()
    kind = fields.CharEnumField(CountKind, max_length=8)
    number = fields.IntField()

    class Meta:
        table = "work_count"
        unique_together = [("artwork", "day", "kind")]
        indexes = [("day",)]


class ThemeCount(Model):
    """How often a theme's page was opened on a day."""

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Theme] = fields.ForeignKeyField(
        "gallery.Theme", related_name="counts", on_delete=fields.CASCADE
    )
    theme_id: int
    day: date = fields.DateField()
    kind = fields.CharEnumField(CountKind, max_length=8)
    number = fields.IntField()

    class Meta:
        table = "theme_count"
        unique_together = [("theme", "day", "kind")]
        indexes = [("day",)]


class ProjectCount(Model):
    """How often a project's page was opened on a day, or a support link followed there or on a work."""

    id = fields.IntField(primary_key=True)
    project: fields.ForeignKeyRelation[Project] = fields.ForeignKeyField(
        "gallery.Project", related_name="counts", on_delete=fields.CASCADE
    )
    project_id: int
    day: date = fields.DateField()
    kind = fields.CharEnumField(CountKind, max_length=8)
    number = fields.IntField()

    class Meta:
        table = "project_count"
        unique_together = [("project", "day", "kind")]
        indexes = [("day",)]


class ExhibitionCount(Model):
    """How often a page of an exhibition was opened on a day."""

    id = fields.IntField(primary_key=True)
    exhibition: fields.ForeignKeyRelation[Exhibition] = fields.ForeignKeyField(
        "gallery.Exhibition", related_name="counts", on_delete=fields.CASCADE
    )
    exhibition_id: int
    day: date = fields.DateField()
    kind = fields.CharEnumField(CountKind, max_length=8)
    number = fields.IntField()

    class Meta:
        table = "exhibition_count"
        unique_together = [("exhibition", "day", "kind")]
        indexes = [("day",)]


class OrganisationCount(Model):
    """An organisation's sums for a day: views of its works' pages, and clicks on its projects' links.

    They are written together with WorkCount and ProjectCount, so that a page of sums need not read every
    count.
    """

    id = fields.IntField(primary_key=True)
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="counts", on_delete=fields.CASCADE
    )
    organisation_id: int
    day: date = fields.DateField()
    kind = fields.CharEnumField(CountKind, max_length=8)
    number = fields.IntField()

    class Meta:
        table = "organisation_count"
        unique_together = [("day", "organisation", "kind")]
        indexes = [("organisation_id", "day")]


class Appreciation(Model):
    """One visitor's appreciation of one work.

    The token can be computed only with the key in the visitor's cookie.

    A row is kept for a while after the visitor takes the appreciation back. So the visitor's latest change
    wins, in any order in which processes write.
    """

    token = fields.CharField(max_length=32, primary_key=True)
    artwork: fields.ForeignKeyRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="appreciations", on_delete=fields.CASCADE
    )
    artwork_id: int
    day: date = fields.DateField()
    is_there = fields.BooleanField()  # False: the appreciation was taken back
    changed_at = fields.BigIntField()  # nanoseconds since 1970

    class Meta:
        table = "appreciation"
        indexes = [("artwork_id", "is_there", "day"), ("day", "is_there", "artwork_id")]
