"""A draft with one room, and the room's form."""

from __future__ import annotations

from gallery.artworks.models import Artwork
from gallery.exhibitions.models import Exhibition, Room
from tests import factories
from tests.markup import attribute


async def begun(works: list[Artwork], **room: object) -> tuple[Exhibition, Room]:
    """A draft with one room of `works`."""
    exhibition = await factories.exhibition(works, published=False)
    await Room.filter(edition__exhibition_id=exhibition.id).update(**room)
    return exhibition, await Room.get(edition__exhibition_id=exhibition.id)


def fields(room: Room, **changed: str) -> dict[str, str]:
    values = {"title_zh": "一号厅", "title_en": "Room one", "layout": "wall", "filled": "hand", **changed}
    return {f"room-{room.id}-{name}": value for name, value in values.items()}


def seen_at(page: str, action: str) -> str:
    """The version that the form with this action carries."""
    return attribute(page, f'form[action="{action}"] [name=seen]', "value")
