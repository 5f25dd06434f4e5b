"""The states of an import: sent, claimed by a worker, confirmed, or undone as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from tortoise.functions import Count

from gallery.accounts.models import Person
from gallery.artists.models import Artist, Consent
from gallery.artworks.import_models import RUNNING_STATES, Import, ImportedChange, ImportedWork, ImportState
from gallery.artworks.import_undo import undo_changes
from gallery.artworks.models import Artwork, Status, Submission
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import QuerySet, in_transaction, locked
from gallery.db.leases import LeaseLost, claim_first, is_free
from gallery.images.models import Image, ImageState
from gallery.organisations.models import Organisation
from gallery.web.languages import gettext as _

LEASE = timedelta(seconds=90)  # longer than a worker needs for one picture or one batch of rows
DELETE_BATCH_SIZE = 500


class ImportRefused(Exception):
    """The state of the import does not allow the action; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def create_import(
    organisation: Organisation, by: Person, token: str, file_name: str, consent: Consent | None, language: str
) -> Import:
    """Queue an uploaded file, which is in private storage already, for the worker."""
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


async def claim_import() -> Import | None:
    """Lease a waiting import of an organisation that has no import in progress.

    The one that had the fewest turns comes first; imports whose worker was killed come last.
    """
    async with in_transaction():
        waiting = await _waiting()
        return await claim_first(waiting.order_by("losses", "attempts", "id"), LEASE)


async def others_wait() -> bool:
    """Whether an import waits whose organisation has no import in progress."""
    return await (await _waiting()).filter(is_free(LEASE)).exists()


async def _waiting() -> QuerySet[Import]:
    running = Import.filter(state__in=list(RUNNING_STATES))
    busy = await running.filter(~is_free(LEASE)).values_list("organisation_id", flat=True)
    return running.filter(organisation_id__not_in=busy)


async def renew_lease(job: Import, **values: Any) -> None:
    """Save `values` and extend the lease, if this worker still holds the import. Raises LeaseLost."""
    leased = Import.filter(id=job.id, attempts=job.attempts, state=job.state)
    if not await leased.update(lease_until=now() + LEASE, **values):
        raise LeaseLost
    for name, value in values.items():
        setattr(job, name, value)


async def end_lease(job: Import, **values: Any) -> None:
    """Save `values` and end the lease, if this worker still holds the import."""
    leased = Import.filter(id=job.id, attempts=job.attempts, state=job.state)
    await leased.update(lease_until=None, **values)


async def confirm_import(job: Import, *, updates_known: bool = False) -> None:
    """Confirm an import: the worker then creates the works of all valid rows. Raises ImportRefused.

    With `updates_known`, rows also change existing works where that is allowed.
    """
    async with in_transaction():
        current = await locked(Import.filter(id=job.id)).get()
        if current.state == ImportState.CONFIRMED or current.state == ImportState.DONE:
            return  # the button was pressed twice
        usable = current.report.get("good") or (updates_known and current.report.get("updatable"))
        if current.state != ImportState.CHECKED or not usable:
            raise ImportRefused(_("There is nothing in it that can be imported."))
        current.state = ImportState.CONFIRMED
        current.done_rows = 0
        current.report = {}
        current.losses = 0
        current.updates_known = updates_known
        await current.save(update_fields=["state", "done_rows", "report", "losses", "updates_known"])
        await record(Verb.IMPORT_CONFIRMED, current.id, organisation_id=current.organisation_id)


async def recheck_import(job: Import, **values: Any) -> None:
    """Save `values`, and let the worker check an import again, which keeps its pictures. Raises ImportRefused."""
    async with in_transaction():
        current = await locked(Import.filter(id=job.id)).get()
        if current.state != ImportState.CHECKED:
            raise ImportRefused(_("It cannot be checked again now."))
        restart = {"state": ImportState.RECEIVED, "done_rows": 0, "report": {}, "refusal": {}, "losses": 0}
        await Import.filter(id=job.id).update(**restart, **values)
        await record(Verb.IMPORT_CHECKED_AGAIN, current.id, organisation_id=current.organisation_id)


async def take_back_import(job: Import, by: Person | None = None) -> tuple[int, int]:
    """Undo a whole import, or discard one that was not confirmed.

    Returns how many works were deleted, and how many have their former words again; the report has the others
    (`not_restored`). Raises ImportRefused unless all works that the import made are drafts that were never submitted.
    The worker deletes the pictures and the uploaded file.
    """
    async with in_transaction():
        current = await locked(Import.filter(id=job.id)).get()
        if current.state == ImportState.TAKEN_BACK:
            return 0, 0
        if current.state == ImportState.CONFIRMED:
            raise ImportRefused(_("Its works are being created right now. Please wait until this is done."))
        works = await _lock_drafts(current)
        restored, not_restored = await undo_changes(current, by)
        new_artist_ids = [
            *await ImportedWork.filter(of_id=current.id).values_list("new_artist_id", flat=True),
            *await ImportedChange.filter(of_id=current.id).values_list("new_artist_id", flat=True),
        ]
        await ImportedChange.filter(of_id=current.id).delete()
        image_ids = await Image.filter(imported_as__of_id=current.id).values_list("id", flat=True)
        for ids in _batches([work.id for work in works]):
            await Artwork.filter(id__in=ids).delete()
        for ids in _batches(image_ids):
            unused = Image.filter(id__in=ids, artwork=None, further_picture=None)
            await Image.filter(id__in=await unused.values_list("id", flat=True)).update(
                state=ImageState.ERASED, lease_until=None
            )
        for ids in _batches([id for id in new_artist_ids if id is not None]):
            artists = Artist.filter(id__in=ids).annotate(
                works=Count("artworks"), consents_given=Count("consents")
            )
            unneeded = await artists.filter(works=0, consents_given=0).values_list("id", flat=True)
            await Artist.filter(id__in=unneeded).delete()
        await record(Verb.IMPORT_TAKEN_BACK, current.id, organisation_id=current.organisation_id)
        current.state = ImportState.TAKEN_BACK
        current.finished_at = now()
        current.lease_until = current.files_cleared_at = None
        current.report = {**current.report, "not_restored": not_restored}
        await current.save(
            update_fields=["state", "finished_at", "lease_until", "files_cleared_at", "report"]
        )
        return len(works), restored


async def _lock_drafts(job: Import) -> list[Artwork]:
    """The works of a finished import, with row locks. Raises ImportRefused if one was ever submitted."""
    ours = Artwork.filter(imported_as__of_id=job.id).order_by("id")
    works = await locked(ours) if job.state == ImportState.DONE else []
    if any(work.status != Status.DRAFT for work in works) or await Submission.exists(
        artwork__imported_as__of_id=job.id
    ):
        raise ImportRefused(
            _(
                "Some of its works were submitted already, so it cannot be taken back as a "
                "whole. Drafts can be deleted one by one."
            )
        )
    return works


def _batches(ids: Any) -> Iterable[Any]:
    for start in range(0, len(ids), DELETE_BATCH_SIZE):
        yield ids[start : start + DELETE_BATCH_SIZE]
