"""Vetoes: a curator fears that showing an accepted work might harm somebody, so it is hidden at once.

A veto has nothing to do with consent, and only curators read its reason. Visitors and the organisation only
learn that the work is not shown. After a veto is lifted, the work is not on view again until it was reviewed
again.
"""

from __future__ import annotations

from typing import Any

from gallery.accounts.members import members_of
from gallery.accounts.models import Person
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork, Status, Submission, images_of
from gallery.artworks.snapshots import snapshot_of
from gallery.artworks.submissions import next_submission_number
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Fingerprint, Image
from gallery.images.storage_keys import make_private
from gallery.images.takedowns import take_down_similar
from gallery.mail.outbox import Notification, notify
from gallery.reviews.models import Veto
from gallery.sounds.models import Sound
from gallery.sounds.storage_keys import make_sounds_private
from gallery.storage import Storage
from gallery.web.languages import lazy_gettext as _l
from gallery.web.page_keys import work_key


class VetoRefused(Exception):
    """The veto cannot be set or lifted; `sentence` says why."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def veto(artwork: Artwork, storage: Storage, by: Person | None, concern: str) -> Veto:
    """Take an accepted work off every page, with logos and covers that show it. Its public files are deleted.

    Raises VetoRefused. Raises StoreUnavailable if files cannot be deleted now; the work is off every page
    even so, and the worker deletes the files later.
    """
    async with in_transaction():
        work = await locked(Artwork.filter(id=artwork.id)).get()
        if work.status != Status.ACCEPTED:
            raise VetoRefused(
                _l("Only accepted works can be taken off view. Please decline works that are waiting.")
            )
        if work.is_vetoed:
            raise VetoRefused(_l("Another curator has already taken it off view."))
        made = await Veto.create(artwork=work, by=by, at=now(), concern=concern)
        await Artwork.filter(id=work.id).update(is_vetoed=True)
        await record(Verb.WORK_VETOED, work.id, organisation_id=work.organisation_id, by=by)
        news = Notification(
            "work_off_the_wall", f"/desk/works/{work.id}", {"work": work.own("title")}, key=f"veto:{made.id}"
        )
        await notify(await members_of(work.organisation_id), news)
        images = await Image.filter(images_of(Artwork.filter(id=work.id)))
        prints = await Fingerprint.filter(image_id__in=[image.id for image in images])
        taken = await take_down_similar([each.code for each in prints], "not_shown", by)
        await content_version.bump(rows=[work_key(work.id)])
    artwork.is_vetoed = True
    await taken.delete_files(storage)
    await make_private(storage, images)
    await make_sounds_private(storage, await Sound.filter(id=work.sound_id or 0, is_public=True))
    return made


async def lift_veto(artwork: Artwork, by: Person, because: str) -> Submission:
    """Lift the veto: the work waits for review, and is shown only if it is accepted again.

    Raises VetoRefused.
    """
    async with in_transaction():
        work = await locked(Artwork.filter(id=artwork.id)).get()
        if not work.is_vetoed or work.status != Status.ACCEPTED:
            raise VetoRefused(_l("There is no veto on this work any more."))
        if await Submission.exists(artwork_id=work.id, is_waiting=True):
            raise VetoRefused(_l("A change to this work is waiting. Please decide on it first."))
        await Veto.filter(artwork_id=work.id, lifted_at__isnull=True).update(
            lifted_at=now(), lifted_by_id=by.id, because=because
        )
        await work.fetch_related("artist", "consent", "project", "themes")
        await load_further_pictures([work])
        submission = await Submission.create(
            artwork=work, number=await next_submission_number(work), by=by, at=now(), sent=snapshot_of(work)
        )
        work.is_vetoed, work.status = False, Status.SUBMITTED
        await work.save(update_fields=["is_vetoed", "status", "updated_at"])
        await record(Verb.WORK_VETO_LIFTED, work.id, organisation_id=work.organisation_id, by=by)
        await content_version.bump(rows=[work_key(work.id)])
        return submission
