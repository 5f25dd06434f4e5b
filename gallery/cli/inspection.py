"""What `gallery check` looks for: where database, migrations and the stored pictures disagree."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.connection import get_connection
from tortoise.expressions import Q

from gallery.accounts.members import suspend_unconfirmed_memberships
from gallery.accounts.models import JoinedAs, Membership, Person, Role
from gallery.artists.models import SignedForm, Withdrawal
from gallery.artists.private_details import form_key
from gallery.artworks.models import Artwork
from gallery.artworks.screening import fingerprints_of_withdrawn, profile_images_on_view
from gallery.audit.chain import chain_entries, find_breaks
from gallery.clock import now
from gallery.db.connection import Database, in_transaction
from gallery.db.models import Erasure
from gallery.db.schema import references
from gallery.exhibitions.stored_files import (
    BATCH_SIZE,
    ExpectedFile,
    StoreInventory,
    batches,
    folder_of,
    images_with_private_files,
    images_with_public_files,
    possible_private_keys,
    possible_public_keys,
    take_inventory,
)
from gallery.images.models import Fingerprint, Image, ImageState
from gallery.images.profile_image_models import CreditLogo, ProfileImageState
from gallery.images.storage_keys import ORIGINAL, TILES, original_key, private_keys, public_keys
from gallery.images.takedowns import similar_keys
from gallery.storage import Storage, Store
from gallery.withdrawals.withdrawal import delete_files

UPLOAD_GRACE = timedelta(minutes=1)  # a younger file may be of an upload whose row is just being written
STUCK_AFTER = timedelta(minutes=10)
RECHECK_DELAY = (
    2.0  # seconds after which what seems wrong is looked at again: the site may just have been at it
)


@dataclass(frozen=True)
class InspectionFinding:
    """One thing that is wrong; the fields after `advice` say how a command can mend it, if it can.

    A notice is nothing wrong: it is named so that a keeper knows of it.
    """

    sentence: str
    where: str
    advice: str
    private: tuple[str, ...] = ()  # keys to delete
    public: tuple[str, ...] = ()  # keys to delete
    republish: int | None = None  # the id of an image that the worker shall bring out anew
    redevelop: int | None = None  # the id of an image whose renditions the worker shall make again
    withdrawal: int | None = None  # the id of a withdrawal to finish
    unchained: bool = False  # entries of the audit log wait to be chained
    membership: int | None = None  # the id of one to suspend until an owner confirms it
    is_notice: bool = False
    is_mended: bool = False


MEND_ADVICE = "gallery check --mend"
REMOVE_ADVICE = "Look at it and remove it at the desk"


@dataclass(frozen=True)
class StoreScan:
    """What one look at both stores found."""

    private: set[str]  # files that nobody expects
    public: set[str]
    gaps: dict[tuple[int, str], InspectionFinding]  # by the image's id and the kind of file

    def __and__(self, later: StoreScan) -> StoreScan:
        """What two looks found: whatever the site was just changing, only one of them did."""
        gaps = {name: gap for name, gap in later.gaps.items() if name in self.gaps}
        return StoreScan(self.private & later.private, self.public & later.public, gaps)

    def __bool__(self) -> bool:
        return bool(self.private or self.public or self.gaps)

    def findings(self) -> list[InspectionFinding]:
        return [
            *self.gaps.values(),
            *(
                InspectionFinding(
                    f"{len(keys)} private file(s) of no image", where, MEND_ADVICE, private=keys
                )
                for where, keys in by_folder(self.private)
            ),
            *(
                InspectionFinding(
                    f"{len(keys)} public file(s) of what is not on view", where, MEND_ADVICE, public=keys
                )
                for where, keys in by_folder(self.public)
            ),
        ]


async def inspect(
    database: Database, storage: Storage, settling: timedelta = UPLOAD_GRACE, pause: float = RECHECK_DELAY
) -> list[InspectionFinding]:
    """Everything that is wrong; where migrations are missing only those, for nothing else can be asked.

    Raises StoreAway. Of each image some numbers are held in memory, of files only those that nobody expects.
    """
    missing = await database.missing_migrations()
    if missing:
        return [InspectionFinding("A migration was not applied", name, "gallery init") for name in missing]
    changes = [
        InspectionFinding("Models and migrations disagree", change, "Write the migration")
        for change in await database.unwritten_changes()
    ]
    look = await scan_stores(storage, settling)
    if look:
        await asyncio.sleep(pause)
        look &= await scan_stores(storage, settling)
    return [
        *changes,
        *await unfinished_withdrawals(),
        *await unfinished_erasures(),
        *look.findings(),
        *await refused_and_stuck_images(),
        *await images_like_withdrawn_works(),
        *[finding async for finding in broken_references()],
        *await faulty_consents(),
        *[finding async for finding in audit_log_breaks()],
        *await curators_in_organisations(),
    ]


async def scan_stores(storage: Storage, settling: timedelta) -> StoreScan:
    began = now()
    # Files first: what is uploaded meanwhile has a row by the time the rows are read.
    private = await take_inventory(
        storage.private, possible_private_keys, images_with_private_files, began - settling
    )
    public = await take_inventory(storage.public, possible_public_keys, images_with_public_files, began)
    gaps = {name: gap async for name, gap in missing_files(private, public, began)}
    return StoreScan(private.strangers, public.strangers, gaps)


def by_folder(keys: set[str]) -> list[tuple[str, tuple[str, ...]]]:
    """`keys` with their folder, in order."""
    folders = defaultdict[str, list[str]](list)
    for key in sorted(keys):
        folders[folder_of(key)].append(key)
    return [(folder, tuple(found)) for folder, found in sorted(folders.items())]


async def mend(finding: InspectionFinding, storage: Storage) -> bool:
    """Put one finding right, if a command can; whether it did."""
    await storage.private.delete(*finding.private)
    if finding.public:
        await storage.public.delete(*finding.public)
        await storage.proxy_cache.purge()
    if finding.republish is not None:
        await Image.filter(id=finding.republish).update(is_public=False, has_tiles=False)
    if finding.redevelop is not None:
        again = Image.filter(id=finding.redevelop, state=ImageState.READY)
        await again.update(ready_at=None, lease_until=None, failures=0, losses=0)
    if finding.withdrawal is not None:
        await delete_files(await Withdrawal.get(id=finding.withdrawal), storage)
    if finding.membership is not None:
        async with in_transaction():
            await suspend_unconfirmed_memberships(await Person.get(memberships__id=finding.membership))
    while finding.unchained and await chain_entries():
        pass
    return bool(
        finding.private
        or finding.public
        or finding.republish
        or finding.redevelop
        or finding.withdrawal
        or finding.unchained
        or finding.membership
    )


async def damaged_originals(
    storage: Storage, tell: Callable[[str, int, int], None]
) -> AsyncIterator[InspectionFinding]:
    """Read every original and signed form whose digest is known; some that are not what arrived. Raises StoreAway."""
    known = Image.filter(state__not=ImageState.ERASED).exclude(source_sha256="")
    forms = await SignedForm.exclude(sha256="").order_by("id")
    total, done, last = await known.count() + len(forms), 0, 0
    tell("Originals", done, total)
    while images := await known.filter(id__gt=last).order_by("id").limit(BATCH_SIZE):
        for image in images:
            content = ExpectedFile(image.source_bytes, image.source_sha256)
            still_there = Image.filter(id=image.id, state__not=ImageState.ERASED)
            if (
                await is_damaged(storage.private, original_key(image.token), content)
                and await still_there.exists()
            ):
                since = " (compared with its digest of later)" if image.is_digest_late else ""
                yield InspectionFinding(
                    f"An original is not what arrived{since}",
                    f"image {image.id}",
                    "Bring it back from a backup",
                )
            done += 1
            tell("Originals", done, total)
        last = images[-1].id
    for form in forms:
        if await is_damaged(
            storage.private, form_key(form.token), ExpectedFile(form.file_bytes, form.sha256)
        ):
            where = f"consent {form.consent_id}"
            yield InspectionFinding("A signed form is not what arrived", where, "Bring it back from a backup")
        done += 1
        tell("Originals", done, total)


async def is_damaged(store: Store, key: str, content: ExpectedFile) -> bool:
    """Whether a file is there, of the right size, and another than it was; what is missing or cut is found by its size."""
    try:
        async with store.local_copy(key) as path:
            right_size = content.fits(path.stat().st_size)
            return right_size and not await asyncio.to_thread(content.is_in, path)
    except FileNotFoundError:
        return False


async def unfinished_withdrawals() -> list[InspectionFinding]:
    return [
        InspectionFinding(
            "A withdrawal whose files are not deleted", f"withdrawal {row.id}", MEND_ADVICE, withdrawal=row.id
        )
        for row in await Withdrawal.filter(files_deleted_at=None).order_by("id")
    ]


async def unfinished_erasures() -> list[InspectionFinding]:
    """That deleted words have lain in the database's file for longer than a night."""
    oldest = await Erasure.filter(at__lt=now() - timedelta(days=2)).order_by("id").first()
    if oldest is None:
        return []
    advice = "Let the worker run while nobody else holds the database open; its log may say more"
    return [
        InspectionFinding(
            "Deleted words still lie in the database's file", f"since {oldest.at:%Y-%m-%d}", advice
        )
    ]


async def missing_files(
    private: StoreInventory, public: StoreInventory, began: datetime
) -> AsyncIterator[tuple[tuple[int, str], InspectionFinding]]:
    """Images whose rows promise files that were not there whole; the rows are as they are now, the files as they were."""
    async for images in batches(images_settled_before(began)):
        on_view = Artwork.all().on_view().filter(image_id__in=[image.id for image in images])
        emblems = profile_images_on_view().filter(image_id__in=[image.id for image in images])
        seen: set[object] = {
            *await on_view.values_list("image_id", flat=True),
            *await emblems.values_list("image_id", flat=True),
        }
        for image in images:
            if is_being_processed(image):
                continue
            where, is_whole = f"image {image.id}", True
            for kind, keys in private_keys(image).items():
                lacking = len(keys) - private.counts[image.id, kind]
                if not lacking or (kind != ORIGINAL and image.state != ImageState.READY):
                    continue
                if kind == ORIGINAL:
                    is_cut = (image.id, kind) in private.cut
                    sentence = f"An original is {'of another size than it had' if is_cut else 'missing'}"
                    finding = InspectionFinding(sentence, where, "Bring it back from a backup")
                elif is_whole:
                    sentence = f"{lacking} of {len(keys)} {kind} are missing or cut"
                    finding = InspectionFinding(sentence, where, MEND_ADVICE, redevelop=image.id)
                else:
                    sentence = f"{lacking} of {len(keys)} {kind} are missing or cut"
                    finding = InspectionFinding(sentence, where, "Bring the original back first")
                is_whole = False
                yield (image.id, f"private {kind}"), finding
            for kind, keys in public_keys(image).items():
                if kind == TILES and not image.has_tiles:
                    continue
                lacking = len(keys) - public.counts[image.id, kind]
                if image.is_public and image.id in seen and lacking and is_whole:
                    sentence = f"{lacking} of {len(keys)} public {kind} are missing or cut"
                    cut = tuple(public.cut.get((image.id, kind), ()))
                    finding = InspectionFinding(sentence, where, MEND_ADVICE, public=cut, republish=image.id)
                    yield (image.id, f"public {kind}"), finding


def is_being_processed(image: Image) -> bool:
    """Whether a worker is just writing files of it."""
    return any(until is not None and until > now() for until in (image.lease_until, image.tiling_until))


async def images_settled_before(moment: datetime) -> AsyncIterator[Image]:
    """The images whose files were all there at `moment`, if ever."""
    last = 0
    waiting_or_ready = Image.filter(
        Q(state=ImageState.READY, ready_at__lt=moment) | Q(state=ImageState.RECEIVED, created_at__lt=moment)
    )
    while images := await waiting_or_ready.filter(id__gt=last).order_by("id").limit(BATCH_SIZE):
        for image in images:
            yield image
        last = images[-1].id


async def refused_and_stuck_images() -> list[InspectionFinding]:
    """Pictures that were refused while a work waits for them, and pictures that nobody develops."""
    refused = await Image.filter(state=ImageState.REFUSED, artwork__id__not_isnull=True).order_by("id")
    late = await Image.filter(state=ImageState.RECEIVED, failures__gt=0).order_by("id")
    stuck = await Image.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now()),
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
    """Logos and covers on view that resemble a withdrawn work, but for those that a curator kept all the same."""
    withdrawn = await fingerprints_of_withdrawn().values_list("image_id", "code")
    found = []
    prints = dict(
        await Fingerprint.filter(image__emblem__id__not_isnull=True).values_list("image_id", "code")
    )
    for emblem in await profile_images_on_view().order_by("id"):
        alike = await similar_keys([prints.get(emblem.image_id, b"")], withdrawn)
        if alike and not (emblem.state == ProfileImageState.KEPT and emblem.resembles_id in alike):
            is_logo = emblem.project_id is None
            found.append(
                f"logo of organisation {emblem.organisation_id}"
                if is_logo
                else f"cover of project {emblem.project_id}"
            )
    for logo in await CreditLogo.filter(fingerprint__isnull=False).order_by("id"):
        if await similar_keys([logo.fingerprint or b""], withdrawn):
            found.append(f"logo {logo.id} of exhibition {logo.exhibition_id}")
    return [
        InspectionFinding("A picture on view resembles a withdrawn work", where, REMOVE_ADVICE)
        for where in found
    ]


async def broken_references() -> AsyncIterator[InspectionFinding]:
    """Rows that refer to a row that is not there: a database that was written to past its constraints."""
    connection = get_connection("default")
    for table, column, target, key in references():
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


# Works and consents that do not belong together, by what is wrong.
FAULTY_WORKS = {
    "An accepted work has no consent": "status = 'accepted' AND c.id IS NULL",
    "A work's consent is of another artist": "status <> 'withdrawn' AND c.artist_id <> w.artist_id",
    "A work's artist is of another organisation": "status <> 'withdrawn' AND a.organisation_id <> w.organisation_id",
    "A work is not withdrawn although its consent is": "status <> 'withdrawn' AND c.withdrawn_at IS NOT NULL",
    "A work is withdrawn although its consent is not": "status = 'withdrawn' AND c.withdrawn_at IS NULL",
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


async def audit_log_breaks() -> AsyncIterator[InspectionFinding]:
    """Where the audit log is not what it was when it was written."""
    async for each in find_breaks():
        advice = MEND_ADVICE if each.is_waiting else "Compare with a backup; see docs/operating.md"
        yield InspectionFinding(each.sentence, f"entry {each.position}", advice, unchained=each.is_waiting)


async def curators_in_organisations() -> list[InspectionFinding]:
    """Curators and keepers who are members of organisations; wrong only where no owner is known to have let them in."""
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


MEMBERSHIP_WORDS = {
    JoinedAs.FIRST_OWNER: "the first owner of an organisation",
    JoinedAs.INVITED: "a member, invited by an owner",
    JoinedAs.CONFIRMED: "a member, confirmed by an owner",
    JoinedAs.REQUESTED: "an owner, by a request",
    JoinedAs.UNKNOWN: "a member, suspended until an owner confirms it",
}
