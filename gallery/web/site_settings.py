"""What the keeper says of the site at the desk: one row, of which each process knows the latest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.settings import set_site_names
from gallery.web.languages import LANGUAGES, LocalizedText, current_language

if TYPE_CHECKING:
    from gallery.accounts.models import Person


class Site(Model):
    """What a keeper sets at the desk. What belongs to the machine it runs on stands in the environment instead."""

    id = fields.IntField(primary_key=True)
    reviews_needed = fields.IntField(default=1, db_default=1)  # 1, or 2 by different people
    sample_percent = fields.IntField(default=20, db_default=20)  # of works of organisations that are sampled
    name_zh = fields.CharField(max_length=60, default="", db_default="")  # empty: as the environment says
    name_en = fields.CharField(max_length=60, default="", db_default="")
    home_zh = fields.TextField(default="", db_default="")  # Markdown, as all texts below; empty: nothing
    home_en = fields.TextField(default="", db_default="")
    about_zh = fields.TextField(default="", db_default="")  # empty: the page that comes with the gallery
    about_en = fields.TextField(default="", db_default="")
    footer_zh = fields.CharField(max_length=500, default="", db_default="")
    footer_en = fields.CharField(max_length=500, default="", db_default="")
    asks_second_factor = fields.BooleanField(  # of curators and keepers, where the environment does not say
        default=True, db_default=True
    )  # False on sites that had people before there were second factors
    changed_at = fields.DatetimeField(null=True)
    changed_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="site_changes", null=True, on_delete=fields.SET_NULL
    )

    class Meta:
        table = "site"


_site = Site(id=1)  # what this process knows


async def load_site() -> Site:
    """The site as it is set now; its defaults where no keeper has set anything."""
    return await Site.get_or_none(id=1) or Site(id=1)


async def reload() -> None:
    """Let this process know what is kept now: when the content version moves, and for each page of the desk."""
    global _site
    _site = await load_site()
    set_site_names({language: getattr(_site, f"name_{language}") for language in LANGUAGES})


def asks_second_factor() -> bool:
    """Whether the site asks curators and keepers for a second factor by itself."""
    return _site.asks_second_factor


def clear() -> None:
    """Begin with nothing known, as a new process does."""
    global _site
    _site = Site(id=1)
    set_site_names({})


def text(field: str) -> LocalizedText:
    """The text `field` (home, about, footer) in the page's language, and not in the other: it is part of the frame."""
    language = current_language()
    return LocalizedText(getattr(_site, f"{field}_{language}"), language)
