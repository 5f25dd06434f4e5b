"""What a withdrawal erases from works: texts, snapshots in submissions, and traces in imports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tortoise.expressions import Q, Subquery

from gallery.artists.consents import has_consent
from gallery.artists.models import Artist, Consent
from gallery.artworks.import_models import Import, ImportedChange, ImportedPicture
from gallery.artworks.models import Artwork, Picture, Status, Submission
from gallery.artworks.works import TRANSLATED_FIELDS
from gallery.web.texts import NO_TEXTS

ERASED_FIELDS: dict[str, Any] = {
    **dict.fromkeys(TRANSLATED_FIELDS, NO_TEXTS),
    **dict.fromkeys(("size", "date_made"), ""),
    **dict.fromkeys(("made_from", "made_until", "year", "inventory_number")),
    "unfinished": {},
}
REPORTED_WORDS = (
    "faults",
    "notes",
    "artist_names",
    "strangers",
    "headers",
)  # lists in `Import.report` that quote the sheet
ERASED_SNAPSHOTS: dict[str, Any] = {"sent": {}, "replaces": None}


async def forget_consent(consent: Consent, ids: Sequence[int], sent: Sequence[int]) -> None:
    """See gallery/withdrawals/forgetting.py."""
    works = Artwork.filter(consent_id=consent.id)
    await Submission.filter(id__in=sent).update(**ERASED_SNAPSHOTS)
    await Submission.filter(artwork__consent_id=consent.id).update(**ERASED_SNAPSHOTS, is_waiting=False)
    if not await has_consent(consent.artist_id):
        # The artist's details are erased. Drafts without a consent are kept, but their snapshots are erased.
        drafts = Q(artwork__artist_id=consent.artist_id, artwork__consent_id=None)
        await Submission.filter(drafts).update(**ERASED_SNAPSHOTS)
    await _forget_imports(consent, ids)
    # The rows stay, so that the addresses of the pictures return 410 Gone.
    pictures = Picture.filter(artwork_id__in=Subquery(works.values("id")))
    await pictures.update(alt_text=NO_TEXTS, caption=NO_TEXTS)
    await works.update(status=Status.WITHDRAWN, **ERASED_FIELDS)


async def submissions_sent_under(consent: Consent, ids: Sequence[int]) -> list[int]:
    """The ids of submissions that were sent under the consents `ids`.

    Their works may have another consent now, perhaps of another artist, or none.
    """
    consent_ids = {str(id) for id in ids}
    organisation = Artist.filter(id=consent.artist_id).values("organisation_id")
    works = Artwork.filter(organisation_id__in=Subquery(organisation)).values("id")
    rows = Submission.filter(artwork_id__in=Subquery(works))
    return [
        id
        for id, *snapshots in await rows.values_list("id", "sent", "replaces")
        if any((snapshot or {}).get("consent_id") in consent_ids for snapshot in snapshots)
    ]


async def _forget_imports(consent: Consent, ids: Sequence[int]) -> None:
    """Delete what imports changed in works under the consents `ids`, and erase names from imports.

    Reports quote cells, and file names may contain names or titles.
    An import without a file name loses its rows to mend, see import_chores.forget_bad_rows. All imports of the
    organisation that updated works are forgotten, because the rows of what they changed are deleted in time.
    """
    works = Artwork.filter(consent_id=consent.id).values("id")
    await ImportedChange.filter(
        Q(artwork_id__in=Subquery(works)) | Q(consent_before__in=list(ids)) | Q(consent_after__in=list(ids))
    ).delete()
    organisation = Artist.filter(id=consent.artist_id).values("organisation_id")
    updated = Q(updates_known=True, organisation_id__in=Subquery(organisation))
    for job in await Import.filter(Q(works__artwork__consent_id=consent.id) | updated).distinct():
        words: dict[str, Any] = {name: [] for name in REPORTED_WORDS}
        job.file_name, job.report = "", {**job.report, **words}
        if job.finished_at is not None:  # an unfinished import still needs the common values for other works
            job.common = {}
        await job.save(update_fields=["file_name", "report", "common"])
    of_works = Q(image__artwork__consent_id=consent.id) | Q(
        image__further_picture__artwork__consent_id=consent.id
    )
    for picture in await ImportedPicture.filter(of_works):
        picture.name, picture.digest = f"{picture.id}", ""
        await picture.save(update_fields=["name", "digest"])
