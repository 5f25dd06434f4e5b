"""Making, finding and ending the tokens with which programs come."""

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
    READ: _l("read works and where they stand, credit names, consents, projects and open themes"),
    WRITE: _l("enter works with their pictures, change drafts, submit and take back"),
}
LIFETIMES_DAYS = (30, 90, 365)
MAX_TOKENS = 20  # tokens of one organisation that have not ended
USED_AT_INTERVAL = timedelta(minutes=10)  # how often `used_at` is written
EXPIRED_RETENTION = timedelta(days=30)  # how long an expired one stays in the list

# `gallery_`, 32 random letters and digits (190 bits), and 6 that follow from them: whoever looks for secrets that leaked
# finds it by its beginning and knows by its end that it is one, without asking us.
PREFIX = "gallery_"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_LENGTH, CHECK_LENGTH, SHOWN_LENGTH = 32, 6, 5
TOKEN_PATTERN = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{RANDOM_LENGTH}}})([0-9A-Za-z]{{{CHECK_LENGTH}}})")


class TooManyTokens(Exception):
    """The organisation has MOST tokens; `sentence` says what to do."""

    sentence: Any = _l("There are %(most)s tokens already. Please end one that is no longer used.")


def new_token_text() -> str:
    """A token as a program sends it."""
    random = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return f"{PREFIX}{random}{check_letters(random)}"


def check_letters(random: str) -> str:
    """The CRC-32 of the random letters in base 62, 6 digits."""
    number = zlib.crc32(random.encode())
    digits = ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def is_well_formed(text: str) -> bool:
    """Whether `text` can be a token of a gallery: only such ones are looked up."""
    found = TOKEN_PATTERN.fullmatch(text)
    return found is not None and check_letters(found[1]) == found[2]


async def make_token(
    membership: Membership, name: str, scopes: Collection[str], days: int
) -> tuple[Token, str]:
    """A new token of a member's organisation, with the text that is shown this once. Raises TooManyTokens."""
    text = new_token_text()
    async with in_transaction():
        # All are held, so that two owners at once do not make one too many.
        members = await locked(Membership.filter(organisation_id=membership.organisation_id).order_by("id"))
        held = Token.filter(membership_id__in=[each.id for each in members], expires_at__gt=now())
        if await held.count() >= MAX_TOKENS:
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
    """The token that a program sent, with its member and organisation; None where it opens nothing (any more)."""
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
    """The tokens of an organisation, each with its member; the newest first."""
    return (
        await Token.filter(membership__organisation_id=organisation_id)
        .order_by("-id")
        .prefetch_related("membership__person")
    )


async def end_token(organisation_id: int, id: int) -> bool:
    """End a token at once; whether there was one."""
    async with in_transaction():
        token = await Token.get_or_none(id=id, membership__organisation_id=organisation_id)
        if token is None:
            return False
        await token.delete()
        await record(Verb.TOKEN_ENDED, id, organisation_id=organisation_id)
        return True
