"""Asking an artist or guardian for consent by a link, and their answer.

Locks are taken in the order of the whole code: works by their number, then the organisation or the request.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from tortoise.expressions import Q

from gallery.accounts.members import members_of
from gallery.accounts.models import Person
from gallery.artists.consent_terms import keep_wording
from gallery.artists.consents import code_hash, files_seen, record_consent, request_code
from gallery.artists.forms import FamilyAnswer
from gallery.artists.models import (
    Artist,
    Consent,
    ConsentRequest,
    ConsentRequestState,
    RequestedWork,
)
from gallery.artworks.further_pictures import load_further_pictures
from gallery.artworks.models import Artwork
from gallery.artworks.works import (
    CREDIT_NAME_LENGTH,
    WorkRefused,
    find_or_create_artist,
    new_artist,
    not_editable_reason,
)
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.images.models import Image, ImageState, new_token
from gallery.mail.outbox import Notification, notify
from gallery.organisations.models import Organisation
from gallery.settings import Settings
from gallery.sounds.models import SoundState
from gallery.web.forms import one_line
from gallery.web.languages import gettext as _

REQUEST_LIFETIME = timedelta(days=30)
TYPED_ARTIST = ("credit_name", "credit_name_translation")
TYPED_CONSENT = ("agreed_by", "scopes", "starts_on", "ends_on", "assent")
RELATIONS = ("organisation", "artist", "consent", "image", "sound", "project")
# What visitors read of a work and of its artist, beside its pictures and the project.
SHOWN_FIELDS = ("title", "story", "medium", "assistance", "transcript", "size", "date_made", "language")
SHOWN_OF_ARTIST = ("credit_name", "credit_translations", "born", "shows_born")


class NotAnswerable(Exception):
    """The request is answered, taken back, expired or about nothing any more, or the organisation is suspended."""


class WorksChanged(Exception):
    """The page that was answered showed something else, or a picture or voice cannot be shown yet."""


@dataclass
class Asked:
    """What became of the works about which somebody wanted to ask."""

    requests: list[ConsentRequest] = field(default_factory=list)
    left_out: list[tuple[Artwork, str]] = field(default_factory=list)  # each with the reason, a sentence


async def ask(
    ids: Sequence[int],
    organisations: Sequence[Organisation],
    by: Person,
    settings: Settings,
    list_name: str = "",
) -> Asked:
    """Make one request for each artist of these works, or add them to the request that waits for the artist's answer.

    `list_name`: what the organisation calls those whom it asks together, such as a class. An artist who was only typed
    in a work is made.
    """
    asked = Asked()
    async with in_transaction():
        ours = Artwork.filter(id__in=ids, organisation_id__in=[each.id for each in organisations])
        works: list[Artwork] = await locked(ours.order_by("id"))
        owners = sorted({each.organisation_id for each in works})
        await locked(Organisation.filter(id__in=owners).order_by("id"))
        await load_shown(works)
        unseen = await unseen_by_family(works)
        of_artist = defaultdict[int, list[Artwork]](list)
        for work in works:
            try:
                await _take_typed_artist(work, by)
            except WorkRefused as refusal:
                asked.left_out.append((work, refusal.sentence))
                continue
            if sentence := _why_not_asked(work, work.id in unseen):
                asked.left_out.append((work, sentence))
            else:
                of_artist[work.artist_id or 0].append(work)
        for theirs in of_artist.values():
            asked.requests.append(await _open_request(theirs, by, settings, list_name))
    return asked


async def load_shown(works: Sequence[Artwork]) -> None:
    """Fetch what the page of a request shows of works."""
    await Artwork.fetch_for_list(list(works), *RELATIONS)
    await load_further_pictures(works)


async def _take_typed_artist(work: Artwork, by: Person) -> None:
    """Make the artist who was only typed in a locked work part of it. Raises WorkRefused."""
    credit_name, translation = (one_line("".join(work.unfinished.get(name, ()))) for name in TYPED_ARTIST)
    if work.artist_id is not None or not work.is_editable or not credit_name:
        return
    if max(len(credit_name), len(translation)) > CREDIT_NAME_LENGTH:
        raise WorkRefused(
            "credit_name", _("Please say who made it: choose an artist or write a credit name.")
        )
    named = new_artist(credit_name, translation, work.language)
    work.artist = await find_or_create_artist(work.organisation, named, by)
    work.unfinished = {name: each for name, each in work.unfinished.items() if name not in TYPED_ARTIST}
    await work.save(update_fields=["artist_id", "unfinished", "updated_at"])
    await record(Verb.WORK_CHANGED, work.id, organisation_id=work.organisation_id, by=by)


def _why_not_asked(work: Artwork, is_unseen: bool) -> str:
    """Why nobody can be asked about a work with its relations; "" if somebody can."""
    if not work.organisation.is_active:
        return _("The works of your organisation are not shown at present, so families cannot be asked.")
    if not work.is_editable:
        return not_editable_reason(work.status)
    if work.artist_id is None:
        return _("Please say who made it: choose an artist or write a credit name.")
    if not _has_pictures(work):
        return _("Please choose a picture of the work.")
    if not needs_consent(work, is_unseen):
        return _("It has a consent already.")
    return ""


def _has_pictures(work: Artwork) -> bool:
    images = [each.image for each in work.all_pictures()]
    return bool(images) and all(each.state in {ImageState.RECEIVED, ImageState.READY} for each in images)


def needs_consent(work: Artwork, is_unseen: bool) -> bool:
    """Whether a work that can be changed lacks a consent for the website and its voice.

    `is_unseen`: whether the consent that it has was given by a link, for other pictures.
    """
    if work.consent is None or is_unseen or not work.consent.covers_web():
        return work.is_editable
    return work.is_editable and work.sound_id is not None and not work.consent.for_voice


async def unseen_by_family(works: Iterable[Artwork]) -> set[int]:
    """The ids of works whose consent, or one that it renews, was given by a link for other pictures or another voice.

    Compared by the files, so that turning a picture, joining drafts or copying a work needs no new answer. Images,
    further pictures and sounds must be fetched.
    """
    by_consent = defaultdict[int, list[Artwork]](list)
    for work in works:
        if work.consent_id is not None:
            by_consent[work.consent_id].append(work)
    return {
        work.id
        for consent_id, digests in (await files_seen(by_consent)).items()
        for work in by_consent[consent_id]
        if not set(_digests(work)) <= digests
    }


def _digests(work: Artwork) -> list[str]:
    """SHA-256 of the files of a work's pictures and of its voice."""
    voice = [work.sound.source_sha256] if work.sound is not None else []
    return [*(each.image.source_sha256 for each in work.all_pictures()), *voice]


async def _open_request(
    works: Sequence[Artwork], by: Person, settings: Settings, list_name: str
) -> ConsentRequest:
    """The request that waits for the answer of the artist of these works, which it is then about, too."""
    artist_id, organisation_id = works[0].artist_id, works[0].organisation_id
    waiting = ConsentRequest.filter(artist_id=artist_id, answered_at=None, taken_back_at=None)
    request: ConsentRequest | None = await locked(waiting.order_by("-id").limit(1)).first()
    verb = Verb.CONSENT_REQUEST_CHANGED
    if request is None:
        request = ConsentRequest(artist_id=artist_id, asked_by=by, asked_at=now(), list_name=list_name)
        verb = Verb.CONSENT_REQUEST_MADE
    request.list_name = list_name or request.list_name
    if request.id is None or request.state == ConsentRequestState.EXPIRED:
        _set_new_link(request, settings)
    await request.save()
    for work in works:
        await RequestedWork.get_or_create(request_id=request.id, artwork_id=work.id)
    await record(verb, request.id, organisation_id=organisation_id, by=by)
    return request


def _set_new_link(request: ConsentRequest, settings: Settings) -> None:
    request.seed = new_token()
    request.code_hash = code_hash(request_code(request.seed, settings.secret_key))
    request.expires_at = now() + REQUEST_LIFETIME


async def renew_link(request: ConsentRequest, by: Person, settings: Settings) -> bool:
    """Give an unanswered request a new link, also after it was taken back; the one before ends. False if it was answered.

    The artist must be fetched.
    """
    async with in_transaction():
        current: ConsentRequest = await locked(ConsentRequest.filter(id=request.id)).get()
        if current.answered_at is not None:
            return False
        _set_new_link(current, settings)
        current.taken_back_at = None
        await current.save(update_fields=["seed", "code_hash", "expires_at", "taken_back_at"])
        organisation_id = request.artist.organisation_id
        await record(Verb.CONSENT_REQUEST_RENEWED, current.id, organisation_id=organisation_id, by=by)
        return True


async def take_back(request: ConsentRequest, by: Person) -> bool:
    """End the link of a request. False if it was answered before. The artist must be fetched."""
    async with in_transaction():
        open_rows = ConsentRequest.filter(id=request.id, answered_at=None, taken_back_at=None)
        if not await open_rows.update(taken_back_at=now()):
            return await ConsentRequest.filter(id=request.id, answered_at=None).exists()
        organisation_id = request.artist.organisation_id
        await record(Verb.CONSENT_REQUEST_TAKEN_BACK, request.id, organisation_id=organisation_id, by=by)
        return True


# The answer


async def find_request(code: str) -> ConsentRequest | None:
    """The request with this code, with its artist and organisation."""
    found = ConsentRequest.filter(code_hash=code_hash(code)).first()
    return await found.prefetch_related("artist__organisation")


async def works_to_answer(request: ConsentRequest) -> list[Artwork]:
    """The works that a request still asks about: those that still need a consent of its artist."""
    works = await Artwork.filter(consent_requests__request_id=request.id).order_by("id")
    await load_shown(works)
    return await _still_asked(request, works)


async def _still_asked(request: ConsentRequest, works: Sequence[Artwork]) -> list[Artwork]:
    unseen = await unseen_by_family(works)
    return [work for work in works if _asks_about(request, work, work.id in unseen)]


def _asks_about(request: ConsentRequest, work: Artwork, is_unseen: bool) -> bool:
    return work.artist_id == request.artist_id and _has_pictures(work) and needs_consent(work, is_unseen)


def is_open(request: ConsentRequest) -> bool:
    """Whether a request waits and its organisation can show works; artist and organisation must be fetched."""
    return request.state == ConsentRequestState.WAITING and request.artist.organisation.is_active


async def answerable(requests: Iterable[ConsentRequest]) -> set[int]:
    """The ids of the open requests (`is_open`) that still ask about a work."""
    waiting = {each.id: each for each in requests if is_open(each)}
    if not waiting:
        return set()
    rows = await RequestedWork.filter(request_id__in=list(waiting))
    works = {each.id: each for each in await Artwork.filter(id__in=list({row.artwork_id for row in rows}))}
    await load_shown(list(works.values()))
    unseen = await unseen_by_family(works.values())
    return {
        row.request_id
        for row in rows
        if row.artwork_id in works
        and _asks_about(waiting[row.request_id], works[row.artwork_id], row.artwork_id in unseen)
    }


def is_shown(image: Image) -> bool:
    """Whether the page of a request can show an image: it has renditions, or a preview."""
    return image.state == ImageState.READY or (image.state == ImageState.RECEIVED and image.has_preview)


def is_prepared(works: Iterable[Artwork]) -> bool:
    """Whether the page of a request can show all pictures and play all voices that visitors would get."""
    return all(
        all(is_shown(each.image) for each in work.all_pictures())
        and (work.sound is None or work.sound.state != SoundState.RECEIVED)
        for work in works
    )


def seen_key(works: Iterable[Artwork], wording: str) -> str:
    """What a page of a request showed: pictures, voices, texts, names and its words. An answer must carry it."""
    parts = [
        (
            work.id,
            [(each.image.id, each.alt_text, each.caption) for each in work.all_pictures()],
            work.sound and (work.sound.id, str(work.sound.state)),
            [getattr(work, name) for name in SHOWN_FIELDS],
            work.artist and [getattr(work.artist, name) for name in SHOWN_OF_ARTIST],
            work.project and (work.project.id, work.project.title, work.project.summary),
        )
        for work in works
    ]
    return hashlib.sha256(repr((parts, wording)).encode()).hexdigest()[:32]


async def agree(request: ConsentRequest, answer: FamilyAnswer, code: str, seen: str, wording: str) -> Consent:
    """Record the consent that a family gave by the link, and put the works under it.

    `code`: of the link, which becomes the code of the consent. `seen`: the `seen_key` of the page that was answered;
    `wording`: its words. Raises NotAnswerable, WorksChanged.
    """
    while True:
        async with in_transaction():
            ids = await _asked_about(request)
            works: list[Artwork] = await locked(Artwork.filter(id__in=ids).order_by("id"))
            current = await _lock_open(request, code)
            if [each.id for each in works] != await _asked_about(request):
                continue  # a work was added or deleted before the lock
            return await _agree_locked(current, works, answer, code, seen, wording)


async def _asked_about(request: ConsentRequest) -> list[int]:
    return sorted(each.artwork_id for each in await RequestedWork.filter(request_id=request.id))


async def _agree_locked(
    request: ConsentRequest,
    works: Sequence[Artwork],
    answer: FamilyAnswer,
    code: str,
    seen: str,
    wording: str,
) -> Consent:
    await load_shown(works)
    shown = await _still_asked(request, works)
    if not shown:
        raise NotAnswerable
    if seen_key(shown, wording) != seen or not is_prepared(shown):
        raise WorksChanged
    artist = await Artist.get(id=request.artist_id)
    consent = await record_consent(artist, answer.consent, None, code=code)
    about = RequestedWork.filter(request_id=request.id)
    await about.exclude(artwork_id__in=[each.id for each in shown]).delete()
    for work in shown:
        await about.filter(artwork_id=work.id).update(consent_before_id=work.consent_id)
        work.consent_id = consent.id
        work.unfinished = {name: each for name, each in work.unfinished.items() if name not in TYPED_CONSENT}
        await work.save(update_fields=["consent_id", "unfinished", "updated_at"])
    request.answered_at = now()
    request.consent_id = consent.id
    request.signer_name = answer.signer_name
    request.wording = await keep_wording(wording)
    request.seen_files = sorted({digest for work in shown for digest in _digests(work)})
    await request.save()
    await record(
        Verb.CONSENT_REQUEST_AGREED, request.id, with_id=consent.id, organisation_id=artist.organisation_id
    )
    await _tell_members(request, artist.organisation_id, agreed=True)
    return consent


async def refuse(request: ConsentRequest, code: str) -> None:
    """A family does not agree: the works stay drafts. Raises NotAnswerable."""
    async with in_transaction():
        current = await _lock_open(request, code)
        await ConsentRequest.filter(id=current.id).update(answered_at=now())
        organisation_id = request.artist.organisation_id
        await record(Verb.CONSENT_REQUEST_REFUSED, current.id, organisation_id=organisation_id)
        await _tell_members(current, organisation_id, agreed=False)


async def _tell_members(request: ConsentRequest, organisation_id: int, *, agreed: bool) -> None:
    """Queue a mail to the organisation's members. It names nobody."""
    news = Notification("family_answered", f"/desk/consents/requests/{request.id}", {"agreed": agreed})
    await notify(await members_of(organisation_id), news)


async def _lock_open(request: ConsentRequest, code: str) -> ConsentRequest:
    """Lock a request. Raises NotAnswerable unless it waits for an answer by a link with this code."""
    current: ConsentRequest | None = await locked(ConsentRequest.filter(id=request.id)).first()
    if (
        current is None
        or current.state != ConsentRequestState.WAITING
        or current.code_hash != code_hash(code)
    ):
        raise NotAnswerable
    if not await Organisation.exists(id=request.artist.organisation_id, is_active=True):
        raise NotAnswerable
    return current


# Lists


def in_state(state: ConsentRequestState) -> Q:
    """The SQL condition for `ConsentRequest.state`."""
    if state == ConsentRequestState.AGREED:
        return Q(consent_id__isnull=False)
    if state == ConsentRequestState.REFUSED:
        return Q(answered_at__isnull=False, consent_id__isnull=True)
    if state == ConsentRequestState.TAKEN_BACK:
        return Q(answered_at__isnull=True, taken_back_at__isnull=False)
    is_open = Q(answered_at__isnull=True, taken_back_at__isnull=True)
    expires = Q(expires_at__lte=now()) if state == ConsentRequestState.EXPIRED else Q(expires_at__gt=now())
    return Q(is_open, expires)


async def waiting_requests(works: Sequence[Artwork]) -> dict[int, ConsentRequest]:
    """Id of a work → the request about it that waits for the answer of its artist."""
    artists = {each.id: each.artist_id for each in works}
    rows = RequestedWork.filter(artwork_id__in=list(artists), request__answered_at=None)
    waiting = await rows.filter(request__taken_back_at=None).select_related("request")
    return {
        each.artwork_id: each.request
        for each in waiting
        if each.request.artist_id == artists[each.artwork_id]
    }


async def latest_request_of(artwork: Artwork) -> ConsentRequest | None:
    """The latest request about a work to its artist that has no agreement."""
    about = ConsentRequest.filter(works__artwork_id=artwork.id, artist_id=artwork.artist_id or 0)
    return await about.filter(consent_id=None).order_by("-id").first()
