"""Private details of artists, signed consent forms, and the list of who has read them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise.expressions import Q

from gallery.accounts.models import Person
from gallery.artists.models import Artist, Consent, ConsentRequest, PrivateDetails, SignedForm
from gallery.artworks.models import Artwork
from gallery.audit.models import Entry
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.cases.models import Case
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.erasure import request_erasure
from gallery.images.models import new_token
from gallery.images.sandbox.parent import REFUSALS, ImageRefused
from gallery.images.uploads import ReceivedFile, inspect_upload
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.storage.disk import sha256_of
from gallery.web.languages import file_size
from gallery.web.languages import gettext as _
from gallery.web.languages import lazy_gettext as _l

DETAIL_FIELDS = ("legal_name", "contact", "guardian", "notes")
FORM_MAX_BYTES = 20_000_000
MAX_FORMS_PER_CONSENT = 5  # enough for two sheets with two sides each, and one more
ACCESSES_LISTED = 30


def form_too_large() -> str:
    sentence = _("This file is larger than %(size)s. Please choose a smaller photograph, or a smaller scan.")
    return sentence % {"size": file_size(FORM_MAX_BYTES)}


NOT_A_FORM = _l("This is neither a PDF nor a photograph. Please choose one of the two.")
MEDIA_TYPES: Mapping[str, str] = {
    "pdf": "application/pdf",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "avif": "image/avif",
    "heic": "image/heic",
    "tiff": "image/tiff",
    "gif": "image/gif",
}


class FormRefused(Exception):
    """The file cannot be stored as a signed form; `sentence` tells the partner why and what to do."""

    def __init__(self, sentence: Any) -> None:
        super().__init__(sentence)
        self.sentence = sentence


async def save_details(artist: Artist, values: Mapping[str, str], by: Person) -> None:
    """Save an artist's DETAIL_FIELDS; if all are empty, the row is deleted."""
    async with in_transaction():
        await locked(Artist.filter(id=artist.id)).get()
        await PrivateDetails.filter(artist_id=artist.id).delete()
        await request_erasure()
        if any(values.values()):
            await PrivateDetails.create(
                artist=artist, changed_by=by, changed_at=now(), **dict[str, Any](values)
            )
        await record(Verb.ARTIST_PRIVATE_CHANGED, artist.id, organisation_id=artist.organisation_id, by=by)


async def read_details(artist: Artist, by: Person, artwork_id: int | None = None) -> PrivateDetails:
    """The private details of an artist; empty if there are none. The audit log records the access first.

    `artwork_id`: the work under review, if the reader is a curator.
    """
    await record(
        Verb.ARTIST_PRIVATE_READ,
        artist.id,
        with_id=artwork_id,
        organisation_id=artist.organisation_id,
        by=by,
    )
    return await PrivateDetails.get_or_none(artist_id=artist.id) or PrivateDetails(artist_id=artist.id)


async def read_signature(consent: Consent, artwork_id: int | None = None) -> ConsentRequest | None:
    """The request by whose link a consent was given, with its wording and who agreed; None without one.

    The artist of the consent must be fetched. The audit log records the access first. `artwork_id`: the work under
    review, if the reader is a curator.
    """
    request = await ConsentRequest.get_or_none(consent_id=consent.id).prefetch_related("wording")
    if request is not None:
        await record(
            Verb.CONSENT_SIGNATURE_READ,
            consent.id,
            with_id=artwork_id,
            organisation_id=consent.artist.organisation_id,
        )
    return request


async def kind_of_form(file: ReceivedFile, settings: Settings) -> str:
    """Detect the type of a file from its content; returns a key of MEDIA_TYPES. Raises FormRefused.

    A photograph is opened in the sandbox; a PDF is never opened.
    """
    if file.head.startswith(b"%PDF-"):
        with file.path.open("rb") as pdf:
            pdf.seek(max(0, file.size - 2048))
            if b"%%EOF" not in pdf.read():
                raise FormRefused(_l("This PDF was not copied completely. Please choose it again."))
        return "pdf"
    if file.format is None:
        raise FormRefused(NOT_A_FORM)
    try:
        return (await inspect_upload(file, settings)).format
    except ImageRefused as refusal:
        raise FormRefused(REFUSALS[refusal.code]) from refusal


def form_key(token: str) -> str:
    """The key of a signed form in private storage."""
    return f"{FORMS_FOLDER}/{token}"


FORMS_FOLDER = "forms"


async def add_form(
    consent: Consent, file: ReceivedFile, kind: str, by: Person, storage: Storage
) -> SignedForm:
    """Store a signed form of a consent, whose artist must be fetched. Raises FormRefused, StoreUnavailable.

    The file is stored before its row: `gallery check --mend` deletes a file without a row.
    """
    token = new_token()
    digest = await asyncio.to_thread(sha256_of, file.path)
    await storage.private.put_file(form_key(token), file.path)
    try:
        async with in_transaction():
            current = await locked(Consent.filter(id=consent.id)).get()
            if current.withdrawn_at is not None:
                raise FormRefused(_l("This consent was withdrawn, so nothing more is kept of it."))
            if await SignedForm.filter(consent_id=consent.id).count() >= MAX_FORMS_PER_CONSENT:
                raise FormRefused(_l("Five files are the most for one consent. Please delete one first."))
            made = await SignedForm.create(
                consent_id=consent.id, token=token, kind=kind, file_bytes=file.size, sha256=digest, by=by
            )
            await record(
                Verb.CONSENT_FORM_ADDED,
                consent.id,
                with_id=made.id,
                organisation_id=consent.artist.organisation_id,
                by=by,
            )
            return made
    except BaseException:
        await storage.private.delete(form_key(token))
        raise


async def delete_form(form: SignedForm, storage: Storage, by: Person) -> None:
    """Delete the file of a signed form, then its row. Consent and artist must be fetched.

    Raises StoreUnavailable.
    """
    await storage.private.delete(form_key(form.token))
    async with in_transaction():
        if await SignedForm.filter(id=form.id).delete():
            await record(
                Verb.CONSENT_FORM_DELETED,
                form.consent_id,
                with_id=form.id,
                organisation_id=form.consent.artist.organisation_id,
                by=by,
            )


async def delete_all_forms(consent_id: int, storage: Storage) -> None:
    """Delete all signed forms of a withdrawn consent. Raises StoreUnavailable."""
    forms = await SignedForm.filter(consent_id=consent_id)
    await storage.private.delete(*[form_key(form.token) for form in forms])
    await SignedForm.filter(id__in=[form.id for form in forms]).delete()


class ArtistHasWorks(Exception):
    """The artist has works or cases, so the artist cannot be deleted."""

    sentence: Any = _l(
        "This artist has works or cases, so only the private details can be deleted: empty their fields."
    )


async def delete_artist(artist: Artist, storage: Storage, by: Person) -> None:
    """Delete an artist without works, with consents, private details and signed forms.

    Raises ArtistHasWorks, StoreUnavailable.
    """
    consents = Consent.filter(artist_id=artist.id)
    async with in_transaction():
        await locked(Artist.filter(id=artist.id)).get()
        if await Artwork.exists(artist_id=artist.id) or await Case.exists(consent__artist_id=artist.id):
            raise ArtistHasWorks
        tokens = await SignedForm.filter(consent__artist_id=artist.id).values_list("token", flat=True)
        await consents.delete()
        await Artist.filter(id=artist.id).delete()
        await request_erasure()
        await record(Verb.ARTIST_DELETED, artist.id, organisation_id=artist.organisation_id, by=by)
        # Inside the transaction, so that the rows stay if the store cannot be reached.
        await storage.private.delete(*[form_key(str(token)) for token in tokens])


@dataclass(frozen=True)
class PrivateAccess:
    """One access to private details or a signed form, from the audit log."""

    name: str
    at: datetime
    is_form: bool  # True: a signed form was read; False: the details
    is_review: bool  # True: a curator read it for a review


async def private_accesses(artist: Artist, consent_ids: Collection[int]) -> list[PrivateAccess]:
    """The latest accesses to an artist's private details and signed forms in the audit log, newest first."""
    merged = await Artist.with_merged().filter(merged_into_id=artist.id).values_list("id", flat=True)
    entries = (
        await Entry.filter(
            Q(verb=Verb.ARTIST_PRIVATE_READ, thing_id__in=[artist.id, *merged])
            | Q(
                verb__in=[Verb.CONSENT_FORM_READ, Verb.CONSENT_SIGNATURE_READ],
                thing_id__in=list(consent_ids),
            )
            | _in_an_export(artist, consent_ids)
        )
        .order_by("-id")
        .limit(ACCESSES_LISTED)
    )
    names = dict(
        await Person.filter(id__in={each.person_id for each in entries if each.person_id}).values_list(
            "id", "name"
        )
    )
    return [
        PrivateAccess(
            names.get(each.person_id or 0, ""),
            each.at,
            each.verb in {Verb.CONSENT_FORM_READ, Verb.EXPORT_RECORDS_READ},
            each.with_id is not None and each.verb != Verb.EXPORT_RECORDS_READ,
        )
        for each in entries
    ]


def _in_an_export(artist: Artist, consent_ids: Collection[int]) -> Q:
    """The filter for audit entries about downloads of all signed forms of the organisation, if the artist has
    consents.
    """
    organisation_id = artist.organisation_id if consent_ids else 0
    downloads: dict[str, Any] = {"organisation_id": organisation_id, "at__gt": artist.created_at}
    return Q(verb=Verb.EXPORT_RECORDS_READ, **downloads)
