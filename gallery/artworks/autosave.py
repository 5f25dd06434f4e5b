"""What is typed into the form of a work, kept as it is typed: finished or not, and never over what somebody else wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import MultiDict

from gallery.accounts.models import Person
from gallery.artists.models import Artist, Consent
from gallery.artworks.forms import WorkForm, form_values
from gallery.artworks.models import Artwork
from gallery.artworks.works import (
    TEXT_FIELDS,
    NotEditable,
    WorkDetails,
    WorkOptions,
    WorkRefused,
    fill_work,
    load_work_options,
)
from gallery.audit.recording import AUTOSAVE_WINDOW, record
from gallery.audit.verbs import Verb
from gallery.db.connection import in_transaction, locked
from gallery.organisations.models import Organisation, Project
from gallery.web.edit_conflicts import compare_edits, digest, read_digests
from gallery.web.languages import gettext as _

FormValues = Mapping[str, Sequence[str]]  # form field → what stands in it, as a browser sends it

# Fields from which rows of their own are made: only when somebody saves by hand, not at each letter.
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
CHOICE_FIELDS = ("language", "year", "artist", "consent", "project", "themes")
AUTOSAVED_FIELDS = (*TEXT_FIELDS, *CHOICE_FIELDS, *FIELDS_SAVED_BY_HAND)


def autosave_key(form_key: str) -> str:
    """The key of a draft that was made while somebody typed into a new form; saved by hand, it gets the form's own."""
    return hashlib.sha256(f"typing {form_key}".encode()).hexdigest()[:32]


@dataclass
class MergedValues:
    """What one window sends, put together with what the work says by now."""

    values: dict[str, list[str]]
    conflicts: list[str] = field(default_factory=list)  # changed here and elsewhere: what was there stays
    elsewhere: list[str] = field(default_factory=list)  # changed elsewhere alone: taken over


def merge_values(current: FormValues, posted: MultiDict, keep_conflicts: bool = False) -> MergedValues:
    """Put `posted` together with `current`, by the digests in its field `seen`. Without any, all that is posted holds.

    A field that the window does not show stays. Of one that was changed both here and elsewhere, `choice_NAME` says which
    holds: `theirs`, or `mine-` with the digest of what it overwrites. With `keep_conflicts` the values of conflicts are
    those posted, to be shown again.
    """
    seen = read_digests(posted.get("seen"))
    mine = {
        name: [each.replace("\0", "") for each in posted.getlist(name) if isinstance(each, str)]
        for name in AUTOSAVED_FIELDS
    }
    theirs = {name: list(current.get(name, ())) for name in AUTOSAVED_FIELDS}
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


def form_fields(values: FormValues, posted: Mapping[str, str] | None = None) -> MultiDict:
    """`values` as a form takes them."""
    fields = MultiDict([(name, each) for name, several in values.items() for each in several])
    if posted and "organisation" in posted:
        fields["organisation"] = posted["organisation"]
    return fields


def form_with(artwork: Artwork, changes: FormValues, offered: WorkOptions) -> WorkForm:
    """The form of a work as it is kept and typed, with other values in some fields; its themes must be fetched.

    A new artist leaves the consent of the one before behind; a new consent brings its own artist.
    """
    values = {**form_values(artwork), **changes}
    if "artist" in changes and "consent" not in changes and values["artist"] != [str(artwork.artist_id)]:
        values["consent"] = [""]
    elif any(changes.get("consent", ())) and "artist" not in changes:
        values["artist"] = [""]
    fields = form_fields(values, {"organisation": str(artwork.organisation_id)})
    return WorkForm(fields, offered=offered)


async def autosave(
    artwork: Artwork, posted: MultiDict, organisations: Sequence[Organisation], by: Person
) -> tuple[Artwork, MergedValues]:
    """Keep what a window sends: each field that is right in the work itself, what is not yet right beside it.

    Raises NotEditable, and WorkRefused where the work was deleted.
    """
    async with in_transaction():
        held = await locked(Artwork.filter(id=artwork.id)).first()
        if held is None:
            raise WorkRefused("title", _("This work was deleted meanwhile."))
        if not held.is_editable:
            raise NotEditable(held.status)
        await held.fetch_related("organisation", "artist", "consent__artist", "project", "themes")
        offered = await load_work_options(organisations, held)
        before = form_values(held)
        result = merge_values(before, posted)
        form = WorkForm(form_fields(result.values), offered=offered)
        form.read(has_picture=True)
        wrong = {name for name in AUTOSAVED_FIELDS if name in form and form[name].errors}
        while True:
            details = _valid_details(held, form, wrong)
            unfinished = {
                name: list(result.values[name])
                for name in AUTOSAVED_FIELDS
                if (name in wrong or name in FIELDS_SAVED_BY_HAND)
                and digest(result.values[name]) != digest(form_values(held, finished_only=True)[name])
            }
            try:
                await fill_work(held, details, by, None, unfinished)
                break
            except WorkRefused as refusal:
                if refusal.field in wrong:
                    raise
                wrong.add(refusal.field)
        await record(
            Verb.WORK_CHANGED, held.id, organisation_id=held.organisation_id, by=by, once_in=AUTOSAVE_WINDOW
        )
        await held.fetch_related("themes")
        return held, result


def _valid_details(held: Artwork, form: WorkForm, wrong: Collection[str]) -> WorkDetails:
    """The fields that can be kept in the work, and of all others what it says already."""

    def chosen(name: str, rows: Sequence[Artist] | Sequence[Consent] | Sequence[Project]) -> object:
        if name in wrong:
            return getattr(held, name)
        return next((row for row in rows if str(row.id) == form[name].data), None)

    artist, consent = chosen("artist", form.offered.artists), chosen("consent", form.offered.consents)
    if isinstance(consent, Consent) and artist is None and not form.credit_name.data:
        artist = consent.artist
    if isinstance(consent, Consent) and (not isinstance(artist, Artist) or consent.artist_id != artist.id):
        consent = None  # the artist was changed, and the consent is still the other's
    project = chosen("project", form.offered.projects)
    return WorkDetails(
        organisation=held.organisation,
        language=held.language if "language" in wrong else form.language.data,
        texts={name: getattr(held, name) if name in wrong else form[name].data or "" for name in TEXT_FIELDS},
        year=held.year if "year" in wrong else form.year.data,
        artist=artist if isinstance(artist, Artist) else None,
        consent=consent if isinstance(consent, Consent) else None,
        project=project if isinstance(project, Project) else None,
        themes=list(held.themes)
        if "themes" in wrong
        else [each for each in form.offered.themes if str(each.id) in (form.themes.data or [])],
    )


def readable_value(form: WorkForm, name: str, values: Sequence[str]) -> str:
    """What stands in a field as a person reads it: of a choice its words."""
    choices = getattr(form[name], "choices", None)
    if not choices:
        return "\n".join(values)
    words = {str(choice.value): str(choice.label) for choice in choices}
    return " · ".join(words.get(each, each) for each in values if each)
