"""Autosave for the work form: saves while somebody types, without overwriting the changes of others."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import MultiDict

from gallery.accounts.models import Person
from gallery.artists.models import Artist, Consent
from gallery.artworks.forms import FormValues, WorkForm, form_fields, form_values, typed_texts, work_form
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork
from gallery.artworks.works import (
    TEXT_FIELDS,
    NotEditable,
    WorkDetails,
    WorkOptions,
    WorkRefused,
    fill_work,
    is_text_field,
    load_work_options,
    picture_of_field,
    text_values,
    unique_inventory_numbers,
)
from gallery.audit.recording import AUTOSAVE_WINDOW, record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction, locked
from gallery.organisations.models import Organisation, Project
from gallery.web.edit_conflicts import compare_edits, digest, read_digests
from gallery.web.languages import gettext as _
from gallery.web.texts import split_field_name

# These fields create rows of other tables. Autosave keeps them as unfinished values; the rows are
# created when somebody saves by hand.
FIELDS_SAVED_BY_HAND = (
    "credit_name",
    "credit_name_translation",
    "agreed_by",
    "scopes",
    "starts_on",
    "ends_on",
    "assent",
    "project_title",
    "project_summary",
    "project_link",
)
CHOICE_FIELDS = (
    "language",
    "language_other",
    "inventory_number",
    "artist",
    "consent",
    "project",
    "themes",
)
# Every form has these fields. The fields of translations, such as `title[bo]`, are autosaved, too.
AUTOSAVED_FIELDS = (*TEXT_FIELDS, *CHOICE_FIELDS, *FIELDS_SAVED_BY_HAND)
NOTHING = digest("")


def shown_digests(posted: MultiDict) -> dict[str, str]:
    """The digests in the posted field `seen`. Each translation that was added since has the digest of an
    empty field.
    """
    seen = read_digests(posted.get("seen"))
    return {**dict.fromkeys(posted_translations(posted), NOTHING), **seen} if seen else {}


def posted_translations(posted: MultiDict) -> list[str]:
    return [name for name in dict.fromkeys(posted) if is_text_field(name) and name not in TEXT_FIELDS]


def autosave_key(form_key: str) -> str:
    """The form key of a draft that autosave made from a new form.

    When somebody saves the draft by hand, its form key becomes `form_key`.
    """
    return hashlib.sha256(f"typing {form_key}".encode()).hexdigest()[:32]


@dataclass
class MergedValues:
    """The values that one browser window sends, merged with the current values of the work."""

    values: dict[str, list[str]]
    # `conflicts`: fields changed here and elsewhere. `elsewhere`: fields changed only elsewhere. Both keep
    # the stored value.
    conflicts: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)


def merge_values(current: FormValues, posted: MultiDict, keep_conflicts: bool = False) -> MergedValues:
    """Merge `posted` with `current`, field by field, as a three-way merge.

    The posted field `seen` holds the digests of the values that the window showed. Without digests every
    posted value is taken. A field that the window does not show keeps its current value. If a field was
    changed both here and elsewhere, the posted field `choice_NAME` decides: `theirs`, or `mine-` with the
    digest of the value that is overwritten. With `keep_conflicts`, fields in conflict keep the posted values,
    so that the form can show them again.
    """
    seen = shown_digests(posted)
    mine = {
        name: [each.replace("\0", "") for each in posted.getlist(name) if isinstance(each, str)]
        for name in (*AUTOSAVED_FIELDS, *posted_translations(posted))
        if picture_of_field(name) is None
        or split_field_name(name)[0] in current  # fields of a removed picture are ignored
    }
    theirs = {name: list(current.get(name, ())) for name in dict.fromkeys((*mine, *current))}
    compared = compare_edits(seen, theirs, {name: mine[name] for name in mine if not seen or name in seen})
    result = MergedValues({**theirs, **compared.changed})
    for name in (*compared.elsewhere, *compared.conflicts):
        choice = posted.get(f"choice_{name}")
        if choice == f"mine-{digest(theirs[name])}":
            result.values[name] = mine[name]
        elif choice == "theirs" or name in compared.elsewhere:
            result.elsewhere.append(name)
        else:
            result.conflicts.append(name)
            if keep_conflicts:
                result.values[name] = mine[name]
    return result


def form_with(artwork: Artwork, changes: FormValues, offered: WorkOptions) -> WorkForm:
    """The form of a work with `values_with`; the themes of the work must be fetched."""
    fields = form_fields(values_with(artwork, changes), {"organisation": str(artwork.organisation_id)})
    return work_form(fields, offered=offered)


def values_with(artwork: Artwork, changes: FormValues) -> FormValues:
    """The values of a work's form, including the unfinished ones, with `changes` applied.

    If `changes` has another artist but no consent, the consent is left empty. If `changes` has a consent but
    no artist, the artist is left empty, because the consent determines the artist.
    """
    values = {**form_values(artwork), **changes}
    if "artist" in changes and "consent" not in changes and values["artist"] != [str(artwork.artist_id)]:
        values["consent"] = [""]
    elif any(changes.get("consent", ())) and "artist" not in changes:
        values["artist"] = [""]
    return values


async def autosave(
    artwork: Artwork, posted: MultiDict, organisations: Sequence[Organisation], by: Person
) -> tuple[Artwork, MergedValues]:
    """Save the values that a window sends.

    Valid values are saved in the columns of the work, the others in `Artwork.unfinished`. If the window sends no
    field of the work, only its pictures wait for the work, and nothing changes. Raises NotEditable, and
    WorkRefused if the work was deleted.
    """
    async with unique_inventory_numbers(), in_transaction():
        work = await locked(Artwork.filter(id=artwork.id)).first()
        if work is None:
            raise WorkRefused("title", _("This work has just been deleted."))
        if not work.is_editable:
            raise NotEditable(work.status)
        await work.fetch_related("organisation", "artist", "consent__artist", "project", "themes")
        await load_further_pictures([work])
        before = form_values(work)
        if not any(name in posted for name in (*AUTOSAVED_FIELDS, *posted_translations(posted))):
            return work, MergedValues(before)
        result = merge_values(before, posted)
        offered = await load_work_options(organisations, work, [before, result.values])
        form = work_form(form_fields(result.values), offered=offered)
        form.read(has_picture=True)
        invalid = {name for name in result.values if name in form and form[name].errors}
        finished = form_values(work, finished_only=True)
        while True:
            details = _valid_details(work, form, invalid)
            unfinished = {
                name: list(result.values[name])
                for name in result.values
                if (name in invalid or name in FIELDS_SAVED_BY_HAND)
                and digest(result.values[name]) != digest(finished.get(name))
            }
            try:
                await fill_work(work, details, by, None, unfinished)
                break
            except WorkRefused as refusal:
                if refusal.field in invalid:
                    raise
                invalid.add(refusal.field)
        await record(
            Verb.WORK_CHANGED, work.id, organisation_id=work.organisation_id, by=by, once_in=AUTOSAVE_WINDOW
        )
        await work.fetch_related("themes")
        return work, result


def _valid_details(work: Artwork, form: WorkForm, invalid: Collection[str]) -> WorkDetails:
    """The valid values of the form, and the work's current values for the other fields."""

    def chosen(name: str, rows: Sequence[Artist] | Sequence[Consent] | Sequence[Project]) -> object:
        if name in invalid:
            return getattr(work, name)
        return next((row for row in rows if str(row.id) == form[name].data), None)

    artist, consent = chosen("artist", form.offered.artists), chosen("consent", form.offered.consents)
    if isinstance(consent, Consent) and artist is None and not form.credit_name.data:
        artist = consent.artist
    if isinstance(consent, Consent) and (not isinstance(artist, Artist) or consent.artist_id != artist.id):
        consent = None  # the consent does not belong to the chosen artist
    project = chosen("project", form.offered.projects)
    stored = text_values(work)
    return WorkDetails(
        organisation=work.organisation,
        language=work.language if "language" in invalid else form.language.data,
        texts={
            name: stored.get(name, "") if name in invalid else words
            for name, words in typed_texts(form).items()
        },
        inventory_number=(
            work.inventory_number if "inventory_number" in invalid else form.inventory_number.data
        )
        or "",
        artist=artist if isinstance(artist, Artist) else None,
        consent=consent if isinstance(consent, Consent) else None,
        project=project if isinstance(project, Project) else None,
        themes=list(work.themes)
        if "themes" in invalid
        else [each for each in form.offered.themes if str(each.id) in (form.themes.data or [])],
    )


def readable_value(form: WorkForm, name: str, values: Sequence[str]) -> str:
    """The values of a field as readable text: choices are shown by their labels."""
    choices = getattr(form[name], "choices", None)
    if not choices:
        return "\n".join(values)
    words = {str(choice.value): str(choice.label) for choice in choices}
    return " · ".join(words.get(each, each) for each in values if each)
