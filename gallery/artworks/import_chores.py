"""The worker's chores for imports: pictures, rows, and deleting files that are no longer needed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic

from tortoise.expressions import Q, Subquery

from gallery.artworks.archive_names import comparable_file_name
from gallery.artworks.bundles import Bundle, PictureRefused, open_bundle
from gallery.artworks.entry import WorkEntry
from gallery.artworks.import_columns import chosen_columns, reported_headers
from gallery.artworks.import_lookup import ImportUsage, RowBatch
from gallery.artworks.import_mending import write_bad_rows
from gallery.artworks.import_models import (
    Import,
    ImportedChange,
    ImportedPicture,
    ImportedWork,
    ImportState,
    bundle_key,
)
from gallery.artworks.import_rows import ImportReport, row_batches, write_batch
from gallery.artworks.imports import claim_import, end_lease, others_wait, renew_lease
from gallery.artworks.sheet_faults import SheetRefused, similar_names
from gallery.artworks.sheets import SheetFile, SheetRow
from gallery.clock import now
from gallery.db.connection import in_transaction
from gallery.db.leases import LeaseLost
from gallery.images.models import Image, ImageState, new_token
from gallery.images.sandbox.parent import ImageRefused
from gallery.images.storage_keys import delete_image_files
from gallery.images.uploads import ReceivedFile
from gallery.organisations.models import Organisation
from gallery.storage import StoreUnavailable
from gallery.worker import Chore, ChoreContext

MAX_LOSSES = 5
# Errors of a sheet after which the uploaded pictures are kept for a corrected sheet.
SHEET_CODES = {
    *(
        "no_sheet",
        "two_sheets",
        "sheet_too_large",
        "broken_sheet",
        "wrong_encoding",
        "no_rows",
        "too_many_rows",
    ),
    "old_excel",
}
CHANGES_KEPT_FOR = timedelta(days=30)  # what works were before an import changed them
UNCONFIRMED_LIFETIME = timedelta(hours=20)  # shorter than the one day after which unused pictures are deleted
CLEAR_BATCH_SIZE = 20
TURN_SECONDS = 30.0  # for which a worker goes on with one import while others wait


class TurnOver(Exception):
    """Another organisation's import has waited for a whole turn of this one, and comes next."""


class Turn:
    """The time that an import has before it lets the next one go on."""

    def __init__(self) -> None:
        self._ends = monotonic() + TURN_SECONDS

    async def check(self) -> None:
        """To be called where the import can be left and continued later. Raises TurnOver."""
        if monotonic() < self._ends:
            return
        if await others_wait():
            raise TurnOver
        self._ends = monotonic() + TURN_SECONDS


async def import_next(context: ChoreContext) -> bool:
    """Process a waiting import until it is checked, done or refused, or its turn is over. False if none waits."""
    job = await claim_import()
    if job is None:
        return False
    if job.losses >= MAX_LOSSES:
        await refuse_import(job, "given_up")
        return True
    try:
        await run_import(context, job)
    except SheetRefused as refusal:
        await refuse_sheet(job, refusal)
    except LeaseLost:
        pass
    except TurnOver:
        await end_lease(job)
    except (StoreUnavailable, asyncio.CancelledError):
        await end_lease(job)  # not the fault of the file: the import will be tried again
        raise
    return True


async def refuse_sheet(job: Import, refusal: SheetRefused) -> None:
    """Refuse the latest sheet: check with the previous sheet again, wait for another one, or refuse the import."""
    facts = {"code": refusal.code, **refusal.facts}
    if job.state == ImportState.RECEIVED and job.sheets:
        await end_lease(job, refusal=facts, sheets=job.sheets[:-1])  # the import is then checked again
    elif job.state == ImportState.RECEIVED and refusal.pictures_wait:
        await end_lease(job, state=ImportState.CHECKED, refusal=facts)
    else:
        await refuse_import(job, refusal.code, **refusal.facts)


async def refuse_import(job: Import, code: str, **facts: object) -> None:
    await end_lease(job, state=ImportState.REFUSED, refusal={"code": code, **facts}, finished_at=now())


async def run_import(context: ChoreContext, job: Import) -> None:
    """Check an import, or create its works if confirmed.

    Raises SheetRefused, LeaseLost, TurnOver, StoreUnavailable.
    """
    only_trying = job.state == ImportState.RECEIVED
    if only_trying:
        await renew_lease(job, columns=await chosen_columns(job.organisation_id))
    private = context.storage.private
    async with context.storage.scratch_folder() as folder, AsyncExitStack() as copies:
        path, *later = [
            await copies.enter_async_context(private.local_copy(bundle_key(token))) for token in job.tokens
        ]
        opening = open_bundle(path)
        bundle = await asyncio.to_thread(opening.__enter__)
        try:
            sheet = await asyncio.to_thread(read_sheet, bundle, folder, later, job.columns)
            if only_trying and not sheet.header.has_title:
                report = ImportReport(headers=reported_headers(sheet.header))
                await end_lease(job, state=ImportState.CHECKED, report=report.as_json())
                return
            await asyncio.to_thread(settle_names, bundle, sheet)
            turn = Turn()  # not before: to fetch and open a large ZIP may take longer than a turn
            if only_trying:
                await import_pictures(context, job, bundle, sheet, folder, turn)
            site_url = context.settings.site_url
            report = await process_rows(job, bundle, sheet, site_url, None if only_trying else turn)
            await keep_bad_rows(context, job, sheet, report, folder / "rows")
        except SheetRefused as refusal:
            refusal.pictures_wait = bundle.has_pictures and refusal.code in SHEET_CODES
            raise
        finally:
            opening.__exit__(None, None, None)
    if only_trying:
        report.unused = max(len(bundle.names.entries) - job.picture_count, 0)
        report.strangers = sheet.header.strangers[:20]
        report.headers = reported_headers(sheet.header)
        report.page = sheet.header.page if sheet.is_xlsx and len(sheet.pages) > 1 else ""
        await end_lease(job, state=ImportState.CHECKED, report=report.as_json())
    else:
        await end_lease(job, state=ImportState.DONE, finished_at=now())


async def keep_bad_rows(
    context: ChoreContext, job: Import, sheet: SheetFile, report: ImportReport, path: Path
) -> None:
    """Store the rows that cannot become works as a file, so that partners can correct them; see import_mending.py."""
    old = job.rows_token
    token = new_token() if report.bad_rows else ""
    if token:
        await asyncio.to_thread(write_bad_rows, sheet, report.bad_rows, path)
        await context.storage.private.put_file(bundle_key(token), path)
    await renew_lease(job, rows_token=token)
    if old:
        await context.storage.private.delete(bundle_key(old))


async def import_pictures(
    context: ChoreContext, job: Import, bundle: Bundle, sheet: SheetFile, folder: Path, turn: Turn
) -> None:
    """Inspect and store every picture that a row names and that no earlier attempt has processed."""
    named = await asyncio.to_thread(named_pictures, bundle, sheet)
    done: set[object] = set(await ImportedPicture.filter(of_id=job.id).values_list("name", flat=True))
    await renew_lease(job, picture_count=len(named.keys), row_count=named.rows, done_pictures=len(done))
    organisation = await Organisation.get(id=job.organisation_id)
    for key in named.keys:
        if key in done:
            continue
        async with WorkEntry(context.storage, context.settings) as entry:
            await _import_picture(entry, job, bundle, key, folder / "picture", organisation)
        await turn.check()


async def _import_picture(
    entry: WorkEntry, job: Import, bundle: Bundle, key: str, path: Path, organisation: Organisation
) -> None:
    digest = refusal = ""
    try:
        unpacked = await asyncio.to_thread(bundle.unpack_picture, key, path, entry.settings.upload_max_bytes)
        digest = unpacked.digest
        await entry.add_picture(ReceivedFile(path, unpacked.size, unpacked.head), organisation)
    except (PictureRefused, ImageRefused) as error:
        refusal = error.code
    async with in_transaction():
        await renew_lease(job, done_pictures=job.done_pictures + 1)
        await ImportedPicture.create(
            of_id=job.id, name=key, digest=digest, image=entry.picture, refusal=refusal
        )
        if entry.picture is not None:  # its renditions are made after a partner has confirmed the import
            await Image.filter(id=entry.picture.id).update(attempt_after=now() + UNCONFIRMED_LIFETIME)
    entry.keep_picture()


class NamedPictures:
    """The keys of the pictures that the rows of a sheet name, in order, and the number of rows."""

    def __init__(self) -> None:
        self.keys: dict[str, None] = {}
        self.rows = 0


def read_sheet(bundle: Bundle, folder: Path, later: Sequence[Path], columns: Mapping[str, str]) -> SheetFile:
    """Read the sheet of a bundle together with later sheets: each replaces the whole sheet or some of its rows."""
    files = [SheetFile(path, columns) for path in later]
    whole = [number for number, file in enumerate(files) if not file.header.names_rows]
    sheet = files[whole[-1]] if whole else SheetFile(bundle.unpack_sheet(folder), columns)
    for file in files[whole[-1] + 1 if whole else 0 :]:
        sheet.mend(file)
    return sheet


def settle_names(bundle: Bundle, sheet: SheetFile) -> None:
    bundle.settle_names(row.cells.get("picture", "") for row in sheet)


def named_pictures(bundle: Bundle, sheet: SheetFile) -> NamedPictures:
    named = NamedPictures()
    for row in sheet:
        named.rows += 1
        named.keys.update({key: None for _name, key in pictures_of(row, bundle) if key is not None})
    return named


def pictures_of(row: SheetRow, bundle: Bundle) -> list[tuple[str, str | None]]:
    """The picture names in a row, each with its key in the bundle; None if the picture is missing."""
    return bundle.names.find_all(row.cells.get("picture", ""))


async def process_rows(
    job: Import, bundle: Bundle, sheet: SheetFile, site_url: str, turn: Turn | None
) -> ImportReport:
    """Check every row, or with a turn create the works of all valid rows.

    Creating continues after the last row that an earlier worker finished.
    """
    only_trying = turn is None
    if only_trying:
        await renew_lease(job, done_rows=0, report={})
    report, used = ImportReport(**job.report), await load_import_usage(job)
    batches = iter(row_batches(sheet, job.done_rows))
    while (rows := await asyncio.to_thread(next, batches, None)) is not None:
        batch = await asyncio.to_thread(make_batch, rows, bundle, site_url)
        report = await write_batch(
            job, batch, used, report, only_trying=only_trying, has_pictures=bundle.has_pictures
        )
        if turn is not None:
            await turn.check()
    return report


async def load_import_usage(job: Import) -> ImportUsage:
    """What the rows use that this import has finished: pictures, inventory numbers, and works that they changed."""
    used = ImportUsage()
    numbered = ImportedWork.filter(of_id=job.id, artwork__inventory_number__isnull=False)
    for row, number in await numbered.values_list("row", "artwork__inventory_number"):
        used.numbers[number] = row
    changed = ImportedChange.filter(of_id=job.id).values_list(
        "row", "artwork_id", "artwork__inventory_number"
    )
    for row, artwork_id, number in await changed:
        used.works[artwork_id] = row
        if number is not None:
            used.numbers[number] = row
    for relation in ("artwork__image__imported_as", "artwork__further_pictures__image__imported_as"):
        made = ImportedWork.filter(**{"of_id": job.id, f"{relation}__of_id": job.id})
        for row, name, digest in await made.values_list("row", f"{relation}__name", f"{relation}__digest"):
            used.keys[name] = row
            used.digests[digest] = row
    return used


def make_batch(rows: list[SheetRow], bundle: Bundle, site_url: str) -> RowBatch:
    pictures = {row.number: pictures_of(row, bundle) for row in rows}
    similar: dict[str, dict[str, str]] = {}
    for name, key in (each for named in pictures.values() for each in named):
        if key is None and len(similar) < 20:
            similar[name] = similar_names(comparable_file_name(name), bundle.names.entries)
    return RowBatch(rows, pictures, similar, site_url)


async def clear_next(context: ChoreContext) -> bool:
    """Delete the uploaded file and the unused pictures of one ended import.

    Imports that nobody confirmed within UNCONFIRMED_LIFETIME are ended first. False if there is nothing to
    delete.
    """
    old = Import.filter(state=ImportState.CHECKED, created_at__lt=now() - UNCONFIRMED_LIFETIME)
    await old.update(state=ImportState.TAKEN_BACK, finished_at=now())
    past = Import.filter(finished_at__lt=now() - CHANGES_KEPT_FOR).values("id")
    await ImportedChange.filter(of_id__in=Subquery(past)).delete()
    ended = [ImportState.DONE, ImportState.REFUSED, ImportState.TAKEN_BACK]
    job = await Import.filter(files_cleared_at=None, state__in=ended).order_by("id").first()
    if job is None:
        return await forget_bad_rows(context)
    unused = Image.filter(artwork=None, further_picture=None, imported_as__of_id=job.id)
    images = await unused.limit(CLEAR_BATCH_SIZE)
    for image in images:
        # This state stops a worker that is making renditions of the image.
        await Image.filter(id=image.id).update(state=ImageState.ERASED)
        await delete_image_files(context.storage, image.token)
        await image.delete()
    if images or await forget_names(job):
        return True
    await context.storage.private.delete(*(bundle_key(token) for token in job.tokens))
    await ImportedPicture.filter(of_id=job.id, image_id=None).delete()
    # The filter by state leaves `files_cleared_at` null if the import was taken back in the meantime: then
    # more pictures must be deleted.
    await Import.filter(id=job.id, state=job.state).update(files_cleared_at=now())
    return True


async def forget_bad_rows(context: ChoreContext) -> bool:
    """Delete the file of rows to correct of one import that ended long ago, was undone, or has a withdrawn work.

    Returns whether there was one.
    """
    is_over = Q(finished_at__lt=now() - UNCONFIRMED_LIFETIME) | Q(file_name="")
    taken_back = Q(state__in=[ImportState.REFUSED, ImportState.TAKEN_BACK])
    ended = Import.filter((is_over & Q(state=ImportState.DONE)) | taken_back)
    job = await ended.exclude(rows_token="").first()
    if job is None:
        return False
    await context.storage.private.delete(bundle_key(job.rows_token))
    await Import.filter(id=job.id).update(rows_token="")
    return True


async def forget_names(job: Import) -> bool:
    """Erase the names and digests of at most 200 stored pictures; returns whether there were any."""
    named = await ImportedPicture.filter(of_id=job.id, image_id__isnull=False, digest__not="").limit(200)
    for picture in named:
        picture.name, picture.digest = f"{picture.id}", ""
    if named:
        await ImportedPicture.bulk_update(named, ["name", "digest"])
    return bool(named)


CHORES = [
    Chore("bring in sheets", import_next, concurrent=True),
    Chore("bring in sheets of a second organisation", import_next, concurrent=True),
    Chore("clear imports", clear_next, every=30),
]
