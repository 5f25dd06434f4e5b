"""Access to themes: only curators may see and change them at the desk."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.access import load_curator
from gallery.accounts.models import Person
from gallery.themes.models import Theme

__all__ = ["load_curator", "load_theme"]


async def load_theme(request: Request) -> tuple[Person, Theme]:
    """The curator and the theme in the URL; 404 if there is no such theme."""
    person = await load_curator(request)
    theme = await Theme.get_or_none(id=request.path_params["id"])
    if theme is None:
        raise HTTPException(404)
    return person, theme
