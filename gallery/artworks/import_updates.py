"""Changing works that a sheet names again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gallery.accounts.models import Person
from gallery.artists.models import Artist
from gallery.artworks.import_lookup import RowDraft
from gallery.artworks.models import Artwork
from gallery.artworks.works import TRANSLATED_FIELDS, TextValues, set_texts, text_values
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.web.texts import field_name, split_field_name


async def update_works(
    drafts: Sequence[RowDraft], works: Mapping[int, Artwork], artists: Mapping[str, Artist], by: Person | None
) -> None:
    """Change each work as its row says. Empty cells change nothing, and pictures stay as they are."""
    for draft in drafts:
        work, row = works[draft.known_work or 0], draft.row
        before = _in_language(text_values(work), work.language, draft.language)
        set_texts(
            work, draft.language, {**before, **{name: words for name, words in draft.texts.items() if words}}
        )
        work.inventory_number = work.inventory_number or row.inventory_number or None
        artist = draft.artist or artists.get(draft.artist_key)
        if artist is not None and (row.credit_name or work.artist_id is None):
            work.artist_id = artist.id
        if draft.consent is not None and (row.consent or work.consent_id is None):
            work.consent_id = draft.consent.id
            work.artist_id = work.artist_id or draft.consent.artist_id
        if draft.project is not None and (row.project or work.project_id is None):
            work.project_id = draft.project.id
        await work.save()
        if draft.themes and (row.themes or not await work.themes.all().exists()):
            await work.themes.clear()
            await work.themes.add(*draft.themes)
        await record(Verb.WORK_CHANGED, work.id, organisation_id=work.organisation_id, by=by)


def _in_language(values: TextValues, before: str, after: str) -> dict[str, str]:
    """Texts by form field, of a work in the language `before`, as form fields of one in the language `after`."""
    fields: dict[str, str] = {}
    for field, words in values.items():
        name, language = split_field_name(field)
        is_own = name not in TRANSLATED_FIELDS or (language or before) == after
        fields[name if is_own else field_name(name, language or before)] = words
    return fields
