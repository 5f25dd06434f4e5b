"""Passkeys (WebAuthn): adding one, and signing in or confirming with one.

Challenges are signed instead of stored, so creating one does not write to the database. An answered
challenge is stored as used.
"""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Iterable
from datetime import timedelta
from urllib.parse import urlsplit

from itsdangerous import BadSignature, TimestampSigner
from tortoise.exceptions import IntegrityError
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gallery.accounts.models import Passkey, Person, SpentChallenge
from gallery.accounts.second_factors import after_factor_added, after_factor_removed, notify_of_change
from gallery.accounts.sessions import token_hash
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.settings import Settings
from gallery.web.rendering import SIGNER_OPTIONS

CHALLENGE_LIFETIME = timedelta(minutes=30)  # from opening the page to answering the challenge
MAX_PASSKEYS = 20  # per person


class PasskeyRefused(Exception):
    """The answer does not fit the challenge, or comes from an unknown passkey."""


class TooManyPasskeys(Exception):
    """The person has MAX_PASSKEYS already."""


def relying_party(settings: Settings) -> str | None:
    """The WebAuthn relying party: the site's host name.

    None if browsers allow no passkeys on this site: without https, or if the host is an IP address.
    """
    host = urlsplit(settings.site_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        is_local = host == "localhost" or host.endswith(".localhost")
        return host if settings.is_https or is_local else None
    return None


def creation_options(person: Person, known: Iterable[Passkey], settings: Settings) -> str:
    """The WebAuthn creation options for `person`, as JSON. The site must have a relying party."""
    return options_to_json(
        generate_registration_options(
            rp_id=relying_party(settings) or "",
            rp_name=settings.site_name(person.language),
            user_id=_user_handle(person.id, settings),
            user_name=person.email,
            user_display_name=person.name,
            challenge=_new_challenge(f"add {person.id}", settings),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_descriptors(known),
        )
    )


def request_options(purpose: str, settings: Settings, known: Iterable[Passkey] = ()) -> str:
    """The WebAuthn request options, as JSON.

    They accept one of the passkeys `known`, or any passkey of this site if `known` is empty. The answer is
    accepted only for `purpose`, such as `sign in` or `confirm 17`.
    """
    return options_to_json(
        generate_authentication_options(
            rp_id=relying_party(settings) or "",
            challenge=_new_challenge(purpose, settings),
            allow_credentials=_descriptors(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
    )


async def add_passkey(person: Person, credential: str, name: str, settings: Settings) -> list[str]:
    """Save the passkey that a browser created; returns new recovery codes if the person had none.

    Raises PasskeyRefused, TooManyPasskeys.
    """
    try:
        parsed = parse_registration_credential_json(credential)
        challenge = _verified_challenge(parsed.response.client_data_json, f"add {person.id}", settings)
        verified = verify_registration_response(
            credential=parsed,
            expected_challenge=challenge,
            expected_rp_id=relying_party(settings) or "",
            expected_origin=_origin(settings),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error
    try:
        async with in_transaction():
            await locked(Person.filter(id=person.id)).get()
            if await Passkey.filter(person_id=person.id).count() >= MAX_PASSKEYS:
                raise TooManyPasskeys
            await _mark_challenge_used(challenge)
            await Passkey.create(
                person=person,
                name=name,
                credential_id=bytes_to_base64url(verified.credential_id),
                public_key=bytes_to_base64url(verified.credential_public_key),
                sign_count=verified.sign_count,
            )
            codes = await after_factor_added(person)
            await record(Verb.ACCOUNT_PASSKEY_ADDED, person.id, by=person)
            await notify_of_change(person, "passkey_added")
    except IntegrityError as error:  # the challenge was answered before, or the passkey already exists
        raise PasskeyRefused from error
    return codes


async def remove_passkey(person: Person, passkey_id: int) -> bool:
    """Remove a person's passkey; False if they have no such passkey."""
    async with in_transaction():
        if not await Passkey.filter(id=passkey_id, person_id=person.id).delete():
            return False
        await after_factor_removed(person)
        await record(Verb.ACCOUNT_PASSKEY_REMOVED, person.id, by=person)
        await notify_of_change(person, "passkey_removed")
    return True


async def use_passkey(credential: str, purpose: str, settings: Settings) -> Person:
    """The person whose passkey answered a challenge of `request_options`. Each challenge works once.

    Raises PasskeyRefused.
    """
    try:
        parsed = parse_authentication_credential_json(credential)
        challenge = _verified_challenge(parsed.response.client_data_json, purpose, settings)
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused from error
    try:
        async with in_transaction():
            await _mark_challenge_used(challenge)
            passkey = await locked(
                Passkey.filter(credential_id=bytes_to_base64url(parsed.raw_id)[:1400])
            ).first()
            if passkey is None:
                raise PasskeyRefused
            handle = parsed.response.user_handle
            if handle is not None and not hmac.compare_digest(
                handle, _user_handle(passkey.person_id, settings)
            ):
                raise PasskeyRefused
            verified = verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=relying_party(settings) or "",
                expected_origin=_origin(settings),
                credential_public_key=base64url_to_bytes(passkey.public_key),
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
            await Passkey.filter(id=passkey.id).update(sign_count=verified.new_sign_count, used_at=now())
    except (IntegrityError, WebAuthnException, ValueError, TypeError) as error:
        raise PasskeyRefused from error
    person = await Person.get(id=passkey.person_id)
    if not person.is_active:
        raise PasskeyRefused
    return person


def _challenge_signer(settings: Settings) -> TimestampSigner:
    return TimestampSigner(settings.secret_key, salt="passkey challenge", **SIGNER_OPTIONS)


def _new_challenge(purpose: str, settings: Settings) -> bytes:
    return _challenge_signer(settings).sign(f"{purpose}/{secrets.token_urlsafe(16)}")


def _verified_challenge(client_data: bytes, purpose: str, settings: Settings) -> bytes:
    """The challenge in a browser's answer.

    Raises ValueError unless this site made the challenge for `purpose`, and it has not expired.
    """
    challenge = parse_client_data_json(client_data).challenge
    try:
        signed = _challenge_signer(settings).unsign(
            challenge, max_age=int(CHALLENGE_LIFETIME.total_seconds())
        )
    except BadSignature as error:
        raise ValueError("not a challenge of ours") from error
    if signed.decode().rpartition("/")[0] != purpose:
        raise ValueError("a challenge for another purpose")
    return challenge


async def _mark_challenge_used(challenge: bytes) -> None:
    """Store a challenge as used; call it in the transaction. Raises IntegrityError if it was used before."""
    await SpentChallenge.create(challenge_hash=token_hash(challenge.decode()), at=now())


def _user_handle(person_id: int, settings: Settings) -> bytes:
    """The WebAuthn user handle: a pseudonym for the person, which the device stores with the passkey."""
    return hmac.digest(settings.secret_key.encode(), f"passkey {person_id}".encode(), "sha256")


def _origin(settings: Settings) -> str:
    parts = urlsplit(settings.site_url)
    return f"{parts.scheme}://{parts.netloc}"


def _descriptors(known: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each.credential_id)) for each in known]
