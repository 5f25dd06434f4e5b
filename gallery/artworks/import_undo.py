"""Undoing what an import changed in works that were there already: each value that nobody changed since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gallery.accounts.models import Person
from gallery.artists.models import Artist, Consent
from gallery.artworks.import_known import load_editable
from gallery.artworks.import_models import Import, ImportedChange
from gallery.artworks.models import Artwork
from gallery.artworks.works import PICTURE_TEXTS, TRANSLATED_FIELDS, picture_field
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.db.connection import locked
from gallery.organisations.models import Project
from gallery.themes.models import Theme
from gallery.web.texts import Texts

# Columns that are restored together, or not at all.
GROUPS: Sequence[Sequence[str]] = (
    ("language",),
    *((name,) for name in TRANSLATED_FIELDS),
    ("size",),
    ("date_made", "made_from", "made_until", "year"),
    ("inventory_number",),
    ("artist_id", "consent_id"),
    ("project_id",),
    ("themes",),
)
GROUPED = {name for group in GROUPS for name in group}


def kept_values(work: Artwork) -> dict[str, Any]:
    """What an import can change of a work; its themes and further pictures must be fetched."""
    values = {name: getattr(work, name) for name in GROUPED - {"themes"}}
    values["themes"] = sorted(theme.id for theme in work.themes)
    for picture in work.later_pictures:
        values |= {picture_field(name, picture.id): getattr(picture, name) for name in PICTURE_TEXTS}
    return {name: dict(value) if isinstance(value, Texts) else value for name, value in values.items()}


async def keep_change(
    job: Import, row: int, work: Artwork, before: Mapping[str, Any], new_artist_id: int | None
) -> None:
    """Remember what a row changed in a work; `before`: its `kept_values` before the change."""
    after = kept_values(work)
    await ImportedChange.create(
        of_id=job.id,
        artwork_id=work.id,
        row=row,
        before=before,
        after=after,
        consent_before=before["consent_id"],
        consent_after=after["consent_id"],
        new_artist_id=new_artist_id,
    )


async def undo_changes(job: Import, by: Person | None) -> tuple[int, list[int]]:
    """Give the works that an import updated their former values.

    Returns the number of works that have all of them again, and the ids of the others: somebody changed them since,
    or they were submitted, or what they had is no longer there. For a transaction.
    """
    changes = await ImportedChange.filter(of_id=job.id).order_by("artwork_id")
    works = await load_editable(change.artwork_id for change in changes)
    if works:
        await Artwork.fetch_for_list(list(works.values()), "themes")
    left = []
    for change in changes:
        work = works.get(change.artwork_id)
        if work is None or not await _undo(work, change):
            left.append(change.artwork_id)
        if work is not None:
            await record(Verb.WORK_CHANGED, work.id, organisation_id=work.organisation_id, by=by)
    return len(changes) - len(left), left


async def _undo(work: Artwork, change: ImportedChange) -> bool:
    """Restore what can be restored; returns whether that is all."""
    now_there = kept_values(work)
    pictures = [(name,) for name in change.after if name not in GROUPED]
    is_all = True
    for group in (*GROUPS, *pictures):
        before, after, current = (
            {name: values.get(name) for name in group} for values in (change.before, change.after, now_there)
        )
        if before == after:
            continue
        if current == after and await _is_there(before, work):
            await _set(work, before)
        else:
            is_all = False
    await work.save()
    return is_all


async def _is_there(values: Mapping[str, Any], work: Artwork) -> bool:
    """Whether a work can have these values again: nobody withdrew, renewed or deleted what they name since."""
    if (artist := values.get("artist_id")) and not await Artist.exists(id=artist):
        return False
    if consent := values.get("consent_id"):
        there = Consent.filter(id=consent, artist_id=values["artist_id"], withdrawn_at=None)
        if await locked(there).first() is None:
            return False
        if await Consent.exists(follows_id=consent):
            return False
    if (project := values.get("project_id")) and not await Project.exists(id=project):
        return False
    if number := values.get("inventory_number"):
        same = Artwork.filter(organisation_id=work.organisation_id, inventory_number=number)
        return not await same.exclude(id=work.id).exists()
    return True


async def _set(work: Artwork, values: Mapping[str, Any]) -> None:
    of_pictures = {
        picture_field(name, picture.id): (picture, name)
        for picture in work.later_pictures
        for name in PICTURE_TEXTS
    }
    for name, value in values.items():
        if name == "themes":
            await work.themes.clear()
            await work.themes.add(*await Theme.filter(id__in=value))
        elif name in of_pictures:
            picture, field = of_pictures[name]
            setattr(picture, field, Texts(value))
            await picture.save(update_fields=[field])
        else:
            setattr(work, name, Texts(value) if name in TRANSLATED_FIELDS else value)
