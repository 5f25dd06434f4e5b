"""Access to exhibitions at the desk: every curator may change every exhibition; nobody else may."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from gallery.accounts.access import load_curator
from gallery.accounts.models import Person
from gallery.exhibitions.models import Edition, Exhibition, Hanging, Room

__all__ = ["load_curator", "load_edition", "load_exhibition", "load_hanging", "load_room"]


async def load_exhibition(request: Request) -> tuple[Person, Exhibition]:
    """The signed-in curator and the exhibition in the URL; 404 if there is none."""
    person = await load_curator(request)
    exhibition = await Exhibition.get_or_none(id=request.path_params["id"]).prefetch_related("theme")
    if exhibition is None:
        raise HTTPException(404)
    return person, exhibition


async def load_edition(request: Request) -> tuple[Person, Exhibition, Edition]:
    """The signed-in curator, the exhibition, and its published edition with the number in the URL; else 404."""
    person, exhibition = await load_exhibition(request)
    edition = await Edition.get_or_none(exhibition_id=exhibition.id, number=request.path_params["number"])
    if edition is None:
        raise HTTPException(404)
    return person, exhibition, edition


async def load_room(request: Request) -> tuple[Person, Exhibition, Room]:
    """The signed-in curator, the exhibition, and the room in the URL.

    The room must be part of the draft, because published editions do not change.
    """
    person, exhibition = await load_exhibition(request)
    room = await Room.get_or_none(
        id=request.path_params["room"], edition__exhibition_id=exhibition.id, edition__number__isnull=True
    )
    if room is None:
        raise HTTPException(404)
    return person, exhibition, room


async def load_hanging(request: Request) -> tuple[Person, Exhibition, Hanging]:
    """The signed-in curator, the exhibition, and the hanging in the URL; 404 if it is not in the draft."""
    person, exhibition = await load_exhibition(request)
    hanging = await Hanging.get_or_none(
        id=request.path_params["hanging"],
        room__edition__exhibition_id=exhibition.id,
        room__edition__number__isnull=True,
    )
    if hanging is None:
        raise HTTPException(404)
    return person, exhibition, hanging
