"""Withdrawal: the end of a consent, complete before it is confirmed.

First one transaction takes all works of the consent off every page; all processes notice it within
`content_version.STALENESS`. Then the files are deleted. If a process is killed in between, the Withdrawal
has no `files_deleted_at`, and the worker deletes the files.
"""

from __future__ import annotations

import contextlib

from tortoise.expressions import Subquery

from gallery.accounts.models import Person
from gallery.artists.consents import latest_renewal, lock_with_works, predecessors, withdrawn_together
from gallery.artists.models import Consent, Withdrawal
from gallery.artists.private_details import delete_all_forms
from gallery.artists.reminders import notify_of_withdrawal
from gallery.artworks.models import Artwork
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.cases.models import Case
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction
from gallery.erasure import request_erasure
from gallery.exports.exports import delete_dropped_files
from gallery.images.forgetting import images_of_consent
from gallery.images.models import Fingerprint, Image
from gallery.images.storage_keys import delete_image_files, logo_key
from gallery.images.takedowns import stored_fingerprint, take_down_similar
from gallery.sounds.forgetting import sounds_of_consent
from gallery.sounds.models import Sound
from gallery.sounds.storage_keys import delete_sound_files
from gallery.storage import Storage
from gallery.web.page_keys import work_key
from gallery.withdrawals.forgetting import forget_consent


async def withdraw(consent: Consent, storage: Storage, by: Person | None = None) -> Withdrawal:
    """End `consent`. When this returns, no page and no public file of the site shows its works.

    If the consent was renewed, its works belong to the latest renewal, and that renewal is ended instead. Consents that
    took works over from it end as well (`withdrawn_together`).
    Withdrawing twice changes nothing and is no error. `by` is None if somebody used the link on the slip.
    Raises StoreUnavailable if files cannot be deleted now; the works are off every page even so, and the
    worker deletes the files later.
    """
    withdrawals = [await _end(consent, by)]
    while others := await withdrawn_together(consent):  # also one that took a work over meanwhile
        withdrawals += [await _end(each, by) for each in others]
    for withdrawal in withdrawals:
        if withdrawal.files_deleted_at is None:
            await delete_files(withdrawal, storage)
    return withdrawals[0]


async def _end(consent: Consent, by: Person | None) -> Withdrawal:
    while True:
        async with in_transaction():
            newest = await latest_renewal(consent)
            ids = [newest.id, *(older.id for older in await predecessors(newest))]
            current = await lock_with_works(ids)
            if current is None or await Consent.exists(follows_id=current.id):
                continue  # the works changed, or the consent was renewed, before the lock
            withdrawal = await _end_locked(current, ids, by)
            if current.id == consent.id:
                consent.withdrawn_at = current.withdrawn_at
            return withdrawal


async def _end_locked(consent: Consent, ids: list[int], by: Person | None) -> Withdrawal:
    """End a consent; the caller has locked its row and the rows of its works.

    `ids`: the id of the consent, then the ids of the consents that it renewed.
    """
    if consent.withdrawn_at is not None:
        return await Withdrawal.get(consent_id=consent.id)
    consent.withdrawn_at = now()
    await consent.save(update_fields=["withdrawn_at"])
    # Renewed consents should have no works left. If there are any, they are withdrawn as well.
    await Artwork.filter(consent_id__in=ids[1:]).update(consent_id=consent.id)
    await Case.filter(consent_id__in=ids[1:]).update(consent_id=consent.id)
    await consent.fetch_related("artist")
    withdrawal = await Withdrawal.create(consent=consent, at=consent.withdrawn_at, by=by)
    await _take_similar_down(withdrawal)
    await forget_consent(consent, ids)
    await request_erasure()
    await record(Verb.CONSENT_WITHDRAWN, consent.id, organisation_id=consent.artist.organisation_id, by=by)
    if by is None:
        await notify_of_withdrawal(consent, await Artwork.filter(consent_id=consent.id).count())
    works = await Artwork.filter(consent_id=consent.id).only("id")
    await content_version.bump(rows=[work_key(work.id) for work in works])
    return withdrawal


async def _take_similar_down(withdrawal: Withdrawal) -> None:
    """Take down all logos and covers of the site that show one of the works.

    Their files are deleted together with the files of the works. The consent does not cover
    this use, and the guardian cannot know of it.
    """
    images = images_of_consent(withdrawal.consent_id).values("id")
    codes: list[bytes] = [each.code for each in await Fingerprint.filter(image_id__in=Subquery(images))]
    work = await Artwork.filter(consent_id=withdrawal.consent_id).first()
    if work is None:
        return
    by = await Person.get_or_none(id=withdrawal.by_id)
    taken = await take_down_similar(codes, "withdrawn", by, work.id)
    if taken.logo_tokens:
        withdrawal.logo_tokens = [*(withdrawal.logo_tokens or []), *taken.logo_tokens]
        await withdrawal.save(update_fields=["logo_tokens"])


async def delete_files(withdrawal: Withdrawal, storage: Storage) -> None:
    """Delete all files of the consent's works, then set `files_deleted_at`. Raises StoreUnavailable.

    The files are deleted at once, and again after every process knows of the withdrawal. In between, another
    process may have published files, or allowed a logo that resembles a work.
    """
    consent = await Consent.get(id=withdrawal.consent_id).prefetch_related("artist")
    await delete_dropped_files(consent.artist.organisation_id, storage)
    for each in [consent, *await predecessors(consent)]:
        await delete_all_forms(each.id, storage)
    for image in await images_of_consent(consent.id).filter(fingerprint__id__isnull=True):
        # Compute missing fingerprints while the originals exist. If the sandbox fails, the files are deleted anyway.
        with contextlib.suppress(OSError):
            await stored_fingerprint(image, storage)
    await _delete_media(withdrawal, storage)
    await content_version.wait_for_propagation()
    async with in_transaction():
        await _take_similar_down(withdrawal)
        await content_version.bump(rows=())
    await _delete_media(withdrawal, storage)
    await storage.proxy_cache.purge()
    withdrawal.files_deleted_at = now()
    withdrawal.logo_tokens = None
    await withdrawal.save(update_fields=["files_deleted_at", "logo_tokens"])


async def _delete_media(withdrawal: Withdrawal, storage: Storage) -> None:
    for image in await images_of_consent(withdrawal.consent_id):
        await delete_image_files(storage, image.token)
        await Image.filter(id=image.id).update(is_public=False, has_tiles=False)
    for sound in await sounds_of_consent(withdrawal.consent_id):
        await delete_sound_files(storage, sound.token)
        await Sound.filter(id=sound.id).update(is_public=False)
    await storage.private.delete(*map(logo_key, withdrawal.logo_tokens or []))
