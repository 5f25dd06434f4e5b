"""Bringing in many works by a sheet: taking in the pictures, trying the rows, making the works, and taking all of it back.

Trying is making: the same code writes every row, in transactions of some hundred rows each, which are rolled back.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from pypika_tortoise.queries import Query
from tortoise.connection import get_connection
from tortoise.expressions import Q, Subquery
from tortoise.functions import Count

from gallery.accounts.models import Person
from gallery.artists.consents import latest_renewal
from gallery.artists.models import Artist, Consent
from gallery.artworks.import_models import RUNNING_STATES, Import, ImportedPicture, ImportedWork, ImportState
from gallery.artworks.models import Artwork, Status, Submission, new_public_id
from gallery.artworks.sheets import (
    CellFault,
    ParsedRow,
    SheetRow,
    is_yes,
    normalised_name,
    read_row,
    similar_or_some_names,
)
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now, today
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Image, ImageState
from gallery.numbers import row_id, whole_number, whole_numbers
from gallery.organisations.models import Organisation, Project
from gallery.themes.extensions import extended_deadlines
from gallery.themes.models import Theme
from gallery.web.languages import gettext as _

logger = logging.getLogger("gallery.worker")

LEASE = timedelta(seconds=90)  # longer than one picture or one batch of rows may take
BATCH_SIZE = 200  # rows in one transaction: on SQLite nobody else writes meanwhile, so it is short
MAX_FAULTS = 300
MAX_NAMES = 50


class ImportRefused(Exception):
    """It cannot be done now; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class LeaseLost(Exception):
    """Another worker took the import up, or somebody took it back: whoever works at it stops."""


class TrialRollback(Exception):
    """Ends the transaction of a batch that was only tried."""


@dataclass
class ImportReport:
    """What came of the rows so far, as the import keeps it."""

    good: int = 0
    bad: int = 0  # rows with a fault
    faults: list[dict[str, Any]] = field(default_factory=list)  # the first FAULTS_KEPT, as Fault.kept
    fault_count: int = 0
    new_artists: int = 0
    artist_names: list[str] = field(default_factory=list)  # the first NAMES_KEPT of the new ones
    strangers: list[str] = field(default_factory=list)  # headers that were passed over
    unused: int = 0  # pictures in the ZIP that no row names

    def note(self, faults: Sequence[CellFault]) -> None:
        self.fault_count += len(faults)
        room = MAX_FAULTS - len(self.faults)
        self.faults.extend(fault.kept() for fault in faults[: max(room, 0)])

    def kept(self) -> dict[str, Any]:
        return dict(self.__dict__)


async def claim_import(states: Iterable[ImportState] = RUNNING_STATES) -> Import | None:
    """Take the oldest import that waits on lease; those whose workers were killed let the others go first."""
    async with in_transaction():
        waiting = Import.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=now()), state__in=list(states)
        ).order_by("losses", "id")
        held: Import | None = await locked(waiting.limit(1), skip_locked=True).first()
        if held is None:
            return None
        held.attempts += 1
        held.losses += held.lease_until is not None
        held.lease_until = now() + LEASE
        await held.save(update_fields=["attempts", "losses", "lease_until"])
        return held


async def renew_lease(job: Import, **values: Any) -> None:
    """Write `values` and a new lease, if this worker still holds the import. Raises LeaseLost."""
    held = Import.filter(id=job.id, attempts=job.attempts, state=job.state)
    if not await held.update(lease_until=now() + LEASE, **values):
        raise LeaseLost
    for name, value in values.items():
        setattr(job, name, value)


async def end_lease(job: Import, **values: Any) -> None:
    """End the lease, with what came of it."""
    held = Import.filter(id=job.id, attempts=job.attempts, state=job.state)
    await held.update(lease_until=None, **values)


@dataclass
class ImportLookup:
    """What a sheet can name, looked up once for each batch, within its transaction."""

    artists: dict[str, list[Artist]]
    consents: dict[int, Consent]
    consents_of: dict[int, list[Consent]]  # by the artist's id: in force, for the website
    themes: dict[str, Theme]
    theme_names: list[str]
    projects: dict[str, Project]
    project_names: list[str]
    pictures: dict[str, ImportedPicture]  # by their key in the bundle, with their images
    open_ids: set[int]  # of themes that take works of this organisation
    everybody: Consent | None


@dataclass
class RowBatch:
    """Some rows of a sheet, each with the key of its picture in the bundle, None where it names one that is not there."""

    rows: Sequence[SheetRow]
    keys: Mapping[int, str | None]  # by row number; no entry where a row names no picture
    near: Mapping[int, Mapping[str, str]]  # facts of what a missing picture may have meant


@dataclass
class UsedSoFar:
    """Which row used which picture, over the whole sheet."""

    keys: dict[str, int] = field(default_factory=dict)
    digests: dict[str, int] = field(default_factory=dict)
    new_names: set[str] = field(default_factory=set)  # credit names that were made, or would be


async def write_batch(
    job: Import,
    batch: RowBatch,
    seen: UsedSoFar,
    report: ImportReport,
    *,
    only_trying: bool,
    has_pictures: bool,
) -> ImportReport:
    """Make the works of some rows in one transaction, or only try to; returns the report with them.

    Rows with a fault are left out. Where they are made, `done_rows` moves in the same transaction, so a killed
    worker neither loses nor doubles any. Raises LeaseLost.
    """
    fresh = ImportReport(
        **{**report.kept(), "faults": list(report.faults), "artist_names": list(report.artist_names)}
    )
    try:
        async with in_transaction():
            held = await locked(Import.filter(id=job.id, attempts=job.attempts, state=job.state)).first()
            if held is None:
                raise LeaseLost
            told = [read_row(row) for row in batch.rows]
            known = await load_lookup(held, [each for each, _faults in told], batch)
            drafts: list[_RowDraft] = []
            for each, faults in told:
                draft = _resolve_row(each, list(faults), held, known, batch, seen, has_pictures)
                if draft.faults:
                    fresh.bad += 1
                    fresh.note(draft.faults)
                else:
                    fresh.good += 1
                    drafts.append(draft)
            await _create_works(held, drafts, known, seen, fresh)
            if only_trying:
                raise TrialRollback
            await renew_lease(job, done_rows=job.done_rows + len(batch.rows), report=fresh.kept())
    except TrialRollback:
        await renew_lease(job, done_rows=job.done_rows + len(batch.rows), report=fresh.kept())
    return fresh


async def load_lookup(job: Import, told: Sequence[ParsedRow], batch: RowBatch) -> ImportLookup:
    """What the rows of a batch may name, in a constant number of queries."""
    organisation_id, day = job.organisation_id, today()
    names = {each.credit_name for each in told if each.credit_name}
    artists: dict[str, list[Artist]] = {}
    for artist in await Artist.filter(organisation_id=organisation_id, credit_name__in=names).order_by("id"):
        artists.setdefault(artist.credit_name, []).append(artist)
    numbers = set(whole_numbers(each.consent for each in told))
    if job.consent_id is not None:
        numbers.add(job.consent_id)
    ids = [artist.id for some in artists.values() for artist in some]
    # Locked, so that none is withdrawn between this look and the work.
    ours = Artist.filter(organisation_id=organisation_id)
    named = Consent.filter(Q(id__in=list(numbers)) | Q(artist_id__in=ids))
    consents = await locked(named.filter(artist_id__in=Subquery(ours.values("id")))).order_by("id")
    followers = Consent.filter(follows_id__in=[consent.id for consent in consents])
    renewed = {id for id in await followers.values_list("follows_id", flat=True) if isinstance(id, int)}
    consents_of: dict[int, list[Consent]] = {}
    for consent in consents:
        if consent.covers_web(day) and consent.id not in renewed:
            consents_of.setdefault(consent.artist_id, []).append(consent)
    longer = await extended_deadlines([organisation_id])
    themes: dict[str, Theme] = {}
    open_ids: set[int] = set()
    for theme in await Theme.all().order_by("-id"):
        if theme.is_open(day) or theme.id in longer:
            open_ids.add(theme.id)
        for name in (theme.slug, theme.title_zh, theme.title_en):
            if name and (theme.id in open_ids or normalised_name(name) not in themes):
                themes[normalised_name(name)] = theme
    projects: dict[str, Project] = {}
    for project in await Project.filter(organisation_id=organisation_id).order_by("-id"):
        for name in (project.title_zh, project.title_en):
            if name:
                projects[normalised_name(name)] = project
    keys = {key for key in batch.keys.values() if key}
    pictures = await ImportedPicture.filter(of_id=job.id, name__in=keys).prefetch_related("image__artwork")
    by_id = {consent.id: consent for consent in consents}
    for old_id in renewed:  # the sheet, or whoever sent it, names the consent as it was then
        newest = await latest_renewal(by_id[old_id])
        by_id[old_id] = await locked(Consent.filter(id=newest.id)).get()
    return ImportLookup(
        artists=artists,
        consents=by_id,
        consents_of=consents_of,
        themes=themes,
        theme_names=sorted({t.title_zh or t.title_en for t in themes.values() if t.id in open_ids}),
        projects=projects,
        project_names=sorted({p.title_zh or p.title_en for p in projects.values()}),
        pictures={picture.name: picture for picture in pictures},
        open_ids=open_ids,
        everybody=by_id.get(job.consent_id or 0),
    )


@dataclass
class _RowDraft:
    told: ParsedRow
    faults: list[CellFault]
    language: str = "zh"
    artist: Artist | None = None  # None with a credit name: to be made
    consent: Consent | None = None
    themes: list[Theme] = field(default_factory=list)
    project: Project | None = None
    image: Image | None = None


def _resolve_row(
    told: ParsedRow,
    faults: list[CellFault],
    job: Import,
    known: ImportLookup,
    batch: RowBatch,
    seen: UsedSoFar,
    has_pictures: bool,
) -> _RowDraft:
    """A row with what it names; what is not to be found stands among its faults."""
    draft = _RowDraft(told, faults, language=told.language or job.language)

    def fault(column: str, value: str, code: str, **facts: Any) -> None:
        faults.append(CellFault(told.row, column, value, code, facts))

    _resolve_artist(draft, known, fault)
    _resolve_consent(draft, known, fault)
    for name in told.themes:
        theme = known.themes.get(normalised_name(name))
        if theme is None:
            fault("themes", name, "no_such_theme", **similar_or_some_names(name, known.theme_names))
        elif theme.id not in known.open_ids:
            fault("themes", name, "theme_closed", day=str(theme.call_closes_on or theme.call_opens_on))
        elif theme not in draft.themes:
            draft.themes.append(theme)
    if told.project:
        draft.project = known.projects.get(normalised_name(told.project))
        if draft.project is None:
            fault(
                "project",
                told.project,
                "no_such_project",
                **similar_or_some_names(told.project, known.project_names),
            )
    if told.picture:
        _resolve_picture(draft, known, batch, seen, fault, has_pictures)
    return draft


def _resolve_artist(draft: _RowDraft, known: ImportLookup, fault: Any) -> None:
    name = draft.told.credit_name
    found = known.artists.get(name, [])
    chosen = known.consents.get(row_id(draft.told.consent))
    if len(found) > 1 and chosen is not None:  # the consent's number says which of them
        found = [artist for artist in found if artist.id == chosen.artist_id]
    if len(found) > 1 and known.everybody is not None:
        found = [artist for artist in found if artist.id == known.everybody.artist_id]
    if len(found) > 1:
        fault("credit_name", name, "two_artists")
    elif found:
        draft.artist = found[0]


def _resolve_consent(draft: _RowDraft, known: ImportLookup, fault: Any) -> None:
    told = draft.told
    if not told.consent:
        draft.consent = known.everybody
    elif (number := whole_number(told.consent)) is not None:
        draft.consent = known.consents.get(number)
        if draft.consent is None:
            fault("consent", told.consent, "no_such_consent")
    elif not is_yes(told.consent):
        fault("consent", told.consent, "no_such_consent")
    elif not told.credit_name:
        fault("consent", told.consent, "no_artist")
    else:
        in_force = known.consents_of.get(draft.artist.id, []) if draft.artist else []
        if not in_force:
            fault("consent", told.consent, "no_consent")
        elif len(in_force) > 1:
            fault("consent", told.consent, "two_consents", near=", ".join(str(each.id) for each in in_force))
        else:
            draft.consent = in_force[0]
    if draft.consent is None:
        return
    if told.credit_name and (draft.artist is None or draft.consent.artist_id != draft.artist.id):
        fault("consent", told.consent or str(draft.consent.id), "consent_of_another")
    elif not draft.consent.covers_web():
        fault("consent", told.consent or str(draft.consent.id), "consent_ended")


def _resolve_picture(
    draft: _RowDraft, known: ImportLookup, batch: RowBatch, seen: UsedSoFar, fault: Any, has_pictures: bool
) -> None:
    told = draft.told
    key = batch.keys.get(told.row)
    picture = known.pictures.get(key or "")
    if not has_pictures:
        fault("picture", told.picture, "no_pictures")
        return
    if key is None or picture is None:
        fault("picture", told.picture, "no_such_picture", **batch.near.get(told.row, {}))
        return
    if key in seen.keys:
        fault("picture", told.picture, "picture_twice", other=seen.keys[key])
        return
    seen.keys[key] = told.row
    image = picture.image
    refusal = picture.refusal or (
        (image.refusal or "damaged")
        if image is not None and image.state not in {ImageState.RECEIVED, ImageState.READY}
        else ""
    )
    if refusal or image is None:
        fault("picture", told.picture, refusal or "damaged")
        return
    if picture.digest in seen.digests:
        fault("picture", told.picture, "same_picture", other=seen.digests[picture.digest])
        return
    seen.digests[picture.digest] = told.row
    draft.image = image


async def _create_works(
    job: Import, drafts: Sequence[_RowDraft], known: ImportLookup, seen: UsedSoFar, report: ImportReport
) -> None:
    """Write the works, with a constant number of statements for each batch."""
    wanted = {
        draft.told.credit_name: draft.told.row
        for draft in reversed(drafts)
        if draft.told.credit_name and draft.artist is None and draft.consent is None
    }
    made: dict[str, Artist] = {}
    if wanted:
        before = await Artist.filter(organisation_id=job.organisation_id).order_by("-id").first()
        await Artist.bulk_create(
            [Artist(organisation_id=job.organisation_id, credit_name=name) for name in wanted],
            batch_size=BATCH_SIZE,
        )
        rows = Artist.filter(
            organisation_id=job.organisation_id,
            credit_name__in=list(wanted),
            id__gt=before.id if before else 0,
        )
        made = {artist.credit_name: artist for artist in await rows}
        for name in sorted(wanted, key=lambda each: wanted[each]):
            if name not in seen.new_names:
                seen.new_names.add(name)
                report.new_artists += 1
                if len(report.artist_names) < MAX_NAMES:
                    report.artist_names.append(name)
    works = []
    for draft in drafts:
        artist = draft.artist or made.get(draft.told.credit_name)
        works.append(
            Artwork(
                public_id=new_public_id(),
                organisation_id=job.organisation_id,
                created_by_id=job.by_id,
                artist_id=artist.id if artist else draft.consent.artist_id if draft.consent else None,
                consent_id=draft.consent.id if draft.consent else None,
                project_id=draft.project.id if draft.project else None,
                image_id=draft.image.id if draft.image else None,
                language=draft.language,
                year=draft.told.year,
                **draft.told.texts,
            )
        )
    if not works:
        return
    await Artwork.bulk_create(works, batch_size=BATCH_SIZE)
    named = Artwork.filter(public_id__in=[work.public_id for work in works])
    ids: dict[str, int] = dict(await named.values_list("public_id", "id"))
    imported: list[ImportedWork] = []
    tagged: list[tuple[int, int]] = []
    for work, draft in zip(works, drafts, strict=True):
        id = ids[work.public_id]
        artist = made.get(draft.told.credit_name)
        is_first = artist is not None and wanted.get(draft.told.credit_name) == draft.told.row
        imported.append(
            ImportedWork(
                of_id=job.id,
                artwork_id=id,
                row=draft.told.row,
                new_artist_id=artist.id if artist and is_first else None,
            )
        )
        tagged.extend((id, theme.id) for theme in draft.themes)
    await ImportedWork.bulk_create(imported, batch_size=BATCH_SIZE)
    if tagged:
        tags = Query.into("artwork_theme").columns("artwork_id", "theme_id").insert(*tagged)
        await get_connection("default").execute_query(tags.get_sql())


def row_batches(rows: Iterable[SheetRow], past: int) -> Iterable[list[SheetRow]]:
    """The rows after the first `past`, some at a time."""
    going = iter(rows)
    for _row in islice(going, past):
        pass
    while some := list(islice(going, BATCH_SIZE)):
        yield some


async def create_import(
    organisation: Organisation, by: Person, token: str, file_name: str, consent: Consent | None, language: str
) -> Import:
    """Keep an upload, whose file lies in private storage already, as work for the worker."""
    async with in_transaction():
        job = await Import.create(
            organisation=organisation,
            by=by,
            token=token,
            file_name=file_name[:120],
            consent=consent,
            language=language,
        )
        await record(Verb.IMPORT_SENT, job.id, organisation_id=organisation.id, by=by)
        return job


async def confirm_import(job: Import) -> None:
    """Let the worker make the works of every good row. Raises ImportRefused."""
    async with in_transaction():
        held = await locked(Import.filter(id=job.id)).get()
        if held.state == ImportState.CONFIRMED or held.state == ImportState.DONE:
            return  # a button that was pressed twice
        if held.state != ImportState.CHECKED or not held.report.get("good"):
            raise ImportRefused(_("There is nothing in it that can be brought in."))
        held.state = ImportState.CONFIRMED
        held.done_rows = 0
        held.report = {}
        held.losses = 0
        await held.save(update_fields=["state", "done_rows", "report", "losses"])
        await record(Verb.IMPORT_CONFIRMED, held.id, organisation_id=held.organisation_id)


async def take_back_import(job: Import) -> int:
    """Undo a whole import, or put one away that was not brought in; returns how many works went. Raises ImportRefused.

    Only while all of its works are drafts that were never submitted. Pictures and the file are deleted by the worker.
    """
    async with in_transaction():
        held = await locked(Import.filter(id=job.id)).get()
        if held.state == ImportState.TAKEN_BACK:
            return 0
        if held.state == ImportState.CONFIRMED:
            raise ImportRefused(_("Its works are being made just now. Please wait until that is done."))
        made = ImportedWork.filter(of_id=held.id)
        works = (
            await locked(Artwork.filter(imported_as__of_id=held.id).order_by("id"))
            if held.state == ImportState.DONE
            else []
        )
        if any(work.status != Status.DRAFT for work in works) or await Submission.exists(
            artwork__imported_as__of_id=held.id
        ):
            raise ImportRefused(
                _(
                    "Some of its works were submitted already, so it cannot be taken back as a "
                    "whole. Drafts can be deleted one by one."
                )
            )
        artists = [id for id in await made.values_list("new_artist_id", flat=True) if id is not None]
        ids = [work.id for work in works]
        images = Image.filter(imported_as__of_id=held.id)
        image_ids = await images.values_list("id", flat=True)
        for start in range(0, len(ids), 500):
            await Artwork.filter(id__in=ids[start : start + 500]).delete()
        for start in range(0, len(image_ids), 500):
            unused = Image.filter(id__in=image_ids[start : start + 500], artwork=None)
            await Image.filter(id__in=await unused.values_list("id", flat=True)).update(
                state=ImageState.ERASED, lease_until=None
            )
        for start in range(0, len(artists), 500):
            idle = (
                Artist.filter(id__in=artists[start : start + 500])
                .annotate(works=Count("artworks"), consents_given=Count("consents"))
                .filter(works=0, consents_given=0)
            )
            await Artist.filter(id__in=await idle.values_list("id", flat=True)).delete()
        await record(Verb.IMPORT_TAKEN_BACK, held.id, organisation_id=held.organisation_id)
        held.state = ImportState.TAKEN_BACK
        held.finished_at = now()
        held.lease_until = held.files_cleared_at = None
        await held.save(update_fields=["state", "finished_at", "lease_until", "files_cleared_at"])
        return len(ids)
