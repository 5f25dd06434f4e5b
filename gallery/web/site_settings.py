"""The settings that keepers change at the desk: one row, which every process holds in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.settings import set_site_names
from gallery.web.languages import LANGUAGES, LocalizedText, current_language

if TYPE_CHECKING:
    from gallery.accounts.models import Person


class Site(Model):
    """The settings of the site, set at the desk.

    Settings of the machine are environment variables instead.
    """

    id = fields.IntField(primary_key=True)
    reviews_needed = fields.IntField(default=1, db_default=1)  # 1, or 2 by different people
    sample_percent = fields.IntField(default=20, db_default=20)  # of the works of sampled organisations
    name_zh = fields.CharField(max_length=60, default="", db_default="")  # empty: GALLERY_SITE_NAME_…
    name_en = fields.CharField(max_length=60, default="", db_default="")
    home_zh = fields.TextField(default="", db_default="")  # Markdown, as all texts below
    home_en = fields.TextField(default="", db_default="")
    about_zh = fields.TextField(default="", db_default="")  # empty: the gallery's own page
    about_en = fields.TextField(default="", db_default="")
    footer_zh = fields.CharField(max_length=500, default="", db_default="")
    footer_en = fields.CharField(max_length=500, default="", db_default="")
    # Of curators and keepers, unless GALLERY_SECOND_FACTOR says otherwise. False on sites that had people
    # before second factors existed.
    asks_second_factor = fields.BooleanField(default=True, db_default=True)
    changed_at = fields.DatetimeField(null=True)
    changed_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "gallery.Person", related_name="site_changes", null=True, on_delete=fields.SET_NULL
    )

    class Meta:
        table = "site"


_site = Site(id=1)  # as this process last read it


async def load_site() -> Site:
    """Read the settings; the defaults if no keeper has set anything."""
    return await Site.get_or_none(id=1) or Site(id=1)


async def reload() -> None:
    """Update this process's copy: when the content version changes, and for each page of the desk."""
    global _site
    _site = await load_site()
    set_site_names({language: getattr(_site, f"name_{language}") for language in LANGUAGES})


def asks_second_factor() -> bool:
    """Whether the site asks curators and keepers for a second factor, if the environment leaves it open."""
    return _site.asks_second_factor


def clear() -> None:
    """Reset this process's copy to the defaults, as in a new process."""
    global _site
    _site = Site(id=1)
    set_site_names({})


def text(field: str) -> LocalizedText:
    """The text `field` (home, about, footer) in the page's language only; there is no fallback to the other."""
    language = current_language()
    return LocalizedText(getattr(_site, f"{field}_{language}"), language)
