"""Model: themes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from gallery.clock import today
from gallery.web.texts import TextsField

if TYPE_CHECKING:
    from gallery.artworks.models import Artwork


class Theme(Model):
    """An occasion with a date. Works can be sent to it between the first and the last day of its call."""

    id = fields.IntField(primary_key=True)
    slug = fields.CharField(max_length=60, unique=True)
    title = TextsField()
    text = TextsField()  # Markdown
    accent = fields.CharField(max_length=7, default="#a8322a")  # in light mode
    accent_night = fields.CharField(max_length=7, default="#e4755f")  # in dark mode
    date_rule = fields.CharField(
        max_length=40, default="", db_default=""
    )  # see date_rules; empty: days chosen by hand
    occurs_on = fields.DateField(null=True)  # the occasion's day, or the first of several days
    occurs_until = fields.DateField(null=True)  # the occasion's last day, if there are several
    call_opens_on = fields.DateField(null=True)
    call_closes_on = fields.DateField(null=True)  # the call's last day
    series: fields.ForeignKeyNullableRelation[Theme] = fields.ForeignKeyField(  # see first_of_series
        "gallery.Theme", related_name="later_years", null=True, on_delete=fields.SET_NULL
    )
    series_id: int | None
    cover: fields.ForeignKeyNullableRelation[Artwork] = fields.ForeignKeyField(
        "gallery.Artwork", related_name="covers", null=True, on_delete=fields.SET_NULL
    )
    cover_id: int | None
    created_at = fields.DatetimeField(auto_now_add=True)

    artworks: fields.ManyToManyRelation[Artwork]

    class Meta:
        table = "theme"

    def is_open(self, day: date | None = None) -> bool:
        """Whether works can be submitted on `day`, by default today."""
        day = day or today()
        if self.call_opens_on is not None and day < self.call_opens_on:
            return False
        return self.call_closes_on is None or day <= self.call_closes_on

    def is_over(self, day: date | None = None) -> bool:
        """Whether the theme's last day is before `day`, by default today."""
        last = self.occurs_until or self.occurs_on
        return last is not None and last < (day or today())

    @property
    def first_of_series(self) -> int:
        """The id of the first theme of the series; this theme's own id if it is the first."""
        return self.series_id or self.id


def themes_open_for_works(day: date | None = None) -> Q:
    """The condition for themes whose call is open on `day` (default: today) and that are not over."""
    day = day or today()
    return Q(Q(call_opens_on__isnull=True) | Q(call_opens_on__lte=day)) & Q(
        Q(call_closes_on__gte=day) | Q(call_closes_on__isnull=True, occurs_on__gte=day)
    )
