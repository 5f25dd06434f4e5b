"""Finding an organisation's artists by credit name, so that each is entered once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from gallery.artists.models import Artist
from gallery.web.pinyin import latin_letters, readings
from gallery.web.texts import comparable_name

NAMES_COMPARED = 2_000  # the newest artists of an organisation
GROUPS_SHOWN = 10


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


async def artists_alike(organisation_ids: Sequence[int]) -> list[list[Artist]]:
    """Groups of artists of one organisation whose names sound alike, newest group first; each group oldest first."""
    await asyncio.to_thread(readings)  # loaded once
    ours = Artist.filter(organisation_id__in=list(organisation_ids)).order_by("-id").limit(NAMES_COMPARED)
    groups = defaultdict[tuple[int, str], list[Artist]](list)
    for artist in await ours.only("id", "organisation_id", "credit_name"):
        groups[artist.organisation_id, latin_letters(artist.credit_name)].append(artist)
    alike = [group[::-1] for (_, sound), group in groups.items() if sound and len(group) > 1]
    return alike[:GROUPS_SHOWN]
