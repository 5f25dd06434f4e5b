"""What the keeper says of the site at the desk: one row, which every process reads anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

if TYPE_CHECKING:
    from gallery.accounts.models import Person


class Site(Model):
    """What a keeper sets at the desk. What belongs to the machine it runs on stands in the environment instead."""

    id = fields.IntField(primary_key=True)
    reviews_needed = fields.IntField(default=1, db_default=1)  # 1, or 2 by different people
    sample_percent = fields.IntField(default=20, db_default=20)  # of works of organisations that are sampled
    changed_at = fields.DatetimeField(null=True)
    changed_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="site_changes", null=True, on_delete=fields.SET_NULL
    )

    class Meta:
        table = "site"


async def current() -> Site:
    """The site as it is set now; its defaults where no keeper has set anything."""
    return await Site.get_or_none(id=1) or Site(id=1)
