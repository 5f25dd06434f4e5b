"""Entering and changing works: the work, and with it artist, consent and project, in one transaction."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tortoise.expressions import Q

from gallery.accounts.models import Person
from gallery.artists.consents import NewConsent, record_consent
from gallery.artists.models import Artist, Consent, ConsentState
from gallery.artworks.models import Artwork, Status
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import today
from gallery.db.connection import in_transaction, locked
from gallery.erasure import request_erasure
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import delete_image_files
from gallery.organisations.models import Organisation, Project
from gallery.organisations.projects import add_project
from gallery.storage import Storage, StoreUnavailable
from gallery.themes.extensions import extended_deadlines
from gallery.themes.models import Theme
from gallery.web.languages import gettext as _

TRANSLATED_FIELDS = ("title", "story", "alt_text", "medium", "assistance")
TEXT_FIELDS = (*TRANSLATED_FIELDS, *(f"{name}_translation" for name in TRANSLATED_FIELDS))


class WorkRefused(Exception):
    """Something changed meanwhile, so this cannot be saved; `sentence` stands at `field`."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


class ChangedMeanwhile(Exception):
    """Somebody saved the work after it was read."""


class NotEditable(Exception):
    """The work is under review or decided; `sentence` says which."""

    def __init__(self, status: Status) -> None:
        self.status = status
        self.sentence = why_not_editable(status)
        super().__init__(self.sentence)


def why_not_editable(status: Status) -> str:
    return {
        Status.SUBMITTED: _("It is with the curators now. It can be changed again if they return it."),
        Status.ACCEPTED: _("It has been accepted, so it stays as the curators saw it."),
        Status.DECLINED: _("It was declined, so it cannot be changed."),
        Status.WITHDRAWN: _("Its consent was withdrawn, so it cannot be changed."),
    }.get(status, "")


@dataclass(frozen=True)
class WorkOptions:
    """What the form of a work can choose from."""

    organisations: Sequence[Organisation]
    artists: Sequence[Artist]
    consents: Sequence[Consent]  # in force, each with its artist
    projects: Sequence[Project]
    themes: Sequence[Theme]


@dataclass(frozen=True)
class NewArtist:
    credit_name: str
    credit_name_translation: str = ""


@dataclass(frozen=True)
class NewProject:
    title: str
    summary: str
    link: str


@dataclass(frozen=True)
class WorkDetails:
    """Everything of a work but its picture. Artist, consent, project are chosen, told anew, or left out."""

    organisation: Organisation
    language: str
    texts: Mapping[str, str]  # by TEXT_FIELDS
    year: int | None = None
    artist: Artist | NewArtist | None = None
    consent: Consent | NewConsent | None = None
    project: Project | NewProject | None = None
    themes: Sequence[Theme] = field(default_factory=tuple)


async def load_work_options(
    organisations: Sequence[Organisation], artwork: Artwork | None = None
) -> WorkOptions:
    """The choices for a new work of one of `organisations`, or for `artwork`, whose own stay among them.

    The themes of `artwork` must be fetched.
    """
    ids = [each.id for each in organisations] if artwork is None else [artwork.organisation_id]
    chosen_consent = artwork.consent_id if artwork else None
    chosen_themes = {theme.id for theme in artwork.themes} if artwork else set()
    longer = await extended_deadlines(ids)
    day = today()
    consents = (
        await Consent.filter(
            Q(followed_by__id__isnull=True) | Q(id=chosen_consent), artist__organisation_id__in=ids
        )
        .order_by("-id")
        .prefetch_related("artist")
    )
    in_force = {ConsentState.IN_FORCE, ConsentState.EXPIRING}
    return WorkOptions(
        organisations=[each for each in organisations if each.id in ids],
        artists=await Artist.filter(organisation_id__in=ids).order_by("credit_name", "id"),
        consents=[each for each in consents if each.state(day) in in_force or each.id == chosen_consent],
        projects=await Project.filter(organisation_id__in=ids).order_by("-id"),
        themes=[
            each
            for each in await Theme.all().order_by("occurs_on", "id")
            if each.is_open(day) or each.id in chosen_themes or each.id in longer
        ],
    )


async def create_work(
    details: WorkDetails, by: Person | None, image: Image | None = None, form_key: str | None = None
) -> Artwork:
    """Enter a work as a draft. Raises WorkRefused, and IntegrityError where `form_key` made a work before."""
    async with in_transaction():
        artwork = Artwork(organisation=details.organisation, created_by=by, form_key=form_key)
        await fill_work(artwork, details, by, image)
        await record(Verb.WORK_MADE, artwork.id, organisation_id=artwork.organisation_id, by=by)
        return artwork


async def update_work(
    artwork: Artwork, details: WorkDetails, by: Person | None, image: Image | None = None
) -> tuple[Artwork, Image | None]:
    """Change a work; returns it and the image that `image` replaced, whose files can go.

    Raises NotEditable, WorkRefused, and ChangedMeanwhile where somebody saved after `artwork` was read.
    """
    async with in_transaction():
        held = await locked(Artwork.filter(id=artwork.id)).first()
        if held is None:
            raise WorkRefused("title", _("This work was deleted meanwhile."))
        if not held.is_editable:
            raise NotEditable(held.status)
        if held.updated_at != artwork.updated_at:
            raise ChangedMeanwhile
        replaced = None
        if image is not None and held.image_id is not None and held.image_id != image.id:
            replaced = await Image.get(id=held.image_id)
        await fill_work(held, details, by, image)
        await record(Verb.WORK_CHANGED, held.id, organisation_id=held.organisation_id, by=by)
        return held, replaced


async def set_picture(artwork: Artwork, image: Image, by: Person | None) -> Image | None:
    """Give a work a picture, and leave its words; returns the image that it replaced, whose files can go.

    Raises NotEditable, WorkRefused.
    """
    async with in_transaction():
        held = await locked(Artwork.filter(id=artwork.id)).first()
        if held is None:
            raise WorkRefused("picture", _("This work was deleted meanwhile."))
        if not held.is_editable:
            raise NotEditable(held.status)
        replaced = await Image.get(id=held.image_id) if held.image_id is not None else None
        await _adopt_image(held, image, held.organisation_id)
        await held.save()
        await record(Verb.WORK_CHANGED, held.id, organisation_id=held.organisation_id, by=by)
        return replaced


async def fill_work(
    artwork: Artwork,
    details: WorkDetails,
    by: Person | None,
    image: Image | None,
    unfinished: Mapping[str, list[str]] | None = None,
) -> None:
    """Write `details` into a work that the transaction holds, and beside it what is typed but not right yet.

    Raises WorkRefused.
    """
    artist = await _get_or_create_artist(details, by)
    consent = await _lock_or_record_consent(details, artist, by)
    project = await _get_or_add_project(details)
    artwork.language = details.language
    for name in TEXT_FIELDS:
        setattr(artwork, name, details.texts.get(name, ""))
    artwork.year = details.year
    artwork.unfinished = dict(unfinished or {})
    artwork.artist_id = artist.id if artist else None
    artwork.consent_id = consent.id if consent else None
    artwork.project_id = project.id if project else None
    if image is not None:
        await _adopt_image(artwork, image, details.organisation.id)
    await artwork.save()
    await artwork.themes.clear()
    if details.themes:
        await artwork.themes.add(*details.themes)


async def _adopt_image(artwork: Artwork, image: Image, organisation_id: int) -> None:
    """Raises WorkRefused where the image is gone, or another work's."""
    held = await locked(Image.filter(id=image.id, state__in=[ImageState.RECEIVED, ImageState.READY])).first()
    if held is None or await Artwork.filter(image_id=held.id).exclude(id=artwork.id or 0).exists():
        raise WorkRefused("picture", _("This picture is no longer there. Please choose it again."))
    if held.organisation_id != organisation_id:
        held.organisation_id = organisation_id
        await held.save(update_fields=["organisation_id"])
    artwork.image_id = held.id


async def _get_or_create_artist(details: WorkDetails, by: Person | None) -> Artist | None:
    if isinstance(details.artist, NewArtist):
        artist = await Artist.create(
            organisation=details.organisation,
            credit_name=details.artist.credit_name,
            credit_name_translation=details.artist.credit_name_translation,
        )
        await record(Verb.ARTIST_MADE, artist.id, organisation_id=artist.organisation_id, by=by)
        return artist
    return details.artist


async def _lock_or_record_consent(
    details: WorkDetails, artist: Artist | None, by: Person | None
) -> Consent | None:
    if details.consent is None:
        return None
    if artist is None:
        raise WorkRefused("artist", _("Please say whose consent this is."))
    if isinstance(details.consent, NewConsent):
        return await record_consent(artist, details.consent, by)
    held: Consent | None = await locked(Consent.filter(id=details.consent.id)).first()
    if held is None or held.withdrawn_at is not None:
        raise WorkRefused(
            "consent", _("This consent was withdrawn meanwhile. The work cannot be shown under it.")
        )
    if await Consent.exists(follows_id=held.id):
        raise WorkRefused("consent", _("This consent was renewed meanwhile. Please choose the new one."))
    if held.artist_id != artist.id:
        raise WorkRefused(
            "consent", _("This consent is another artist's. Please choose one of the artist's own.")
        )
    return held


async def _get_or_add_project(details: WorkDetails) -> Project | None:
    told = details.project
    if isinstance(told, NewProject):
        values = {f"title_{details.language}": told.title, f"summary_{details.language}": told.summary}
        return await add_project(details.organisation, {**values, "link": told.link})
    return told


async def delete_draft(artwork: Artwork, storage: Storage) -> None:
    """Delete a work that was never submitted, and its picture. Raises NotEditable."""
    async with in_transaction():
        held = await locked(Artwork.filter(id=artwork.id)).first()
        if held is None:
            return
        if held.status != Status.DRAFT:
            raise NotEditable(held.status)
        image = await Image.get_or_none(id=held.image_id) if held.image_id else None
        await held.delete()
        await request_erasure()
        await record(Verb.WORK_DELETED, held.id, organisation_id=held.organisation_id)
    if image is not None:
        await discard_image(image, storage)


async def discard_image(image: Image, storage: Storage) -> None:
    """Delete an image that no work has, and its files.

    Should this process end half-way, or the store be away, the row is an unused upload, which the worker forgets after a day.
    """
    await Image.filter(id=image.id).update(
        state=ImageState.ERASED
    )  # a worker that develops it just now gives up
    with contextlib.suppress(StoreUnavailable):
        await delete_image_files(storage, image.token)
        await Image.filter(id=image.id).delete()
