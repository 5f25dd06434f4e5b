"""The settings that keepers change at the desk: one row, of which every process has a copy in memory."""

from __future__ import annotations

from gallery.settings import set_site_names
from gallery.web.languages import LocalizedText
from gallery.web.models import Site

_site = Site(id=1)  # the row as this process last read it


async def load_site() -> Site:
    """Read the settings; the defaults if no keeper has set anything."""
    return await Site.get_or_none(id=1) or Site(id=1)


async def reload() -> None:
    """Read the row again. Called when the content version changes, and for each page of the desk."""
    global _site
    _site = await load_site()
    set_site_names(_site.name)


def asks_second_factor() -> bool:
    """Whether curators and keepers need a second factor, if no environment variable decides this."""
    return _site.asks_second_factor


def clear() -> None:
    """Reset this process's copy to the defaults, as in a new process."""
    global _site
    _site = Site(id=1)
    set_site_names({})


def text(field: str) -> LocalizedText:
    """The text `field` (home, about, footer) in the page's language or a related one only."""
    found: LocalizedText = getattr(_site, field).readable()
    return found
