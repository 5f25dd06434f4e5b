"""A draft with one room, and the room's form."""

from __future__ import annotations

import re

from gallery.artworks.models import Artwork
from gallery.exhibitions.models import Exhibition, Hanging, Room
from tests import factories
from tests.markup import attribute


async def begun(works: list[Artwork], **room: object) -> tuple[Exhibition, Room]:
    """A draft with one room of `works`."""
    exhibition = await factories.exhibition(works, published=False)
    await Room.filter(edition__exhibition_id=exhibition.id).update(**room)
    return exhibition, await Room.get(edition__exhibition_id=exhibition.id)


def fields(room: Room, **changed: str) -> dict[str, str]:
    """The fields of a room's form. `changed`: by name; `title_en` is the field title[en]."""
    texts = {re.sub(r"_(zh|en)$", r"[\1]", name): value for name, value in changed.items()}
    values = {"title[zh]": "一号厅", "title[en]": "Room one", "layout": "wall", "filled": "hand", **texts}
    return {f"room-{room.id}-{name}": value for name, value in values.items()}


def caption(hanging: Hanging, **words: str) -> dict[str, str]:
    """The fields of a caption's form. `words`: by language."""
    return {f"hanging-{hanging.id}-caption[{language}]": text for language, text in words.items()}


def seen_at(page: str, action: str) -> str:
    """The version that the form with this action carries."""
    return attribute(page, f'form[action="{action}"] [name=seen]', "value")
