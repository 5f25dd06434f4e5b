"""Creating, finding and revoking the tokens of programs."""

from __future__ import annotations

import re
import secrets
import zlib
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from gallery.accounts.models import Membership
from gallery.accounts.sessions import token_hash
from gallery.api.models import Token
from gallery.audit.recording import record
from gallery.audit.verbs import Verb
from gallery.clock import now
from gallery.db.connection import in_transaction, locked
from gallery.web.languages import lazy_gettext as _l

READ, WRITE = "works:read", "works:write"
SCOPE_WORDS: Mapping[str, Any] = {
    READ: _l("read works and their progress, credit names, consents, projects and open themes"),
    WRITE: _l("enter works with their pictures, change drafts, submit and take back"),
}
LIFETIMES_DAYS = (30, 90, 365)
MAX_TOKENS = 20  # tokens of one organisation that have not expired
USED_AT_INTERVAL = timedelta(minutes=10)  # `used_at` is written at most this often
EXPIRED_RETENTION = timedelta(days=30)  # an expired token stays in the list for this long

# `gallery_`, 32 random letters and digits (190 bits), and a checksum of 6 characters. Secret scanners find a
# leaked token by its prefix and verify the token by its checksum, without a request to the site.
PREFIX = "gallery_"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH, CHECK_LENGTH, SHOWN_LENGTH = 32, 6, 5
TOKEN_PATTERN = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{RANDOM_LENGTH}}})([0-9A-Za-z]{{{CHECK_LENGTH}}})")


class TooManyTokens(Exception):
    """The organisation has MAX_TOKENS tokens; `sentence` says what to do."""

    sentence: Any = _l("There are %(most)s tokens already. Please end one that is no longer used.")


def new_token_text() -> str:
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return f"{PREFIX}{random}{check_letters(random)}"


def check_letters(random: str) -> str:
    """The checksum of a token: CRC-32 of its random letters, as 6 digits in base 62."""
    number = zlib.crc32(random.encode())
    digits = ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def is_well_formed(text: str) -> bool:
    """Whether `text` has a token's form and checksum. Only such texts are looked up in the database."""
    match = TOKEN_PATTERN.fullmatch(text)
    return match is not None and check_letters(match[1]) == match[2]


async def make_token(
    membership: Membership, name: str, scopes: Collection[str], days: int
) -> tuple[Token, str]:
    """Make a token. Returns the token and its text; only the text's hash is stored. Raises TooManyTokens."""
    text = new_token_text()
    async with in_transaction():
        # Lock all memberships, so that two owners who make tokens at the same time cannot exceed the limit.
        members = await locked(Membership.filter(organisation_id=membership.organisation_id).order_by("id"))
        current = Token.filter(membership_id__in=[each.id for each in members], expires_at__gt=now())
        if await current.count() >= MAX_TOKENS:
            raise TooManyTokens
        token = await Token.create(
            membership=membership,
            name=name,
            token_hash=token_hash(text),
            beginning=text[: len(PREFIX) + SHOWN_LENGTH],
            scopes=" ".join(scope for scope in SCOPE_WORDS if scope in scopes),
            expires_at=now() + timedelta(days=days),
        )
        await record(Verb.TOKEN_MADE, token.id, organisation_id=membership.organisation_id)
    return token, text


async def find_token(text: str) -> Token | None:
    """The token with this text, and its member and organisation; None if there is no such valid token."""
    if not is_well_formed(text):
        return None
    token = (
        await Token.filter(token_hash=token_hash(text), expires_at__gt=now())
        .first()
        .prefetch_related("membership__person", "membership__organisation")
    )
    if token is None:
        return None
    membership = token.membership
    if membership.awaits_confirmation or not membership.person.is_active:
        return None
    if not membership.organisation.is_active:
        return None
    if token.used_at is None or token.used_at < now() - USED_AT_INTERVAL:
        await Token.filter(id=token.id).update(used_at=now())
    return token


async def tokens_of(organisation_id: int) -> list[Token]:
    """The organisation's tokens with their members, the newest first."""
    return (
        await Token.filter(membership__organisation_id=organisation_id)
        .order_by("-id")
        .prefetch_related("membership__person")
    )


async def end_token(organisation_id: int, id: int) -> bool:
    """Revoke a token at once; returns whether the token existed."""
    async with in_transaction():
        token = await Token.get_or_none(id=id, membership__organisation_id=organisation_id)
        if token is None:
            return False
        await token.delete()
        await record(Verb.TOKEN_ENDED, id, organisation_id=organisation_id)
        return True
