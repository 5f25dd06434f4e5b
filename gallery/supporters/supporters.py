"""Asking supporters to agree, their answer, and how all of it ends.

Locks are taken in one order: exhibitions by their number, then the supporter.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from gallery.accounts.models import Person
from gallery.artists.consents import code_hash, request_code
from gallery.artworks.screening import find_hidden_match
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db import content_version
from gallery.db.connection import in_transaction, locked
from gallery.erasure import request_erasure
from gallery.exhibitions.credit_logos import ResemblesHiddenWork, delete_logo_files, stored_logo
from gallery.exhibitions.credits import KIND_OF_SUPPORTER, CreditKind, names_supporter
from gallery.exhibitions.draft_lists import NoSuchEntry, add_entry, locked_entries, save_entries
from gallery.exhibitions.drafts import lock_exhibition
from gallery.exhibitions.models import Edition, Exhibition
from gallery.images.models import new_token
from gallery.images.profile_image_models import CreditLogo
from gallery.mail.models import Mail
from gallery.mail.outbox import Notification, in_all_languages, notify, queue_mail
from gallery.settings import Settings
from gallery.storage import Storage
from gallery.supporters.models import Supporter, SupporterLink, SupporterState
from gallery.web.texts import NO_TEXTS

LINK_LIFETIME = timedelta(days=30)  # until when the first mail can be answered
WORDS = ("name", "reason", "links")
NO_PICTURE: dict[str, Any] = {
    "picture_token": "",
    "picture_width": 0,
    "picture_height": 0,
    "picture_fingerprint": None,
}
MAIL_PATH = "/{language}/supporter/"


class NotAnswerable(Exception):
    """The record was answered, has ended or expired, or the link is another one by now."""


class PictureChanged(Exception):
    """The page that was answered showed another picture."""


def code_of(supporter: Supporter, settings: Settings) -> str:
    """The code in the supporter's link."""
    return request_code(supporter.seed, settings.secret_key, "supporter")


async def ask(values: Mapping[str, Any], by: Person, settings: Settings) -> Supporter:
    """Enter a supporter, and mail the link with which they agree."""
    async with in_transaction():
        supporter = Supporter(**values, asked_by=by, asked_at=now())
        _set_new_link(supporter, settings)
        await supporter.save()
        await _mail_link(supporter, settings)
        await record(Verb.SUPPORTER_MADE, supporter.id, by=by)
    return supporter


def _set_new_link(supporter: Supporter, settings: Settings) -> None:
    supporter.seed = new_token()
    supporter.code_hash = code_hash(code_of(supporter, settings))
    supporter.expires_at = now() + LINK_LIFETIME


async def _mail_link(supporter: Supporter, settings: Settings) -> None:
    is_waiting = supporter.state == SupporterState.WAITING
    await queue_mail(
        supporter.mail_address,
        supporter.language,
        "supporter_asked" if is_waiting else "supporter_link",
        MAIL_PATH,
        facts={
            "name": in_all_languages(supporter, "name"),
            "is_minor": supporter.is_minor,
            "until": supporter.expires_at.isoformat(),
        },
        secret=code_of(supporter, settings),
        useless_after=supporter.expires_at if is_waiting else None,
    )


async def send_new_link(supporter: Supporter, by: Person | None, settings: Settings) -> bool:
    """Mail a new link; the one before ends. False if the supporter did not agree or took it back."""
    async with in_transaction():
        current: Supporter = await locked(Supporter.filter(id=supporter.id)).get()
        if current.state in {SupporterState.REFUSED, SupporterState.TAKEN_BACK}:
            return False
        await _forget_mails(_addresses(current))
        _set_new_link(current, settings)
        await current.save(update_fields=["seed", "code_hash", "expires_at"])
        await _mail_link(current, settings)
        await record(Verb.SUPPORTER_LINK_SENT, current.id, by=by)
    return True


def _addresses(supporter: Supporter) -> list[str]:
    return [each for each in (supporter.email, supporter.guardian_email) if each]


async def _forget_mails(addresses: list[str]) -> None:
    """Delete mails with a link that ends, also those that were sent."""
    await Mail.filter(path=MAIL_PATH, email__in=addresses).delete()


async def change_asked(
    supporter: Supporter, values: Mapping[str, Any], by: Person, settings: Settings
) -> bool:
    """Change what a curator entered, while nobody has answered; False if somebody has.

    If the link should have gone to another address, it ends, and another one goes there.
    """
    async with in_transaction():
        waiting = Supporter.filter(id=supporter.id, state=SupporterState.WAITING)
        current: Supporter | None = await locked(waiting).first()
        if current is None:
            return False
        before = current.mail_address
        addresses = _addresses(current)
        current.update_from_dict(dict(values))
        if current.mail_address != before:
            await _forget_mails(addresses)
            _set_new_link(current, settings)
            await _mail_link(current, settings)
        await current.save()
        await record(Verb.SUPPORTER_CHANGED, current.id, by=by)
    return True


# The answer


async def find_supporter(code: str) -> Supporter | None:
    """The supporter whose link has this code."""
    return await Supporter.get_or_none(code_hash=code_hash(code))


async def agree(supporter: Supporter, values: Mapping[str, Any], picture: str) -> None:
    """The supporter agrees to the words of WORDS as corrected, and to the picture with the token `picture`.

    Raises NotAnswerable, PictureChanged.
    """
    async with in_transaction():
        current = await _lock_answerable(supporter)
        if current.picture_token != picture:
            raise PictureChanged
        current.update_from_dict({**values, "state": SupporterState.AGREED, "answered_at": now()})
        await current.save()
        await _tell_curator(current)
        await record(Verb.SUPPORTER_AGREED, current.id)
        await content_version.bump(rows=())


async def refuse(supporter: Supporter, storage: Storage) -> None:
    """The supporter does not agree; everything that was entered is erased. Raises NotAnswerable."""
    await _end(supporter, SupporterState.REFUSED, storage, None)


async def take_back(supporter: Supporter, storage: Storage, by: Person | None = None) -> None:
    """End a record, also one that nobody answered: page, picture and credits go, and every word is erased.

    `by`: the curator who does it; None for the supporter. Raises NotAnswerable if it has ended already.
    """
    await _end(supporter, SupporterState.TAKEN_BACK, storage, by)


async def _lock_answerable(supporter: Supporter) -> Supporter:
    current: Supporter = await locked(Supporter.filter(id=supporter.id)).get()
    if (
        current.state != SupporterState.WAITING
        or current.is_expired
        or current.code_hash != supporter.code_hash
    ):
        raise NotAnswerable
    return current


async def _end(supporter: Supporter, state: SupporterState, storage: Storage, by: Person | None) -> None:
    async with in_transaction():
        exhibitions = await _exhibitions_naming(supporter)
        for id in exhibitions:
            await lock_exhibition(id)
        if state == SupporterState.REFUSED:
            current = await _lock_answerable(supporter)
        else:
            current = await locked(Supporter.filter(id=supporter.id)).get()
            if current.state in {SupporterState.REFUSED, SupporterState.TAKEN_BACK}:
                raise NotAnswerable
        tokens = [token for token in [current.picture_token] if token]
        tokens += await _remove_credits(supporter, exhibitions)
        await erase(current, state)
        if by is None and not current.is_expired:
            await _tell_curator(current)
        verb = Verb.SUPPORTER_REFUSED if state == SupporterState.REFUSED else Verb.SUPPORTER_TAKEN_BACK
        await record(verb, current.id, by=by)
        await content_version.bump(rows=())
    if current.state == SupporterState.AGREED:  # confirm it only when every process knows
        await content_version.wait_for_propagation()
    await delete_logo_files(tokens, storage)


async def erase(supporter: Supporter, state: SupporterState) -> None:
    """Empty a record that ends, with its links, their visits and its mails. Call it in a transaction."""
    await SupporterLink.filter(supporter_id=supporter.id).delete()
    await _forget_mails(_addresses(supporter))
    empty = {
        **{"name": NO_TEXTS, "reason": NO_TEXTS, "links": [], "email": "", "guardian_email": ""},
        **NO_PICTURE,
        **{"state": state, "ended_at": now()},
    }
    await Supporter.filter(id=supporter.id).update(**empty)
    await request_erasure()


async def _exhibitions_naming(supporter: Supporter) -> list[int]:
    """The ids of exhibitions with an edition, also an old one, whose credits name the supporter."""
    rows: Any = await Edition.filter(credits__not_isnull=True).values_list("exhibition_id", "credits")
    return sorted({id for id, entries in rows if names_supporter(entries, supporter.public_id)})


async def _remove_credits(supporter: Supporter, exhibitions: list[int]) -> list[str]:
    """Remove the credits of a supporter from all editions, also older ones that had the name as plain text.

    Returns the tokens of their logos, whose rows are deleted. The exhibitions must be locked.
    """
    tokens: list[str] = []
    for id in exhibitions:
        editions = await Edition.filter(exhibition_id=id, credits__not_isnull=True)
        keys = {
            entry["key"]
            for edition in editions
            for entry in edition.credits
            if entry.get("supporter") == supporter.public_id
        }
        for edition in editions:
            kept = [entry for entry in edition.credits if entry["key"] not in keys]
            if len(kept) < len(edition.credits):
                await Edition.filter(id=edition.id).update(credits=kept or None, version=edition.version + 1)
        logos = CreditLogo.filter(exhibition_id=id, key__in=sorted(keys))
        tokens += [str(token) for token in await logos.values_list("token", flat=True)]
        await logos.delete()
    return tokens


async def _tell_curator(supporter: Supporter) -> None:
    asked_by = await Person.get_or_none(id=supporter.asked_by_id) if supporter.asked_by_id else None
    if asked_by is not None:
        news = Notification("supporter_answered", f"/desk/supporters/{supporter.id}")
        await notify([asked_by], news)


async def change_own(supporter: Supporter, values: Mapping[str, Any]) -> bool:
    """A supporter who agreed corrects the words of WORDS; visitors see it at once. False if it has ended."""
    async with in_transaction():
        agreed = Supporter.filter(id=supporter.id, state=SupporterState.AGREED)
        if not await agreed.update(**{name: values[name] for name in WORDS}):
            return False
        await record(Verb.SUPPORTER_CHANGED, supporter.id)
        await content_version.bump(rows=())
    return True


# The picture


async def set_picture(
    supporter: Supporter, picture: Path, size: tuple[int, int], by: Person | None, storage: Storage
) -> None:
    """Set the picture or logo to `picture`, a JPEG made by the sandbox; the earlier one is deleted.

    Raises ResemblesHiddenWork, StoreUnavailable, NotAnswerable if the record has ended.
    """
    async with stored_logo(picture, storage) as (token, code), in_transaction():
        current: Supporter = await locked(Supporter.filter(id=supporter.id)).get()
        if current.is_over:
            raise NotAnswerable
        values = {"picture_token": token, "picture_width": size[0], "picture_height": size[1]}
        await Supporter.filter(id=current.id).update(**values, picture_fingerprint=code)
        await record(Verb.SUPPORTER_PICTURE_SET, current.id, by=by)
        await content_version.bump(rows=())
    supporter.update_from_dict(values)
    await delete_logo_files([each for each in [current.picture_token] if each], storage)
    if await find_hidden_match(code):  # a work was withdrawn since the first check
        await remove_picture(supporter, by, storage)
        raise ResemblesHiddenWork


async def remove_picture(supporter: Supporter, by: Person | None, storage: Storage) -> None:
    """Remove the picture or logo, if there is one."""
    async with in_transaction():
        current: Supporter = await locked(Supporter.filter(id=supporter.id)).get()
        if current.picture_token:
            await Supporter.filter(id=current.id).update(**NO_PICTURE)
            await record(Verb.SUPPORTER_PICTURE_REMOVED, current.id, by=by)
            await content_version.bump(rows=())
    supporter.update_from_dict(NO_PICTURE)
    await delete_logo_files([each for each in [current.picture_token] if each], storage)


# Credits of exhibitions


async def credit_supporter(exhibition: Exhibition, supporter: Supporter, by: Person) -> str:
    """Add a supporter to the credits of a draft; returns the entry's key. Raises DraftChangeRefused."""
    kind = KIND_OF_SUPPORTER.get(supporter.kind, CreditKind.SUPPORTER)
    values = {"kind": kind.value, "name": NO_TEXTS, "link": "", "supporter": supporter.public_id}
    return await add_entry(exhibition, "credits", values, by)


async def turn_credit(exhibition: Exhibition, key: str, supporter: Supporter, by: Person) -> None:
    """Let an entry of a draft's credits name a supporter from now on; its logo becomes the supporter's.

    Raises NoSuchEntry.
    """
    async with in_transaction():
        entries, draft = await locked_entries(exhibition, "credits")
        entry = next((each for each in entries if each["key"] == key), None)
        if entry is None:
            raise NoSuchEntry
        entry.update(name={}, link="", supporter=supporter.public_id)
        await save_entries(draft, "credits", entries, by)
        logo = await CreditLogo.get_or_none(exhibition=exhibition, key=key)
        if logo is not None and not supporter.picture_token:
            values = {"picture_token": logo.token, "picture_width": logo.width, "picture_height": logo.height}
            await Supporter.filter(id=supporter.id).update(**values, picture_fingerprint=logo.fingerprint)
