"""Who may do what with themes: curators everything, nobody else anything."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.access import load_curator
from gallery.accounts.models import Person
from gallery.themes.models import Theme

__all__ = ["load_curator", "load_theme"]


async def load_theme(request: Request) -> tuple[Person, Theme]:
    """The curator at this desk and the theme of the address; 404 where there is none."""
    person = await load_curator(request)
    theme = await Theme.get_or_none(id=request.path_params["id"])
    if theme is None:
        raise HTTPException(404)
    return person, theme
