"""The words that go with a withdrawal: one list, by table. What it does not name stays; docs/security.md says what, and why.

tests/artists/test_erased_words.py puts a marker into every text of the database, withdraws, and looks for it again, so
that a column made later has to be named here or there.
"""

from __future__ import annotations

from typing import Any

from tortoise import Tortoise
from tortoise.expressions import Q

from gallery.artists.models import Artist, Consent, PrivateDetails
from gallery.clock import now

TEXTS = ("title", "story", "alt_text", "medium", "assistance")
WORK: dict[str, Any] = {
    **{name: "" for text in TEXTS for name in (text, f"{text}_translation")},
    "unfinished": {},
    "year": None,
}
DECISION: dict[str, Any] = {"reason": "", "notes": {}}
PICTURE: dict[str, Any] = {
    "placeholder": "",
    "mean_colour": "#888888",
    "perceptual_hash": "",
    "source_sha256": "",
    "rendition_bytes": {},
}

# By name, for these tables stand above artists: the way from a row to its work, and what is left of the row.
EMPTIED: dict[str, tuple[str, dict[str, Any]]] = {
    "Submission": ("artwork", {"sent": {}, "replaces": None, "is_waiting": False}),
    "Review": ("artwork", DECISION),
    "Opinion": ("submission__artwork", DECISION),
    "Undo": ("submission__artwork", DECISION),
    "Score": ("submission__artwork", {"note": ""}),
    "Risk": ("review__artwork", {"concern": ""}),
    "Veto": ("artwork", {"concern": "", "because": ""}),
    "Report": ("artwork", {"told": "", "email": "", "note": ""}),
    "Hanging": ("artwork", {"caption_zh": "", "caption_en": ""}),
    "Upload": ("artwork", {"metadata": ""}),  # holds the name of a file
}
DELETED = ("Hint", "WavedOff", "SearchEntry", "WorkCount", "Appreciation")


def model(name: str) -> Any:
    assert Tortoise.apps is not None
    return Tortoise.apps.get_model("gallery", name)


async def erase_words(consent: Consent, ids: list[int]) -> None:
    """Erase the words of all works of a consent, and with an artist's last consent the artist's; in its transaction.

    `ids`: its own and those of the consents that it renewed. A second time changes nothing.
    """
    await model("Report").filter(artwork__consent_id=consent.id, closed_at=None).update(closed_at=now())
    for name, (way, left) in EMPTIED.items():
        await model(name).filter(**{f"{way}__consent_id": consent.id}).update(**left)
    for name in DELETED:
        await model(name).filter(artwork__consent_id=consent.id).delete()
    await _erase_snapshots(consent, ids)
    await _erase_mails(consent)
    await _erase_imports(consent)
    await model("Artwork").filter(consent_id=consent.id).update(**WORK)
    await Consent.filter(id__in=ids).update(assent="")
    await _erase_artist(consent.artist_id)


async def _erase_snapshots(consent: Consent, ids: list[int]) -> None:
    """What curators were sent under it of works that have another consent by now, perhaps another artist's, or none."""
    codes = {str(id) for id in ids}
    sent = model("Submission").filter(artwork__organisation__artists__id=consent.artist_id)
    rows = await sent.values_list("id", "sent", "replaces")
    stale = [id for id, *told in rows if any((each or {}).get("consent_id") in codes for each in told)]
    await model("Submission").filter(id__in=stale or [0]).update(sent={}, replaces=None)
    await model("Hint").filter(submission_id__in=stale or [0]).delete()


async def _erase_mails(consent: Consent) -> None:
    """Mails about its works: what was not sent yet says nothing that is still true, the others keep no title."""
    works = await model("Artwork").filter(consent_id=consent.id).values_list("id", flat=True)
    for start in range(0, len(works), 500):
        mails = model("Mail").filter(path__in=[f"/desk/works/{id}" for id in works[start : start + 500]])
        await mails.filter(state="unsent").delete()
        await mails.update(facts={"work": ""})


async def _erase_imports(consent: Consent) -> None:
    """Sheets that brought its works in: their reports quote cells and name artists, their files may be named by them."""
    imports = model("Import").filter(works__artwork__consent_id=consent.id).distinct()
    for job in await imports:
        job.file_name, job.report = "", {**job.report, "faults": [], "artist_names": [], "strangers": []}
        await job.save(update_fields=["file_name", "report"])
    for picture in await model("ImportedPicture").filter(image__artwork__consent_id=consent.id):
        picture.name, picture.digest = f"{picture.id}", ""
        await picture.save(update_fields=["name", "digest"])


async def _erase_artist(artist_id: int) -> None:
    """With the last consent goes all that was kept of the artist; a number stands for the name."""
    holds = Consent.filter(artist_id=artist_id, withdrawn_at__isnull=True, followed_by__id__isnull=True)
    if await holds.exists():
        return
    await PrivateDetails.filter(artist_id=artist_id).delete()
    # Drafts without a consent stay their organisation's; what curators were sent of them does not.
    drafts = Q(artwork__artist_id=artist_id, artwork__consent_id=None)
    await model("Submission").filter(drafts).update(sent={}, replaces=None)
    await Artist.filter(id=artist_id).update(
        credit_name=f"#{artist_id}",
        credit_name_translation="",
        page_id=None,
        about_zh="",
        about_en="",
        born="",
        shows_born=False,
    )
