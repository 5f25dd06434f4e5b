"""What `gallery check` looks for: where database, migrations and the stored pictures disagree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from tortoise.expressions import Q

from gallery.accounts.members import hold_memberships
from gallery.accounts.models import JoinedAs, Membership, Person, Role
from gallery.artists.models import SignedForm, Withdrawal
from gallery.artists.private import FORMS, form_key
from gallery.artists.withdrawal import delete_files
from gallery.artworks.import_models import BUNDLES, Import, bundle_key
from gallery.artworks.models import Artwork
from gallery.artworks.screening import emblems_on_view, fingerprints_of_withdrawn
from gallery.audit.chain import breaks
from gallery.clock import now
from gallery.database import Database, in_transaction
from gallery.erasure import Erasure
from gallery.exhibitions.logos import logos_among
from gallery.images.emblem_models import CreditLogo, EmblemState
from gallery.images.models import Fingerprint, Image, ImageState
from gallery.images.renditions import PREVIEW, UNFRAMED
from gallery.images.shelves import (
    ORIGINAL,
    TILES,
    derivative_key,
    private_keys,
    public_keys,
    rendition_key,
    token_in,
)
from gallery.images.take_down import images_alike
from gallery.storage import Storage, Store
from gallery.storage.store import Stored

SETTLING = timedelta(minutes=1)  # a younger file may be of an upload whose row is just being written
STUCK_AFTER = timedelta(minutes=10)
AT_ONCE = 500  # files or rows in memory at once

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong; the fields after `advice` say how a command can mend it, if it can.

    A notice is nothing wrong: it is named so that a keeper knows of it.
    """

    sentence: str
    where: str
    advice: str
    private: tuple[str, ...] = ()  # keys to delete
    public: tuple[str, ...] = ()  # keys to delete
    republish: int | None = None  # the id of an image that the worker shall bring out anew
    withdrawal: int | None = None  # the id of a withdrawal to finish
    membership: int | None = None  # the id of one to suspend until an owner confirms it
    is_notice: bool = False
    is_mended: bool = False


@dataclass(frozen=True)
class Shelf:
    """What one pass over a store found: how many of its expected files each image has, and what nobody expects."""

    counts: Counter[tuple[int, str]]  # by the image's id and the kind of file
    strangers: dict[str, list[str]]  # keys by their folder


MEND = "gallery check --mend"
LOOK = "Look at it and remove it at the desk"


async def inspect(database: Database, storage: Storage, settling: timedelta = SETTLING) -> list[Finding]:
    """Everything that is wrong; where migrations are missing only those, for nothing else can be asked.

    Raises StoreAway. Of each image some numbers are held in memory, of files only those that nobody expects.
    """
    missing = await database.missing_migrations()
    if missing:
        return [Finding("A migration was not applied", name, "gallery init") for name in missing]
    changes = [
        Finding("Models and migrations disagree", change, "Write the migration")
        for change in await database.unwritten_changes()
    ]
    began = now()
    # Files first: what is uploaded meanwhile has a row by the time the rows are read.
    private = await look_along(storage.private, may_be_private, expected_in_private, began - settling)
    public = await look_along(storage.public, may_be_public, expected_in_public, began)
    return [
        *changes,
        *await unfinished_withdrawals(),
        *await unfinished_erasures(),
        *[finding async for finding in missing_files(private.counts, public.counts, began)],
        *(
            Finding(f"{len(keys)} private file(s) of no image", where, MEND, private=tuple(keys))
            for where, keys in sorted(private.strangers.items())
        ),
        *(
            Finding(f"{len(keys)} public file(s) of what is not on view", where, MEND, public=tuple(keys))
            for where, keys in sorted(public.strangers.items())
        ),
        *await unhappy_images(),
        *await withdrawn_on_logos(),
        *[finding async for finding in broken_chain()],
        *await double_roles(),
    ]


async def mend(finding: Finding, storage: Storage) -> bool:
    """Put one finding right, if a command can; whether it did."""
    await storage.private.delete(*finding.private)
    if finding.public:
        await storage.public.delete(*finding.public)
        await storage.proxy_cache.purge()
    if finding.republish is not None:
        await Image.filter(id=finding.republish).update(is_public=False, has_tiles=False)
    if finding.withdrawal is not None:
        await delete_files(await Withdrawal.get(id=finding.withdrawal), storage)
    if finding.membership is not None:
        async with in_transaction():
            await hold_memberships(await Person.get(memberships__id=finding.membership))
    return bool(
        finding.private or finding.public or finding.republish or finding.withdrawal or finding.membership
    )


async def look_along(
    store: Store,
    keys_of: Callable[[Image], Mapping[str, list[str]]],
    expected: Callable[[set[str]], Awaitable[dict[str, Image]]],
    before: datetime,
) -> Shelf:
    """Go through a store once. `expected` says which of some tokens' images may have files there.

    Of files that nobody expects, only those that were written before `before` count.
    """
    shelf = Shelf(Counter(), defaultdict(list))
    async for files in batches(store.files()):
        images = await expected({token_in(stored.key) for stored in files})
        known = {
            key: (image.id, kind)
            for image in images.values()
            for kind, keys in keys_of(image).items()
            for key in keys
        }
        keys = {stored.key for stored in files}
        others = await others_among(keys)
        for stored in files:
            if stored.key in known:
                shelf.counts[known[stored.key]] += 1
            elif stored.key not in others and stored.modified_at < before:
                shelf.strangers[folder_of(stored)].append(stored.key)
    return shelf


def may_be_private(image: Image) -> dict[str, list[str]]:
    """What may lie in private storage of an image, by kind."""
    preview = [rendition_key(image.token, PREVIEW)] if image.state == ImageState.RECEIVED else []
    whole = [] if image.framing.is_whole else [rendition_key(image.token, UNFRAMED)]
    return {**private_keys(image), "previews": preview, "unframed pictures": whole}


def may_be_public(image: Image) -> dict[str, list[str]]:
    """What may lie in public storage of an image on view, by kind; its derivatives must be fetched."""
    pieces = [derivative_key(image.token, derivative.name) for derivative in image.derivatives]
    return {**public_keys(image), "pieces": pieces}


async def expected_in_private(tokens: set[str]) -> dict[str, Image]:
    """Every image but those whose work was withdrawn."""
    return {
        image.token: image for image in await Image.filter(token__in=tokens, state__not=ImageState.ERASED)
    }


async def others_among(keys: set[str]) -> set[str]:
    """Of some keys in private storage, those that are needed and belong to no image."""
    return await bundles_among(keys) | await forms_among(keys) | await logos_among(keys)


async def bundles_among(keys: set[str]) -> set[str]:
    """Of some keys in private storage, those of uploaded sheets that are still needed."""
    tokens = {key.removeprefix(f"{BUNDLES}/") for key in keys if key.startswith(f"{BUNDLES}/")}
    needed = await Import.filter(token__in=tokens, files_cleared_at=None).values_list("token", flat=True)
    return {bundle_key(str(token)) for token in needed}


async def forms_among(keys: set[str]) -> set[str]:
    """Of some keys in private storage, those of signed forms."""
    tokens = {key.removeprefix(f"{FORMS}/") for key in keys if key.startswith(f"{FORMS}/")}
    return {
        form_key(str(token))
        for token in await SignedForm.filter(token__in=tokens).values_list("token", flat=True)
    }


async def expected_in_public(tokens: set[str]) -> dict[str, Image]:
    """The images that a visitor may see."""
    works = (
        await Artwork.all().on_view().filter(image__token__in=tokens).prefetch_related("image__derivatives")
    )
    emblems = await emblems_on_view().filter(image__token__in=tokens).prefetch_related("image__derivatives")
    images = [*(work.image for work in works), *(emblem.image for emblem in emblems)]
    return {image.token: image for image in images if image}


def folder_of(stored: Stored) -> str:
    """ "renditions/token" for "renditions/token/640.webp"; an original stands for itself."""
    if stored.key.startswith("originals/"):
        return stored.key
    return stored.key.rpartition("/")[0] or stored.key


async def batches(things: AsyncIterator[Thing]) -> AsyncIterator[list[Thing]]:
    """`things` by some hundred at once."""
    batch: list[Thing] = []
    async for thing in things:
        batch.append(thing)
        if len(batch) == AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


async def unfinished_withdrawals() -> list[Finding]:
    return [
        Finding("A withdrawal whose files are not deleted", f"withdrawal {row.id}", MEND, withdrawal=row.id)
        for row in await Withdrawal.filter(files_deleted_at=None).order_by("id")
    ]


async def unfinished_erasures() -> list[Finding]:
    """That deleted words have lain in the database's file for longer than a night."""
    oldest = await Erasure.filter(at__lt=now() - timedelta(days=2)).order_by("id").first()
    if oldest is None:
        return []
    advice = "Let the worker run while nobody else holds the database open; its log may say more"
    return [Finding("Deleted words still lie in the database's file", f"since {oldest.at:%Y-%m-%d}", advice)]


async def missing_files(
    private: Counter[tuple[int, str]], public: Counter[tuple[int, str]], began: datetime
) -> AsyncIterator[Finding]:
    """Images whose rows promise files that were not there; the rows are as they are now, the files as they were."""
    async for images in batches(rows_before(began)):
        on_view = Artwork.all().on_view().filter(image_id__in=[image.id for image in images])
        emblems = emblems_on_view().filter(image_id__in=[image.id for image in images])
        seen: set[object] = {
            *await on_view.values_list("image_id", flat=True),
            *await emblems.values_list("image_id", flat=True),
        }
        for image in images:
            where, is_whole = f"image {image.id}", True
            for kind, keys in private_keys(image).items():
                lacking = len(keys) - private[image.id, kind]
                if not lacking or (kind != ORIGINAL and image.state != ImageState.READY):
                    continue
                is_whole = False
                sentence = (
                    "An original is missing"
                    if kind == ORIGINAL
                    else f"{lacking} of {len(keys)} {kind} are missing"
                )
                yield Finding(sentence, where, "Bring it back from a backup")
            for kind, keys in public_keys(image).items():
                if kind == TILES and not image.has_tiles:
                    continue
                lacking = len(keys) - public[image.id, kind]
                if image.is_public and image.id in seen and lacking and is_whole:
                    sentence = f"{lacking} of {len(keys)} public {kind} are missing"
                    yield Finding(sentence, where, MEND, republish=image.id)


async def rows_before(moment: datetime) -> AsyncIterator[Image]:
    """The images whose files were all there at `moment`, if ever."""
    last = 0
    waiting_or_ready = Image.filter(
        Q(state=ImageState.READY, ready_at__lt=moment) | Q(state=ImageState.RECEIVED, created_at__lt=moment)
    )
    while images := await waiting_or_ready.filter(id__gt=last).order_by("id").limit(AT_ONCE):
        for image in images:
            yield image
        last = images[-1].id


async def unhappy_images() -> list[Finding]:
    """Pictures that were refused while a work waits for them, and pictures that nobody develops."""
    refused = await Image.filter(state=ImageState.REFUSED, artwork__id__not_isnull=True).order_by("id")
    stuck = await Image.filter(
        Q(lease_until__isnull=True) | Q(lease_until__lt=now()),
        state=ImageState.RECEIVED,
        created_at__lt=now() - STUCK_AFTER,
    ).order_by("id")
    return [
        *(
            Finding(
                f"A picture was refused: {image.refusal}",
                f"image {image.id}",
                "Its organisation sends another",
            )
            for image in refused
        ),
        *(
            Finding("A picture waits to be developed", f"image {image.id}", "Is a worker running?")
            for image in stuck
        ),
    ]


async def withdrawn_on_logos() -> list[Finding]:
    """Logos and covers on view that resemble a withdrawn work, but for those that a curator kept all the same."""
    withdrawn = await fingerprints_of_withdrawn().values_list("image_id", "code")
    found = []
    prints = dict(
        await Fingerprint.filter(image__emblem__id__not_isnull=True).values_list("image_id", "code")
    )
    for emblem in await emblems_on_view().order_by("id"):
        alike = await images_alike([prints.get(emblem.image_id, b"")], withdrawn)
        if alike and not (emblem.state == EmblemState.KEPT and emblem.resembles_id in alike):
            is_logo = emblem.project_id is None
            found.append(
                f"logo of organisation {emblem.organisation_id}"
                if is_logo
                else f"cover of project {emblem.project_id}"
            )
    for logo in await CreditLogo.filter(fingerprint__isnull=False).order_by("id"):
        if await images_alike([logo.fingerprint or b""], withdrawn):
            found.append(f"logo {logo.id} of exhibition {logo.exhibition_id}")
    return [Finding("A picture on view resembles a withdrawn work", where, LOOK) for where in found]


async def broken_chain() -> AsyncIterator[Finding]:
    """Where the audit log is not what it was when it was written."""
    async for each in breaks():
        yield Finding(each.sentence, f"entry {each.position}", "Compare with a backup; see docs/operating.md")


async def double_roles() -> list[Finding]:
    """Curators and keepers who are members of organisations; wrong only where no owner is known to have let them in."""
    rows = (
        await Membership.filter(person__role__in=[Role.CURATOR, Role.KEEPER])
        .order_by("id")
        .prefetch_related("organisation", "person")
    )
    return [
        Finding(
            f"A {row.person.role.value} is a member who reads without an owner's confirmation",
            f"{row.organisation.slug}, person {row.person_id}",
            MEND,
            membership=row.id,
        )
        if row.joined_as == JoinedAs.UNKNOWN and not row.awaits_confirmation
        else Finding(
            f"A {row.person.role.value} is also {STANDING[row.joined_as]}",
            f"{row.organisation.slug}, person {row.person_id}",
            "An owner confirms or removes them" if row.awaits_confirmation else "Nothing: the owners see it",
            is_notice=True,
        )
        for row in rows
    ]


STANDING = {
    JoinedAs.FIRST_OWNER: "the first owner of an organisation",
    JoinedAs.INVITED: "a member, invited by an owner",
    JoinedAs.CONFIRMED: "a member, confirmed by an owner",
    JoinedAs.REQUESTED: "an owner, by a request",
    JoinedAs.UNKNOWN: "a member, suspended until an owner confirms it",
}
