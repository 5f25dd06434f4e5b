"""The kinds of things that can end: which of them are valid, and how a restore ends one.

See revocations.py.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

from gallery.accounts.account_deletion import forget_account
from gallery.accounts.members import record_former_owners
from gallery.accounts.models import (
    AuthenticatorApp,
    Invitation,
    MemberRole,
    Membership,
    Passkey,
    Person,
    RecoveryCode,
    Role,
)
from gallery.accounts.passwords import hash_password
from gallery.accounts.second_factors import after_factor_removed
from gallery.api.models import Token
from gallery.artists.models import SCOPES, Artist, Consent, ConsentRequest, PrivateDetails, SignedForm
from gallery.artists.private_details import DETAIL_FIELDS
from gallery.artworks.further_pictures import count_further_pictures
from gallery.artworks.models import Artwork, Submission, edition_is_not_replaced, may_hang
from gallery.artworks.private_share_models import PrivateShare
from gallery.artworks.taking_back import take_back
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.cases.cases import veto_case
from gallery.cases.models import CaseVersion
from gallery.clock import now
from gallery.db.connection import Model, QuerySet, in_transaction
from gallery.exhibitions.models import Edition, Exhibition, Hanging, PreviewLink
from gallery.images.models import Image, ImageState, new_token
from gallery.images.profile_image_models import CreditLogo
from gallery.organisations.models import (
    Application,
    Organisation,
    OwnerRequest,
    RequestState,
    Trust,
    TrustChange,
)
from gallery.organisations.owner_requests import cancel
from gallery.reviews.vetoes import veto
from gallery.sounds.models import Sound, SoundState
from gallery.storage import Storage
from gallery.supporters.models import Supporter, SupporterLink, SupporterState
from gallery.supporters.supporters import NO_PICTURE
from gallery.supporters.supporters import take_back as end_supporter
from gallery.web.languages import localized
from gallery.web.texts import NO_TEXTS, Texts

VETO_REASON = "还原备份时再次撤下。Taken off view again when the site was restored."


@dataclass(frozen=True)
class RevocableKind:
    """A kind of thing that can end. Add a new kind to REVOCABLE_KINDS; revocations.py explains identities."""

    name: str  # printed by `gallery restore`; also part of each digest
    valid: Callable[
        [], Awaitable[Mapping[Any, str]]
    ]  # id or other key → identity, for all things of this kind that are valid
    end: Callable[
        [Any, Storage], Awaitable[str]
    ]  # ends the thing with this key; returns a description for the keeper, without secrets


def valid_rows(
    query: Callable[[], QuerySet[Any]], *columns: str
) -> Callable[[], Awaitable[Mapping[int, str]]]:
    """A function returning id → identity for the rows of `query`. The identity is the text of `columns`."""

    async def valid() -> Mapping[int, str]:
        return {
            row[0]: " ".join(_text(value) for value in row[1:])
            for row in await query().order_by("id").values_list("id", *columns)
        }

    return valid


def _filled(model: type[Model], field: str) -> Callable[[], QuerySet[Any]]:
    return lambda: model.exclude(**{field: ""})


def _text(value: object) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)


def _name(organisation: Organisation) -> str:
    return organisation.name.localized().text or organisation.slug


# Accounts and roles


async def _open_accounts() -> Mapping[int, str]:
    accounts = await Person.all().order_by("id").values_list("id", "created_at", "email")
    return {id: f"{id} {_text(at)}" for id, at, email in accounts if email != f"closed-{id}@invalid"}


async def _end_account(id: int, storage: Storage) -> str:
    async with in_transaction():
        await forget_account(id)
        await record(Verb.ACCOUNT_CLOSED, id)
    return f"account {id}, closed by its owner"


async def _end_access(id: int, storage: Storage) -> str:
    person = await Person.get(id=id)
    async with in_transaction():
        await Person.filter(id=id).update(is_active=False)
        await record(Verb.ACCOUNT_STOPPED, id)
    return f"{person.name} <{person.email}>"


async def _end_password(id: int, storage: Storage) -> str:
    person = await Person.get(id=id)
    unknown = await hash_password(secrets.token_urlsafe(32))
    async with in_transaction():
        await Person.filter(id=id).update(password_hash=unknown)
        await record(Verb.ACCOUNT_PASSWORD_CHANGED, id)
    return f"{person.name} <{person.email}>, who chooses another by a mailed link"


async def _demote(id: int, storage: Storage, *, to: Role) -> str:
    person = await Person.get(id=id)
    async with in_transaction():
        await Person.filter(id=id).update(role=to)
        await record(Verb.ACCOUNT_ROLE_GIVEN, id)
    return f"{person.name} <{person.email}>, now {to}"


async def _member(id: int) -> tuple[Membership, str]:
    membership = await Membership.get(id=id).prefetch_related("person", "organisation")
    return membership, f"{membership.person.name}, {_name(membership.organisation)}"


async def _end_membership(id: int, storage: Storage) -> str:
    membership, what = await _member(id)
    async with in_transaction():
        await record_former_owners(Membership.filter(id=id))
        await membership.delete()
        await record(Verb.MEMBER_REMOVED, membership.person_id, organisation_id=membership.organisation_id)
    return what


async def _end_owner(id: int, storage: Storage) -> str:
    membership, what = await _member(id)
    async with in_transaction():
        await record_former_owners(Membership.filter(id=id))
        await Membership.filter(id=id).update(role=MemberRole.EDITOR)
        await record(
            Verb.MEMBER_MADE_EDITOR, membership.person_id, organisation_id=membership.organisation_id
        )
    return what


async def _suspend_membership(id: int, storage: Storage) -> str:
    membership, what = await _member(id)
    async with in_transaction():
        await Membership.filter(id=id).update(awaits_confirmation=True)
        await record(Verb.MEMBER_HELD, membership.person_id, organisation_id=membership.organisation_id)
    return f"{what}, until an owner confirms it"


async def _end_factor(
    id: int,
    storage: Storage,
    *,
    model: type[Passkey] | type[AuthenticatorApp] | type[RecoveryCode],
    verb: Verb,
) -> str:
    factor = await model.get(id=id).prefetch_related("person")
    async with in_transaction():
        await model.filter(id=id).delete()
        if model is not RecoveryCode:
            await after_factor_removed(factor.person)
        await record(verb, factor.person_id)
    return f"{factor.person.name} <{factor.person.email}>"


# Organisations


async def _end_showing(id: int, storage: Storage) -> str:
    organisation = await Organisation.get(id=id)
    async with in_transaction():
        await Organisation.filter(id=id).update(is_active=False)
        await record(Verb.ORGANISATION_HIDDEN, id, organisation_id=id)
    return _name(organisation)


async def _end_trust(id: int, storage: Storage) -> str:
    organisation = await Organisation.get(id=id)
    async with in_transaction():
        await TrustChange.create(
            organisation_id=id,
            at=now(),
            before=organisation.trust,
            after=Trust.EVERY,
            reason="还原备份。The site was restored.",
        )
        await Organisation.filter(id=id).update(trust=Trust.EVERY)
        await record(Verb.ORGANISATION_TRUST_CHANGED, id, organisation_id=id)
    return f"{_name(organisation)}: every work is reviewed"


async def _end_application(id: int, storage: Storage) -> str:
    application = await Application.get(id=id)
    await application.delete()
    return application.name.localized().text


# Artists and consents


async def _artist(id: int) -> tuple[Artist, str]:
    artist = await Artist.with_merged().get(id=id).prefetch_related("organisation")
    return artist, f"{artist.credit_name}, {_name(artist.organisation)}"


async def _end_artist(id: int, storage: Storage) -> str:
    artist, what = await _artist(id)
    async with in_transaction():
        await Consent.filter(artist_id=id).delete()
        await artist.delete()
        await record(Verb.ARTIST_DELETED, id, organisation_id=artist.organisation_id)
    return what


async def _end_artist_field(id: int, storage: Storage, *, field: str, empty: object, verb: Verb) -> str:
    artist, what = await _artist(id)
    async with in_transaction():
        await Artist.with_merged().filter(id=id).update(**{field: empty})
        await record(verb, id, organisation_id=artist.organisation_id)
    return what


async def _abouts() -> Mapping[tuple[int, str], str]:
    """(id of the artist, language) → identity, for the text about the artist in each language."""
    artists = await Artist.exclude(about=NO_TEXTS).order_by("id").values_list("id", "created_at", "about")
    return {(id, language): f"{id} {_text(at)} {language}" for id, at, about in artists for language in about}


async def _end_about(key: tuple[int, str], storage: Storage) -> str:
    id, language = key
    about = (await Artist.get(id=id)).about
    without = Texts({each: words for each, words in about.items() if each != language})
    return await _end_artist_field(id, storage, field="about", empty=without, verb=Verb.ARTIST_CHANGED)


async def _end_detail(id: int, storage: Storage, *, field: str) -> str:
    details = await PrivateDetails.get(id=id)
    artist, what = await _artist(details.artist_id)
    setattr(details, field, "")
    async with in_transaction():
        if any(getattr(details, name) for name in DETAIL_FIELDS):
            await details.save(update_fields=[field])
        else:
            await details.delete()
        await record(Verb.ARTIST_PRIVATE_CHANGED, artist.id, organisation_id=artist.organisation_id)
    return what


async def _end_form(id: int, storage: Storage) -> str:
    form = await SignedForm.get(id=id).prefetch_related("consent")
    artist, what = await _artist(form.consent.artist_id)
    async with in_transaction():
        await form.delete()
        await record(
            Verb.CONSENT_FORM_DELETED, form.consent_id, with_id=id, organisation_id=artist.organisation_id
        )
    return what


async def _consents_for(scope: str) -> Mapping[int, str]:
    """Consents whose newest renewal covers `scope`. An older consent's wider scope ended with its renewal."""
    columns = ("follows_id", "created_at", f"for_{scope}")
    found = {id: row for id, *row in await Consent.all().order_by("id").values_list("id", *columns)}
    followed_by = {row[0]: id for id, row in found.items() if row[0] is not None}
    covered = {}
    for id, (_follows, created_at, _covers) in found.items():
        newest = id
        while newest in followed_by:
            newest = followed_by[newest]
        if found[newest][2]:
            covered[id] = f"{id} {_text(created_at)}"
    return covered


async def _end_scope(id: int, storage: Storage, *, scope: str) -> str:
    consent = await Consent.get(id=id)
    artist, what = await _artist(consent.artist_id)
    async with in_transaction():
        await Consent.filter(id=id).update(**{f"for_{scope}": False})
        await record(Verb.CONSENT_RENEWED, id, organisation_id=artist.organisation_id)
    return what


# Works and pictures


async def _work(id: int) -> tuple[Artwork, str]:
    work = await Artwork.get(id=id).prefetch_related("organisation")
    return work, f"《{work.own('title')}》 {work.public_id}, {_name(work.organisation)}"


async def _end_work(id: int, storage: Storage) -> str:
    work, what = await _work(id)
    async with in_transaction():
        await work.delete()
        await record(Verb.WORK_DELETED, id, organisation_id=work.organisation_id)
    return what


async def _end_picture(id: int, storage: Storage) -> str:
    """Delete the image's row, so that the restore leaves out its files. A work stays, without this picture."""
    relations = ("organisation", "artwork", "further_picture__artwork", "profile_image")
    image = await Image.get(id=id).prefetch_related(*relations)
    other = "logo or cover" if image.profile_image else "of no work"
    work = image.work
    of = f"《{work.own('title')}》" if work else other
    async with in_transaction():
        await image.delete()
        if work is not None:
            await count_further_pictures(work.id)
    return f"{of}, {_name(image.organisation)}"


async def _end_voice(id: int, storage: Storage) -> str:
    """Delete the sound's row, so that the restore leaves out its files. The work stays, without the transcript."""
    sound = await Sound.get(id=id).prefetch_related("organisation")
    works = Artwork.filter(sound_id=id)
    work = await works.first()
    await works.update(transcript=NO_TEXTS)
    await sound.delete()
    of = f"《{work.own('title')}》" if work else "of no work"
    return f"{of}, {_name(sound.organisation)}"


async def _end_submission(id: int, storage: Storage) -> str:
    submission = await Submission.get(id=id)
    work, what = await _work(submission.artwork_id)
    if submission.is_waiting:
        await take_back(work, None)
    return what


async def _end_share(id: int, storage: Storage) -> str:
    share = await PrivateShare.get(id=id).prefetch_related("submission")
    work, what = await _work(share.submission.artwork_id)
    async with in_transaction():
        await share.delete()
        await record(Verb.WORK_PRIVATE_UNSHARED, work.id, organisation_id=work.organisation_id)
    return what


async def _end_acceptance(id: int, storage: Storage) -> str:
    work, what = await _work(id)
    await veto(work, storage, None, VETO_REASON)
    return what


async def _end_case(id: int, storage: Storage) -> str:
    """Veto the case of a version that was shown."""
    version = await CaseVersion.get(id=id).select_related("case__project__organisation")
    await veto_case(version.case, None, VETO_REASON)
    return f"《{localized(version, 'title').text}》 {version.case.slug}, {_name(version.case.project.organisation)}"


# Exhibitions


async def _end_exhibition(id: int, storage: Storage) -> str:
    exhibition = await Exhibition.get(id=id)
    async with in_transaction():
        await Edition.filter(exhibition_id=id, is_current=True).update(is_current=False)
        await record(Verb.EXHIBITION_UNPUBLISHED, id)
    return exhibition.slug


async def _end_hanging(id: int, storage: Storage) -> str:
    hanging = await Hanging.get(id=id).prefetch_related("room__edition__exhibition")
    work, what = await _work(hanging.artwork_id)
    exhibition = hanging.room.edition.exhibition
    async with in_transaction():
        await hanging.delete()
        await record(
            Verb.EXHIBITION_WORK_TAKEN_DOWN,
            exhibition.id,
            with_id=work.id,
            organisation_id=work.organisation_id,
        )
    return f"{what}, in {exhibition.slug}"


async def _end_logo(id: int, storage: Storage) -> str:
    logo = await CreditLogo.get(id=id).prefetch_related("exhibition")
    async with in_transaction():
        await logo.delete()
        await record(Verb.EXHIBITION_LOGO_REMOVED, logo.exhibition_id)
    return logo.exhibition.slug


# Supporters


async def _end_supporter(id: int, storage: Storage) -> str:
    supporter = await Supporter.get(id=id)
    await end_supporter(supporter, storage, None)
    return f"supporter {id}"


async def _end_supporters_link(id: int, storage: Storage) -> str:
    async with in_transaction():
        await Supporter.filter(id=id).update(code_hash=f"ended {new_token()}")  # no code has this hash
        await record(Verb.SUPPORTER_LINK_SENT, id)
    return f"supporter {id}, who needs a new link"


async def _end_supporters_picture(id: int, storage: Storage) -> str:
    async with in_transaction():
        await Supporter.filter(id=id).update(**NO_PICTURE)
        await record(Verb.SUPPORTER_PICTURE_REMOVED, id)
    return f"supporter {id}"


async def _end_short_link(id: int, storage: Storage) -> str:
    link = await SupporterLink.get(id=id)
    async with in_transaction():
        await link.delete()
        await record(Verb.SUPPORTER_REACH_ENDED, link.supporter_id)
    return f"of supporter {link.supporter_id}"


def _open_supporters() -> QuerySet[Supporter]:
    return Supporter.filter(state__in=[SupporterState.WAITING, SupporterState.AGREED])


# Bearer secrets


async def _end_token(id: int, storage: Storage) -> str:
    token = await Token.get(id=id).prefetch_related("membership__person", "membership__organisation")
    membership = token.membership
    async with in_transaction():
        await token.delete()
        await record(Verb.TOKEN_ENDED, id, organisation_id=membership.organisation_id)
    return f"{token.name}, {_name(membership.organisation)}, made by {membership.person.name}"


async def _end_invitation(id: int, storage: Storage) -> str:
    invitation = await Invitation.get(id=id).prefetch_related("organisation", "invited_by")
    async with in_transaction():
        await invitation.delete()
        await record(Verb.INVITATION_TAKEN_BACK, id, organisation_id=invitation.organisation_id)
    where = f", {_name(invitation.organisation)}" if invitation.organisation else ""
    by = f", by {invitation.invited_by.name}" if invitation.invited_by else ""
    return f"{invitation.email} as {invitation.role}{where}{by}"


async def _end_link(id: int, storage: Storage) -> str:
    link = await PreviewLink.get(id=id).prefetch_related("exhibition", "made_by")
    async with in_transaction():
        await PreviewLink.filter(id=id).update(ended_at=now())
        await record(Verb.EXHIBITION_LINK_ENDED, link.exhibition_id, with_id=id)
    whom = f", for {link.whom}" if link.whom else ""
    return f"{link.exhibition.slug}{whom}{f', by {link.made_by.name}' if link.made_by else ''}"


async def _end_consent_request(id: int, storage: Storage) -> str:
    request = await ConsentRequest.get(id=id)
    artist, what = await _artist(request.artist_id)
    async with in_transaction():
        await ConsentRequest.filter(id=id).update(taken_back_at=now())
        await record(Verb.CONSENT_REQUEST_TAKEN_BACK, id, organisation_id=artist.organisation_id)
    return what


async def _end_owner_request(id: int, storage: Storage) -> str:
    request = await OwnerRequest.get(id=id).prefetch_related("organisation")
    await cancel(request, None)
    return f"{request.email}, {_name(request.organisation)}"


SECRET_KINDS = (
    RevocableKind(
        "request for a new owner",
        valid_rows(lambda: OwnerRequest.filter(state=RequestState.WAITING)),
        _end_owner_request,
    ),
    RevocableKind("API token", valid_rows(lambda: Token.filter(expires_at__gt=now())), _end_token),
    RevocableKind(
        "invitation",
        valid_rows(lambda: Invitation.filter(accepted_at=None, expires_at__gt=now())),
        _end_invitation,
    ),
    RevocableKind(
        "request for consent",
        valid_rows(lambda: ConsentRequest.filter(answered_at=None, taken_back_at=None)),
        _end_consent_request,
    ),
    RevocableKind(
        "preview link",
        valid_rows(lambda: PreviewLink.filter(ended_at=None, expires_at__gt=now())),
        _end_link,
    ),
)


# The order matters: ending one thing also deletes what belongs to it.
REVOCABLE_KINDS = (
    RevocableKind("account", _open_accounts, _end_account),
    RevocableKind(
        "access", valid_rows(lambda: Person.filter(is_active=True), "id", "created_at"), _end_access
    ),
    RevocableKind(
        "password", valid_rows(lambda: Person.filter(is_active=True), "id", "password_hash"), _end_password
    ),
    RevocableKind(
        "passkey",
        valid_rows(Passkey.all, "credential_id"),
        partial(_end_factor, model=Passkey, verb=Verb.ACCOUNT_PASSKEY_REMOVED),
    ),
    RevocableKind(
        "authenticator app",
        valid_rows(AuthenticatorApp.all, "person_id", "created_at"),
        partial(_end_factor, model=AuthenticatorApp, verb=Verb.ACCOUNT_APP_REMOVED),
    ),
    RevocableKind(
        "recovery code",
        valid_rows(RecoveryCode.all, "code_hash"),
        partial(_end_factor, model=RecoveryCode, verb=Verb.ACCOUNT_RECOVERY_CODE_USED),
    ),
    RevocableKind(
        "keeper",
        valid_rows(lambda: Person.filter(role=Role.KEEPER), "id", "created_at"),
        partial(_demote, to=Role.CURATOR),
    ),
    RevocableKind(
        "curator",
        valid_rows(lambda: Person.filter(role__in=[Role.CURATOR, Role.KEEPER]), "id", "created_at"),
        partial(_demote, to=Role.MEMBER),
    ),
    RevocableKind("member", valid_rows(Membership.all, "person_id", "organisation_id"), _end_membership),
    RevocableKind(
        "owner",
        valid_rows(lambda: Membership.filter(role=MemberRole.OWNER), "person_id", "organisation_id"),
        _end_owner,
    ),
    RevocableKind(
        "reading member",
        valid_rows(lambda: Membership.filter(awaits_confirmation=False), "person_id", "organisation_id"),
        _suspend_membership,
    ),
    RevocableKind(
        "organisation",
        valid_rows(lambda: Organisation.filter(is_active=True), "id", "created_at"),
        _end_showing,
    ),
    RevocableKind(
        "trust", valid_rows(lambda: Organisation.exclude(trust=Trust.EVERY), "id", "trust"), _end_trust
    ),
    RevocableKind("application", valid_rows(Application.all, "id", "created_at"), _end_application),
    RevocableKind("work", valid_rows(Artwork.all, "public_id"), _end_work),
    RevocableKind(
        "picture", valid_rows(lambda: Image.exclude(state=ImageState.ERASED), "token"), _end_picture
    ),
    RevocableKind("voice", valid_rows(lambda: Sound.exclude(state=SoundState.ERASED), "token"), _end_voice),
    RevocableKind("artist", valid_rows(Artist.with_merged, "id", "created_at"), _end_artist),
    RevocableKind(
        "artist's page",
        valid_rows(lambda: Artist.with_merged().filter(page_id__not_isnull=True), "page_id"),
        partial(_end_artist_field, field="page_id", empty=None, verb=Verb.ARTIST_PAGE_TAKEN),
    ),
    RevocableKind(
        "artist's born",
        valid_rows(_filled(Artist, "born"), "id", "created_at"),
        partial(_end_artist_field, field="born", empty="", verb=Verb.ARTIST_CHANGED),
    ),
    RevocableKind("artist's about", _abouts, _end_about),
    *(
        RevocableKind(
            f"private {field}",
            valid_rows(_filled(PrivateDetails, field), "artist_id", "artist__created_at"),
            partial(_end_detail, field=field),
        )
        for field in DETAIL_FIELDS
    ),
    RevocableKind("signed form", valid_rows(SignedForm.all, "token"), _end_form),
    *(
        RevocableKind(f"consent to {scope}", partial(_consents_for, scope), partial(_end_scope, scope=scope))
        for scope in SCOPES
    ),
    RevocableKind(
        "submission", valid_rows(lambda: Submission.filter(taken_back__id=None), "id", "at"), _end_submission
    ),
    RevocableKind(
        "private share",
        valid_rows(lambda: PrivateShare.filter(submission__is_waiting=True), "submission_id", "at"),
        _end_share,
    ),
    RevocableKind(
        "acceptance",
        valid_rows(lambda: Artwork.filter(may_hang()), "public_id"),
        _end_acceptance,
    ),
    RevocableKind(
        "case",
        valid_rows(
            lambda: CaseVersion.filter(is_shown=True, case__is_vetoed=False, case__withdrawn_at__isnull=True),
            "case__slug",
        ),
        _end_case,
    ),
    RevocableKind(
        "exhibition",
        valid_rows(lambda: Exhibition.filter(editions__is_current=True), "id", "created_at"),
        _end_exhibition,
    ),
    RevocableKind(
        "hanging",
        valid_rows(
            lambda: Hanging.filter(edition_is_not_replaced("room__edition__")),
            "room__edition__exhibition_id",
            "artwork__public_id",
        ),
        _end_hanging,
    ),
    RevocableKind("credit logo", valid_rows(CreditLogo.all, "exhibition_id", "token"), _end_logo),
    RevocableKind("supporter", valid_rows(_open_supporters, "public_id"), _end_supporter),
    RevocableKind("supporter's link", valid_rows(_open_supporters, "code_hash"), _end_supporters_link),
    RevocableKind(
        "supporter's picture",
        valid_rows(_filled(Supporter, "picture_token"), "picture_token"),
        _end_supporters_picture,
    ),
    RevocableKind("supporter's short link", valid_rows(SupporterLink.all, "code"), _end_short_link),
)
