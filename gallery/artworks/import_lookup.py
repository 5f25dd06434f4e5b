"""Looks up the names in the rows of a sheet: artists, consents, themes, projects and pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from tortoise.expressions import Q, Subquery

from gallery.artists.consents import files_seen, latest_renewal
from gallery.artists.models import Artist, Consent
from gallery.artists.names import artists_by_name
from gallery.artworks.import_known import KnownWorks, find_known_works, load_editable
from gallery.artworks.import_models import Import, ImportedPicture
from gallery.artworks.models import MAX_PICTURES, Artwork
from gallery.artworks.sheet_columns import normalised_name, split_number
from gallery.artworks.sheet_faults import CellFault, similar_or_some_names
from gallery.artworks.sheet_rows import ParsedRow, is_yes, texts_in
from gallery.artworks.sheets import SheetRow
from gallery.artworks.works import TextValues
from gallery.clock import today
from gallery.db.connection import locked
from gallery.images.models import Image, ImageState
from gallery.numbers import row_id, whole_number, whole_numbers
from gallery.organisations.models import Project
from gallery.themes.extensions import extended_deadlines
from gallery.themes.models import Theme
from gallery.web.texts import comparable_name, split_field_name


@dataclass
class RowBatch:
    """Some rows of a sheet, each with the keys of its pictures in the bundle."""

    rows: Sequence[SheetRow]
    # Row number → its pictures: the name in the cell, and the key, which is None if the picture is missing.
    pictures: Mapping[int, Sequence[tuple[str, str | None]]]
    similar: Mapping[str, Mapping[str, str]]  # name of a missing picture → similar file names
    site_url: str = ""  # of this site


@dataclass
class ImportUsage:
    """The pictures, numbers, new artists and known works that earlier rows of the sheet use."""

    keys: dict[str, int] = field(default_factory=dict)  # key of a picture → row number
    digests: dict[str, int] = field(default_factory=dict)  # SHA-256 of a picture → row number
    new_names: set[str] = field(default_factory=set)  # of new artists, see RowDraft.artist_key
    numbers: dict[str, int] = field(default_factory=dict)  # inventory number → row number
    works: dict[int, int] = field(default_factory=dict)  # id of a known work → row number


@dataclass
class Common:
    """The values set at the desk for all rows that lack them; see import_common.py."""

    artist: Artist | None
    project: Project | None
    themes: list[Theme]
    medium: str


@dataclass
class ImportLookup:
    """The records that a sheet can name, loaded once for each batch, within its transaction."""

    artists: dict[str, list[Artist]]  # by credit name
    consents: dict[int, Consent]
    consents_of: dict[int, list[Consent]]  # by artist id: consents in force for the web
    themes: dict[str, Theme]
    open_ids: set[int]  # ids of the themes that take works of this organisation now
    projects: dict[str, Project]
    pictures: dict[str, ImportedPicture]  # by key in the bundle; with their images fetched
    default_consent: Consent | None  # for rows that name no consent
    common: Common  # for rows that lack these values
    known: KnownWorks
    editable: dict[int, Artwork]  # by id; only works that can be changed
    files_seen: dict[int, set[str]]  # by id of a consent that was given by a link; see artists/consents.py

    @cached_property
    def theme_names(self) -> list[str]:
        opened = (theme for theme in self.themes.values() if theme.id in self.open_ids)
        return sorted({name for theme in opened for name in theme.title.values()})

    @cached_property
    def project_names(self) -> list[str]:
        return sorted({name for project in self.projects.values() for name in project.title.values()})


async def load_lookup(job: Import, rows: Sequence[ParsedRow], batch: RowBatch) -> ImportLookup:
    """Load the records for the rows of a batch, in a constant number of queries."""
    names = {row.credit_name for row in rows if row.credit_name}
    artists = await artists_by_name(job.organisation_id, names)
    consents, consents_of = await _load_consents(job, rows, artists)
    themes, open_ids = await _load_themes(job.organisation_id)
    projects: dict[str, Project] = {}
    ours = await Project.filter(organisation_id=job.organisation_id).order_by("-id")
    for project in ours:
        for name in project.title.values():
            projects[normalised_name(name)] = project
    keys = {key for named in batch.pictures.values() for _name, key in named if key}
    pictures = await ImportedPicture.filter(of_id=job.id, name__in=keys).prefetch_related("image__artwork")
    known = await find_known_works(job, rows, batch.pictures)
    return ImportLookup(
        artists=artists,
        consents=consents,
        consents_of=consents_of,
        themes=themes,
        open_ids=open_ids,
        projects=projects,
        pictures={picture.name: picture for picture in pictures},
        default_consent=consents.get(job.consent_id or 0),
        common=await _load_common(job, ours, [theme for theme in themes.values() if theme.id in open_ids]),
        known=known,
        editable=await load_editable(known.find_all(rows, batch.pictures)),
        files_seen=await files_seen({*consents, *(each.id for of in consents_of.values() for each in of)}),
    )


async def _load_common(job: Import, projects: Iterable[Project], themes: Iterable[Theme]) -> Common:
    """The common values whose records still exist."""

    def ids(name: str) -> list[int]:
        return whole_numbers(job.common.get(name, []))

    artists = Artist.filter(organisation_id=job.organisation_id, id__in=ids("artist"))
    return Common(
        artist=await artists.first(),
        project=next((each for each in projects if each.id in ids("project")), None),
        themes=list({each.id: each for each in themes if each.id in ids("themes")}.values()),
        medium="".join(job.common.get("medium", [])),
    )


async def _load_consents(
    job: Import, rows: Iterable[ParsedRow], artists: Mapping[str, list[Artist]]
) -> tuple[dict[int, Consent], dict[int, list[Consent]]]:
    """The consents by their number in the sheet, and the valid web consents by artist id.

    Their rows are locked, so that nobody can withdraw a consent before the works are created.
    """
    ids = set(whole_numbers(row.consent for row in rows))
    if job.consent_id is not None:
        ids.add(job.consent_id)
    artist_ids = [artist.id for several in artists.values() for artist in several]
    ours = Artist.filter(organisation_id=job.organisation_id)
    named = Consent.filter(Q(id__in=list(ids)) | Q(artist_id__in=artist_ids))
    consents = await locked(named.filter(artist_id__in=Subquery(ours.values("id")))).order_by("id")
    renewals = Consent.filter(follows_id__in=[consent.id for consent in consents])
    renewed = {id for id in await renewals.values_list("follows_id", flat=True) if isinstance(id, int)}
    day = today()
    consents_of: dict[int, list[Consent]] = {}
    for consent in consents:
        if consent.covers_web(day) and consent.id not in renewed:
            consents_of.setdefault(consent.artist_id, []).append(consent)
    by_id = {consent.id: consent for consent in consents}
    for old_id in renewed:  # the consent that the import names was renewed since
        newest = await latest_renewal(by_id[old_id])
        by_id[old_id] = await locked(Consent.filter(id=newest.id)).get()
    return by_id, consents_of


async def _load_themes(organisation_id: int) -> tuple[dict[str, Theme], set[int]]:
    """The themes by slug and titles, and the ids of themes that take works.

    If several themes have the same name, an open one is taken.
    """
    extended = await extended_deadlines([organisation_id])
    day = today()
    themes: dict[str, Theme] = {}
    open_ids: set[int] = set()
    for theme in await Theme.all().order_by("-id"):
        if theme.is_open(day) or theme.id in extended:
            open_ids.add(theme.id)
        for name in (theme.slug, *theme.title.values()):
            if theme.id in open_ids or normalised_name(name) not in themes:
                themes[normalised_name(name)] = theme
    return themes, open_ids


@dataclass
class RowDraft:
    """A row of the sheet with the records that it names."""

    row: ParsedRow
    faults: list[CellFault]
    language: str
    texts: TextValues
    artist: Artist | None = None  # None if the row has a credit name: then the artist must be created
    consent: Consent | None = None
    themes: list[Theme] = field(default_factory=list)
    project: Project | None = None
    images: list[Image] = field(default_factory=list)  # in the order of the work's pictures
    known_work: int | None = None  # id of the existing work that the row describes

    @property
    def is_good(self) -> bool:
        """Whether the row becomes a work. Cells with minor errors are left out of it."""
        return all(fault.is_note for fault in self.faults)

    @property
    def needs_artist(self) -> bool:
        """Whether the row names a new artist, who must be created."""
        is_unsure = any(fault.column == "credit_name" for fault in self.faults)
        return bool(self.row.credit_name) and not (is_unsure or self.artist or self.consent)

    @property
    def artist_key(self) -> str:
        """The credit name of the row in the form used for comparison."""
        return comparable_name(self.row.credit_name)

    def fault(self, column: str, value: str, code: str, **facts: Any) -> None:
        self.faults.append(CellFault(self.row.number, column, value, code, facts))


@dataclass(frozen=True)
class CreatedArtist:
    artist: Artist
    row: int  # number of the first row that names the artist


def resolve_row(
    row: ParsedRow,
    faults: Iterable[CellFault],
    job: Import,
    lookup: ImportLookup,
    batch: RowBatch,
    used: ImportUsage,
    has_pictures: bool,
) -> RowDraft:
    """Find the records that a row names, and add a fault for each that is not found."""
    known = lookup.known.find(row, batch.pictures.get(row.number, ()))
    if row.inventory_number in used.numbers:
        known = None
    work = lookup.editable.get(known or 0)
    language = row.language or (work.language if work else job.language)
    texts, twice = texts_in(row, language)
    draft = RowDraft(row, [*faults, *twice], language, texts, known_work=known)
    if number := row.inventory_number:
        if number in used.numbers:
            draft.fault("inventory_number", number, "number_twice", other=used.numbers[number])
        used.numbers.setdefault(number, row.number)
    _resolve_artist(draft, lookup)
    _resolve_consent(draft, lookup)
    _resolve_themes(draft, lookup)
    if row.project:
        draft.project = lookup.projects.get(normalised_name(row.project))
        if draft.project is None:
            names = similar_or_some_names(row.project, lookup.project_names)
            draft.fault("project", row.project, "no_such_project", **names)
    if known is not None:
        if known in used.works:
            draft.known_work = None
            draft.fault("picture", row.picture, "work_twice", other=used.works[known])
            return draft
        used.works[known] = row.number
        _check_numbers(draft, work.picture_count if work else MAX_PICTURES)
        return draft
    _fill_in(draft, lookup.common)
    named = batch.pictures.get(row.number, ())
    if lookup.known.is_unsure(named):
        draft.fault("picture", row.picture, "two_drafts")
    elif row.picture and not has_pictures:
        draft.fault("picture", row.picture, "no_pictures")
    elif len(named) > MAX_PICTURES:
        draft.fault("picture", row.picture, "too_many_pictures", count=len(named), most=MAX_PICTURES)
    elif row.picture:
        for name, key in named:
            _resolve_picture(draft, name, key, lookup, batch, used)
    _check_numbers(draft, max(len(named), 1))
    return draft


def _check_numbers(draft: RowDraft, count: int) -> None:
    """Leave out the texts of further pictures beyond the `count` that the work has."""
    for column, words in draft.texts.items():
        number = split_number(split_field_name(column)[0])[1]
        if words and number > count:
            draft.fault(column, words, "no_picture_of_number", number=number)


def _fill_in(draft: RowDraft, common: Common) -> None:
    """Fill the empty values of a row with the common values."""
    names_artist = draft.artist or draft.consent or draft.row.credit_name
    draft.artist = draft.artist if names_artist else common.artist
    draft.project = draft.project or common.project
    draft.themes = draft.themes or list(common.themes)
    draft.texts = {**draft.texts, "medium": draft.texts.get("medium") or common.medium}


def _resolve_themes(draft: RowDraft, lookup: ImportLookup) -> None:
    for name in draft.row.themes:
        theme = lookup.themes.get(normalised_name(name))
        if theme is None:
            names = similar_or_some_names(name, lookup.theme_names)
            draft.fault("themes", name, "no_such_theme", **names)
        elif theme.id not in lookup.open_ids:
            day = str(theme.call_closes_on or theme.call_opens_on)
            draft.fault("themes", name, "theme_closed", day=day)
        elif theme not in draft.themes:
            draft.themes.append(theme)


def _resolve_artist(draft: RowDraft, lookup: ImportLookup) -> None:
    name = draft.row.credit_name
    artists = lookup.artists.get(name, [])
    named = lookup.consents.get(row_id(draft.row.consent))
    for consent in (named, lookup.default_consent):
        if len(artists) > 1 and consent is not None:  # the consent selects one of the artists
            artists = [artist for artist in artists if artist.id == consent.artist_id]
    if len(artists) > 1:
        draft.fault("credit_name", name, "two_artists")
    elif artists:
        draft.artist = artists[0]


def _resolve_consent(draft: RowDraft, lookup: ImportLookup) -> None:
    row = draft.row
    consent = draft.consent = _named_consent(draft, lookup)
    if consent is None:
        return
    if row.credit_name and (draft.artist is None or consent.artist_id != draft.artist.id):
        draft.fault("consent", row.consent or str(consent.id), "consent_of_another")
        draft.consent = None
    elif not consent.covers_web():
        draft.fault("consent", row.consent or str(consent.id), "consent_ended")


def _named_consent(draft: RowDraft, lookup: ImportLookup) -> Consent | None:
    """The consent that a row names by its number; "yes" means the artist's only valid consent."""
    text = draft.row.consent
    if not text:
        return lookup.default_consent
    if (number := whole_number(text)) is not None:
        if number not in lookup.consents:
            draft.fault("consent", text, "no_such_consent")
        return lookup.consents.get(number)
    if not is_yes(text):
        draft.fault("consent", text, "no_such_consent")
        return None
    if not draft.row.credit_name:
        draft.fault("consent", text, "no_artist")
        return None
    in_force = lookup.consents_of.get(draft.artist.id, []) if draft.artist else []
    if len(in_force) == 1:
        return in_force[0]
    if in_force:
        draft.fault("consent", text, "two_consents", near=", ".join(str(each.id) for each in in_force))
    else:
        draft.fault("consent", text, "no_consent")
    return None


def _resolve_picture(
    draft: RowDraft, name: str, key: str | None, lookup: ImportLookup, batch: RowBatch, used: ImportUsage
) -> None:
    number = draft.row.number
    picture = lookup.pictures.get(key or "")
    if key is None or picture is None:
        draft.fault("picture", name, "no_such_picture", **batch.similar.get(name, {}))
    elif used.keys.get(key) == number or (picture.digest and used.digests.get(picture.digest) == number):
        draft.fault("picture", name, "picture_twice_in_row")
    elif key in used.keys:
        draft.fault("picture", name, "picture_twice", other=used.keys[key])
    else:
        used.keys[key] = number
        if refusal := _refusal_of(picture):
            draft.fault("picture", name, refusal)
        elif picture.digest in used.digests:
            draft.fault("picture", name, "same_picture", other=used.digests[picture.digest])
        else:
            used.digests[picture.digest] = number
            draft.images += [picture.image] if picture.image else []


def _refusal_of(picture: ImportedPicture) -> str:
    """The reason why a picture cannot be used, as a key of FAULT_SENTENCES; "" if it can be used."""
    image = picture.image
    if picture.refusal or image is None:
        return picture.refusal or "damaged"
    return "" if image.state in {ImageState.RECEIVED, ImageState.READY} else image.refusal or "damaged"
