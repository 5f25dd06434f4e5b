"""What the keeper says of the site at the desk: one row, of which each process knows the latest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tortoise import fields
from tortoise.models import Model

from gallery.settings import call_site
from gallery.web.languages import LANGUAGES, Spoken, current_language

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


_known = Site(id=1)  # what this process knows


async def current() -> Site:
    """The site as it is set now; its defaults where no keeper has set anything."""
    return await Site.get_or_none(id=1) or Site(id=1)


async def read_anew() -> None:
    """Let this process know what is kept now: when the content version moves, and for each page of the desk."""
    global _known
    _known = await current()
    call_site({language: getattr(_known, f"name_{language}") for language in LANGUAGES})


def asks_second_factor() -> bool:
    """Whether the site asks curators and keepers for a second factor by itself."""
    return _known.asks_second_factor


def forget() -> None:
    """Begin with nothing known, as a new process does."""
    global _known
    _known = Site(id=1)
    call_site({})


def text(field: str) -> Spoken:
    """The text `field` (home, about, footer) in the page's language, and not in the other: it is part of the frame."""
    language = current_language()
    return Spoken(getattr(_known, f"{field}_{language}"), language)
