"""Finding an organisation's artists by credit name, so that each is entered once."""

from __future__ import annotations

from collections.abc import Iterable

from gallery.artists.models import Artist
from gallery.web.texts import comparable_name


async def artists_by_name(organisation_id: int, names: Iterable[str]) -> dict[str, list[Artist]]:
    """Credit name → the organisation's artists with this name, oldest first; names without an artist are left out.

    Case, full-width forms and spaces are ignored. Databases differ in such comparisons, so all names are
    read.
    """
    wanted = {name: comparable_name(name) for name in names}
    if not wanted:
        return {}
    ids: dict[str, list[int]] = {}
    ours = Artist.filter(organisation_id=organisation_id).order_by("id")
    for id, credit_name in await ours.values_list("id", "credit_name"):
        ids.setdefault(comparable_name(credit_name), []).append(id)
    found = await Artist.filter(id__in=[id for key in wanted.values() for id in ids.get(key, ())])
    by_id = {artist.id: artist for artist in found}
    return {name: [by_id[id] for id in ids[key]] for name, key in wanted.items() if key in ids}
