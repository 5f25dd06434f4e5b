"""What the keeper says of the site at the desk: one row, of which each process knows the latest."""

from __future__ import annotations

from gallery.settings import set_site_names
from gallery.web.languages import LANGUAGES, LocalizedText, current_language
from gallery.web.models import Site

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
