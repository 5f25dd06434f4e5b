"""Withdrawal: the end of a consent, complete before it is confirmed.

First one transaction takes every work of the consent off every page; from then on no process shows it for longer than
the content version's staleness. Then the files are deleted. A process killed in between leaves a Withdrawal without
`files_deleted_at`, which the worker takes up.
"""

from __future__ import annotations

import contextlib
from typing import Any

from tortoise.expressions import Q, Subquery

from gallery.accounts.models import Person
from gallery.artists.consents import latest_renewal, lock_with_works, predecessors
from gallery.artists.erased_words import PICTURE, erase_words, model
from gallery.artists.models import Consent, Withdrawal
from gallery.artists.private_details import delete_all_forms
from gallery.artists.reminders import notify_of_withdrawal
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.erasure import request_erasure
from gallery.images.models import Fingerprint, Image, ImageState
from gallery.images.storage_keys import delete_image_files, logo_key
from gallery.images.takedowns import stored_fingerprint, take_down_similar
from gallery.storage import Storage


async def withdraw(consent: Consent, storage: Storage, by: Person | None = None) -> Withdrawal:
    """End `consent`; when this returns, no page and no public file of the site shows what it covered.

    Where it was renewed, also at this very moment, the consent that has its works now is ended. One that was withdrawn
    before stays as it was: asking twice is no error. `by` is None for the slip's link.
    Raises StoreAway where files cannot be deleted just now: the works are off every page then, and the worker goes on.
    """
    withdrawal = await _end(consent, by)
    if withdrawal.files_deleted_at is None:
        await delete_files(withdrawal, storage)
    return withdrawal


async def _end(consent: Consent, by: Person | None) -> Withdrawal:
    while True:
        async with in_transaction():
            newest = await latest_renewal(consent)
            ids = [newest.id, *(older.id for older in await predecessors(newest))]
            held = await lock_with_works(ids)
            if held is None or await Consent.exists(follows_id=held.id):
                continue  # what it covers changed this very moment
            withdrawal = await _end_held(held, ids, by)
            if held.id == consent.id:
                consent.withdrawn_at = held.withdrawn_at
            return withdrawal


async def _end_held(held: Consent, ids: list[int], by: Person | None) -> Withdrawal:
    """End a consent that the transaction holds with its works. `ids`: its own, then those of the consents that it renewed."""
    if held.withdrawn_at is not None:
        return await Withdrawal.get(consent_id=held.id)
    held.withdrawn_at = now()
    await held.save(update_fields=["withdrawn_at"])
    works = _works(held)
    # Those that it renewed should have none; a slip ends what is there all the same.
    await works.model.filter(consent_id__in=ids[1:]).update(consent_id=held.id)
    await held.fetch_related("artist")
    withdrawal = await Withdrawal.create(consent=held, at=held.withdrawn_at, by=by)
    await _take_lookalikes_down(withdrawal)
    image_ids = await _pictures(held.id).values_list("id", flat=True)
    work_count = await works.count()
    await works.update(status="withdrawn")
    await Image.filter(id__in=image_ids).update(state=ImageState.ERASED, lease_until=None, **PICTURE)
    await model("HashBand").filter(image_id__in=image_ids).delete()
    await erase_words(held, ids)
    await request_erasure()
    await record(Verb.CONSENT_WITHDRAWN, held.id, organisation_id=held.artist.organisation_id, by=by)
    if by is None:
        await notify_of_withdrawal(held, work_count)
    await content_version.bump()
    return withdrawal


async def _take_lookalikes_down(withdrawal: Withdrawal) -> None:
    """Take down the logos and covers of the whole site that show one of the works; their files go with the work's.

    Who took a child's drawing for a cover meant no harm, yet nobody agreed to that, and the guardian cannot know of it.
    """
    prints = Fingerprint.filter(image_id__in=Subquery(_pictures(withdrawal.consent_id).values("id")))
    codes: list[bytes] = [each.code for each in await prints]
    work = await _works(await Consent.get(id=withdrawal.consent_id)).first()
    if work is None:
        return
    by = await Person.get_or_none(id=withdrawal.by_id)
    taken = await take_down_similar(codes, "withdrawn", by, work.id)
    if taken.logo_tokens:
        withdrawal.logo_tokens = [*(withdrawal.logo_tokens or []), *taken.logo_tokens]
        await withdrawal.save(update_fields=["logo_tokens"])


async def delete_files(withdrawal: Withdrawal, storage: Storage) -> None:
    """Delete every file of every picture that the consent covered, then note that it is done. Raises StoreAway.

    When all are deleted and every process knows of the withdrawal, they are looked for once more: one of the processes
    may just have been putting some there, or have let a logo be shown that was compared before.
    """
    consent = await Consent.get(id=withdrawal.consent_id)
    for each in [consent, *await predecessors(consent)]:
        await delete_all_forms(each.id, storage)
    for image in await _pictures(withdrawal.consent_id).filter(fingerprint__id__isnull=True):
        # It was uploaded before there were fingerprints, or just now. If the machine cannot open pictures, deleting goes on.
        with contextlib.suppress(OSError):
            await stored_fingerprint(image, storage)
    await _erase_all(withdrawal, storage)
    await content_version.settle()
    async with in_transaction():
        await _take_lookalikes_down(withdrawal)
        await content_version.bump()
    await _erase_all(withdrawal, storage)
    await storage.proxy_cache.purge()
    withdrawal.files_deleted_at = now()
    withdrawal.logo_tokens = None
    await withdrawal.save(update_fields=["files_deleted_at", "logo_tokens"])


async def _erase_all(withdrawal: Withdrawal, storage: Storage) -> None:
    for image in await _pictures(withdrawal.consent_id):
        await delete_image_files(storage, image.token)
        await Image.filter(id=image.id).update(is_public=False, has_tiles=False)
    await storage.private.delete(*map(logo_key, withdrawal.logo_tokens or []))


def _pictures(consent_id: int) -> Any:
    """The pictures of a consent's works, those among them that are proposed or were just replaced."""
    work = Consent._meta.fields_map["artworks"].related_model  # type: ignore[attr-defined]
    covered = work.filter(consent_id=consent_id).values("id")
    return Image.filter(Q(artwork__consent_id=consent_id) | Q(candidate_for_id__in=Subquery(covered)))


def _works(consent: Consent) -> Any:
    """The works of a consent, by relation: they stand above artists."""
    return consent.artworks.all()
