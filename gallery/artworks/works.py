"""Creating and changing works: the work with its artist, consent and project, in one transaction."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q

from gallery.accounts.models import Person
from gallery.artists.consents import NewConsent, consent_with_terms, record_consent
from gallery.artists.models import Artist, Consent, ConsentState
from gallery.artists.names import artists_by_name
from gallery.artworks.dates import parse_date
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import MAX_PICTURES, Artwork, Status, has_image, images_of
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import today
from gallery.db.connection import in_transaction, locked
from gallery.erasure import request_erasure
from gallery.images.models import Image, ImageState
from gallery.images.storage_keys import delete_image_files
from gallery.numbers import row_id
from gallery.organisations.models import Organisation, Project
from gallery.organisations.projects import add_project, projects_with_title
from gallery.sounds.models import Sound
from gallery.sounds.uploads import discard_sound
from gallery.storage import Storage, StoreUnavailable
from gallery.themes.extensions import extended_deadlines
from gallery.themes.models import Theme
from gallery.web.edit_conflicts import EditConflict
from gallery.web.languages import default_language, site_languages, translation_language
from gallery.web.languages import gettext as _
from gallery.web.texts import NO_TEXTS, Texts, contains_words, field_name, split_field_name

TRANSLATED_FIELDS = ("title", "story", "alt_text", "medium", "assistance", "transcript", "caption")
# The texts of each picture. `alt_text_17` is the alt text of the further picture with id 17; `alt_text` is
# the alt text of the first picture.
PICTURE_TEXTS = ("alt_text", "caption")
# In a proposal, `alt_text_0` is the alt text of the picture to be added.
NEW_PICTURE = 0
PICTURE_FIELD = re.compile(rf"({'|'.join(PICTURE_TEXTS)})_(0|[1-9][0-9]{{0,9}})")
TextValues = Mapping[str, str]  # `title`: the original text; `title[bo]`: a translation
MOST_ARTISTS = 100  # in the list of a form; partners find others by name
TEXT_FIELDS = (*TRANSLATED_FIELDS, "size", "date_made")


class WorkRefused(Exception):
    """The work cannot be saved, because a record has changed; the form shows `sentence` at `field`."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


class NotEditable(Exception):
    """The work is under review or decided; `sentence` says which."""

    def __init__(self, status: Status) -> None:
        self.status = status
        self.sentence = not_editable_reason(status)
        super().__init__(self.sentence)


class PictureIsHere(Exception):
    """The organisation has a work with the same file already, so no draft was made of it."""

    def __init__(self, artwork: Artwork) -> None:
        self.artwork = artwork
        self.sentence = _("This picture is here already, so it was skipped.")
        super().__init__(self.sentence)


def not_editable_reason(status: Status) -> str:
    return {
        Status.SUBMITTED: _("It is with the curators now. It can be changed again if they return it."),
        Status.ACCEPTED: _("It has been accepted, so it stays as the curators saw it."),
        Status.DECLINED: _("It was declined, so it cannot be changed."),
        Status.WITHDRAWN: _("Its consent was withdrawn, so it cannot be changed."),
    }.get(status, "")


@dataclass(frozen=True)
class WorkOptions:
    """The choices that the form of a work offers."""

    organisations: Sequence[Organisation]
    artists: Sequence[Artist]
    consents: Sequence[Consent]  # in force, each with its artist
    projects: Sequence[Project]
    themes: Sequence[Theme]
    has_more_artists: bool = False  # whether there are others, who are found by name
    are_found: bool = False  # whether `artists` is the result of a search


@dataclass(frozen=True)
class NewArtist:
    credit_name: str
    translations: Texts = NO_TEXTS


CREDIT_NAME_LENGTH = 80  # characters


def new_artist(credit_name: str, translation: str, language: str) -> NewArtist:
    """A new artist of a work in `language`. `translation`: the credit name in the site's other language, or ""."""
    own = language if language in site_languages() else default_language()
    return NewArtist(credit_name, Texts({translation_language(own): translation}))


@dataclass(frozen=True)
class NewProject:
    title: str
    summary: str
    link: str


@dataclass(frozen=True)
class WorkDetails:
    """All details of a work except its picture. Artist, consent and project may be existing, new, or None."""

    organisation: Organisation
    language: str
    texts: TextValues
    inventory_number: str = ""
    artist: Artist | NewArtist | None = None
    consent: Consent | NewConsent | None = None
    project: Project | NewProject | None = None
    themes: Sequence[Theme] = field(default_factory=tuple)

    @property
    def related(self) -> Sequence[object]:
        return self.artist, self.consent, self.project


def is_text_field(field: str) -> bool:
    """Whether a form field is a text of a work, in its own language or translated."""
    name, language = split_field_name(field)
    return (
        name in (TRANSLATED_FIELDS if language else TEXT_FIELDS) or PICTURE_FIELD.fullmatch(name) is not None
    )


def picture_field(name: str, picture_id: int) -> str:
    """The form field of a text of a further picture: alt_text_17."""
    return f"{name}_{picture_id}"


def picture_of_field(field: str) -> int | None:
    """The id of the further picture that a form field belongs to; None for any other field."""
    match = PICTURE_FIELD.fullmatch(split_field_name(field)[0])
    return int(match[2]) if match else None


def is_of_new_picture(field: str) -> bool:
    return picture_of_field(field) == NEW_PICTURE


def pictures_of_fields(fields: Iterable[str]) -> list[int]:
    """The ids of the further pictures that these form fields belong to, without duplicates."""
    ids = dict.fromkeys(picture_of_field(field) for field in fields)
    return [id for id in ids if id is not None][:MAX_PICTURES]


def text_values(artwork: Artwork) -> dict[str, str]:
    """The texts of a work by form field: the original texts, even if empty, then the translations.

    The further pictures must be fetched.
    """
    texts: dict[str, Texts] = {name: getattr(artwork, name) for name in TRANSLATED_FIELDS}
    for picture in artwork.later_pictures:
        texts |= {picture_field(name, picture.id): getattr(picture, name) for name in PICTURE_TEXTS}
    own = artwork.language
    values = {name: text.get(own, "") for name, text in texts.items()}
    values |= {name: getattr(artwork, name) for name in ("size", "date_made")}
    for name, text in texts.items():
        values |= {field_name(name, each.language): each.text for each in text.others(own, own)}
    return values


def translated_into(values: Iterable[str]) -> list[str]:
    """The languages of the translations among these form fields, without duplicates."""
    named = (split_field_name(field)[1] for field in values if is_text_field(field))
    return [language for language in dict.fromkeys(named) if language]


def set_texts(artwork: Artwork, language: str, values: TextValues) -> None:
    """Set the language of a work, all texts, and the columns computed from the date.

    Texts that are not in `values` become empty, and translations into the work's own language are ignored.
    But further pictures that are not in `values` keep their texts. The caller saves the work and its further
    pictures.
    """
    artwork.language = language
    languages = [each for each in translated_into(values) if each != language]
    for name in TRANSLATED_FIELDS:
        setattr(artwork, name, text_of(name, values, language, languages))
    for picture in artwork.later_pictures:
        for name in PICTURE_TEXTS:
            if (field := picture_field(name, picture.id)) in values:
                setattr(picture, name, text_of(field, values, language, languages))
    artwork.size, artwork.date_made = values.get("size", ""), values.get("date_made", "")
    made = parse_date(artwork.date_made) if artwork.date_made else None
    artwork.made_from, artwork.made_until = made.day_numbers if made else (None, None)
    artwork.year = made.first.year if made else None


def text_of(field: str, values: TextValues, language: str, languages: Iterable[str]) -> Texts:
    """The text of a form field, whose own language is `language`, with translations into `languages`."""
    words = {each: values.get(field_name(field, each), "") for each in languages}
    return Texts({**words, language: values.get(field, "")})


def blank_details(organisation: Organisation, by: Person) -> WorkDetails:
    """The details of a draft that has only a picture so far."""
    return WorkDetails(organisation=organisation, language=by.language, texts={})


async def load_work_options(
    organisations: Sequence[Organisation],
    artwork: Artwork | None = None,
    named_in: Sequence[Mapping[str, Sequence[str]]] | None = None,
) -> WorkOptions:
    """The choices for a new work of `organisations`, or for `artwork`, including its current choices.

    The themes of `artwork` must be fetched. `named_in`: form values; if given, only the artists, consents and
    projects in them are loaded, because an organisation may have thousands.
    """
    ids = _organisation_ids(organisations, artwork)
    chosen_consent = artwork.consent_id if artwork else None
    chosen_themes = {theme.id for theme in artwork.themes} if artwork else set()
    extended = await extended_deadlines(ids)
    day = today()
    consents = (
        await Consent.filter(
            Q(followed_by__id__isnull=True) | Q(id=chosen_consent),
            _named("consent", named_in),
            artist__organisation_id__in=ids,
        )
        .order_by("-id")
        .prefetch_related("artist")
    )
    in_force = {ConsentState.IN_FORCE, ConsentState.EXPIRING}
    artists = Artist.filter(_named("artist", named_in), organisation_id__in=ids)
    projects = Project.filter(_named("project", named_in), organisation_id__in=ids)
    return WorkOptions(
        organisations=[each for each in organisations if each.id in ids],
        artists=await artists.order_by("credit_name", "id"),
        consents=[each for each in consents if each.state(day) in in_force or each.id == chosen_consent],
        projects=await projects.order_by("-id"),
        themes=[
            each
            for each in await Theme.all().order_by("occurs_on", "id")
            if each.is_open(day) or each.id in chosen_themes or each.id in extended
        ],
    )


async def load_form_options(
    organisations: Sequence[Organisation],
    artwork: Artwork | None = None,
    named_in: Sequence[Mapping[str, Sequence[str]]] = (),
    words: str = "",
) -> WorkOptions:
    """The choices in the lists of a work's form: the newest MOST_ARTISTS artists, and the choices in `named_in`.

    With `words`: the artists whose credit name contains them, if there are any. The consents are only those
    of the listed artists.
    """
    owners = _organisation_ids(organisations, artwork)
    artists = Artist.filter(organisation_id__in=owners).order_by("-id").only("id")
    newest = await artists.limit(MOST_ARTISTS + 1)
    has_more = len(newest) > MOST_ARTISTS
    found: list[Artist] = []
    if words and has_more:
        with_words = Q(credit_name__icontains=words) | contains_words("credit_translations", words)
        found = await artists.filter(with_words).limit(MOST_ARTISTS)
    ids = [each.id for each in found or newest[:MOST_ARTISTS]]
    consents = await Consent.filter(artist_id__in=ids).only("id")
    projects = await Project.filter(organisation_id__in=owners).only("id")
    listed = {
        "artist": [str(id) for id in ids],
        "consent": [str(each.id) for each in consents],
        "project": [str(each.id) for each in projects],
    }
    options = await load_work_options(organisations, artwork, [*named_in, listed])
    return replace(options, has_more_artists=has_more, are_found=bool(found))


def _organisation_ids(organisations: Sequence[Organisation], artwork: Artwork | None) -> list[int]:
    return [each.id for each in organisations] if artwork is None else [artwork.organisation_id]


def _named(field: str, values: Sequence[Mapping[str, Sequence[str]]] | None) -> Q:
    """The condition for the rows whose ids are values of `field`; for all rows if `values` is None."""
    if values is None:
        return Q()
    ids = {row_id(value) for each in values for value in each.get(field, ())}
    return Q(id__in=sorted(ids))


async def create_work(
    details: WorkDetails, by: Person | None, image: Image | None = None, form_key: str | None = None
) -> Artwork:
    """Create a draft. Raises WorkRefused, and IntegrityError if `form_key` has already created a work."""
    async with unique_inventory_numbers(), in_transaction():
        artwork = Artwork(organisation=details.organisation, created_by=by, form_key=form_key)
        await fill_work(artwork, details, by, image)
        await record(Verb.WORK_MADE, artwork.id, organisation_id=artwork.organisation_id, by=by)
        return artwork


async def create_draft_of_picture(
    organisation: Organisation, by: Person, image: Image, form_key: str | None = None
) -> Artwork:
    """Create a draft that has only a picture, once for each file.

    Raises PictureIsHere, and the exceptions of `create_work`.
    """
    async with in_transaction():
        await locked(
            Organisation.filter(id=organisation.id)
        ).get()  # the second of two requests with the same file waits
        here = await works_with_files([organisation.id], [image.source_sha256])
        if works := here.get(image.source_sha256):
            raise PictureIsHere(works[0])
        return await create_work(blank_details(organisation, by), by, image, form_key)


async def works_with_files(
    organisation_ids: Sequence[int], digests: Collection[str]
) -> dict[str, list[Artwork]]:
    """SHA-256 of a file → the works of these organisations with a picture from this file, oldest first."""
    images = Image.filter(organisation_id__in=organisation_ids, source_sha256__in=[*filter(None, digests)])
    kept = await images.exclude(state=ImageState.ERASED).only("id", "source_sha256")
    by_image = {each.id: each.source_sha256 for each in kept}
    if not by_image:
        return {}
    works = Artwork.filter(has_image(by_image), organisation_id__in=organisation_ids)
    having = await works.exclude(status=Status.WITHDRAWN).order_by("id")
    await load_further_pictures(having)
    found: dict[str, list[Artwork]] = {}
    for artwork in having:
        ids = [artwork.image_id, *(each.image_id for each in artwork.later_pictures)]
        for digest in {by_image[id] for id in ids if id in by_image}:
            found.setdefault(digest, []).append(artwork)
    return found


async def older_with_same_file(works: Sequence[Artwork]) -> dict[int, Artwork]:
    """Id of a work → the organisation's oldest work with the same file, if that is older than this work.

    The file of the work's first picture counts. The images must be fetched.
    """
    files = {each.id: each.image.source_sha256 for each in works if each.image is not None}
    here = await works_with_files(sorted({each.organisation_id for each in works}), set(files.values()))
    oldest: dict[int, Artwork] = {}
    for work in works:
        having = (each for each in here.get(files.get(work.id, ""), ()))
        first = next((each for each in having if each.organisation_id == work.organisation_id), None)
        if first is not None and first.id < work.id:
            oldest[work.id] = first
    return oldest


async def update_work(
    artwork: Artwork, details: WorkDetails, by: Person | None, image: Image | None = None
) -> tuple[Artwork, Image | None]:
    """Change a work; returns the work and the replaced image, which the caller discards.

    Raises NotEditable, WorkRefused, and EditConflict if somebody saved after `artwork` was read.
    """
    async with unique_inventory_numbers(), in_transaction():
        current = await locked(Artwork.filter(id=artwork.id)).first()
        if current is None:
            raise WorkRefused("title", _("This work has just been deleted."))
        if not current.is_editable:
            raise NotEditable(current.status)
        if current.updated_at != artwork.updated_at:
            raise EditConflict
        await load_further_pictures([current])
        replaced = None
        if image is not None and current.image_id is not None and current.image_id != image.id:
            replaced = await Image.get(id=current.image_id)
        await fill_work(current, details, by, image)
        await record(Verb.WORK_CHANGED, current.id, organisation_id=current.organisation_id, by=by)
        return current, replaced


async def set_picture(artwork: Artwork, image: Image, by: Person | None) -> Image | None:
    """Set the picture of a work; returns the replaced image, which the caller discards.

    The texts stay unchanged. Raises NotEditable, WorkRefused.
    """
    async with in_transaction():
        current = await locked(Artwork.filter(id=artwork.id)).first()
        if current is None:
            raise WorkRefused("picture", _("This work has just been deleted."))
        if not current.is_editable:
            raise NotEditable(current.status)
        replaced = await Image.get(id=current.image_id) if current.image_id is not None else None
        await adopt_image(current, image, current.organisation_id, replaced=current.image_id)
        current.image_id = image.id
        await current.save()
        await record(Verb.WORK_CHANGED, current.id, organisation_id=current.organisation_id, by=by)
        return replaced


async def fill_work(
    artwork: Artwork,
    details: WorkDetails,
    by: Person | None,
    image: Image | None,
    unfinished: Mapping[str, list[str]] | None = None,
) -> None:
    """Write `details` and typed `unfinished` values into a work, whose row the caller has locked.

    Raises WorkRefused.
    """
    await _check_inventory_number(artwork, details.inventory_number)
    if any(isinstance(each, NewArtist | NewConsent | NewProject) for each in details.related):
        # If two requests create the same record at once, the second one waits. This lock comes first to avoid
        # deadlocks.
        await locked(Organisation.filter(id=details.organisation.id)).get()
    artist = await find_or_create_artist(details.organisation, details.artist, by)
    consent = await _lock_or_record_consent(details, artist, by)
    project = await _find_or_add_project(details)
    texts_before = {each.id: (each.alt_text, each.caption) for each in artwork.later_pictures}
    set_columns(
        artwork,
        language=details.language,
        texts=details.texts,
        inventory_number=details.inventory_number,
        artist_id=artist.id if artist else None,
        consent_id=consent.id if consent else None,
        project_id=project.id if project else None,
    )
    artwork.unfinished = dict(unfinished or {})
    if image is not None:
        await adopt_image(artwork, image, details.organisation.id, replaced=artwork.image_id)
        artwork.image_id = image.id
    await artwork.save()
    for each in artwork.later_pictures:
        if texts_before[each.id] != (each.alt_text, each.caption):
            await each.save(update_fields=PICTURE_TEXTS)
    await artwork.themes.clear()
    if details.themes:
        await artwork.themes.add(*details.themes)


def set_columns(
    artwork: Artwork,
    *,
    language: str,
    texts: TextValues,
    inventory_number: str,
    artist_id: int | None,
    consent_id: int | None,
    project_id: int | None,
) -> None:
    set_texts(artwork, language, texts)
    artwork.inventory_number = normal_number(inventory_number) or None
    artwork.artist_id = artist_id
    artwork.consent_id = consent_id
    artwork.project_id = project_id


async def _check_inventory_number(artwork: Artwork, number: str) -> None:
    """Raises WorkRefused if another work of the organisation has the number; its sentence names that work."""
    same = Artwork.filter(organisation_id=artwork.organisation_id, inventory_number=normal_number(number))
    other = await same.exclude(id=artwork.id or 0).first() if number else None
    if other is not None:
        sentence = _("“%(work)s” has this number already. Each work needs its own.")
        raise WorkRefused("inventory_number", sentence % {"work": desk_title(other)})


def normal_number(number: str) -> str:
    """An inventory number with full-width characters made half-width, so that A-1 and Ａ-1 are the same."""
    return unicodedata.normalize("NFKC", number)


def desk_title(artwork: Artwork) -> str:
    """The title of a work at the desk."""
    return artwork.localized("title", artwork.language).text or _("Work without title")


@contextlib.asynccontextmanager
async def unique_inventory_numbers() -> AsyncIterator[None]:
    """Wraps a transaction: raises WorkRefused if another work was given the same number at the same time."""
    try:
        yield
    except IntegrityError as error:
        if "inventory_number" not in str(error):
            raise
        sentence = _("Another work has just been given this number. Each work needs its own.")
        raise WorkRefused("inventory_number", sentence) from None


async def adopt_image(artwork: Artwork, image: Image, organisation_id: int, replaced: int | None) -> None:
    """Lock an image that becomes a picture of the work. `replaced`: the id of the image that it replaces, if any.

    Raises WorkRefused if the image is deleted, if another work has it, or if the work has the same file
    already.
    """
    current = await locked(
        Image.filter(id=image.id, state__in=[ImageState.RECEIVED, ImageState.READY])
    ).first()
    others = Artwork.filter(has_image([image.id])).exclude(id=artwork.id or 0)
    if current is None or await others.exists():
        raise WorkRefused("picture", _("This picture is no longer there. Please choose it again."))
    await check_file_is_new(artwork, current, replaced)
    if current.organisation_id != organisation_id:
        current.organisation_id = organisation_id
        await current.save(update_fields=["organisation_id"])


async def check_file_is_new(artwork: Artwork, image: Image, replaced: int | None = None) -> None:
    """Raises WorkRefused if a picture of the work has the same file as `image`; the image `replaced` does not count."""
    same = Image.filter(images_of(Artwork.filter(id=artwork.id or 0)), source_sha256=image.source_sha256)
    if image.source_sha256 and await same.exclude(id__in=[image.id, replaced or 0]).exists():
        raise WorkRefused(
            "picture", _("This picture is in the work already. Each picture needs to be there once.")
        )


async def find_or_create_artist(
    organisation: Organisation, artist: Artist | NewArtist | None, by: Person | None
) -> Artist | None:
    """The artist; creates one only if the organisation has no artist of this name. The organisation is locked.

    Raises WorkRefused.
    """
    if isinstance(artist, NewArtist):
        name = artist.credit_name
        same = (await artists_by_name(organisation.id, [name])).get(name, [])
        if len(same) > 1:
            numbers = ", ".join(str(each.id) for each in same)
            sentence = _(
                "Several of your artists are called “%(name)s” (numbers %(numbers)s). Please choose one in the list."
            )
            raise WorkRefused("credit_name", sentence % {"name": name, "numbers": numbers})
        if same:
            return same[0]
        made = await Artist.create(
            organisation=organisation, credit_name=name, credit_translations=artist.translations
        )
        await record(Verb.ARTIST_MADE, made.id, organisation_id=made.organisation_id, by=by)
        return made
    return artist


async def _lock_or_record_consent(
    details: WorkDetails, artist: Artist | None, by: Person | None
) -> Consent | None:
    if details.consent is None:
        return None
    if artist is None:
        raise WorkRefused("artist", _("Please say whose consent this is."))
    if isinstance(details.consent, NewConsent):
        same = await consent_with_terms(artist, details.consent)
        return same or await record_consent(artist, details.consent, by)
    current: Consent | None = await locked(Consent.filter(id=details.consent.id)).first()
    if current is None or current.withdrawn_at is not None:
        raise WorkRefused(
            "consent", _("This consent has just been withdrawn. The work cannot be shown under it.")
        )
    if await Consent.exists(follows_id=current.id):
        raise WorkRefused("consent", _("This consent has just been renewed. Please choose the new one."))
    if current.artist_id != artist.id:
        raise WorkRefused(
            "consent", _("This consent is another artist's. Please choose one of the artist's own.")
        )
    return current


async def _find_or_add_project(details: WorkDetails) -> Project | None:
    """The project; creates one only if the organisation has no project of this title. The organisation is locked."""
    new = details.project
    if not isinstance(new, NewProject):
        return new
    same = await projects_with_title(details.organisation, [new.title])
    if found := next((each for each in same if each.link == new.link), None):
        return found
    if same:
        sentence = _(
            "Your project “%(title)s” has another address: %(link)s. Please choose it in the list, or write another title."
        )
        raise WorkRefused("project_title", sentence % {"title": new.title, "link": same[0].link})
    texts = {name: Texts({details.language: getattr(new, name)}) for name in ("title", "summary")}
    return await add_project(details.organisation, {**texts, "link": new.link})


async def delete_draft(artwork: Artwork, storage: Storage) -> None:
    """Delete a draft with its pictures and its voice. Raises NotEditable for any other work."""
    async with in_transaction():
        current = await locked(Artwork.filter(id=artwork.id)).first()
        if current is None:
            return
        if current.status != Status.DRAFT:
            raise NotEditable(current.status)
        images = await Image.filter(images_of(Artwork.filter(id=current.id)))
        sound = await Sound.get_or_none(id=current.sound_id) if current.sound_id else None
        await current.delete()
        await request_erasure()
        await record(Verb.WORK_DELETED, current.id, organisation_id=current.organisation_id)
    for image in images:
        await discard_image(image, storage)
    if sound is not None:
        await discard_sound(sound, storage)


async def discard_image(image: Image, storage: Storage) -> None:
    """Delete an image that no work uses, and its files.

    If the process is killed in between, or the storage is unavailable, the worker deletes the image one day
    later as an unused upload.
    """
    # This state stops a worker that is making renditions of the image.
    await Image.filter(id=image.id).update(state=ImageState.ERASED)
    with contextlib.suppress(StoreUnavailable):
        await delete_image_files(storage, image.token)
        await Image.filter(id=image.id).delete()
