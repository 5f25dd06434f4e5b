"""Model: the site's settings at the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.web.texts import TextsField

if TYPE_CHECKING:
    from gallery.accounts.models import Person


class Site(Model):
    """The settings that a keeper changes at the desk. Settings of the machine are environment variables
    instead.
    """

    id = fields.IntField(primary_key=True)
    reviews_needed = fields.IntField(default=1, db_default=1)  # per work: 1, or 2 by different people
    sample_percent = fields.IntField(default=20, db_default=20)  # of works, if a sample is reviewed
    name = TextsField()  # if no language has a name: the environment variable
    home = TextsField()  # Markdown, like all texts below; empty: no text
    about = TextsField()  # empty: the page that comes with the gallery
    footer = TextsField()
    asks_second_factor = fields.BooleanField(  # for curators and keepers, if no environment variable decides
        default=True, db_default=True
    )  # False on sites that had accounts before second factors existed
    changed_at = fields.DatetimeField(null=True)
    changed_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="site_changes", null=True, on_delete=fields.SET_NULL
    )

    class Meta:
        table = "site"
