"""Password hashes: argon2id, in a thread. Checking takes the same time whether or not the account exists."""

from __future__ import annotations

import asyncio
import functools

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD_LENGTH = 10  # characters; NIST SP 800-63B asks for length, not for kinds of characters

_hasher = PasswordHasher()  # the defaults are RFC 9106's parameters for low memory


async def hash_password(password: str) -> str:
    return await asyncio.to_thread(_hasher.hash, password)


async def password_matches(password: str, password_hash: str | None) -> bool:
    """Whether `password` matches `password_hash`.

    If the hash is None, the check takes the same time and returns False.
    """

    def verify() -> bool:
        try:
            return _hasher.verify(password_hash or _dummy_hash(), password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.to_thread(verify)


@functools.cache
def _dummy_hash() -> str:
    return _hasher.hash("nobody has this password")
