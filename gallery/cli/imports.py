"""`gallery import`: import a sheet with its pictures from disk, if they are too large for a browser."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from gallery.accounts.models import Person
from gallery.artists.models import Consent
from gallery.artworks.import_chores import import_next
from gallery.artworks.import_models import RUNNING_STATES, Import, ImportState, bundle_key
from gallery.artworks.import_rows import ImportReport
from gallery.artworks.imports import confirm_import, create_import
from gallery.artworks.sheet_columns import column_label
from gallery.artworks.sheet_faults import fault_sentence
from gallery.artworks.works import load_work_options
from gallery.audit.current_user import set_current_user_id
from gallery.cli.common import ProgressReporter, console, open_database, progress_bar, site_language
from gallery.cli.processes import cancel_tasks, run
from gallery.images.models import new_token
from gallery.numbers import MAX_NUMBER
from gallery.organisations.access import organisations_of
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.web.languages import use_language
from gallery.worker import ChoreContext

PAUSE = 0.3  # seconds between two updates of the progress bar


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option(
    "--for", "email", metavar="EMAIL", required=True, help="The member in whose name the drafts are made."
)
@click.option("--organisation", metavar="SLUG", help="The organisation, if EMAIL belongs to several.")
@click.option(
    "--consent",
    type=click.IntRange(1, MAX_NUMBER),
    metavar="NUMBER",
    help="The consent for all rows that name none.",
)
@click.option(
    "--language",
    callback=site_language,
    help="The language of the texts in rows that do not say; else the site's first.",
)
@click.option("--yes", is_flag=True, help="Make drafts of all good rows, even if others have faults.")
def import_sheet(
    file: Path, email: str, organisation: str | None, consent: int | None, language: str, yes: bool
) -> None:
    """Import FILE, a ZIP of pictures with a sheet, or a sheet alone, as the desk does.

    Each row becomes a draft. Without --yes the import is only checked: a member of the organisation can
    read the result and confirm it at the desk. You can stop the command at any time: the worker continues the
    import.
    """
    settings = Settings.from_env()
    job = run(try_and_import(settings, file, email, organisation, consent, language, says_yes=yes))
    print_report(job, settings)
    if job.refusal or job.report.get("bad") or ImportReport(**job.report).lacks_title:
        raise SystemExit(1)


async def try_and_import(
    settings: Settings,
    file: Path,
    email: str,
    slug: str | None,
    consent_id: int | None,
    language: str,
    *,
    says_yes: bool,
) -> Import:
    """Check the import of `file`; with `says_yes` also create the drafts.

    Raises BadParameter, StoreUnavailable.
    """
    storage = Storage(settings)
    async with open_database(settings) as database:
        await database.check()
        person, organisation = await _member(email, slug)
        consent = await _consent(organisation, consent_id) if consent_id is not None else None
        await storage.check()
        set_current_user_id(person.id)
        token = new_token()
        async with storage.scratch_folder() as folder:
            # A copy, not a link: the keeper may change the file while the import waits for confirmation.
            await asyncio.to_thread(shutil.copyfile, file, folder / "bundle")
            await storage.private.put_file(bundle_key(token), folder / "bundle")
        job = await create_import(organisation, person, token, file.name, consent, language)
        context = ChoreContext(settings, storage)
        await _run_until_idle(job, context)
        if says_yes and job.state == ImportState.CHECKED and job.report.get("good"):
            await confirm_import(job)
            await _run_until_idle(job, context)
        return job


async def _member(email: str, slug: str | None) -> tuple[Person, Organisation]:
    """The member with that address, and their organisation. Raises BadParameter."""
    person = await Person.get_or_none(email=email.lower())
    found = await organisations_of(person) if person else []
    if person is None or not found:
        raise click.BadParameter(f"no member of an organisation signs in as {email!r}.", param_hint="--for")
    chosen = [each for each in found if slug in (None, each.slug)]
    if len(chosen) != 1:
        known = ", ".join(each.slug for each in found)
        raise click.BadParameter(f"{email} belongs to {known}. Please name one.", param_hint="--organisation")
    return person, chosen[0]


async def _consent(organisation: Organisation, id: int) -> Consent:
    """The organisation's consent, if it is in force. Raises BadParameter."""
    for consent in (await load_work_options([organisation])).consents:
        if consent.id == id:
            return consent
    raise click.BadParameter(f"{organisation.slug} has no consent {id} in force.", param_hint="--consent")


async def _run_until_idle(job: Import, context: ChoreContext) -> None:
    """Process the import until it is checked or done. Waits while a worker has its lease. Refreshes `job`."""

    async def work() -> None:
        while await Import.exists(id=job.id, state__in=RUNNING_STATES):
            if not await import_next(context):  # another worker has the import's lease
                await asyncio.sleep(PAUSE)

    with progress_bar() as bar:
        report_progress = ProgressReporter(bar)
        working = asyncio.create_task(work())
        try:
            while not working.done():
                await asyncio.wait([working], timeout=PAUSE)
                await job.refresh_from_db()
                if job.picture_count:
                    report_progress("Pictures", job.done_pictures, job.picture_count)
                if job.row_count:
                    report_progress("Rows", job.done_rows, job.row_count)
            await working
        finally:  # when interrupted: release the import's lease while the database is still open
            await cancel_tasks([working])


def _print_faults(faults: Sequence[Mapping[str, Any]], count: int, heading: str) -> None:
    if not faults:
        return
    table = Table("Row", "Column", "Value", heading, box=None, padding=(0, 2, 0, 0))
    for fault in faults:
        sentence = fault_sentence(fault["code"], fault["facts"])
        cells = (fault["row"], column_label(fault["column"]), fault["value"], sentence)
        table.add_row(*(escape(str(each)) for each in cells))
    console.print(table)
    if count > len(faults):
        console.print(f"These are the first {len(faults)} of {count}.")


def print_report(job: Import, settings: Settings) -> None:
    """Print the result of the import, and for each fault in the sheet how to correct it."""
    with use_language("en"):
        if job.refusal:
            console.print(escape(fault_sentence(job.refusal["code"], job.refusal)))
        if job.state == ImportState.REFUSED:
            return
        if job.state == ImportState.TAKEN_BACK:
            console.print("It was discarded at the desk in the meantime. No draft was made.")
            return
        report = ImportReport(**job.report)
        if report.lacks_title:
            console.print(escape(fault_sentence("missing_column", {"column": "title"})))
        _print_faults(report.faults, report.fault_count, "What would be right")
        _print_faults(report.notes, report.note_count, "Left empty")
    if report.strangers:
        console.print(f"Passed over, for they are not known here: {escape(', '.join(report.strangers))}")
    if report.unused:
        console.print(f"Named by no row: {report.unused} file(s)")
    is_done = job.state == ImportState.DONE
    console.print(
        f"{'Made' if is_done else 'Good':<12}{report.good} work(s), with {report.new_artists} new artist(s)"
    )
    console.print(f"{'To mend':<12}{report.bad} row(s)")
    if report.known:
        console.print(f"{'Left out':<12}{report.known} row(s), which name works that are there already")
    click.echo(f"{'See' if is_done else 'Say yes at':<12}{settings.site_url}/desk/sheets/{job.id}")
