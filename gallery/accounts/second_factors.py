"""Second factors: authenticator apps (TOTP), recovery codes, who must have a factor, resetting lost ones.

Passkeys are in passkeys.py.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import unicodedata
from datetime import datetime, timedelta

import pyotp
from cryptography.fernet import Fernet, InvalidToken

from gallery.accounts.models import AuthenticatorApp, Passkey, Person, RecoveryCode, Session
from gallery.accounts.sessions import token_hash
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.mail.outbox import Notification, notify
from gallery.settings import Settings
from gallery.web import site_settings

GRACE_PERIOD = timedelta(days=10)  # time for curators and keepers to set up a second factor
RESET_DELAY = timedelta(days=3)  # time for the person to stop a reset
STEP_SECONDS = 30  # the TOTP time step; the previous and next code are accepted, too
SETUP_SECONDS = 1800  # time to enter the first code after the QR code is shown
RECOVERY_CODES = 10
RECOVERY_CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without characters that are easily confused


class SecondFactorRefused(Exception):
    """The code is wrong, used or too old."""


def is_required(person: Person, settings: Settings) -> bool:
    """Whether a person must have a second factor: true for curators and keepers if the site requires it."""
    asks = settings.second_factor == "required" or (
        not settings.second_factor and site_settings.asks_second_factor()
    )
    return person.is_curator and asks


async def due_at(person: Person, settings: Settings) -> datetime | None:
    """The end of the grace period of a person who must set up a second factor; None for everybody else.

    The period begins when they first open the desk after a second factor is required, and is granted once.
    """
    if person.second_factor_at is not None or not is_required(person, settings):
        return None
    if person.second_factor_due_at is None:
        person.second_factor_due_at = now() + GRACE_PERIOD
        await Person.filter(id=person.id, second_factor_due_at=None).update(
            second_factor_due_at=person.second_factor_due_at
        )
    return person.second_factor_due_at


async def after_factor_added(person: Person) -> list[str]:
    """Record that the person has a second factor; call it in the transaction that adds one.

    Returns new recovery codes to show, if the person had none.
    """
    await Person.filter(id=person.id, second_factor_at=None).update(second_factor_at=now())
    has_codes = await RecoveryCode.exists(person_id=person.id)
    return [] if has_codes else await _new_recovery_codes(person)


async def after_factor_removed(person: Person) -> None:
    """Remove the recovery codes if no second factor is left; call it in the same transaction."""
    if not (await Passkey.exists(person_id=person.id) or await AuthenticatorApp.exists(person_id=person.id)):
        await forget_factors(person.id)


async def forget_factors(person_id: int) -> None:
    """Remove all second factors and recovery codes of a person; call it in a transaction."""
    await Passkey.filter(person_id=person_id).delete()
    await AuthenticatorApp.filter(person_id=person_id).delete()
    await RecoveryCode.filter(person_id=person_id).delete()
    await Person.filter(id=person_id).update(second_factor_at=None, second_factor_reset_at=None)


async def notify_of_change(person: Person, change: str) -> None:
    """Mail the person about a change of their second factors; call it in the transaction of the change.

    templates/mail/second_factor_changed.txt has the text for each `change`.
    """
    notification = Notification(
        "second_factor_changed", "/desk/account/second-factor", {"change": change}, is_for_digest=False
    )
    await notify([person], notification)


# Authenticator apps


def _cipher(settings: Settings) -> Fernet:
    key = hmac.digest(settings.secret_key.encode(), b"authenticator apps", "sha256")
    return Fernet(base64.urlsafe_b64encode(key))


def start_app_setup(person: Person, settings: Settings) -> str:
    """A new TOTP secret for a person, encrypted; the form sends it back with the first code."""
    return _cipher(settings).encrypt(f"{person.id} {pyotp.random_base32()}".encode()).decode()


def secret_of_setup(person: Person, sealed: str, settings: Settings) -> str:
    """The secret that `start_app_setup` encrypted.

    Raises SecondFactorRefused if the secret is another person's or too old.
    """
    try:
        decrypted = _cipher(settings).decrypt(sealed.encode(), ttl=SETUP_SECONDS).decode()
    except InvalidToken as error:
        raise SecondFactorRefused from error
    owner, _, secret = decrypted.partition(" ")
    if owner != str(person.id):
        raise SecondFactorRefused
    return secret


def otpauth_uri(person: Person, secret: str, settings: Settings) -> str:
    """The otpauth:// URI for the QR code that the authenticator app scans."""
    return pyotp.TOTP(secret).provisioning_uri(
        name=person.email, issuer_name=settings.site_name(person.language)
    )


def matching_step(secret: str, code: str, moment: datetime, last_step: int) -> int | None:
    """The TOTP time step of a code: at most one step from `moment`, and after `last_step`.

    None if the code is wrong.
    """
    current = int(moment.timestamp()) // STEP_SECONDS
    for step in (current - 1, current, current + 1):
        if step > last_step and hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step), code):
            return step
    return None


def normalized_code(typed: str) -> str:
    """The six digits of a typed code; "" if invalid. Spaces, hyphens and full-width digits are allowed."""
    code = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", typed))
    return code if re.fullmatch("[0-9]{6}", code) else ""


async def add_app(person: Person, sealed: str, code: str, settings: Settings) -> list[str]:
    """Set up a person's authenticator app with its first code; returns new recovery codes if they had none.

    Raises SecondFactorRefused.
    """
    secret = secret_of_setup(person, sealed, settings)
    step = matching_step(secret, normalized_code(code), now(), 0)
    if step is None:
        raise SecondFactorRefused
    async with in_transaction():
        await locked(Person.filter(id=person.id)).get()
        await AuthenticatorApp.filter(person_id=person.id).delete()
        await AuthenticatorApp.create(
            person=person, secret=_cipher(settings).encrypt(secret.encode()).decode(), last_step=step
        )
        codes = await after_factor_added(person)
        await record(Verb.ACCOUNT_APP_ADDED, person.id, by=person)
        await notify_of_change(person, "app_added")
    return codes


async def remove_app(person: Person) -> None:
    async with in_transaction():
        if await AuthenticatorApp.filter(person_id=person.id).delete():
            await after_factor_removed(person)
            await record(Verb.ACCOUNT_APP_REMOVED, person.id, by=person)
            await notify_of_change(person, "app_removed")


async def use_app_code(person: Person, typed: str, settings: Settings) -> None:
    """Accept a TOTP code from a person's authenticator app; each code works once.

    Raises SecondFactorRefused.
    """
    app = await AuthenticatorApp.get_or_none(person_id=person.id)
    if app is None:
        raise SecondFactorRefused
    try:
        secret = _cipher(settings).decrypt(app.secret.encode()).decode()
    except InvalidToken as error:  # the site's secret key was changed
        raise SecondFactorRefused from error
    step = matching_step(secret, normalized_code(typed), now(), app.last_step)
    if step is None:
        raise SecondFactorRefused
    if not await AuthenticatorApp.filter(id=app.id, last_step__lt=step).update(last_step=step):
        raise SecondFactorRefused  # another request used the code at the same time


# Recovery codes


async def _new_recovery_codes(person: Person) -> list[str]:
    codes = [
        "-".join("".join(secrets.choice(RECOVERY_CODE_ALPHABET) for _ in range(4)) for _ in range(4))
        for _ in range(RECOVERY_CODES)
    ]
    await RecoveryCode.filter(person_id=person.id).delete()
    await RecoveryCode.bulk_create(
        [RecoveryCode(person=person, code_hash=_recovery_hash(code)) for code in codes]
    )
    await record(Verb.ACCOUNT_RECOVERY_CODES_MADE, person.id, by=person)
    return codes


def _recovery_hash(code: str) -> str:
    return token_hash(re.sub("[^a-z0-9]", "", unicodedata.normalize("NFKC", code).lower()))


async def make_recovery_codes(person: Person) -> list[str]:
    """Make new recovery codes; the old ones become invalid.

    Raises SecondFactorRefused if the person has no second factor.
    """
    async with in_transaction():
        person = await locked(Person.filter(id=person.id)).get()
        if person.second_factor_at is None:
            raise SecondFactorRefused
        codes = await _new_recovery_codes(person)
        await notify_of_change(person, "codes_made")
    return codes


async def use_recovery_code(person: Person, typed: str) -> None:
    """Use up a recovery code. Raises SecondFactorRefused."""
    async with in_transaction():
        if not await RecoveryCode.filter(person_id=person.id, code_hash=_recovery_hash(typed)).delete():
            raise SecondFactorRefused
        await record(Verb.ACCOUNT_RECOVERY_CODE_USED, person.id, by=person)
        await notify_of_change(person, "code_used")


# Resetting lost second factors


async def cancel_reset(person: Person) -> None:
    """Cancel a scheduled reset, because the person has just used their second factor."""
    async with in_transaction():
        if await Person.filter(id=person.id, second_factor_reset_at__isnull=False).update(
            second_factor_reset_at=None
        ):
            await record(Verb.ACCOUNT_RESET_STOPPED, person.id, by=person)
            await notify_of_change(person, "reset_stopped")


async def carry_out_resets() -> None:
    for person in await Person.filter(second_factor_reset_at__lte=now()):
        await reset(person, if_due=True)


async def reset(person: Person, *, if_due: bool = False) -> None:
    """Remove all second factors of a person, and sign them out everywhere.

    With `if_due`, do nothing unless the scheduled time of the reset has come.
    """
    async with in_transaction():
        person = await locked(Person.filter(id=person.id)).get()
        at = person.second_factor_reset_at
        if if_due and (at is None or at > now()):  # the reset was cancelled at the same time
            return
        await forget_factors(person.id)
        await Session.filter(person_id=person.id).delete()
        await record(Verb.ACCOUNT_SECOND_FACTOR_RESET, person.id)
        await notify_of_change(person, "reset")
