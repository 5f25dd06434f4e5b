"""`gallery init`, `invite`, `second-factor`, `check`, `develop`, `archive` and `reindex`: occasional
commands.
"""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime

import click
from email_validator import EmailNotValidError, validate_email
from rich.table import Table

from gallery.accounts.invitations import InvitationRefused
from gallery.accounts.invitations import invite as invite_person
from gallery.accounts.members import has_had_owner
from gallery.accounts.models import Person, Role
from gallery.accounts.second_factors import reset
from gallery.archives import writer
from gallery.audit.chain import chain_head
from gallery.cli.common import (
    ProgressReporter,
    console,
    database_address,
    json_option,
    open_database,
    progress_bar,
    set_up,
    site_language,
)
from gallery.cli.file_checks import damaged_originals
from gallery.cli.findings import InspectionFinding
from gallery.cli.inspection import inspect, mend
from gallery.cli.processes import run
from gallery.images.chores import RECEIVED, TO_REDEVELOP, mark_all_for_redevelopment
from gallery.images.models import Image
from gallery.migrations import WORKS_FROM
from gallery.monitoring.maintenance import record_run
from gallery.monitoring.models import MaintenanceKind
from gallery.organisations.models import Organisation
from gallery.organisations.owner_requests import invite_at_once
from gallery.search.indexing import rebuild
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.web.catalogues import coverage


@click.command()
def init() -> None:
    """Create folders, secret key and database, or bring them up to date. Safe to repeat."""
    settings = Settings.from_env()
    applied = run(set_up(settings))
    console.print(f"Home      {settings.home}")
    console.print(f"Pictures  {Storage(settings).location}")
    console.print(
        f"Database  {database_address(settings)}: "
        + (f"{len(applied)} migration(s) applied, the last one {applied[-1]}." if applied else "up to date.")
    )
    console.print(f"Way back  Releases from migration {WORKS_FROM} on work with this database.")


@click.command()
@click.argument("email")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True, help="Their role.")
@click.option(
    "--organisation", metavar="SLUG", help="The organisation of a member: the last part of its address."
)
@click.option(
    "--language",
    callback=site_language,
    help="The language of the invitation; else the site's first.",
)
@click.option(
    "--replace-owners",
    is_flag=True,
    help="Invite an owner although the organisation has or had owners; all of them get a mail.",
)
def invite(email: str, role: str, organisation: str | None, language: str, *, replace_owners: bool) -> None:
    """Invite EMAIL, and print the link with which they create their account.

    The first member of an organisation is its owner, who invites the others. If an organisation has lost
    its owners, invite a new one with --replace-owners.
    """
    try:
        email = validate_email(email, check_deliverability=False).normalized
    except EmailNotValidError as error:
        raise click.BadParameter(
            f"{email!r} is not an e-mail address: {error}", param_hint="EMAIL"
        ) from error
    if (role == Role.MEMBER) != (organisation is not None):
        raise click.UsageError("A member needs --organisation SLUG; a curator or keeper takes none.")
    settings = Settings.from_env()
    token = run(
        make_invitation(settings, email, Role(role), organisation, language, replace_owners=replace_owners)
    )
    console.print(f"For {email}, once, within {settings.invitation_days} days:")
    click.echo(f"{settings.site_url}/desk/invitations/{token}")


async def make_invitation(
    settings: Settings,
    email: str,
    role: Role,
    slug: str | None,
    language: str,
    *,
    replace_owners: bool = False,
) -> str:
    """Create an invitation and return the token of its link.

    Raises BadParameter if no organisation has the slug `slug`, or if only its owners may invite.
    """
    async with open_database(settings) as database:
        await database.check()
        organisation = await Organisation.get_or_none(slug=slug) if slug else None
        if slug and organisation is None:
            known = ", ".join([each.slug for each in await Organisation.all().order_by("slug").limit(20)])
            raise click.BadParameter(
                f"there is no organisation {slug!r}. Known: {known or 'none yet'}.",
                param_hint="--organisation",
            )
        if replace_owners and organisation is not None and await has_had_owner(organisation.id):
            return await invite_at_once(organisation, email, language, settings.invitation_days)
        try:
            return await invite_person(
                email,
                role,
                days=settings.invitation_days,
                organisation_id=organisation.id if organisation else None,
                language=language,
            )
        except InvitationRefused as refusal:
            raise click.BadParameter(
                f"{slug} has or had an owner: only its owners invite members. If it has lost them all, add "
                "--replace-owners: everybody who is or was an owner gets a mail.",
                param_hint="--organisation",
            ) from refusal


@click.command("second-factor")
@click.argument("email")
@click.option("--reset", "is_resetting", is_flag=True, help="Remove it, and sign the person out everywhere.")
def second_factor(email: str, is_resetting: bool) -> None:
    """Say whether EMAIL has a second factor. With --reset it is removed at once, and the person gets a mail.

    Meant for a keeper who has lost their devices. For others, a keeper does it at the desk, where it
    takes three days.
    """
    since = run(second_factor_since(Settings.from_env(), email, is_resetting=is_resetting))
    if since is None:
        console.print(f"{email} has no second factor.")
    elif is_resetting:
        console.print(
            f"The second factor of {email} is removed. They sign in with the password and set up another."
        )
    else:
        console.print(f"{email} has a second factor since {since:%Y-%m-%d}. To remove it, add --reset.")


async def second_factor_since(settings: Settings, email: str, *, is_resetting: bool) -> datetime | None:
    """When the person set up their second factor; None without one.

    Raises BadParameter if there is no such account.
    """
    async with open_database(settings) as database:
        await database.check()
        person = await Person.get_or_none(email=email.strip().lower(), is_active=True)
        if person is None:
            raise click.BadParameter(f"there is no account {email!r}.", param_hint="EMAIL")
        if is_resetting and person.second_factor_at is not None:
            await reset(person)
        return person.second_factor_at


@click.command()
@click.option(
    "--mend",
    "is_mending",
    is_flag=True,
    help="Delete files that should not be there, never a picture in use; have lost renditions made again.",
)
@click.option("--deep", "is_deep", is_flag=True, help="Also read every original, to find changed bytes.")
@json_option
def check(is_mending: bool, is_deep: bool, is_json: bool) -> None:
    """Compare the database with the stored pictures, and list what is wrong.

    Sizes, references and consents are always checked. With --deep, every original is read and compared
    with the digest that was saved when it arrived; that takes as long as copying them all. Ends with 1 if
    anything is wrong and not mended.
    """
    settings = Settings.from_env()
    findings = run(find_problems(settings, is_mending=is_mending, is_deep=is_deep))
    notices = [finding for finding in findings if finding.is_notice]
    wrong = [finding for finding in findings if not finding.is_notice]
    unmended = [finding for finding in wrong if not finding.is_mended]
    audit_log = "" if wrong else run(audit_log_summary(settings))
    if is_json:
        listed = [finding.as_json() for finding in findings]
        catalogues = {language: percent(language) for language in settings.languages}
        answer = {
            "problems": len(unmended),
            "findings": listed,
            "audit_log": audit_log,
            "catalogues": catalogues,
        }
        click.echo(json.dumps(answer))
    else:
        if not wrong:
            console.print("Database and pictures agree: nothing is wrong.")
            console.print(audit_log)
        print_findings("What is wrong", wrong)
        print_findings("To know", notices)
        words = ", ".join(f"{language} {percent(language)} %" for language in settings.languages)
        console.print(f"Words of pages in the site's languages: {words}.")
    if unmended:
        raise SystemExit(1)


def percent(language: str) -> int:
    """The share of the interface's strings that are translated, rounded down."""
    return int(100 * coverage(language))


def print_findings(heading: str, findings: list[InspectionFinding]) -> None:
    table = Table(heading, "Where", "What to do", box=None, padding=(0, 2, 0, 0))
    for finding in findings:
        table.add_row(finding.sentence, finding.where, "mended" if finding.is_mended else finding.advice)
    if findings:
        console.print(table)


async def audit_log_summary(settings: Settings) -> str:
    """A sentence with the audit log's length and last digest.

    A keeper who notes them can detect a replaced chain later.
    """
    async with open_database(settings):
        end = await chain_head()
        return f"The audit log is whole: {end.position} entries, up to {end.digest[:16] or 'none'}."


async def find_problems(
    settings: Settings, *, is_mending: bool, is_deep: bool = False
) -> list[InspectionFinding]:
    """Everything that is wrong; it is mended if possible. The result is recorded for the traffic light."""
    storage = Storage(settings)
    await storage.check()
    async with open_database(settings) as database:
        with progress_bar() as bar:
            report_progress = ProgressReporter(bar)
            findings = await inspect(database, storage, report_progress=report_progress)
            if await database.missing_migrations():
                return findings
            if is_deep:
                findings += [finding async for finding in damaged_originals(storage, report_progress)]
        if is_mending:
            findings = [
                dataclasses.replace(finding, is_mended=await mend(finding, storage)) for finding in findings
            ]
        problems = sum(not finding.is_notice and not finding.is_mended for finding in findings)
        await record_run(MaintenanceKind.CHECK, problems=problems)
        return findings


@click.command()
@click.option("--again", "is_again", is_flag=True, help="Make the renditions of every picture again.")
def develop(is_again: bool) -> None:
    """Say how many pictures wait for their renditions, which the worker makes by itself.

    With --again, the worker makes the renditions of all pictures again: for use after a change of widths,
    formats or qualities. Until then they stay on view as they are.
    """
    new, once_more = run(count_waiting(Settings.from_env(), is_again=is_again))
    console.print(f"Pictures to be developed: {new}; once more: {once_more}.")


async def count_waiting(settings: Settings, *, is_again: bool) -> tuple[int, int]:
    """The numbers of pictures that wait for their first renditions, and for new renditions."""
    async with open_database(settings) as database:
        await database.check()
        if is_again:
            await mark_all_for_redevelopment()
        return await Image.filter(RECEIVED).count(), await Image.filter(TO_REDEVELOP).count()


@click.command()
@click.argument("slug")
def archive(slug: str) -> None:
    """Write the exhibition SLUG as a folder of plain pages that need no server.

    SLUG is the last part of its address. The archive contains the works whose consent covers an archive,
    in the site's languages. The worker keeps it up to date while the folder exists, and removes works whose consent
    ends.
    """
    archived = run(write_archive(Settings.from_env(), slug))
    console.print(f"Archive   {archived.folder}")
    console.print(f"Works     {archived.works}, without consent to an archive, left out: {archived.left_out}")


async def write_archive(settings: Settings, slug: str) -> writer.ArchiveResult:
    """Write the archive of an exhibition. Raises BadParameter if no published exhibition has this slug."""
    async with open_database(settings) as database:
        await database.check()
        try:
            return await writer.write_archive_folder(slug, settings, Storage(settings))
        except writer.NothingToArchive as error:
            raise click.BadParameter(
                f"no exhibition {slug!r} is published and has opened.", param_hint="SLUG"
            ) from error


@click.command()
def reindex() -> None:
    """Rebuild the search index. If it was stopped, the next call goes on from there.

    The worker keeps it up to date by itself; this command is for cases of doubt.
    """
    count = run(write_index(Settings.from_env()))
    console.print(f"The search index is written: {count} entries.")


async def write_index(settings: Settings) -> int:
    async with open_database(settings) as database:
        await database.check()
        with progress_bar() as bar:
            return await rebuild(ProgressReporter(bar))
