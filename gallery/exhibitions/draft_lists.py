"""The lists of a draft (credits, talks and blocks), and the functions that change their entries.

Each list is one JSON field. Each function reads it again under the exhibition's lock, so that two curators
cannot overwrite each other's changes.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Literal

from gallery.accounts.models import Person
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction
from gallery.exhibitions.drafts import (
    DraftChangeRefused,
    changed_fields,
    draft_of,
    lock_exhibition,
    mark_changed,
)
from gallery.exhibitions.entries import as_stored, read_entry
from gallery.exhibitions.models import Edition, Exhibition
from gallery.web.edit_conflicts import Digests
from gallery.web.languages import gettext as _

ListName = Literal["credits", "talks", "blocks"]
Entries = list[dict[str, Any]]
MAX_LIST_ENTRIES = 60  # the most entries in one list
VERBS: Mapping[ListName, Verb] = {
    "credits": Verb.EXHIBITION_CREDITS_CHANGED,
    "talks": Verb.EXHIBITION_TALKS_CHANGED,
    "blocks": Verb.EXHIBITION_BLOCKS_CHANGED,
}


class NoSuchEntry(Exception):
    """The entry was removed, or never existed."""


async def add_entry(exhibition: Exhibition, name: ListName, values: Mapping[str, Any], by: Person) -> str:
    """Add an entry at the end; returns its key. Raises DraftChangeRefused if there are too many."""
    async with in_transaction():
        entries, draft = await locked_entries(exhibition, name)
        if len(entries) >= MAX_LIST_ENTRIES:
            raise DraftChangeRefused(
                _("There are already %(most)s here, the most that a page can have. Please remove one first.")
                % {"most": MAX_LIST_ENTRIES}
            )
        key = secrets.token_hex(4)
        await save_entries(draft, name, [*entries, {"key": key, **as_stored(values)}], by)
    return key


async def change_entry(
    exhibition: Exhibition,
    name: ListName,
    key: str,
    values: Mapping[str, Any],
    by: Person,
    seen: Digests,
) -> None:
    """Set fields of an entry. `seen` as for `change_draft`. Raises EditConflict, NoSuchEntry."""
    async with in_transaction():
        entries, draft = await locked_entries(exhibition, name)
        index = _index_of(entries, key)
        changed = await changed_fields(draft.id, seen, read_entry(entries[index]), values)
        entries[index] |= as_stored(changed)
        await save_entries(draft, name, entries, by)


async def remove_entry(exhibition: Exhibition, name: ListName, key: str, by: Person) -> None:
    """Remove the entry with this key. Raises NoSuchEntry."""
    async with in_transaction():
        entries, draft = await locked_entries(exhibition, name)
        del entries[_index_of(entries, key)]
        await save_entries(draft, name, entries, by)


async def move_entry(exhibition: Exhibition, name: ListName, key: str, to: int, by: Person) -> None:
    """Move an entry to the place `to`, counted from 1; a larger number means the end. Raises NoSuchEntry."""
    async with in_transaction():
        entries, draft = await locked_entries(exhibition, name)
        moved = entries.pop(_index_of(entries, key))
        entries.insert(min(max(to, 1), len(entries) + 1) - 1, moved)
        await save_entries(draft, name, entries, by)


async def locked_entries(exhibition: Exhibition, name: ListName) -> tuple[Entries, Edition]:
    draft = await draft_of(exhibition)
    await lock_exhibition(exhibition.id)
    await draft.refresh_from_db(fields=[name])
    return list(getattr(draft, name) or []), draft


async def save_entries(draft: Edition, name: ListName, entries: Entries, by: Person) -> None:
    await Edition.filter(id=draft.id).update(**{name: entries or None})
    await mark_changed(draft.id, by)
    await record(VERBS[name], draft.exhibition_id, by=by)


def _index_of(entries: Entries, key: str) -> int:
    for index, entry in enumerate(entries):
        if entry["key"] == key:
            return index
    raise NoSuchEntry
