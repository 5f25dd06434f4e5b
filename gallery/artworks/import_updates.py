"""Changing existing works from the rows of a sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gallery.accounts.models import Person
from gallery.artworks.import_lookup import CreatedArtist, RowDraft
from gallery.artworks.import_models import Import
from gallery.artworks.import_undo import keep_change, kept_values
from gallery.artworks.models import Artwork
from gallery.artworks.sheet_columns import split_number
from gallery.artworks.works import PICTURE_TEXTS, TextValues, picture_field, set_texts, text_values
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.web.texts import field_name, split_field_name


async def update_works(
    job: Import,
    drafts: Sequence[RowDraft],
    works: Mapping[int, Artwork],
    new_artists: Mapping[str, CreatedArtist],
    by: Person | None,
) -> None:
    """Change each work as its row says. Empty cells change nothing, and pictures stay as they are."""
    if drafts:
        await Artwork.fetch_for_list([works[draft.known_work or 0] for draft in drafts], "themes")
    for draft in drafts:
        work, row = works[draft.known_work or 0], draft.row
        former = kept_values(work)
        before = _in_language(text_values(work), work.language, draft.language)
        set_texts(work, draft.language, {**before, **_by_picture(draft.texts, work)})
        for picture in work.later_pictures:
            await picture.save(update_fields=PICTURE_TEXTS)
        work.inventory_number = work.inventory_number or row.inventory_number or None
        new = new_artists.get(draft.artist_key)
        artist = draft.artist or (new.artist if new else None)
        if artist is not None and (row.credit_name or work.artist_id is None):
            work.artist_id = artist.id
        if draft.consent is not None and (row.consent or work.consent_id is None):
            work.consent_id = draft.consent.id
            work.artist_id = work.artist_id or draft.consent.artist_id
        if draft.project is not None and (row.project or work.project_id is None):
            work.project_id = draft.project.id
        await work.save()
        if draft.themes and (row.themes or not work.themes):
            await work.themes.clear()
            await work.themes.add(*draft.themes)
            await work.fetch_related("themes")
        new_artist_id = new.artist.id if new is not None and new.row == row.number else None
        await keep_change(job, row.number, work, former, new_artist_id)
        await record(Verb.WORK_CHANGED, work.id, organisation_id=work.organisation_id, by=by)


def _by_picture(texts: TextValues, work: Artwork) -> dict[str, str]:
    """The filled texts of a row, those of further pictures by the ids of the pictures instead of by number."""
    fields: dict[str, str] = {}
    for field, words in texts.items():
        column, language = split_field_name(field)
        name, number = split_number(column)
        if number > 1 and number <= work.picture_count:
            column = picture_field(name, work.later_pictures[number - 2].id)
        if words and (number == 1 or number <= work.picture_count):
            fields[field_name(column, language) if language else column] = words
    return fields


def _in_language(values: TextValues, before: str, after: str) -> dict[str, str]:
    """Convert form fields of a work whose own language is `before` to those of a work in the language `after`."""
    fields: dict[str, str] = {}
    for field, words in values.items():
        name, language = split_field_name(field)
        is_own = field in ("size", "date_made") or (language or before) == after
        fields[name if is_own else field_name(name, language or before)] = words
    return fields
