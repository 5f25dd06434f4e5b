"""Model: extra time for one organisation after a call has closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.accounts.models import Person
    from gallery.organisations.models import Organisation
    from gallery.themes.models import Theme


class Extension(Model):
    """Extra time that a curator gave an organisation to send works to a theme."""

    id = fields.IntField(primary_key=True)
    theme: fields.ForeignKeyRelation[Theme] = fields.ForeignKeyField(
        "gallery.Theme", related_name="extensions", on_delete=fields.CASCADE
    )
    theme_id: int
    organisation: fields.ForeignKeyRelation[Organisation] = fields.ForeignKeyField(
        "gallery.Organisation", related_name="extensions", on_delete=fields.CASCADE
    )
    organisation_id: int
    until = fields.DateField()  # the last day of the extended call
    by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="extensions_given", null=True, on_delete=fields.SET_NULL
    )
    at = fields.DatetimeField()

    class Meta:
        table = "extension"
        indexes = [("organisation_id", "until"), ("theme_id",)]
