"""The keys on which cached pages and pictures depend, and the keys that a change affects, such as `work:7`.

A page that declares no keys is dropped at every change. A change without keys drops all pages. So a missing
declaration costs speed, but never shows outdated content.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.types import Scope
from tortoise.expressions import Subquery

from gallery.artworks.models import Artwork, edition_is_not_replaced
from gallery.cases.models import Case
from gallery.db.content_version import CASE, EDITION, ORGANISATION, THEME, WORK
from gallery.exhibitions.models import Hanging, Room

SCOPE_KEY = "gallery.page_keys"  # in the ASGI scope: the set that collects the keys of the response
# The key of pages that lead to the next exhibition: any publication may change it. As every key, it has an id.
EXHIBITIONS = "exhibitions:0"
CHUNK = 5_000  # ids in one query; SQLite allows 32,766 parameters


def work_key(artwork_id: int) -> str:
    """The key of everything that is shown about one work."""
    return f"{WORK}{artwork_id}"


def edition_key(edition_id: int) -> str:
    """The key of an edition: its texts, rooms, and which of its works are on view."""
    return f"{EDITION}{edition_id}"


def case_key(case_id: int) -> str:
    """The key of a case: its figures, and whether it still asks for support."""
    return f"{CASE}{case_id}"


def works_of_keys(keys: Iterable[str]) -> list[int]:
    """The ids of the works among these keys."""
    return [int(key.removeprefix(WORK)) for key in keys if key.startswith(WORK)]


def declare_keys(request: Request, keys: Iterable[str]) -> None:
    """Declare that the response depends on `keys`, and on no other keys."""
    collected: set[str] | None = request.scope.get(SCOPE_KEY)
    if collected is not None:
        collected.update(keys)


def collecting(scope: Scope, keys: set[str]) -> Scope:
    """A copy of the scope, in which `declare_keys` adds the response's keys to `keys`."""
    return {**scope, SCOPE_KEY: keys}


async def keys_of_works(**condition: Any) -> set[str]:
    """The keys that a change of these works affects.

    They are the keys of the works, the published editions that hang them, their organisations and their
    themes.
    """
    ids = [work.id for work in await Artwork.filter(**condition).only("id")]
    keys = await _keys_of(ids)
    for chunk in chunks(ids):
        hangings = Hanging.filter(edition_is_not_replaced("room__edition__"), artwork_id__in=chunk)
        keys.update(edition_key(row["room__edition_id"]) for row in await hangings.values("room__edition_id"))
    return keys


async def keys_of_cases(artist_id: int) -> set[str]:
    """The keys of the cases that tell of an artist, under the credit name."""
    return {case_key(each.id) for each in await Case.filter(consent__artist_id=artist_id).only("id")}


async def keys_of_editions(ids: Collection[int], staying: Collection[int] = ()) -> set[str]:
    """The keys affected when editions are published or end: those of the editions, and of all works that hang in them.

    `staying`: ids of works that stay on view. Their organisations and themes are not counted again.
    """
    hung = await works_hung_in(ids)
    keys = await _keys_of(sorted(hung.difference(staying)))
    return keys | {work_key(id) for id in hung} | {edition_key(id) for id in ids}


async def works_hung_in(edition_ids: Collection[int]) -> set[int]:
    """The ids of the works that hang in these editions."""
    # Not a join: SQLite would begin with all hangings of the site.
    rooms = Room.filter(edition_id__in=list(edition_ids)).order_by("id").values("id")
    hangings = await Hanging.filter(room_id__in=Subquery(rooms)).only("artwork_id")
    return {hanging.artwork_id for hanging in hangings}


async def _keys_of(ids: Sequence[int]) -> set[str]:
    """The keys of works, of their organisations and of their themes."""
    keys = {work_key(id) for id in ids}
    for chunk in chunks(ids):
        for row in await Artwork.filter(id__in=chunk).values("organisation_id", "themes__id"):
            keys.add(f"{ORGANISATION}{row['organisation_id']}")
            if row["themes__id"] is not None:
                keys.add(f"{THEME}{row['themes__id']}")
    return keys


def chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    """`ids` in lists of at most CHUNK."""
    for start in range(0, len(ids), CHUNK):
        yield list(ids[start : start + CHUNK])
