"""`gallery check`: rows that contradict each other, overdue work of the worker, and changes to the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

from tortoise.connection import get_connection
from tortoise.expressions import Q

from gallery.accounts.models import JoinedAs, Membership, Role
from gallery.artists.models import Withdrawal
from gallery.artworks.screening import fingerprints_of_withdrawn, profile_images_on_view
from gallery.audit.chain import find_breaks
from gallery.cli.common import ReportProgress
from gallery.cli.findings import MEND_ADVICE, REMOVE_ADVICE, InspectionFinding
from gallery.clock import now
from gallery.db.connection import APP
from gallery.db.model_tables import foreign_key_columns
from gallery.db.models import Erasure
from gallery.images.models import Image, ImageState
from gallery.images.profile_image_models import CreditLogo, ProfileImageState
from gallery.images.takedowns import fingerprints_of_profile_images, similar_keys
from gallery.sounds.models import Sound, SoundState
from gallery.supporters.models import Supporter

STUCK_AFTER = timedelta(minutes=10)


async def unfinished_withdrawals() -> list[InspectionFinding]:
    return [
        InspectionFinding(
            "A withdrawal whose files are not deleted", f"withdrawal {row.id}", MEND_ADVICE, withdrawal=row.id
        )
        for row in await Withdrawal.filter(files_deleted_at=None).order_by("id")
    ]


async def unfinished_erasures() -> list[InspectionFinding]:
    """Deleted texts that are still in the database file two days later."""
    oldest = await Erasure.filter(at__lt=now() - timedelta(days=2)).order_by("id").first()
    if oldest is None:
        return []
    advice = "Let the worker run while nobody else has the database open; its log may say more"
    return [
        InspectionFinding(
            "Deleted texts are still in the database file", f"since {oldest.at:%Y-%m-%d}", advice
        )
    ]


def has_no_worker() -> Q:
    """Rows that no worker claims to work on."""
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now())


async def refused_and_stuck_sounds() -> list[InspectionFinding]:
    """Refused recordings of works, and recordings that wait too long for their files."""
    refused = await Sound.filter(state=SoundState.REFUSED, artwork__id__not_isnull=True).order_by("id")
    waiting = await Sound.filter(
        has_no_worker(),
        state=SoundState.RECEIVED,
        created_at__lt=now() - STUCK_AFTER,
    ).order_by("id")
    sends, let_run = "Its organisation sends another", "Let the worker run; its log may say more"
    return [
        *(
            InspectionFinding(f"A recording was refused: {each.refusal}", f"sound {each.id}", sends)
            for each in refused
        ),
        *(
            InspectionFinding("A recording waits for its files", f"sound {each.id}", let_run)
            for each in waiting
        ),
    ]


async def refused_and_stuck_images() -> list[InspectionFinding]:
    """Refused pictures of works, and pictures that wait too long for their renditions."""
    of_works = Q(artwork__id__not_isnull=True) | Q(further_picture__id__not_isnull=True)
    refused = await Image.filter(of_works, state=ImageState.REFUSED).order_by("id")
    late = await Image.filter(state=ImageState.RECEIVED, failures__gt=0).order_by("id")
    stuck = await Image.filter(
        has_no_worker(),
        state=ImageState.RECEIVED,
        failures=0,
        created_at__lt=now() - STUCK_AFTER,
    ).order_by("id")
    return [
        *(
            InspectionFinding(
                f"A picture was refused: {image.refusal}",
                f"image {image.id}",
                "Its organisation sends another",
            )
            for image in refused
        ),
        *(
            InspectionFinding(
                "A picture waits because this machine had no time or memory for it",
                f"image {image.id}",
                "It is tried again by itself; see the page about the worker",
            )
            for image in late
        ),
        *(
            InspectionFinding("A picture waits to be developed", f"image {image.id}", "Is a worker running?")
            for image in stuck
        ),
    ]


async def images_like_withdrawn_works() -> list[InspectionFinding]:
    """Logos and covers on view that resemble a withdrawn work, except those that a curator decided to keep."""
    withdrawn = await fingerprints_of_withdrawn().values_list("image_id", "code")
    found = []
    prints = dict(await fingerprints_of_profile_images().values_list("image_id", "code"))
    for profile_image in await profile_images_on_view().order_by("id"):
        alike = await similar_keys([prints.get(profile_image.image_id, b"")], withdrawn)
        if alike and not (
            profile_image.state == ProfileImageState.KEPT and profile_image.resembles_id in alike
        ):
            is_logo = profile_image.project_id is None
            found.append(
                f"logo of organisation {profile_image.organisation_id}"
                if is_logo
                else f"cover of project {profile_image.project_id}"
            )
    for logo in await CreditLogo.filter(fingerprint__isnull=False).order_by("id"):
        if await similar_keys([logo.fingerprint or b""], withdrawn):
            found.append(f"logo {logo.id} of exhibition {logo.exhibition_id}")
    for supporter in await Supporter.filter(picture_fingerprint__isnull=False).order_by("id"):
        if await similar_keys([supporter.picture_fingerprint or b""], withdrawn):
            found.append(f"picture of supporter {supporter.id}")
    return [
        InspectionFinding("A picture on view resembles a withdrawn work", where, REMOVE_ADVICE)
        for where in found
    ]


async def broken_references(report_progress: ReportProgress) -> AsyncIterator[InspectionFinding]:
    """Foreign keys to missing rows: somebody changed the database with constraints switched off."""
    connection = get_connection("default")
    columns = list(foreign_key_columns(APP))
    for done, (table, column, target, key) in enumerate(columns, 1):
        _, rows = await connection.execute_query(
            f'SELECT COUNT(*) AS n, MIN(a."{column}") AS id FROM "{table}" a '  # noqa: S608 - names of the models
            f'LEFT JOIN "{target}" b ON a."{column}" = b."{key}" WHERE a."{column}" IS NOT NULL AND b."{key}" IS NULL'
        )
        if rows[0]["n"]:
            yield InspectionFinding(
                f"{rows[0]['n']} row(s) refer to no {target}",
                f"{table}.{column}, first {rows[0]['id']}",
                "Compare with a backup",
            )
        report_progress("References", done, len(columns))


# Sentence of the finding → SQL condition for faulty works, and for faulty consents.
FAULTY_WORKS = {
    "An accepted work has no consent": "status = 'accepted' AND c.id IS NULL",
    "A work's consent is of another artist": "status <> 'withdrawn' AND c.artist_id <> w.artist_id",
    "A work's artist is of another organisation": "status <> 'withdrawn' AND a.organisation_id <> w.organisation_id",
    "A work is not withdrawn although its consent is": "status <> 'withdrawn' AND c.withdrawn_at IS NOT NULL",
    "A work is withdrawn although its consent is not": "status = 'withdrawn' AND c.withdrawn_at IS NULL",
    "A work has another number of further pictures than it says": (
        "w.more_pictures <> (SELECT COUNT(*) FROM artwork_picture p WHERE p.artwork_id = w.id)"
    ),
}


FAULTY_CONSENTS = {
    "A consent ends before it begins": "c.ends_on < c.starts_on",
    "A consent is withdrawn without a withdrawal": "c.withdrawn_at IS NOT NULL AND d.id IS NULL",
    "A consent has a withdrawal and is not withdrawn": "c.withdrawn_at IS NULL AND d.id IS NOT NULL",
}


WORK_TABLES = "artwork w LEFT JOIN consent c ON c.id = w.consent_id LEFT JOIN artist a ON a.id = w.artist_id"


CONSENT_TABLES = "consent c LEFT JOIN withdrawal d ON d.consent_id = c.id"


async def faulty_consents() -> list[InspectionFinding]:
    found = []
    for what, row, tables, faults in (
        ("work", "w", WORK_TABLES, FAULTY_WORKS),
        ("consent", "c", CONSENT_TABLES, FAULTY_CONSENTS),
    ):
        for sentence, condition in faults.items():
            _, rows = await get_connection("default").execute_query(
                f"SELECT {row}.id FROM {tables} WHERE {condition} ORDER BY {row}.id"  # noqa: S608 - our own words
            )
            found += [
                InspectionFinding(
                    sentence, f"{what} {each['id']}", "Ask its organisation; compare with a backup"
                )
                for each in rows
            ]
    return found


async def audit_log_breaks(report_progress: ReportProgress) -> AsyncIterator[InspectionFinding]:
    """Entries of the audit log that were changed or removed after they were written."""
    async for each in find_breaks(partial(report_progress, "Audit log")):
        advice = MEND_ADVICE if each.is_waiting else "Compare with a backup; see docs/operating.md"
        yield InspectionFinding(each.sentence, f"entry {each.position}", advice, unchained=each.is_waiting)


MEMBERSHIP_WORDS = {
    JoinedAs.FIRST_OWNER: "the first owner of an organisation",
    JoinedAs.INVITED: "a member, invited by an owner",
    JoinedAs.CONFIRMED: "a member, confirmed by an owner",
    JoinedAs.REQUESTED: "an owner, by a request",
    JoinedAs.UNKNOWN: "a member, suspended until an owner confirms it",
}


async def curators_in_organisations() -> list[InspectionFinding]:
    """Curators and keepers who are members of an organisation.

    The finding is an error only if no owner is known to have invited or confirmed them; else a notice.
    """
    rows = (
        await Membership.filter(person__role__in=[Role.CURATOR, Role.KEEPER])
        .order_by("id")
        .prefetch_related("organisation", "person")
    )
    return [
        InspectionFinding(
            f"A {row.person.role.value} is a member who reads without an owner's confirmation",
            f"{row.organisation.slug}, person {row.person_id}",
            MEND_ADVICE,
            membership=row.id,
        )
        if row.joined_as == JoinedAs.UNKNOWN and not row.awaits_confirmation
        else InspectionFinding(
            f"A {row.person.role.value} is also {MEMBERSHIP_WORDS[row.joined_as]}",
            f"{row.organisation.slug}, person {row.person_id}",
            "An owner confirms or removes them" if row.awaits_confirmation else "Nothing: the owners see it",
            is_notice=True,
        )
        for row in rows
    ]
