"""Creating works from the rows of a sheet, in batches.

A check runs the same code: it writes the rows in transactions of BATCH_SIZE rows and rolls them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from pypika_tortoise.queries import Query
from tortoise.connection import get_connection

from gallery.accounts.models import Person
from gallery.artists.models import Artist
from gallery.artworks.import_common import lacking
from gallery.artworks.import_lookup import (
    CreatedArtist,
    ImportUsage,
    RowBatch,
    RowDraft,
    load_lookup,
    resolve_row,
)
from gallery.artworks.import_models import Import, ImportedWork
from gallery.artworks.import_updates import update_works
from gallery.artworks.imports import renew_lease
from gallery.artworks.models import Artwork, Picture, new_public_id
from gallery.artworks.sheet_rows import read_row
from gallery.artworks.sheets import SheetRow
from gallery.artworks.works import PICTURE_TEXTS, set_columns, text_of, translated_into
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.db.leases import LeaseLost
from gallery.images.models import Image
from gallery.themes.models import Theme
from gallery.web.texts import Texts

BATCH_SIZE = 200  # rows in one transaction; SQLite blocks all other writers during it
MAX_FAULTS = 300
MAX_NAMES = 50


class TrialRollback(Exception):
    """Rolls back the transaction of a batch that is only checked."""


@dataclass
class ImportReport:
    """The result of the rows processed so far. Its fields are the keys of `Import.report`."""

    good: int = 0
    bad_rows: list[int] = field(default_factory=list)  # row numbers
    bad: int = 0  # number of rows with a fault that is not only a note
    known: int = 0  # number of rows about existing works of the organisation
    updatable: int = 0  # number of those rows that can change their work
    known_works: list[list[int]] = field(default_factory=list)  # [row, id of the work] of the first MAX_NAMES
    faults: list[dict[str, Any]] = field(default_factory=list)  # the first MAX_FAULTS; see CellFault.as_json
    fault_count: int = 0
    notes: list[dict[str, Any]] = field(
        default_factory=list
    )  # the first MAX_FAULTS of cells that are left out of a work
    note_count: int = 0
    new_artists: int = 0
    artist_names: list[str] = field(default_factory=list)  # credit names of the first MAX_NAMES new artists
    strangers: list[str] = field(default_factory=list)  # headers that name no known column
    headers: list[list[str]] = field(default_factory=list)  # see import_columns.Headers
    page: str = ""  # name of the worksheet, if there are several
    ready: int = 0  # number of good rows that can be submitted for review
    lacking: dict[str, int] = field(default_factory=dict)  # field → number of good rows without it
    unused: int = 0  # number of pictures in the ZIP that are in no row
    # Ids of works whose former words could not all be restored when the import was taken back.
    not_restored: list[int] = field(default_factory=list)

    @property
    def lacks_title(self) -> bool:
        """Whether the sheet has no title column; then its rows were not checked."""
        columns = [column for _text, column, _example in self.headers]
        return bool(columns) and not any(column.startswith("title") for column in columns)

    def add_faults(self, draft: RowDraft) -> None:
        """Add the faults of a row: as errors if the row cannot become a work, else as notes."""
        faults = [fault.as_json() for fault in draft.faults]
        if draft.is_good:
            self.note_count += len(faults)
            self.notes = [*self.notes, *faults][:MAX_FAULTS]
        else:
            self.fault_count += len(faults)
            self.faults = [*self.faults, *faults][:MAX_FAULTS]

    def add_good(self, lacks: Sequence[str]) -> None:
        self.good += 1
        self.ready += not lacks
        self.lacking = {**self.lacking, **{name: self.lacking.get(name, 0) + 1 for name in lacks}}

    def add_known(self, row: int, work: int) -> None:
        self.known += 1
        if len(self.known_works) < MAX_NAMES:
            self.known_works.append([row, work])

    def as_json(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def copy(self) -> ImportReport:
        """A copy whose lists can be extended without changing this report."""
        values: dict[str, Any] = {
            name: list(each) if isinstance(each, list) else each for name, each in self.as_json().items()
        }
        return ImportReport(**values)


async def write_batch(
    job: Import,
    batch: RowBatch,
    used: ImportUsage,
    report: ImportReport,
    *,
    only_trying: bool,
    has_pictures: bool,
) -> ImportReport:
    """Create the works of a batch of rows in one transaction, or only check the rows.

    Returns `report` extended by these rows. Rows with a fault create no work, nor do rows whose work already
    exists. The transaction that creates the works also updates `done_rows`. So when a worker is killed, no
    row is lost, and no work is created twice. Raises LeaseLost.
    """
    report = report.copy()
    try:
        async with in_transaction():
            current = await locked(Import.filter(id=job.id, attempts=job.attempts, state=job.state)).first()
            if current is None:
                raise LeaseLost
            parsed = [read_row(row, batch.site_url) for row in batch.rows]
            lookup = await load_lookup(current, [row for row, _faults in parsed], batch)
            drafts: list[RowDraft] = []
            updates: list[RowDraft] = []
            for row, faults in parsed:
                draft = resolve_row(row, faults, current, lookup, batch, used, has_pictures)
                if draft.known_work is not None:
                    report.add_known(row.number, draft.known_work)
                    if draft.known_work in lookup.editable and draft.is_good:
                        updates.append(draft)
                        report.add_faults(draft)
                    continue
                if draft.is_good:
                    report.add_good(lacking(draft, lookup.files_seen))
                    drafts.append(draft)
                else:
                    report.bad += 1
                    report.bad_rows.append(row.number)
                report.add_faults(draft)
            report.updatable += len(updates)
            changed = updates if current.updates_known and not only_trying else []
            new_artists = await _create_artists(current, [*drafts, *changed], used, report)
            await _create_works(current, drafts, new_artists)
            by = await Person.get_or_none(id=current.by_id) if changed else None
            await update_works(current, changed, lookup.editable, new_artists, by)
            if only_trying:
                raise TrialRollback
            await renew_lease(job, done_rows=job.done_rows + len(batch.rows), report=report.as_json())
    except TrialRollback:
        await renew_lease(job, done_rows=job.done_rows + len(batch.rows), report=report.as_json())
    return report


async def _create_artists(
    job: Import, drafts: Sequence[RowDraft], used: ImportUsage, report: ImportReport
) -> dict[str, CreatedArtist]:
    """Create the artists whom the organisation does not have yet; returns them by RowDraft.artist_key.

    However often a name is spelled in another way, it is one artist, with the spelling of the first row.
    """
    firsts = {draft.artist_key: draft.row for draft in reversed(drafts) if draft.needs_artist}
    if not firsts:
        return {}
    names = {row.credit_name: key for key, row in firsts.items()}
    ours = Artist.filter(organisation_id=job.organisation_id)
    newest = await ours.order_by("-id").first()
    await Artist.bulk_create(
        [Artist(organisation_id=job.organisation_id, credit_name=name) for name in names],
        batch_size=BATCH_SIZE,
    )
    created = ours.filter(credit_name__in=list(names), id__gt=newest.id if newest else 0)
    artists = {names[artist.credit_name]: artist for artist in await created}
    for key in sorted(firsts, key=lambda each: firsts[each].number):
        if key not in used.new_names:
            used.new_names.add(key)
            report.new_artists += 1
            if len(report.artist_names) < MAX_NAMES:
                report.artist_names.append(firsts[key].credit_name)
    return {key: CreatedArtist(artists[key], row.number) for key, row in firsts.items()}


async def _create_works(
    job: Import, drafts: Sequence[RowDraft], new_artists: Mapping[str, CreatedArtist]
) -> None:
    """Insert the works, with a constant number of statements for each batch."""
    works = [_work_of(job, draft, new_artists) for draft in drafts]
    if not works:
        return
    await Artwork.bulk_create(works, batch_size=BATCH_SIZE)
    created = Artwork.filter(public_id__in=[work.public_id for work in works])
    ids: dict[str, int] = dict(await created.values_list("public_id", "id"))
    imported: list[ImportedWork] = []
    themes: list[tuple[int, Theme]] = []
    pictures: list[Picture] = []
    for work, draft in zip(works, drafts, strict=True):
        id = ids[work.public_id]
        new = new_artists.get(draft.artist_key)
        new_artist_id = new.artist.id if new is not None and new.row == draft.row.number else None
        imported.append(
            ImportedWork(of_id=job.id, artwork_id=id, row=draft.row.number, new_artist_id=new_artist_id)
        )
        themes.extend((id, theme) for theme in draft.themes)
        pictures.extend(
            Picture(artwork_id=id, image_id=image.id, position=position, **_picture_texts(draft, position))
            for position, image in enumerate(draft.images[1:], 2)
        )
    # Their renditions may be made from now on; see import_chores._import_picture.
    images = [image.id for draft in drafts for image in draft.images]
    await Image.filter(id__in=images).update(attempt_after=None, created_at=now())
    await ImportedWork.bulk_create(imported, batch_size=BATCH_SIZE)
    if pictures:
        await Picture.bulk_create(pictures, batch_size=BATCH_SIZE)
    if themes:
        pairs = [(id, theme.id) for id, theme in themes]
        insert = Query.into("artwork_theme").columns("artwork_id", "theme_id").insert(*pairs)
        await get_connection("default").execute_query(insert.get_sql())


def _picture_texts(draft: RowDraft, number: int) -> dict[str, Texts]:
    languages = translated_into(draft.texts)
    return {
        name: text_of(f"{name}_{number}", draft.texts, draft.language, languages) for name in PICTURE_TEXTS
    }


def _work_of(job: Import, draft: RowDraft, new_artists: Mapping[str, CreatedArtist]) -> Artwork:
    new = new_artists.get(draft.artist_key)
    artist = draft.artist or (new.artist if new else None)
    work = Artwork(
        public_id=new_public_id(),
        organisation_id=job.organisation_id,
        created_by_id=job.by_id,
        image_id=draft.images[0].id if draft.images else None,
    )
    set_columns(
        work,
        language=draft.language,
        texts=draft.texts,
        inventory_number=draft.row.inventory_number,
        artist_id=artist.id if artist else draft.consent.artist_id if draft.consent else None,
        consent_id=draft.consent.id if draft.consent else None,
        project_id=draft.project.id if draft.project else None,
    )
    work.more_pictures = max(len(draft.images) - 1, 0)  # set after the texts, which are of the first picture
    return work


def row_batches(rows: Iterable[SheetRow], skip: int) -> Iterable[list[SheetRow]]:
    """The rows after the first `skip`, in lists of BATCH_SIZE."""
    remaining = islice(iter(rows), skip, None)
    while batch := list(islice(remaining, BATCH_SIZE)):
        yield batch
